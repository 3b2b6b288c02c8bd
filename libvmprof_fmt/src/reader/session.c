/* session.c: the chunks of one session (spec sections 3 and 5). */
#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/reader/state.h"

#include <stdlib.h>
#include <string.h>

vmpf_status vmpfi_session_begin(vmpf_reader *r, const struct vmpfi_superblock *superblock,
                                struct vmpf_error *err)
{
    void *sessions = r->sessions;
    bool grown = vmpfi_grow(&sessions, &r->session_capacity, r->session_count + 1,
                            sizeof(struct vmpfi_session *));
    r->sessions = sessions;
    struct vmpfi_session *session = grown ? calloc(1, sizeof *session) : NULL;
    if (session == NULL) {
        return vmpfi_fail_nomem(err);
    }
    session->info.format_version = superblock->write_version;
    session->info.start_unix_ns = superblock->start_unix_ns;
    if (r->session_count > 0 && vmpfi_tables_new_session(&r->tables) != VMPF_OK) {
        free(session);
        return vmpfi_fail_nomem(err);
    }
    r->sessions[r->session_count++] = session;
    r->session_id = superblock->session_id;
    r->session_open = true;
    r->next_sequence = 0;
    r->epoch = 0;
    r->journal.seen = false;
    r->journal.position = 0;
    r->journal.codes.size_bytes = 0;
    return VMPF_OK;
}

static vmpf_status know_values(struct vmpfi_session *s, struct vmpf_error *err)
{
    if (s->values_known) {
        return VMPF_OK;
    }
    vmpf_status status = vmpfi_value_types(s->metadata.entries, s->metadata.count, s->info.values,
                                           &s->info.value_count, err);
    s->values_known = status == VMPF_OK;
    return status;
}

static vmpf_status take_metadata(vmpf_reader *r, const struct vmpfi_payload *payload,
                                 struct vmpf_error *err)
{
    struct vmpfi_session *s = vmpfi_reader_current(r);
    vmpf_status status = vmpfi_metadata_decode(&s->metadata, payload->data, payload->size_bytes,
                                               payload->offset, err);
    s->info.meta = s->metadata.entries;
    s->info.meta_count = s->metadata.count;
    return status;
}

static vmpf_status take_table(vmpf_reader *r, uint16_t kind, const struct vmpfi_payload *payload,
                              struct vmpf_error *err)
{
    struct vmpfi_table table = {.known_locations = (size_t)r->tables.location_epoch.count + 1};
    VMPF_TRY(vmpfi_table_decode(&table, &r->scratch, kind, payload, err));
    return vmpfi_tables_add(&r->tables, kind, &table, payload->offset, err);
}

static vmpf_status take_samples(vmpf_reader *r, const struct vmpfi_payload *payload, bool *block,
                                struct vmpf_error *err)
{
    struct vmpfi_session *s = vmpfi_reader_current(r);
    struct vmpfi_columnset_head head;
    VMPF_TRY(know_values(s, err));
    VMPF_TRY(vmpfi_samples_decode(&head, &r->samples, &r->scratch, s->info.value_count,
                                  r->options.skip_columns, payload, err));
    if (head.first < s->sample_position || head.first > UINT64_MAX - VMPFI_MAX_ENTRIES) {
        return vmpfi_fail(err, VMPF_E_CORRUPT, payload->offset, "F-5.6-1",
                          "samples begin at a number that they cannot have");
    }
    vmpfi_damage_samples(r, head.first - s->sample_position);
    s->sample_position = head.first + head.count;
    if (head.lost_samples > s->info.lost_samples) {
        s->info.lost_samples = head.lost_samples;
    }
    if (head.journal_position > r->journal.position) {
        r->journal.position = head.journal_position;
    }
    *block = head.count > 0;
    return VMPF_OK;
}

static vmpf_status take_end(vmpf_reader *r, const struct vmpfi_payload *payload,
                            struct vmpf_error *err)
{
    struct vmpfi_session *s = vmpfi_reader_current(r);
    struct vmpfi_end end;
    VMPF_TRY(vmpfi_end_decode(&end, payload, err));
    s->info.finished = true;
    s->info.end_ns = end.end_ns;
    s->info.lost_samples = end.lost_samples;
    if (end.samples > s->sample_position) {
        vmpfi_damage_samples(r, end.samples - s->sample_position);
        s->sample_position = end.samples;
    }
    if (end.samples < s->sample_position) {
        return vmpfi_fail(err, VMPF_E_CORRUPT, payload->offset, "F-6-3",
                          "the end counts fewer samples than there are");
    }
    for (size_t k = 0; !s->samples_lost && k < end.value_count && k < s->info.value_count; k++) {
        if (end.sums[k] != s->sums[k]) {
            return vmpfi_fail(err, VMPF_E_CORRUPT, payload->offset, "F-6-3",
                              "the samples do not add up to their sum");
        }
    }
    return VMPF_OK;
}

static vmpf_status take_journal(vmpf_reader *r, const struct vmpfi_payload *payload,
                                struct vmpf_error *err)
{
    r->journal.payload.size_bytes = 0;
    r->journal.offset = payload->offset;
    r->journal.seen = true;
    if (!vmpfi_buffer_append(&r->journal.payload, payload->data, payload->size_bytes)) {
        return vmpfi_fail_nomem(err);
    }
    return VMPF_OK;
}

