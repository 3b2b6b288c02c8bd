#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/reader/state.h"

#include <stdlib.h>
#include <string.h>

/* Adds the block to the session's figures. */
static void count_block(struct vmpfi_session *s, const struct vmpfi_samples *samples)
{
    s->info.samples += samples->count;
    for (size_t k = 0; k < samples->value_count; k++) {
        s->sums[k] += samples->digest.sums[k];
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
    bool wanted = vmpfi_range_filter(&r->range, &r->samples);
    if (r->samples.of_journal || r->range.set) {
        vmpfi_samples_digest(&r->samples);
    }
    return wanted;
}

/* A block that was decoded ahead has ids of the reader already, unless a guess was wrong. */
static void translate_stacks(struct vmpfi_tables *t, struct vmpfi_samples *samples)
{
    const struct vmpfi_epoch_table *epoch = &t->stack_epoch;
    if (samples->stack_base == epoch->base && samples->digest.greatest_stack <= epoch->count) {
        return;
    }
    vmpfi_samples_take_base(samples);
    vmpfi_tables_translate(t, epoch, samples->stack, samples->count);
}

static vmpf_status translate_threads(struct vmpfi_tables *t, const struct vmpfi_samples *samples,
                                     struct vmpf_error *err)
{
    uint32_t *threads = samples->thread;
    if (!t->session_threads_differ && samples->digest.greatest_thread < t->session_thread_count) {
        return VMPF_OK;
    }
    for (size_t i = 0; i < samples->count; i++) {
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
        flags[i] &= VMPF_SAMPLE_TRUNCATED | VMPF_SAMPLE_NATIVE_MISSING;
    }
}

/* A column that may be left out of a block, and mostly is [F-5.6-3]: the zeros that it stands for are made once. */
static vmpf_status column_or_zeros(vmpf_reader *r, uint32_t skip_bit, const uint32_t *have,
                                   const uint32_t **column, struct vmpf_error *err)
{
    *column = have;
    if ((r->options.skip_columns & skip_bit) != 0 || have != NULL) {
        return VMPF_OK;
    }
    if (r->zero_count < r->samples.count) {
        free(r->zeros);
        r->zeros = calloc(r->samples.count, sizeof *r->zeros);
        r->zero_count = r->zeros == NULL ? 0 : r->samples.count;
    }
    *column = r->zeros;
    return r->zeros == NULL && r->samples.count > 0 ? vmpfi_fail_nomem(err) : VMPF_OK;
}

vmpf_status vmpfi_block_finish(vmpf_reader *r, struct vmpf_block *block, struct vmpf_error *err)
{
    struct vmpfi_samples *samples = &r->samples;
    memset(block, 0, sizeof *block);
    VMPF_TRY(column_or_zeros(r, VMPF_COLUMN_FLAGS, samples->flags, &block->flags, err));
    VMPF_TRY(column_or_zeros(r, VMPF_COLUMN_LABEL, samples->label, &block->label, err));
    if (samples->label != NULL) {
        vmpfi_tables_translate(&r->tables, &r->tables.label_epoch, samples->label, samples->count);
    }
    vmpfi_damage_names(r, r->samples_offset, "F-5.2-3");
    translate_stacks(&r->tables, samples);
    VMPF_TRY(translate_threads(&r->tables, samples, err));
    vmpfi_damage_names(r, r->samples_offset, "F-5.6-2");
    clear_unknown_flags(samples->flags, samples->count);
    count_block(vmpfi_reader_current(r), samples);
    block->count = samples->count;
    block->stack = samples->stack;
    block->thread = samples->thread;
    block->time_ns = r->range.hides_time ? NULL : samples->time_ns;
    for (size_t k = 0; k < samples->value_count; k++) {
        block->values[k] = samples->values[k];
    }
    return VMPF_OK;
}
