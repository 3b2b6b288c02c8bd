#include "libvmprof_fmt/src/blocks/index.h"

#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/wire/cursor.h"

/* The columns stand in the order of their ids, which begin with 1. */
static const uint16_t known[] = {1, 2, 3, 4, 5, 6, 7, 8, 0};

#define OWN_OFFSET_AT 24u /* [F-5.10-1] */

static uint64_t field_of(const struct vmpfi_index_entry *entry, enum vmpfi_index_column column)
{
    switch (column) {
    case VMPFI_INDEX_OFFSET: return entry->offset;
    case VMPFI_INDEX_SIZE: return entry->size_bytes;
    case VMPFI_INDEX_KIND: return entry->kind;
    case VMPFI_INDEX_EPOCH: return entry->epoch;
    case VMPFI_INDEX_SEQUENCE: return entry->sequence;
    case VMPFI_INDEX_BEGIN: return entry->begin_ns;
    case VMPFI_INDEX_END: return entry->end_ns;
    default: return entry->samples;
    }
}

vmpf_status vmpfi_index_encode(struct vmpfi_buffer *out, struct vmpfi_scratch *scratch,
                               const struct vmpfi_index_head *head,
                               const struct vmpfi_index_entry *entries, const uint64_t *offsets)
{
    struct vmpfi_column_in columns[VMPFI_INDEX_COLUMNS];
    const struct vmpfi_columnset_head fixed = {.first = head->first,
                                               .count = head->count,
                                               .journal_position = head->previous_offset,
                                               .lost_samples = head->own_offset};
    for (unsigned c = 0; c < VMPFI_INDEX_COLUMNS; c++) {
        uint64_t *values = vmpfi_scratch_integers(scratch, c, head->count);
        if (values == NULL) {
            return VMPF_E_NOMEM;
        }
        for (size_t i = 0; i < head->count; i++) {
            values[i] = c == VMPFI_INDEX_OFFSET ? offsets[i]
                                                : field_of(&entries[i], (enum vmpfi_index_column)c);
        }
        columns[c] = (struct vmpfi_column_in){.id = known[c], .values = values};
    }
    return vmpfi_columnset_encode(out, scratch, &fixed, columns, VMPFI_INDEX_COLUMNS);
}

void vmpfi_index_set_own_offset(uint8_t *payload, uint64_t own_offset)
{
    vmpfi_store_u64(payload + OWN_OFFSET_AT, own_offset);
}

/* [F-4-5] */
static vmpf_status check_kinds(const struct vmpfi_index_chunk *chunk,
                               const struct vmpfi_payload *payload, struct vmpf_error *err)
{
    for (size_t i = 0; i < chunk->head.count; i++) {
        if (chunk->columns[VMPFI_INDEX_KIND][i] > UINT32_MAX) {
            return vmpfi_fail(err, VMPF_E_CORRUPT, payload->offset, "F-4-5",
                              "an index lists a chunk of no kind that can be");
        }
    }
    return VMPF_OK;
}

vmpf_status vmpfi_index_decode(struct vmpfi_index_chunk *out, struct vmpfi_scratch *scratch,
                               const struct vmpfi_payload *payload, struct vmpf_error *err)
{
    struct vmpfi_columnset set = {.scratch = scratch};
    VMPF_TRY(vmpfi_columnset_decode(&set, payload->data, payload->size_bytes, known,
                                    payload->offset, err));
    out->head = (struct vmpfi_index_head){.first = set.head.first,
                                          .count = set.head.count,
                                          .previous_offset = set.head.journal_position,
                                          .own_offset = set.head.lost_samples};
    for (unsigned c = 0; c < VMPFI_INDEX_COLUMNS; c++) {
        uint64_t *values = vmpfi_scratch_integers(scratch, c, set.head.count);
        if (values == NULL) {
            return vmpfi_fail_nomem(err);
        }
        VMPF_TRY(vmpfi_columnset_integers(&set, known[c], true, values, err));
        out->columns[c] = values;
    }
    return check_kinds(out, payload, err);
}

bool vmpfi_index_entry_at(const struct vmpfi_index_chunk *chunk, size_t i,
                          struct vmpfi_index_entry *entry)
{
    const uint64_t *const *columns = chunk->columns;
    *entry = (struct vmpfi_index_entry){.offset = columns[VMPFI_INDEX_OFFSET][i],
                                        .size_bytes = (uint32_t)columns[VMPFI_INDEX_SIZE][i],
                                        .kind = (uint16_t)columns[VMPFI_INDEX_KIND][i],
                                        .epoch = (uint32_t)columns[VMPFI_INDEX_EPOCH][i],
                                        .sequence = (uint32_t)columns[VMPFI_INDEX_SEQUENCE][i],
                                        .begin_ns = columns[VMPFI_INDEX_BEGIN][i],
                                        .end_ns = columns[VMPFI_INDEX_END][i],
                                        .samples = (uint32_t)columns[VMPFI_INDEX_SAMPLES][i]};
    return columns[VMPFI_INDEX_SIZE][i] <= UINT32_MAX &&
           columns[VMPFI_INDEX_KIND][i] <= UINT16_MAX &&
           columns[VMPFI_INDEX_EPOCH][i] <= UINT32_MAX &&
           columns[VMPFI_INDEX_SEQUENCE][i] <= UINT32_MAX &&
           columns[VMPFI_INDEX_SAMPLES][i] <= UINT32_MAX;
}
