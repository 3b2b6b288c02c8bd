#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/reader/state.h"

#include <string.h>

/* Adds the block to the session's figures. */
static void count_block(struct vmpfi_session *s, const struct vmpfi_samples *samples)
{
    s->info.samples += samples->count;
    for (size_t k = 0; k < samples->value_count; k++) {
        uint64_t sum = 0;
        for (size_t i = 0; i < samples->count; i++) {
            sum += samples->values[k][i];
        }
        s->sums[k] += sum;
    }
}

/* A block of the journal has no chunk header that could say its time span. */
static void note_times(struct vmpfi_session *s, const struct vmpfi_samples *samples)
{
    for (size_t i = 0; samples->of_journal && !s->info.finished && i < samples->count; i++) {
        s->info.end_ns =
            samples->time_ns[i] > s->info.end_ns ? samples->time_ns[i] : s->info.end_ns;
    }
}

bool vmpfi_block_is_wanted(vmpf_reader *r)
{
    /* The session is as long as it is, whatever the range. */
    note_times(vmpfi_reader_current(r), &r->samples);
    return vmpfi_range_filter(&r->range, &r->samples);
}

static vmpf_status translate_threads(struct vmpfi_tables *t, uint32_t *threads, size_t count,
                                     struct vmpf_error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (threads[i] < t->session_thread_count) {
            threads[i] = t->session_threads[threads[i]];
            continue;
        }
        vmpf_status status = vmpfi_tables_thread(t, threads[i], &threads[i]);
        if (status != VMPF_OK) {
            return vmpfi_fail(err, status, VMPFI_NO_OFFSET, "", "threads: %s",
                              vmpf_status_name(status));
        }
    }
    return VMPF_OK;
}

/* [F-5.6-3] */
static void clear_unknown_flags(uint32_t *flags, size_t count)
{
    for (size_t i = 0; flags != NULL && i < count; i++) {
        flags[i] &= VMPF_SAMPLE_TRUNCATED;
    }
}

/* Most blocks have no column of labels: their zeros are made once. */
static vmpf_status find_labels(vmpf_reader *r, const uint32_t **label, struct vmpf_error *err)
{
    const struct vmpfi_samples *samples = &r->samples;
    size_t wanted_bytes = samples->count * sizeof **label;
    if ((r->options.skip_columns & VMPF_COLUMN_LABEL) != 0) {
        return VMPF_OK;
    }
    if (samples->label != NULL) {
        vmpfi_tables_translate(&r->tables, &r->tables.label_epoch, samples->label, samples->count);
        *label = samples->label;
        return VMPF_OK;
    }
    if (r->no_labels.size_bytes < wanted_bytes &&
        !vmpfi_buffer_append(&r->no_labels, NULL, wanted_bytes - r->no_labels.size_bytes)) {
        return vmpfi_fail_nomem(err);
    }
    *label = (const uint32_t *)(const void *)r->no_labels.data;
    return VMPF_OK;
}

vmpf_status vmpfi_block_finish(vmpf_reader *r, struct vmpf_block *block, struct vmpf_error *err)
{
    const struct vmpfi_samples *samples = &r->samples;
    memset(block, 0, sizeof *block);
    VMPF_TRY(find_labels(r, &block->label, err));
    vmpfi_damage_names(r, r->samples_offset, "F-5.2-3");
    vmpfi_tables_translate(&r->tables, &r->tables.stack_epoch, samples->stack, samples->count);
    VMPF_TRY(translate_threads(&r->tables, samples->thread, samples->count, err));
    vmpfi_damage_names(r, r->samples_offset, "F-5.6-2");
    clear_unknown_flags(samples->flags, samples->count);
    count_block(vmpfi_reader_current(r), samples);
    block->count = samples->count;
    block->stack = samples->stack;
    block->thread = samples->thread;
    block->time_ns = r->range.hides_time ? NULL : samples->time_ns;
    block->flags = samples->flags;
    for (size_t k = 0; k < samples->value_count; k++) {
        block->values[k] = samples->values[k];
    }
    return VMPF_OK;
}
