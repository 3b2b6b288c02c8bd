/* plan.h: which chunks of an input a range of time needs, or totals do, and reading those alone (spec 5.10). Private.
 *
 * Everything that is read, and where an epoch that is read begins, is looked at before anything is given; where it is not what the index
 * says, the input is read from its beginning. What cannot be known without looking at all chunks is believed: that no chunk outside
 * of those epochs is of the session's metadata or threads, and that the time span of a chunk that is not looked at is right. */
#ifndef VMPROF_FMT_READER_PLAN_H
#define VMPROF_FMT_READER_PLAN_H

#include "libvmprof_fmt/src/reader/range.h"
#include "libvmprof_fmt/src/reader/seek.h"

/* A chunk to be read, whose header was seen to be what the index says [F-5.10-2]. */
struct vmpfi_visit {
    uint64_t offset; /* in the input */
    struct vmpfi_chunk_header header;
    bool behind_samples; /* of the session, read or not */
};

struct vmpfi_plan {
    bool made; /* else the input is read from its beginning */
    struct vmpfi_seek seek;
    struct vmpfi_sought sought;
    size_t *visits_end; /* of each session */
    struct vmpfi_visit *visits;
    size_t visit_count, visit_capacity;
    /* where the reading is */
    size_t session, visit;
    bool session_begun;
};

/* Makes a plan for a range, or for totals, where that can be done, which is no error where it cannot. VMPF_E_NOMEM. */
vmpf_status vmpfi_plan_make(struct vmpfi_plan *plan, struct vmpf_source source,
                            const struct vmpfi_range *range, bool totals,
                            struct vmpfi_scratch *scratch, uint64_t memory_limit_bytes);
/* plan_totals.c: which entries of the index are SAMPLES chunks that a TOTALS chunk covers [F-5.9-1]; covered has index->count
 * entries, all false. VMPF_E_CORRUPT: totals, index and END do not fit together. VMPF_E_NOMEM. */
vmpf_status vmpfi_plan_covered(struct vmpfi_seek *seek, const struct vmpfi_sought_session *session,
                               const struct vmpfi_sought_index *index, bool *covered);
void vmpfi_plan_fini(struct vmpfi_plan *plan);

#endif
