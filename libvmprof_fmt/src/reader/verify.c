/* verify.c: what a reader that reads all of a session need not know, held against what it has read: TOTALS against the samples
 * [F-5.9-3], INDEX and the offsets of END against where the chunks are [F-5.10-1], [F-6-2].
 * Where something of the session is damaged already, what is missing says nothing of the rest. */
#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/reader/state.h"
#include "libvmprof_fmt/src/wire/cursor.h"

#include <stdlib.h>
#include <string.h>

#define SUMS (1 + VMPF_MAX_VALUES) /* of a stack: its samples, then its values */

void vmpfi_verify_session(vmpf_reader *r)
{
    struct vmpfi_verify *v = &r->verify;
    v->session_offset = r->input.offset;
    v->damages_before = r->damages;
    v->chunk_count = 0;
    v->listed = 0;
    v->index_offset = 0;
    vmpfi_verify_epoch(r);
}

void vmpfi_verify_epoch(vmpf_reader *r)
{
    struct vmpfi_verify *v = &r->verify;
    if (v->stack_count != 0) {
        memset(v->sums, 0, v->stack_count * sizeof *v->sums);
    }
    v->stack_count = 0;
    v->first = v->end = r->session_count > 0 ? vmpfi_reader_current(r)->sample_position : 0;
}

void vmpfi_verify_fini(struct vmpfi_verify *v)
{
    free(v->sums);
    free(v->chunks);
    memset(v, 0, sizeof *v);
}

static bool can_tell(const vmpf_reader *r)
{
    return r->options.verify && r->damages == r->verify.damages_before;
}

static struct vmpf_error breach(const struct vmpfi_payload *payload, const char *rule,
                                const char *what)
{
    struct vmpf_error error;
    vmpfi_fail(&error, VMPF_E_CORRUPT, payload->offset - VMPFI_CHUNK_HEADER_BYTES, rule, "%s",
               what);
    return error;
}

/* An index that is wrong is no damage: whoever uses one checks it, and can do without [F-5.10-2]. But it is said. */
static void wrong_index(vmpf_reader *r, const struct vmpfi_payload *payload, const char *rule,
                        const char *what)
{
    r->damage.wrong_indexes++;
    if (r->damage.first.status == VMPF_OK) {
        r->damage.first = breach(payload, rule, what);
    }
}

/* ---- samples and totals ------------------------------------------------------------------------- */

static bool make_room(struct vmpfi_verify *v, uint32_t greatest)
{
    size_t wanted = (size_t)greatest + 1;
    size_t before = v->capacity;
    void *sums = v->sums;
    bool grown = vmpfi_grow(&sums, &v->capacity, wanted, sizeof *v->sums);
    v->sums = sums;
    if (!grown) {
        return false;
    }
    if (v->capacity > before) {
        memset(v->sums + before, 0, (v->capacity - before) * sizeof *v->sums);
    }
    v->stack_count = wanted > v->stack_count ? wanted : v->stack_count;
    return true;
}

vmpf_status vmpfi_verify_samples(vmpf_reader *r, uint64_t first)
{
    struct vmpfi_verify *v = &r->verify;
    const struct vmpfi_samples *samples = &r->samples;
    if (!can_tell(r)) {
        return VMPF_OK;
    }
    uint32_t greatest = 0;
    for (size_t i = 0; i < samples->count; i++) {
        greatest = samples->stack[i] > greatest ? samples->stack[i] : greatest;
    }
    if (greatest > r->tables.stack_epoch.count) {
        return VMPF_OK; /* damage that is told elsewhere, and ids without an end */
    }
    if (!make_room(v, greatest)) {
        return VMPF_E_NOMEM;
    }
    for (size_t i = 0; i < samples->count; i++) {
        uint64_t *sums = v->sums[samples->stack[i]].of;
        sums[0]++;
        for (size_t k = 0; k < samples->value_count; k++) {
            sums[1 + k] += samples->values[k][i];
        }
    }
    v->end = first + samples->count;
    return VMPF_OK;
}

static bool totals_differ(const struct vmpfi_verify *v, const struct vmpfi_totals *totals)
{
    size_t stacks = 0;
    for (size_t i = 0; i < v->stack_count; i++) {
        stacks += v->sums[i].of[0] != 0;
    }
    bool differ = stacks != totals->count;
    for (size_t i = 0; i < totals->count && !differ; i++) {
        uint32_t stack = totals->stacks[i];
        differ = stack >= v->stack_count || v->sums[stack].of[0] != totals->samples[i];
        for (size_t k = 0; k < totals->value_count && !differ; k++) {
            differ = v->sums[stack].of[1 + k] != totals->sums[k][i];
        }
    }
    return differ;
}

