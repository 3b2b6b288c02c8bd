/* session.c: the chunks of one session (spec sections 3 and 5). */
#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/reader/state.h"

#include <stdlib.h>
#include <string.h>
#include <vmprof/vmpf_journal.h>

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
    r->refused = false;
    r->next_sequence = 0;
    r->epoch = 0;
    vmpfi_coverage_new_session(&r->coverage);
    r->journal.seen = false;
    r->journal.position = 0;
    r->journal.codes.size_bytes = 0;
    vmpfi_verify_session(r);
    return VMPF_OK;
}

void vmpfi_session_refuse(vmpf_reader *r)
{
    r->refused = true;
    vmpfi_reader_current(r)->info.finished = false;
    vmpfi_damage_unfinished(r);
}

/* The values are fixed by the first SAMPLES chunk [F-5.1-4]. */
static vmpf_status know_values(struct vmpfi_session *s, struct vmpf_error *err)
{
    if (s->values_known) {
        return VMPF_OK;
    }
    return vmpfi_value_types(s->metadata.entries, s->metadata.count, s->info.values,
                             &s->info.value_count, err);
}

void vmpfi_session_fix_values(vmpf_reader *r)
{
    struct vmpfi_session *s = vmpfi_reader_current(r);
    s->values_known = know_values(s, NULL) == VMPF_OK;
}

static vmpf_status take_metadata(vmpf_reader *r, const struct vmpfi_payload *payload,
                                 struct vmpf_error *err)
{
    struct vmpfi_session *s = vmpfi_reader_current(r);
    const struct vmpfi_value_list values = {.types = s->info.values, .count = s->info.value_count};
    vmpf_status status =
        vmpfi_metadata_decode(&s->metadata, payload->data, payload->size_bytes,
                              s->values_known ? &values : NULL, payload->offset, err);
    s->info.meta = s->metadata.entries;
    s->info.meta_count = s->metadata.count;
    return status;
}

static vmpf_status take_table(vmpf_reader *r, uint16_t kind, const struct vmpfi_payload *payload,
                              struct vmpf_error *err)
{
    struct vmpfi_table table = {.known = {.locations = (size_t)r->tables.location_epoch.count + 1,
                                          .nodes = (size_t)r->tables.stack_epoch.count + 1}};
    VMPF_TRY(vmpfi_table_decode(&table, &r->scratch, kind, payload, err));
    bool gap = table.first > vmpfi_tables_next_id(&r->tables, kind);
    VMPF_TRY(vmpfi_tables_add(&r->tables, kind, &table, payload->offset, err));
    vmpfi_damage_names(r, payload->offset, gap ? vmpfi_tables_first_rule(kind) : "F-5.2-3");
    return VMPF_OK;
}

static vmpf_status check_samples(const struct vmpfi_session *s,
                                 const struct vmpfi_columnset_head *head,
                                 const struct vmpfi_samples *samples, uint64_t offset,
                                 struct vmpf_error *err)
{
    if (head->first < s->sample_position || head->first > UINT64_MAX - VMPFI_MAX_ENTRIES) {
        return vmpfi_fail(err, VMPF_E_CORRUPT, offset, "F-5.6-1",
                          "samples begin at a number that they cannot have");
    }
    for (size_t k = 0; k < samples->value_count; k++) {
        if (!samples->digest.sums_fit ||
            samples->digest.sums[k] > (uint64_t)INT64_MAX - s->sums[k]) {
            return vmpfi_fail(err, VMPF_E_CORRUPT, offset, "F-5.6-4",
                              "the values of the samples add up to 2^63 or more");
        }
    }
    return VMPF_OK;
}

/* Samples that are not wanted are not decoded. */
static vmpf_status decode_samples(vmpf_reader *r, const struct vmpfi_chunk_header *header,
                                  const struct vmpfi_payload *payload,
                                  struct vmpfi_columnset_head *head, struct vmpf_error *err)
{
    struct vmpfi_session *s = vmpfi_reader_current(r);
    VMPF_TRY(know_values(s, err));
    if (vmpfi_range_excludes(&r->range, header->begin_ns, header->end_ns)) {
        r->samples.count = 0;
        vmpfi_samples_digest(&r->samples);
        return vmpfi_range_head(head, payload, err);
    }
    vmpf_status status;
    if (vmpfi_ahead_take(&r->ahead, payload, header->payload_crc, s->info.value_count, head,
                         &r->samples, &status, err)) {
        return status;
    }
    return vmpfi_samples_decode(head, &r->samples, &r->scratch, s->info.value_count,
                                r->options.skip_columns, payload, err);
}

/* Those that the file has told of are `known` now. */
static void lose_samples(vmpf_reader *r, uint64_t known, uint64_t offset, const char *rule)
{
    struct vmpf_error error;
    uint64_t lost = known - vmpfi_reader_current(r)->sample_position;
    vmpfi_fail(&error, VMPF_E_CORRUPT, offset, rule, "%llu samples are missing",
               (unsigned long long)lost);
    vmpfi_damage_samples(r, lost, &error);
}

