#include "libvmprof_fmt/src/blocks/totals.h"

#include "libvmprof_fmt/src/base/error.h"

#include <string.h>

enum totals_column { /* 5.9 */
                     COLUMN_STACK = 1,
                     COLUMN_SAMPLES = 2,
                     COLUMN_SUM = 16,
};

enum slot {
    SLOT_STACKS = 0,
    SLOT_SAMPLES = 1,
    SLOT_SUMS = 2,
};

vmpf_status vmpfi_totals_encode(struct vmpfi_buffer *out, struct vmpfi_scratch *scratch,
                                const struct vmpfi_totals *totals)
{
    const struct vmpfi_columnset_head head = {.first = totals->first,
                                              .count = (uint32_t)totals->count};
    struct vmpfi_column_in columns[2 + VMPF_MAX_VALUES] = {
        {.id = COLUMN_STACK, .nature = VMPFI_NATURE_SMOOTH, .words = totals->stacks},
        {.id = COLUMN_SAMPLES, .nature = VMPFI_NATURE_SMOOTH, .values = totals->samples},
    };
    size_t column_count = 2;
    for (size_t k = 0; k < totals->value_count; k++) {
        if (memcmp(totals->sums[k], totals->samples, totals->count * sizeof(uint64_t)) != 0) {
            columns[column_count++] = (struct vmpfi_column_in){.id = (uint16_t)(COLUMN_SUM + k),
                                                               .nature = VMPFI_NATURE_SMOOTH,
                                                               .values = totals->sums[k]};
        }
    }
    return vmpfi_columnset_encode(out, scratch, &head, columns, column_count);
}

static vmpf_status wrong(const struct vmpfi_payload *payload, const char *message,
                         struct vmpf_error *err)
{
    return vmpfi_fail(err, VMPF_E_CORRUPT, payload->offset, "F-5.9-2", "%s", message);
}

/* The sum of a column is less than 2^63. */
static bool add_up(const uint64_t *values, size_t count, uint64_t *sum)
{
    *sum = 0;
    for (size_t i = 0; i < count; i++) {
        if (values[i] > (uint64_t)INT64_MAX - *sum) {
            return false;
        }
        *sum += values[i];
    }
    return true;
}

static vmpf_status check(struct vmpfi_totals *totals, const struct vmpfi_payload *payload,
                         struct vmpf_error *err)
{
    uint64_t sum;
    for (size_t i = 0; i < totals->count; i++) {
        if (i > 0 && totals->stacks[i] <= totals->stacks[i - 1]) {
            return wrong(payload, "the stacks of totals do not grow", err);
        }
        if (totals->samples[i] == 0) {
            return wrong(payload, "there are totals of no samples", err);
        }
    }
    if (!add_up(totals->samples, totals->count, &totals->covered)) {
        return wrong(payload, "totals are of too many samples", err);
    }
    for (size_t k = 0; k < totals->value_count; k++) {
        if (!add_up(totals->sums[k], totals->count, &sum)) {
            return wrong(payload, "the sum of a value is too large", err);
        }
    }
    return VMPF_OK;
}

static vmpf_status decode_wide(const struct vmpfi_columnset *set, unsigned slot, uint16_t id,
                               uint64_t **out, struct vmpf_error *err)
{
    *out = vmpfi_scratch_integers(set->scratch, slot, set->head.count);
    return *out == NULL ? vmpfi_fail_nomem(err)
                        : vmpfi_columnset_integers(set, id, true, *out, err);
}

vmpf_status vmpfi_totals_decode(struct vmpfi_totals *out, struct vmpfi_scratch *scratch,
                                size_t value_count, const struct vmpfi_payload *payload,
                                struct vmpf_error *err)
{
    static const uint16_t known[] = {1, 2, 16, 17, 18, 19, 20, 21, 22, 23, 0};
    struct vmpfi_columnset set = {.scratch = scratch};
    VMPF_TRY(vmpfi_columnset_decode(&set, payload->data, payload->size_bytes, known,
                                    payload->offset, err));
    *out = (struct vmpfi_totals){
        .first = set.head.first, .count = set.head.count, .value_count = value_count};
    out->stacks = vmpfi_scratch_words(scratch, SLOT_STACKS, out->count);
    if (out->stacks == NULL) {
        return vmpfi_fail_nomem(err);
    }
    VMPF_TRY(vmpfi_columnset_words(&set, COLUMN_STACK, true, out->stacks, err));
    VMPF_TRY(decode_wide(&set, SLOT_SAMPLES, COLUMN_SAMPLES, &out->samples, err));
    for (size_t k = 0; k < value_count; k++) {
        uint16_t id = (uint16_t)(COLUMN_SUM + k);
        out->sums[k] = out->samples;
        if (vmpfi_columnset_has(&set, id)) {
            VMPF_TRY(decode_wide(&set, (unsigned)(SLOT_SUMS + k), id, &out->sums[k], err));
        }
    }
    return check(out, payload, err);
}
