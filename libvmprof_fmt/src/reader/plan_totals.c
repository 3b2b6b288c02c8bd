/* plan_totals.c: which SAMPLES chunks need not be read, since their totals are there (spec 5.9). */
#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/blocks/totals.h"
#include "libvmprof_fmt/src/reader/plan.h"

/* The samples that the TOTALS chunk of this entry is of. It is read whole now, so that nothing is found wrong with it when it
 * is too late to read the samples. */
static vmpf_status covered_by(struct vmpfi_seek *seek, const struct vmpfi_sought_session *session,
                              const struct vmpfi_index_entry *entry, uint64_t *first, uint64_t *end)
{
    struct vmpfi_chunk_header header;
    struct vmpfi_payload payload;
    struct vmpfi_totals totals;
    uint64_t offset = session->start + entry->offset;
    if (!vmpfi_seek_header(seek, offset, &header) || header.kind != VMPFI_TOTALS) {
        return VMPF_E_CORRUPT;
    }
    VMPF_TRY(vmpfi_seek_payload(seek, offset, &header, &payload));
    vmpf_status status =
        vmpfi_totals_decode(&totals, seek->scratch, session->end.value_count, &payload, NULL);
    if (status != VMPF_OK) {
        return status == VMPF_E_NOMEM ? status : VMPF_E_CORRUPT;
    }
    if (totals.first > UINT64_MAX - totals.covered) {
        return VMPF_E_CORRUPT;
    }
    *first = totals.first;
    *end = totals.first + totals.covered;
    return VMPF_OK;
}

/* How far the chunks of samples were gone through. TOTALS come in the order of their samples. */
struct progress {
    size_t entry;
    uint64_t position; /* samples in the entries before */
};

/* Marks the SAMPLES chunks of one epoch that make up [first, end): all of them stand before entry `behind`. */
static vmpf_status mark(const struct vmpfi_sought_index *index, size_t behind, uint64_t first,
                        uint64_t end, struct progress *at, bool *covered)
{
    for (; at->entry < behind && at->position < end; at->entry++) {
        const struct vmpfi_index_entry *entry = &index->entries[at->entry];
        bool samples = entry->kind == VMPFI_SAMPLES && entry->samples > 0;
        if (samples && at->position >= first) {
            covered[at->entry] = true;
            if (entry->epoch != index->entries[behind].epoch) {
                return VMPF_E_CORRUPT;
            }
        } else if (samples && at->position + entry->samples > first) {
            return VMPF_E_CORRUPT; /* they begin in the middle of a chunk */
        }
        at->position += samples ? entry->samples : 0;
    }
    return at->position == end ? VMPF_OK : VMPF_E_CORRUPT;
}

static uint64_t samples_listed(const struct vmpfi_sought_index *index)
{
    uint64_t samples = 0;
    for (size_t i = 0; i < index->count; i++) {
        samples += index->entries[i].kind == VMPFI_SAMPLES ? index->entries[i].samples : 0;
    }
    return samples;
}

vmpf_status vmpfi_plan_covered(struct vmpfi_seek *seek, const struct vmpfi_sought_session *session,
                               const struct vmpfi_sought_index *index, bool *covered)
{
    struct progress at = {0};
    if (samples_listed(index) != session->end.samples) {
        return VMPF_E_CORRUPT;
    }
    for (size_t i = 0; i < index->count; i++) {
        uint64_t first;
        uint64_t end;
        if (index->entries[i].kind != VMPFI_TOTALS) {
            continue;
        }
        VMPF_TRY(covered_by(seek, session, &index->entries[i], &first, &end));
        VMPF_TRY(mark(index, i, first, end, &at, covered));
    }
    return VMPF_OK;
}