static vmpf_status take_samples(vmpf_reader *r, const struct vmpfi_chunk_header *header,
                                const struct vmpfi_payload *payload, bool *block,
                                struct vmpf_error *err)
{
    struct vmpfi_session *s = vmpfi_reader_current(r);
    struct vmpfi_columnset_head head;
    VMPF_TRY(decode_samples(r, header, payload, &head, err));
    VMPF_TRY(check_samples(s, &head, &r->samples, payload->offset, err));
    s->values_known = true;
    if (vmpfi_coverage_samples(&r->coverage, s->sample_position, head.first,
                               head.first + head.count) != VMPF_OK) {
        return vmpfi_fail_nomem(err);
    }
    lose_samples(r, head.first, payload->offset, "F-5.6-1");
    s->sample_position = head.first + head.count;
    if (vmpfi_verify_samples(r, head.first) != VMPF_OK) {
        return vmpfi_fail_nomem(err);
    }
    r->samples_offset = payload->offset;
    if (head.lost_samples > s->info.lost_samples) {
        s->info.lost_samples = head.lost_samples;
    }
    if (head.journal_position > r->journal.position) {
        r->journal.position = head.journal_position;
    }
    *block = r->samples.count > 0;
    return VMPF_OK;
}

/* [F-6-3]: false when samples and sums are not those of the SAMPLES chunks, and no loss explains it. */
static bool end_adds_up(vmpf_reader *r, const struct vmpfi_end *end, uint64_t offset)
{
    struct vmpfi_session *s = vmpfi_reader_current(r);
    if (end->samples > s->sample_position) {
        lose_samples(r, end->samples, offset, "F-6-3");
        s->sample_position = end->samples;
    }
    for (size_t k = 0; !s->samples_lost && k < end->value_count && k < s->info.value_count; k++) {
        if (end->sums[k] != s->sums[k]) {
            return false;
        }
    }
    return end->samples == s->sample_position;
}

/* Who reads the whole session needs no index, but says when the chunk breaks a rule of columns [F-3-8]. Whether what it says is
 * right is for those who use it [F-5.10-2]. */
static vmpf_status take_index(vmpf_reader *r, const struct vmpfi_payload *payload,
                              struct vmpf_error *err)
{
    struct vmpfi_index_chunk chunk;
    VMPF_TRY(vmpfi_index_decode(&chunk, &r->scratch, payload, err));
    vmpfi_verify_index(r, &chunk, payload);
    return VMPF_OK;
}

/* The end is one, also where it does not add up. */
static vmpf_status take_end(vmpf_reader *r, const struct vmpfi_payload *payload,
                            struct vmpf_error *err)
{
    struct vmpfi_session *s = vmpfi_reader_current(r);
    struct vmpfi_end end;
    VMPF_TRY(vmpfi_end_decode(&end, payload, err));
    vmpfi_verify_end(r, &end, payload);
    s->info.finished = true;
    s->info.end_ns = end.end_ns;
    s->info.lost_samples = end.lost_samples;
    /* In a range, samples that were not looked at are neither lost nor in the sums. */
    if (!r->range.set && !end_adds_up(r, &end, payload->offset)) {
        struct vmpf_error error;
        vmpfi_fail(&error, VMPF_E_CORRUPT, payload->offset, "F-6-3",
                   "the samples are not those that the end counts");
        vmpfi_damage_chunk(r, &error);
    }
    return VMPF_OK;
}

/* [F-3-4] */
static vmpf_status pass_unknown(const struct vmpfi_chunk_header *header,
                                const struct vmpfi_payload *payload, struct vmpf_error *err)
{
    if ((header->flags & VMPFI_FLAG_CRITICAL) == 0) {
        return VMPF_OK;
    }
    return vmpfi_fail(err, VMPF_E_UNSUPPORTED, payload->offset - VMPFI_CHUNK_HEADER_BYTES, "F-3-4",
                      "chunks of kind %u are not known here", (unsigned)header->kind);
}

static vmpf_status take_chunk(vmpf_reader *r, const struct vmpfi_chunk_header *header,
                              const struct vmpfi_payload *payload, bool *block,
                              struct vmpf_error *err)
{
    if (vmpfi_chunk_is_numbered(header) && header->epoch < r->epoch) {
        return vmpfi_fail(err, VMPF_E_CORRUPT, payload->offset - VMPFI_CHUNK_HEADER_BYTES, "F-3-6",
                          "a chunk is of epoch %u, behind one of epoch %u", (unsigned)header->epoch,
                          (unsigned)r->epoch);
    }
    if (!vmpfi_chunk_kind_is_known(header->kind)) {
        return pass_unknown(header, payload, err);
    }
    switch (header->kind) {
    case VMPFI_META: return take_metadata(r, payload, err);
    case VMPFI_STRINGS:
    case VMPFI_FUNCTIONS:
    case VMPFI_LOCATIONS:
    case VMPFI_STACKS:
    case VMPFI_MODULES:
    case VMPFI_LABELS:
    case VMPFI_THREADS: return take_table(r, header->kind, payload, err);
    case VMPFI_SAMPLES: return take_samples(r, header, payload, block, err);
    case VMPFI_TOTALS: return vmpfi_totals_take(r, payload, err);
    case VMPFI_INDEX: return take_index(r, payload, err);
    case VMPFI_END: return take_end(r, payload, err);
    case VMPFI_JOURNAL: return vmpfi_journal_take(r, header, payload, err);
    case VMPFI_CODES: return vmpfi_journal_take_codes(r, payload, err);
    default: return VMPF_OK; /* PAD [F-6-1] */
    }
}

