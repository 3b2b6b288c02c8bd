#include "sampler/core/ticks.h"

#include <sched.h>
#include <string.h>

/* spec/decisions/0009-ticks.md has the measurements behind the order. */
static const struct vmps_tick_source *const by_kernel_tick[] = {
    &vmps_ticks_cpu_timer,
    &vmps_ticks_helper,
};
static const struct vmps_tick_source *const beside[] = {
    &vmps_ticks_helper,
    &vmps_ticks_perf,
    &vmps_ticks_cpu_timer,
};
/* A thread of ours would never run while one of the program does. */
static const struct vmps_tick_source *const on_one_core[] = {
    &vmps_ticks_perf,
    &vmps_ticks_cpu_timer,
    &vmps_ticks_helper,
};

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

/* The reader is never chosen unasked: its stacks are not as sure. */
const struct vmps_tick_source *vmps_ticks_named(const char *name)
{
    for (size_t i = 0; i < LENGTH(beside); i++) {
        if (strcmp(beside[i]->name, name) == 0) {
            return beside[i];
        }
    }
    return strcmp(vmps_ticks_reader.name, name) == 0 ? &vmps_ticks_reader : NULL;
}

static bool has_one_core(void)
{
    cpu_set_t cores;
    return sched_getaffinity(0, sizeof cores, &cores) == 0 && CPU_COUNT(&cores) == 1;
}

const struct vmps_tick_source *vmps_ticks_choice(uint64_t period_ns, size_t index)
{
    if (period_ns >= vmps_kernel_tick_ns()) {
        return index < LENGTH(by_kernel_tick) ? by_kernel_tick[index] : NULL;
    }
    if (index >= LENGTH(beside)) {
        return NULL;
    }
    return has_one_core() ? on_one_core[index] : beside[index];
}
