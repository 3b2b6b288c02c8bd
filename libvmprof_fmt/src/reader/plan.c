#include "libvmprof_fmt/src/reader/plan.h"

#include "libvmprof_fmt/src/base/error.h"

#include <stdlib.h>
#include <string.h>

/* What a listed chunk is to a range. */
enum need {
    NEED_NOTHING,
    NEED_LOOK, /* its header is looked at, to be sure of the index */
    NEED_READ,
};

/* The entries of one epoch stand side by side. */
struct epoch {
    const struct vmpfi_index_entry *entries;
    const bool *covered; /* by totals, which are wanted; NULL: they are not */
    size_t count;
    size_t used; /* entries up to the last SAMPLES chunk in the range; 0: there is none */
};

static struct epoch epoch_at(const struct vmpfi_sought_index *index, const bool *covered,
                             size_t first, const struct vmpfi_range *range)
{
    struct epoch epoch = {.entries = index->entries + first,
                          .covered = covered == NULL ? NULL : covered + first};
    while (first + epoch.count < index->count &&
           epoch.entries[epoch.count].epoch == epoch.entries[0].epoch) {
        const struct vmpfi_index_entry *entry = &epoch.entries[epoch.count++];
        if (entry->kind == VMPFI_SAMPLES && entry->samples > 0 &&
            !vmpfi_range_excludes(range, entry->begin_ns, entry->end_ns)) {
            epoch.used = epoch.count;
        }
    }
    return epoch;
}

/* A SAMPLES chunk of no samples has nothing to read. But what is listed as one may be a table. */
static enum need need_of_samples(const struct epoch *epoch, size_t i,
                                 const struct vmpfi_range *range)
{
    const struct vmpfi_index_entry *entry = &epoch->entries[i];
    if (entry->samples == 0) {
        return i < epoch->used ? NEED_LOOK : NEED_NOTHING;
    }
    if (epoch->covered != NULL && epoch->covered[i]) {
        return NEED_NOTHING;
    }
    return vmpfi_range_excludes(range, entry->begin_ns, entry->end_ns) ? NEED_NOTHING : NEED_READ;
}

/* Metadata and threads are the session's, tables the epoch's, and a definition comes before its first use [F-3-7]. */
static enum need need_of(const struct epoch *epoch, size_t i, const struct vmpfi_range *range)
{
    const struct vmpfi_index_entry *entry = &epoch->entries[i];
    switch (entry->kind) {
    case VMPFI_META:
    case VMPFI_THREADS: return NEED_READ;
    case VMPFI_SAMPLES: return need_of_samples(epoch, i, range);
    case VMPFI_TOTALS:
        if (epoch->covered != NULL) {
            return NEED_READ;
        }
        return i < epoch->used ? NEED_LOOK : NEED_NOTHING;
    case VMPFI_STRINGS:
    case VMPFI_FUNCTIONS:
    case VMPFI_LOCATIONS:
    case VMPFI_STACKS:
    case VMPFI_MODULES:
    case VMPFI_LABELS: return i < epoch->used ? NEED_READ : NEED_NOTHING;
    default: return NEED_LOOK; /* what is not known here may be critical [F-3-4] */
    }
}

static bool is_known(uint16_t kind)
{
    return (kind >= VMPFI_META && kind <= VMPFI_MODULES) || kind == VMPFI_LABELS;
}

/* [F-5.10-2] */
static bool is_as_listed(const struct vmpfi_index_entry *entry,
                         const struct vmpfi_chunk_header *header, uint64_t session_id)
{
    bool may_be_passed = is_known(entry->kind) || (header->flags & VMPFI_FLAG_CRITICAL) == 0;
    return header->session_id == session_id && header->kind == entry->kind &&
           header->sequence == entry->sequence && header->epoch == entry->epoch &&
           VMPFI_CHUNK_HEADER_BYTES + header->payload_bytes == entry->size_bytes &&
           header->begin_ns == entry->begin_ns && header->end_ns == entry->end_ns && may_be_passed;
}

static vmpf_status add_visit(struct vmpfi_plan *plan, const struct vmpfi_visit *visit)
{
    void *visits = plan->visits;
    bool grown =
        vmpfi_grow(&visits, &plan->visit_capacity, plan->visit_count + 1, sizeof *plan->visits);
    plan->visits = visits;
    if (!grown) {
        return VMPF_E_NOMEM;
    }
    plan->visits[plan->visit_count++] = *visit;
    return VMPF_OK;
}