/* [F-3-5], [F-3-6]: what the header says of where the session is. VMPF_E_CORRUPT, VMPF_E_NOMEM. */
static vmpf_status take_number(vmpf_reader *r, const struct vmpfi_chunk_header *header,
                               struct vmpf_error *err)
{
    if (!vmpfi_chunk_is_numbered(header)) {
        return VMPF_OK;
    }
    if (header->sequence == VMPFI_UNNUMBERED) {
        return vmpfi_fail(err, VMPF_E_CORRUPT, r->input.offset, "F-3-5",
                          "a chunk of kind %u has no number", (unsigned)header->kind);
    }
    if (header->sequence > r->next_sequence) {
        struct vmpf_error error;
        vmpfi_fail(&error, VMPF_E_CORRUPT, r->input.offset, "F-3-5", "%u chunks are missing",
                   (unsigned)(header->sequence - r->next_sequence));
        vmpfi_damage_note(r, &error);
    }
    r->next_sequence = header->sequence + 1;
    if (header->epoch > r->epoch) {
        r->epoch = header->epoch;
        vmpfi_coverage_new_epoch(&r->coverage, vmpfi_reader_current(r)->sample_position);
        vmpfi_verify_epoch(r);
        if (vmpfi_tables_new_epoch(&r->tables) != VMPF_OK) {
            return vmpfi_fail_nomem(err);
        }
    }
    return VMPF_OK;
}

/* The span of a block is in its header, so that the length of an unfinished session is known without its times. */
static void note_time(struct vmpfi_session *s, const struct vmpfi_chunk_header *header)
{
    if (header->kind == VMPFI_SAMPLES && !s->info.finished && header->end_ns > s->info.end_ns) {
        s->info.end_ns = header->end_ns;
    }
}

static bool is_final(const struct vmpf_error *error)
{
    return error->status == VMPF_E_NOMEM || error->status == VMPF_E_IO ||
           (error->status == VMPF_E_LIMIT && error->rule[0] == '\0');
}

vmpf_status vmpfi_session_chunk(vmpf_reader *r, const struct vmpfi_chunk_header *header,
                                const struct vmpfi_payload *payload, bool *block,
                                struct vmpf_error *err)
{
    *block = false;
    if (r->refused || vmpfi_reader_has_read(r, header)) {
        return VMPF_OK;
    }
    struct vmpf_error error;
    vmpf_status status = take_number(r, header, &error);
    if (status == VMPF_OK && vmpfi_verify_chunk(r, header, payload) != VMPF_OK) {
        status = vmpfi_fail_nomem(&error);
    }
    if (status == VMPF_OK) {
        status = take_chunk(r, header, payload, block, &error);
    }
    if (status == VMPF_OK) {
        note_time(vmpfi_reader_current(r), header);
        return VMPF_OK;
    }
    *block = false;
    if (status == VMPF_E_UNSUPPORTED && (header->flags & VMPFI_FLAG_CRITICAL) == 0) {
        return VMPF_OK; /* [F-3-8] */
    }
    if (status != VMPF_E_UNSUPPORTED && !is_final(&error)) {
        vmpfi_damage_chunk(r, &error);
        return VMPF_OK;
    }
    if (status == VMPF_E_UNSUPPORTED) {
        vmpfi_session_refuse(r);
    }
    *err = error;
    return status;
}

/* A layout that is not known here matters where rows may be left in it: before END [F-6-3]. */
static vmpf_status end_journal(vmpf_reader *r, bool *block, struct vmpf_error *err)
{
    if (!r->journal.seen) {
        return VMPF_OK;
    }
    if (r->journal.layout == VMPF_JOURNAL_LAYOUT) {
        return vmpfi_salvage_journal(r, block, err);
    }
    if (!vmpfi_reader_current(r)->info.finished) {
        struct vmpf_error error;
        vmpfi_fail(&error, VMPF_E_UNSUPPORTED, r->journal.offset, "F-7.1-1",
                   "journals of layout %u are not known here", (unsigned)r->journal.layout);
        vmpfi_damage_note(r, &error);
    }
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
    s->values_known = true;
    if (!r->refused) {
        VMPF_TRY(end_journal(r, block, err));
    }
    if (!s->info.finished) {
        vmpfi_damage_unfinished(r);
    }
    return VMPF_OK;
}
