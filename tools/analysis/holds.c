#include "tools/analysis/holds.h"

#include <stdbool.h>
#include <string.h>

static const char *const names[VMPT_HOLDS_COUNT] = {
    "times", "threads", "lines", "kinds of frames", "values", "labels", "modules", "weights",
};

const char *vmpt_holds_name(uint32_t index)
{
    return names[index];
}

/* A level is no weight, and a count of samples is the same for all. */
static bool has_weights(const struct vmpf_info *info)
{
    for (size_t i = 0; i < info->value_count; i++) {
        struct vmpf_string name = info->values[i].name;
        bool is_count = name.size_bytes == 7 && memcmp(name.data, "samples", 7) == 0;
        bool is_level = name.size_bytes == 6 && memcmp(name.data, "memory", 6) == 0;
        if (!is_count && !is_level) {
            return true;
        }
    }
    return false;
}

static uint32_t of_sessions(const struct vmpt_feed *feed)
{
    uint32_t holds = 0;
    size_t count = feed->ops->session_count(feed->ctx);
    for (size_t i = 0; i < count; i++) {
        const struct vmpf_info *info = feed->ops->info(feed->ctx, i);
        if (info && info->samples && info->end_ns) {
            holds |= VMPT_HOLDS_TIMES;
        }
        if (info && has_weights(info)) {
            holds |= VMPT_HOLDS_WEIGHTS;
        }
        if (info && info->value_count > 1) {
            holds |= VMPT_HOLDS_VALUES;
        }
    }
    return holds;
}

static uint32_t of_functions(const struct vmpt_feed *feed)
{
    uint32_t kinds = 0;
    uint32_t holds = 0;
    uint32_t count = feed->ops->function_count(feed->ctx);
    /* Entries 0 and 1 are "nothing" and "<lost>". */
    for (uint32_t id = 2; id < count; id++) {
        struct vmpf_function function = feed->ops->function(feed->ctx, id);
        kinds |= UINT32_C(1) << (function.kind & 31);
        holds |= function.module ? VMPT_HOLDS_MODULES : 0;
    }
    return holds | (kinds & (kinds - 1) ? VMPT_HOLDS_KINDS : 0);
}

static uint32_t of_locations(const struct vmpt_feed *feed)
{
    uint32_t count = feed->ops->location_count(feed->ctx);
    for (uint32_t id = 2; id < count; id++) {
        if (feed->ops->location(feed->ctx, id).line) {
            return VMPT_HOLDS_LINES;
        }
    }
    return 0;
}

static uint32_t of_labels(const struct vmpt_feed *feed)
{
    if (!feed->ops->label_count) {
        return 0;
    }
    return feed->ops->label_count(feed->ctx) > 2 ? VMPT_HOLDS_LABELS : 0;
}

uint32_t vmpt_feed_holds(const struct vmpt_feed *feed)
{
    uint32_t threads = feed->ops->thread_count(feed->ctx) > 1 ? VMPT_HOLDS_THREADS : 0;
    return threads | of_sessions(feed) | of_functions(feed) | of_locations(feed) | of_labels(feed);
}