/* Looks at a listed chunk, and plans to read it where that is needed. */
static vmpf_status plan_chunk(struct vmpfi_plan *plan, const struct vmpfi_sought_session *session,
                              const struct vmpfi_index_entry *entry, enum need need,
                              bool behind_samples)
{
    struct vmpfi_visit visit = {.offset = session->start + entry->offset,
                                .behind_samples = behind_samples};
    if (need == NEED_NOTHING) {
        return VMPF_OK;
    }
    if (!vmpfi_seek_header(&plan->seek, visit.offset, &visit.header) ||
        !is_as_listed(entry, &visit.header, session->superblock.session_id)) {
        return VMPF_E_CORRUPT;
    }
    return need == NEED_READ ? add_visit(plan, &visit) : VMPF_OK;
}

static vmpf_status plan_epoch(struct vmpfi_plan *plan, const struct vmpfi_sought_session *session,
                              const struct epoch *epoch, const struct vmpfi_range *range,
                              bool *behind_samples)
{
    for (size_t i = 0; i < epoch->count; i++) {
        const struct vmpfi_index_entry *entry = &epoch->entries[i];
        VMPF_TRY(plan_chunk(plan, session, entry, need_of(epoch, i, range), *behind_samples));
        *behind_samples = *behind_samples || entry->kind == VMPFI_SAMPLES;
    }
    return VMPF_OK;
}

/* Epoch by epoch. covered: as in struct epoch. */
static vmpf_status plan_index(struct vmpfi_plan *plan, const struct vmpfi_sought_session *session,
                              const struct vmpfi_sought_index *index, const bool *covered,
                              const struct vmpfi_range *range)
{
    bool behind_samples = false;
    for (size_t i = 0; i < index->count;) {
        struct epoch epoch = epoch_at(index, covered, i, range);
        if (epoch.used > 0 && i > 0) {
            /* The epoch begins where the index says, with all its tables. */
            VMPF_TRY(plan_chunk(plan, session, &index->entries[i - 1], NEED_LOOK, false));
        }
        VMPF_TRY(plan_epoch(plan, session, &epoch, range, &behind_samples));
        i += epoch.count;
    }
    return VMPF_OK;
}

static vmpf_status plan_session(struct vmpfi_plan *plan, size_t number,
                                const struct vmpfi_range *range, bool totals)
{
    const struct vmpfi_sought_session *session = &plan->sought.sessions[number];
    const struct vmpfi_visit end = {.offset = session->start + session->end.own_offset,
                                    .header = session->end_header};
    struct vmpfi_sought_index index;
    vmpf_status status = vmpfi_seek_index(&plan->seek, session, &index);
    bool *covered = NULL;
    if (status == VMPF_OK && totals) {
        covered = calloc(index.count + 1, sizeof *covered);
        status = covered == NULL ? VMPF_E_NOMEM
                                 : vmpfi_plan_covered(&plan->seek, session, &index, covered);
    }
    if (status == VMPF_OK) {
        status = plan_index(plan, session, &index, covered, range);
    }
    free(covered);
    free(index.entries);
    if (status == VMPF_OK) {
        status = add_visit(plan, &end);
    }
    plan->visits_end[number] = plan->visit_count;
    return status;
}

static vmpf_status make(struct vmpfi_plan *plan, const struct vmpfi_range *range, bool totals)
{
    VMPF_TRY(vmpfi_seek_sessions(&plan->seek, &plan->sought));
    plan->visits_end = calloc(plan->sought.count, sizeof *plan->visits_end);
    if (plan->visits_end == NULL) {
        return VMPF_E_NOMEM;
    }
    for (size_t i = 0; i < plan->sought.count; i++) {
        VMPF_TRY(plan_session(plan, i, range, totals));
    }
    return VMPF_OK;
}

vmpf_status vmpfi_plan_make(struct vmpfi_plan *plan, struct vmpf_source source,
                            const struct vmpfi_range *range, bool totals,
                            struct vmpfi_scratch *scratch, uint64_t memory_limit_bytes)
{
    if ((!range->set && !totals) ||
        !vmpfi_seek_init(&plan->seek, source, scratch, memory_limit_bytes)) {
        return VMPF_OK;
    }
    vmpf_status status = make(plan, range, totals);
    if (status != VMPF_OK) {
        vmpfi_plan_fini(plan);
    }
    plan->made = status == VMPF_OK;
    plan->session_begun = plan->made; /* the first one by who opened the input */
    return status == VMPF_E_NOMEM ? status : VMPF_OK;
}

void vmpfi_plan_fini(struct vmpfi_plan *plan)
{
    vmpfi_seek_fini(&plan->seek);
    free(plan->sought.sessions);
    free(plan->visits_end);
    free(plan->visits);
    memset(plan, 0, sizeof *plan);
}
