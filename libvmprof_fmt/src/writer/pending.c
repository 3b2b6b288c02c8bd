/* pending.c: the samples that are not written yet. */
#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/writer/state.h"

static bool grow_words(uint32_t **column, size_t capacity, size_t count)
{
    void *moved = *column;
    bool grown = vmpfi_grow_lean(&moved, &capacity, count, sizeof **column);
    *column = moved;
    return grown;
}

static bool grow_wide(uint64_t **column, size_t capacity, size_t count)
{
    void *moved = *column;
    bool grown = vmpfi_grow_lean(&moved, &capacity, count, sizeof **column);
    *column = moved;
    return grown;
}

/* Room for a sample more. A journal's blocks are mostly smaller than they may be: what is never used is never asked for. */
static bool make_room(vmpf_writer *w)
{
    struct vmpfi_samples *pending = &w->pending;
    size_t before = w->pending_capacity;
    if (pending->count < before) {
        return true;
    }
    size_t count = before == 0 ? 1024 : 2 * before;
    count = count < w->options.block_samples ? count : w->options.block_samples;
    bool grown =
        grow_words(&pending->stack, before, count) && grow_words(&pending->thread, before, count) &&
        grow_words(&pending->flags, before, count) && grow_words(&pending->label, before, count) &&
        grow_wide(&pending->time_ns, before, count);
    for (size_t k = 0; grown && k < pending->value_count; k++) {
        grown = grow_wide(&pending->values[k], before, count);
    }
    w->pending_capacity = grown ? count : before;
    return grown;
}

vmpf_status vmpfi_writer_prepare(vmpf_writer *w, struct vmpf_error *err)
{
    if (w->pending_ready) {
        return VMPF_OK;
    }
    struct vmpf_value_type types[VMPF_MAX_VALUES];
    VMPF_TRY(vmpfi_value_types(w->metadata.entries, w->metadata.count, types,
                               &w->pending.value_count, err));
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
    for (size_t k = 0; k < w->pending.value_count; k++) {
        if (sample->values[k] > (uint64_t)INT64_MAX - w->sums[k]) {
            return vmpfi_fail(err, VMPF_E_LIMIT, VMPFI_NO_OFFSET, "F-5.6-4",
                              "the values of a session add up to less than 2^63");
        }
    }
    if (!make_room(w)) {
        return vmpfi_fail_nomem(err);
    }
    size_t at = w->pending.count++;
    w->pending.stack[at] = sample->stack;
    w->pending.thread[at] = sample->thread;
    w->pending.time_ns[at] = sample->time_ns;
    w->pending.flags[at] = sample->flags;
    w->pending.label[at] = sample->label;
    for (size_t k = 0; k < w->pending.value_count; k++) {
        w->pending.values[k][at] = sample->values[k];
        w->sums[k] += sample->values[k];
    }
    return VMPF_OK;
}

uint64_t vmpfi_writer_lost(const vmpf_writer *w)
{
    uint64_t in_journal = 0;
    if (w->journal.memory != NULL && !w->broken) { /* else it may be gone */
        in_journal = atomic_load_explicit(&w->journal.memory->lost, memory_order_relaxed);
    }
    return w->lost_samples + in_journal;
}
