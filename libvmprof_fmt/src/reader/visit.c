/* visit.c: reads the chunks of a plan, one a step. */
#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/reader/state.h"
#include "libvmprof_fmt/src/wire/cursor.h"

/* The chunk is lost, as it would be to a reader that comes by. */
static vmpf_status lose(vmpf_reader *r, const struct vmpfi_visit *visit)
{
    struct vmpf_error error;
    vmpfi_fail(&error, VMPF_E_CORRUPT, visit->offset, "F-3-2",
               "the checksum of a chunk of kind %u is wrong", (unsigned)visit->header.kind);
    vmpfi_damage_chunk(r, &error);
    vmpfi_damage_bytes(r, VMPFI_CHUNK_HEADER_BYTES + (uint64_t)visit->header.payload_bytes, &error);
    return VMPF_OK;
}

/* What was not visited is not missing: the numbers of chunks and samples go on where this chunk is. */
static void skip_to(vmpf_reader *r, const struct vmpfi_visit *visit,
                    const struct vmpfi_payload *payload)
{
    struct vmpfi_session *s = vmpfi_reader_current(r);
    r->next_sequence = visit->header.sequence;
    if (visit->header.kind == VMPFI_SAMPLES && payload->size_bytes >= sizeof(uint64_t)) {
        uint64_t first = vmpfi_load_u64(payload->data);
        s->sample_position = first > s->sample_position ? first : s->sample_position;
    }
}

static vmpf_status visit_chunk(vmpf_reader *r, const struct vmpfi_visit *visit, bool *block,
                               struct vmpf_error *err)
{
    struct vmpfi_payload payload;
    vmpf_status status = vmpfi_seek_payload(&r->plan.seek, visit->offset, &visit->header, &payload);
    if (status == VMPF_E_NOMEM) {
        return vmpfi_fail_nomem(err);
    }
    if (status != VMPF_OK) {
        return lose(r, visit);
    }
    if (visit->behind_samples) {
        vmpfi_session_fix_values(r);
    }
    skip_to(r, visit, &payload);
    return vmpfi_session_chunk(r, &visit->header, &payload, block, err);
}

vmpf_status vmpfi_plan_step(vmpf_reader *r, bool *block, struct vmpf_error *err)
{
    struct vmpfi_plan *plan = &r->plan;
    *block = false;
    if (plan->session == plan->sought.count) {
        return VMPF_END;
    }
    if (!plan->session_begun) {
        VMPF_TRY(vmpfi_session_begin(r, &plan->sought.sessions[plan->session].superblock, err));
        plan->session_begun = true;
    }
    if (plan->visit < plan->visits_end[plan->session]) {
        return visit_chunk(r, &plan->visits[plan->visit++], block, err);
    }
    plan->session++;
    plan->session_begun = false;
    return vmpfi_session_end(r, block, err);
}
