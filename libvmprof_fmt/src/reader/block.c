#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/reader/state.h"

#include <string.h>

static bool make_room(uint32_t **array, size_t *capacity, size_t count)
{
    void *moved = *array;
    bool grown = vmpfi_grow(&moved, capacity, count, sizeof **array);
    *array = moved;
    return grown;
}

/* Adds the block to the session's figures. */
static void count_block(struct vmpfi_session *s, const struct vmpfi_samples *samples)
{
    s->info.samples += samples->count;
    for (size_t k = 0; k < samples->value_count; k++) {
        for (size_t i = 0; i < samples->count; i++) {
            s->sums[k] += samples->values[k][i];
        }
    }
    /* A block of the journal has no chunk header that could say its time span. */
    for (size_t i = 0; samples->time_ns != NULL && !s->info.finished && i < samples->count; i++) {
        s->info.end_ns =
            samples->time_ns[i] > s->info.end_ns ? samples->time_ns[i] : s->info.end_ns;
    }
}

vmpf_status vmpfi_block_finish(vmpf_reader *r, struct vmpf_block *block, struct vmpf_error *err)
{
    const struct vmpfi_samples *samples = &r->samples;
    size_t count = samples->count;
    if (!make_room(&r->stack, &r->stack_capacity, count) ||
        !make_room(&r->thread, &r->thread_capacity, count) ||
        !make_room(&r->flags, &r->flags_capacity, count)) {
        return vmpfi_fail_nomem(err);
    }
    for (size_t i = 0; i < count; i++) {
        r->stack[i] = vmpfi_tables_id(&r->tables, &r->tables.stack_epoch, samples->stack[i]);
        vmpf_status status = vmpfi_tables_thread(&r->tables, samples->thread[i], &r->thread[i]);
        if (status != VMPF_OK) {
            return vmpfi_fail(err, status, VMPFI_NO_OFFSET, "", "threads: %s",
                              vmpf_status_name(status));
        }
        if (samples->flags != NULL) {
            r->flags[i] = (uint32_t)samples->flags[i];
        }
    }
    count_block(vmpfi_reader_current(r), samples);
    memset(block, 0, sizeof *block);
    block->count = count;
    block->stack = r->stack;
    block->thread = r->thread;
    block->time_ns = samples->time_ns;
    block->flags = samples->flags == NULL ? NULL : r->flags;
    for (size_t k = 0; k < samples->value_count; k++) {
        block->values[k] = samples->values[k];
    }
    return VMPF_OK;
}
