/* totals.c: TOTALS chunks as a caller sees them (spec 5.9). */
#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/reader/state.h"

#include <string.h>

/* They stand for their samples: END is held against both [F-6-3]. */
static void count_totals(struct vmpfi_session *s, const struct vmpfi_totals *totals)
{
    uint64_t end = totals->first + totals->covered;
    s->info.samples += totals->covered;
    s->sample_position = end > s->sample_position ? end : s->sample_position;
    for (size_t k = 0; k < totals->value_count; k++) {
        for (size_t i = 0; i < totals->count; i++) {
            s->sums[k] += totals->sums[k][i];
        }
    }
}

/* Totals that are not given are of stacks that are there, too; the greatest is the last [F-5.9-2]. */
static void note_stacks(vmpf_reader *r, uint64_t offset)
{
    const struct vmpfi_totals *totals = &r->totals;
    if (totals->count > 0 && totals->stacks[totals->count - 1] > r->tables.stack_epoch.count) {
        struct vmpf_error error;
        vmpfi_fail(&error, VMPF_E_CORRUPT, offset, "F-5.2-3",
                   "totals are of a stack that is missing");
        vmpfi_damage_note(r, &error);
        r->damage.wrong_totals++;
    }
}

vmpf_status vmpfi_totals_take(vmpf_reader *r, const struct vmpfi_payload *payload,
                              struct vmpf_error *err)
{
    struct vmpfi_session *s = vmpfi_reader_current(r);
    VMPF_TRY(vmpfi_totals_decode(&r->totals, &r->scratch, s->info.value_count, payload, err));
    if (!r->totals_wanted) {
        VMPF_TRY(vmpfi_coverage_totals(&r->coverage, &r->totals, payload->offset, err));
        note_stacks(r, payload->offset);
        vmpfi_verify_totals(r, payload);
        return VMPF_OK;
    }
    r->samples_offset = payload->offset;
    count_totals(s, &r->totals); /* what they cover was looked at when the plan was made */
    r->have_totals = r->totals.count > 0;
    return VMPF_OK;
}

static void give_totals(vmpf_reader *r, struct vmpf_totals *out)
{
    const struct vmpfi_totals *totals = &r->totals;
    vmpfi_tables_translate(&r->tables, &r->tables.stack_epoch, totals->stacks, totals->count);
    vmpfi_damage_names(r, r->samples_offset, "F-5.2-3");
    out->count = totals->count;
    out->stack = totals->stacks;
    out->samples = totals->samples;
    for (size_t k = 0; k < totals->value_count; k++) {
        out->values[k] = totals->sums[k];
    }
}

/* A sample is the total of itself. */
static vmpf_status give_samples(vmpf_reader *r, struct vmpf_totals *out, struct vmpf_error *err)
{
    struct vmpf_block block;
    VMPF_TRY(vmpfi_block_finish(r, &block, err));
    size_t have = r->ones.size_bytes / sizeof(uint64_t);
    if (have < block.count &&
        !vmpfi_buffer_append(&r->ones, NULL, (block.count - have) * sizeof(uint64_t))) {
        return vmpfi_fail_nomem(err);
    }
    uint64_t *ones = (uint64_t *)(void *)r->ones.data;
    for (; have < block.count; have++) {
        ones[have] = 1;
    }
    out->count = block.count;
    out->stack = block.stack;
    out->samples = ones;
    memcpy(out->values, block.values, sizeof out->values);
    return VMPF_OK;
}

vmpf_status vmpfi_totals_finish(vmpf_reader *r, struct vmpf_totals *totals, struct vmpf_error *err)
{
    memset(totals, 0, sizeof *totals);
    if (!r->have_totals) {
        return give_samples(r, totals, err);
    }
    r->have_totals = false;
    give_totals(r, totals);
    return VMPF_OK;
}