void vmpfi_verify_totals(vmpf_reader *r, const struct vmpfi_payload *payload)
{
    struct vmpfi_verify *v = &r->verify;
    const struct vmpfi_totals *totals = &r->totals;
    if (!can_tell(r) || totals->covered == 0) {
        return;
    }
    if (totals->first != v->first || totals->first + totals->covered != v->end) {
        v->untold++; /* of a part of what stands before them */
        return;
    }
    if (totals_differ(v, totals)) {
        const struct vmpf_error error =
            breach(payload, "F-5.9-3", "the totals are not what the samples come to");
        vmpfi_damage_note(r, &error);
        r->damage.wrong_totals++;
    }
    vmpfi_verify_epoch(r);
}

/* ---- the index ---------------------------------------------------------------------------------- */

/* Where the count of samples stands in the payload of SAMPLES (4.1). */
#define COUNT_OFFSET 8u

static uint32_t samples_of(const struct vmpfi_chunk_header *header,
                           const struct vmpfi_payload *payload)
{
    bool has_count =
        header->kind == VMPFI_SAMPLES && payload->size_bytes >= COUNT_OFFSET + sizeof(uint32_t);
    return has_count ? vmpfi_load_u32(payload->data + COUNT_OFFSET) : 0;
}

vmpf_status vmpfi_verify_chunk(vmpf_reader *r, const struct vmpfi_chunk_header *header,
                               const struct vmpfi_payload *payload)
{
    struct vmpfi_verify *v = &r->verify;
    if (!r->options.verify || !vmpfi_chunk_is_numbered(header) || header->kind == VMPFI_INDEX ||
        header->kind == VMPFI_END) {
        return VMPF_OK;
    }
    void *chunks = v->chunks;
    bool grown = vmpfi_grow(&chunks, &v->chunk_capacity, v->chunk_count + 1, sizeof *v->chunks);
    v->chunks = chunks;
    if (!grown) {
        return VMPF_E_NOMEM;
    }
    v->chunks[v->chunk_count++] = (struct vmpfi_index_entry){
        .offset = payload->offset - VMPFI_CHUNK_HEADER_BYTES - v->session_offset,
        .begin_ns = header->begin_ns,
        .end_ns = header->end_ns,
        .size_bytes = (uint32_t)(VMPFI_CHUNK_HEADER_BYTES + header->payload_bytes),
        .epoch = header->epoch,
        .sequence = header->sequence,
        .samples = samples_of(header, payload),
        .kind = header->kind,
    };
    return VMPF_OK;
}

static bool same_entry(const struct vmpfi_index_entry *a, const struct vmpfi_index_entry *b)
{
    return a->offset == b->offset && a->begin_ns == b->begin_ns && a->end_ns == b->end_ns &&
           a->size_bytes == b->size_bytes && a->epoch == b->epoch && a->sequence == b->sequence &&
           a->samples == b->samples && a->kind == b->kind;
}

static bool index_differs(const struct vmpfi_verify *v, const struct vmpfi_index_chunk *chunk,
                          uint64_t own_offset)
{
    const struct vmpfi_index_head *head = &chunk->head;
    bool differs = head->first != v->listed || head->count != v->chunk_count ||
                   head->previous_offset != v->index_offset || head->own_offset != own_offset;
    for (size_t i = 0; i < v->chunk_count && !differs; i++) {
        struct vmpfi_index_entry entry;
        differs = !vmpfi_index_entry_at(chunk, i, &entry) || !same_entry(&entry, &v->chunks[i]);
    }
    return differs;
}

void vmpfi_verify_index(vmpf_reader *r, const struct vmpfi_index_chunk *chunk,
                        const struct vmpfi_payload *payload)
{
    struct vmpfi_verify *v = &r->verify;
    uint64_t offset = payload->offset - VMPFI_CHUNK_HEADER_BYTES - v->session_offset;
    if (can_tell(r) && index_differs(v, chunk, offset)) {
        wrong_index(r, payload, "F-5.10-1", "the index does not list the chunks before it");
    }
    v->listed += v->chunk_count;
    v->chunk_count = 0;
    v->index_offset = offset;
}

void vmpfi_verify_end(vmpf_reader *r, const struct vmpfi_end *end,
                      const struct vmpfi_payload *payload)
{
    const struct vmpfi_verify *v = &r->verify;
    uint64_t offset = payload->offset - VMPFI_CHUNK_HEADER_BYTES - v->session_offset;
    if (!can_tell(r) || !end->placed) {
        return;
    }
    if (end->own_offset != offset || end->index_offset != v->index_offset) {
        wrong_index(r, payload, "F-6-2", "the offsets of the end are wrong");
    } else if (v->index_offset != 0 && v->chunk_count != 0) {
        wrong_index(r, payload, "F-5.10-3", "the last index does not stand right before the end");
    }
}