static vmpf_status take_codes(vmpf_reader *r, const struct vmpfi_payload *payload,
                              struct vmpf_error *err)
{
    const uint8_t *rows;
    size_t size_bytes;
    VMPF_TRY(vmpfi_codes_decode(&r->scratch, payload, &rows, &size_bytes, err));
    if (r->journal.codes.size_bytes + size_bytes > r->tables.memory_limit_bytes) {
        return vmpfi_fail(err, VMPF_E_LIMIT, payload->offset, "",
                          "the code tables are over the memory limit");
    }
    return vmpfi_buffer_append(&r->journal.codes, rows, size_bytes) ? VMPF_OK
                                                                    : vmpfi_fail_nomem(err);
}

static vmpf_status take_chunk(vmpf_reader *r, const struct vmpfi_chunk_header *header,
                              const struct vmpfi_payload *payload, bool *block,
                              struct vmpf_error *err)
{
    switch (header->kind) {
    case VMPFI_META: return take_metadata(r, payload, err);
    case VMPFI_STRINGS:
    case VMPFI_FUNCTIONS:
    case VMPFI_LOCATIONS:
    case VMPFI_STACKS:
    case VMPFI_THREADS: return take_table(r, header->kind, payload, err);
    case VMPFI_SAMPLES: return take_samples(r, payload, block, err);
    case VMPFI_END: return take_end(r, payload, err);
    case VMPFI_JOURNAL: return take_journal(r, payload, err);
    case VMPFI_CODES: return take_codes(r, payload, err);
    default: break;
    }
    if ((header->flags & VMPFI_FLAG_CRITICAL) != 0) {
        return vmpfi_fail(err, VMPF_E_UNSUPPORTED, payload->offset - VMPFI_CHUNK_HEADER_BYTES,
                          "F-3-4", "chunks of kind %u are not known here", (unsigned)header->kind);
    }
    return VMPF_OK;
}

/* [F-3-5]: true when the chunk is a copy of one that was read. */
static bool is_copy(vmpf_reader *r, const struct vmpfi_chunk_header *header)
{
    if (header->sequence == VMPFI_UNNUMBERED) {
        return false;
    }
    if (header->sequence < r->next_sequence) {
        return true;
    }
    if (header->sequence > r->next_sequence) {
        struct vmpf_error error;
        vmpfi_fail(&error, VMPF_E_CORRUPT, r->input.offset, "F-3-5", "%u chunks are missing",
                   (unsigned)(header->sequence - r->next_sequence));
        vmpfi_damage_bytes(r, 0, &error);
        r->damage.damaged = true;
        if (r->damage.first.status == VMPF_OK) {
            r->damage.first = error;
        }
    }
    r->next_sequence = header->sequence + 1;
    return false;
}

/* The span of a block is in its header, so that the length of an unfinished session is known without its times. */
static void note_time(struct vmpfi_session *s, const struct vmpfi_chunk_header *header)
{
    if (header->kind == VMPFI_SAMPLES && !s->info.finished && header->end_ns > s->info.end_ns) {
        s->info.end_ns = header->end_ns;
    }
}

static bool is_final(vmpf_status status)
{
    return status == VMPF_E_NOMEM || status == VMPF_E_UNSUPPORTED || status == VMPF_E_IO;
}

vmpf_status vmpfi_session_chunk(vmpf_reader *r, const struct vmpfi_chunk_header *header,
                                const struct vmpfi_payload *payload, bool *block,
                                struct vmpf_error *err)
{
    *block = false;
    if (is_copy(r, header)) {
        return VMPF_OK;
    }
    if (header->sequence != VMPFI_UNNUMBERED && header->epoch > r->epoch) { /* [F-3-6] */
        r->epoch = header->epoch;
        if (vmpfi_tables_new_epoch(&r->tables) != VMPF_OK) {
            return vmpfi_fail_nomem(err);
        }
    }
    struct vmpf_error error;
    vmpf_status status = take_chunk(r, header, payload, block, &error);
    if (status == VMPF_OK) {
        note_time(vmpfi_reader_current(r), header);
        return VMPF_OK;
    }
    if (is_final(status) || (status == VMPF_E_LIMIT && error.rule[0] == '\0')) {
        if (err != NULL) {
            *err = error;
        }
        return status;
    }
    *block = false;
    vmpfi_damage_chunk(r, &error);
    return VMPF_OK;
}

vmpf_status vmpfi_session_end(vmpf_reader *r, bool *block, struct vmpf_error *err)
{
    struct vmpfi_session *s = vmpfi_reader_current(r);
    *block = false;
    r->session_open = false;
    if (know_values(s, NULL) != VMPF_OK) {
        s->info.value_count = 0;
    }
    if (r->journal.seen) {
        VMPF_TRY(vmpfi_salvage_journal(r, block, err));
    }
    if (!s->info.finished) {
        vmpfi_damage_unfinished(r);
    }
    return VMPF_OK;
}
