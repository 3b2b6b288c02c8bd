/* pending.c: the samples that are not written yet. */
#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/writer/state.h"

#include <stdlib.h>

static bool make_words(uint32_t **column, size_t count)
{
    if (*column == NULL) {
        *column = calloc(count, sizeof **column);
    }
    return *column != NULL;
}

static bool make_column(uint64_t **column, size_t count)
{
    if (*column == NULL) {
        *column = calloc(count, sizeof **column);
    }
    return *column != NULL;
}

vmpf_status vmpfi_writer_prepare(vmpf_writer *w, struct vmpf_error *err)
{
    if (w->pending_ready) {
        return VMPF_OK;
    }
    struct vmpf_value_type types[VMPF_MAX_VALUES];
    VMPF_TRY(vmpfi_value_types(w->metadata.entries, w->metadata.count, types,
                               &w->pending.value_count, err));
    size_t count = w->options.block_samples;
    bool made = make_words(&w->pending.stack, count) && make_words(&w->pending.thread, count) &&
                make_words(&w->pending.flags, count) && make_column(&w->pending.time_ns, count);
    for (size_t k = 0; made && k < w->pending.value_count; k++) {
        made = make_column(&w->pending.values[k], count);
    }
    if (!made) {
        return vmpfi_fail_nomem(err);
    }
    w->pending_ready = true;
    return VMPF_OK;
}

bool vmpfi_writer_full(const vmpf_writer *w)
{
    return w->pending.count >= w->options.block_samples;
}

vmpf_status vmpfi_writer_push(vmpf_writer *w, const struct vmpf_sample *sample,
                              struct vmpf_error *err)
{
    VMPF_TRY(vmpfi_writer_prepare(w, err));
    size_t at = w->pending.count++;
    w->pending.stack[at] = sample->stack;
    w->pending.thread[at] = sample->thread;
    w->pending.time_ns[at] = sample->time_ns;
    w->pending.flags[at] = sample->flags;
    for (size_t k = 0; k < w->pending.value_count; k++) {
        w->pending.values[k][at] = sample->values[k];
        w->sums[k] += sample->values[k];
    }
    return VMPF_OK;
}

uint64_t vmpfi_writer_lost(const vmpf_writer *w)
{
    uint64_t in_journal = 0;
    if (w->journal.memory != NULL) {
        in_journal = atomic_load_explicit(&w->journal.memory->lost, memory_order_relaxed);
    }
    return w->lost_samples + in_journal;
}
