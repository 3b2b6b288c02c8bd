/* salvage.c: the samples that a session's journal still holds (spec 7.5). */
#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/journal/assemble.h"
#include "libvmprof_fmt/src/reader/salvage_threads.h"
#include "libvmprof_fmt/src/reader/state.h"
#include "libvmprof_fmt/src/wire/cursor.h"

#include <stdlib.h>
#include <string.h>
#include <vmprof/vmpf_journal.h>

struct salvage {
    vmpf_reader *r;
    struct vmpfi_dictionary dictionary;
    struct vmpfi_salvage_threads threads;
    struct vmpfi_assembler assembler;
    struct vmpfi_ring ring;
    uint8_t *ring_memory; /* an aligned copy */
    uint64_t position, head;
    uint64_t sums[VMPF_MAX_VALUES]; /* of the session, with the rows that were taken */
    size_t count;
};

/* Where the rows are [F-7.1-2]. false: nowhere. */
static bool open_ring(struct salvage *s)
{
    const struct vmpfi_reader_journal *journal = &s->r->journal;
    const uint8_t *data = journal->payload.data;
    uint64_t tail = vmpfi_load_u64(data + 128);
    s->ring.capacity_bytes = vmpfi_load_u64(data + 8);
    s->ring.session_id = s->r->session_id;
    s->head = vmpfi_load_u64(data + 64);
    s->position = tail > journal->position ? tail : journal->position;
    if (s->head % 8 == 0 && s->position % 8 == 0 && s->position <= s->head && tail <= s->head &&
        s->head - tail <= s->ring.capacity_bytes) {
        return true;
    }
    struct vmpf_error error;
    vmpfi_fail(&error, VMPF_E_CORRUPT, journal->offset + 64, "F-7.1-2",
               "the journal's positions are damaged");
    vmpfi_damage_chunk(s->r, &error);
    /* A full turn of the ring, from the last position that is certain. */
    s->position = journal->position;
    s->head = journal->position + s->ring.capacity_bytes;
    return s->position % 8 == 0 && s->head > s->position;
}

/* Rows are read as words: they need alignment, and a ring that was cut is zero behind the cut. */
static bool copy_ring(struct salvage *s)
{
    const struct vmpfi_buffer *payload = &s->r->journal.payload;
    size_t capacity = (size_t)s->ring.capacity_bytes;
    size_t have = payload->size_bytes - VMPFI_JOURNAL_HEADER_BYTES;
    s->ring_memory = aligned_alloc(64, capacity);
    if (s->ring_memory == NULL) {
        return false;
    }
    have = have < capacity ? have : capacity;
    memcpy(s->ring_memory, payload->data + VMPFI_JOURNAL_HEADER_BYTES, have);
    memset(s->ring_memory + have, 0, capacity - have);
    s->ring.data = s->ring_memory;
    return true;
}

/* What CODES chunks say of code whose rows are gone [F-7.5-4]; they were looked at when they were put aside. */
static vmpf_status take_codes(struct salvage *s)
{
    const struct vmpfi_buffer *codes = &s->r->journal.codes;
    size_t at = 0;
    while (at < codes->size_bytes) {
        size_t consumed = 0;
        VMPF_TRY(vmpfi_assemble_code(&s->assembler, codes->data + at, codes->size_bytes - at,
                                     &consumed));
        at += consumed;
    }
    return VMPF_OK;
}

static bool make_room(struct salvage *s, struct vmpfi_samples *samples, size_t count)
{
    struct vmpfi_scratch *scratch = &s->r->scratch;
    samples->stack = vmpfi_scratch_words(scratch, 0, count);
    samples->thread = vmpfi_scratch_words(scratch, 1, count);
    samples->flags = vmpfi_scratch_words(scratch, 2, count);
    samples->time_ns = vmpfi_scratch_integers(scratch, 3, count);
    samples->label = vmpfi_scratch_words(scratch, 4, count);
    bool made = samples->stack != NULL && samples->thread != NULL && samples->flags != NULL &&
                samples->time_ns != NULL && samples->label != NULL;
    for (unsigned k = 0; made && k < samples->value_count; k++) {
        samples->values[k] = vmpfi_scratch_integers(scratch, 5 + k, count);
        made = samples->values[k] != NULL;
    }
    return made;
}

/* [F-5.6-4]; rows are checked as they come, so that one that goes too far is lost alone. */
static bool add_to_sums(struct salvage *s, const struct vmpf_sample *sample, size_t value_count)
{
    for (size_t k = 0; k < value_count; k++) {
        if (sample->values[k] > (uint64_t)INT64_MAX - s->sums[k]) {
            return false;
        }
    }
    for (size_t k = 0; k < value_count; k++) {
        s->sums[k] += sample->values[k];
    }
    return true;
}

static vmpf_status take_row(struct salvage *s, const struct vmpfi_row *row,
                            struct vmpfi_samples *samples)
{
    struct vmpf_sample sample;
    switch (row->kind) {
    case VMPF_ROW_CODE:
        return vmpfi_assemble_code(&s->assembler, row->payload, row->payload_bytes, NULL);
    case VMPF_ROW_THREAD:
        return vmpfi_assemble_thread(&s->assembler, row->payload, row->payload_bytes);
    case VMPF_ROW_SAMPLE:
        VMPF_TRY(vmpfi_assemble_sample(&s->assembler, row->payload, row->payload_bytes, &sample));
        break;
    default: return VMPF_OK;
    }
    if (!add_to_sums(s, &sample, samples->value_count)) {
        s->assembler.broken_rule = "F-5.6-4";
        return VMPF_E_CORRUPT;
    }
    samples->stack[s->count] = sample.stack;
    samples->thread[s->count] = sample.thread;
    samples->time_ns[s->count] = sample.time_ns;
    samples->flags[s->count] = sample.flags;
    samples->label[s->count] = sample.label;
    for (size_t k = 0; k < samples->value_count; k++) {
        samples->values[k][s->count] = sample.values[k];
    }
    s->count++;
    return VMPF_OK;
}

/* A row, or a stretch of the ring, that is damaged: one sample is lost. */
static void lose_row(struct salvage *s, uint64_t position, const char *rule)
{
    struct vmpf_error error;
    uint64_t offset = s->r->journal.offset + VMPFI_JOURNAL_HEADER_BYTES +
                      (position & (s->ring.capacity_bytes - 1));
    vmpfi_fail(&error, VMPF_E_CORRUPT, offset, rule, "a row of the journal is damaged");
    vmpfi_damage_samples(s->r, 1, &error);
}

/* Frames of code that no row before them defined are <lost>. */
static void note_codes(struct salvage *s, uint64_t position)
{
    uint64_t offset = s->r->journal.offset + VMPFI_JOURNAL_HEADER_BYTES +
                      (position & (s->ring.capacity_bytes - 1));
    s->r->tables.unknown += s->assembler.unknown_codes;
    s->assembler.unknown_codes = 0;
    vmpfi_damage_names(s->r, offset, "F-7.3-4");
}

static vmpf_status take_rows(struct salvage *s, struct vmpfi_samples *samples)
{
    struct vmpfi_row row;
    for (;;) {
        uint64_t begin = s->position;
        enum vmpfi_ring_result result =
            vmpfi_ring_next(&s->ring, &s->position, s->head, false, &row);
        if (result == VMPFI_RING_END) {
            return VMPF_OK;
        }
        if (result == VMPFI_RING_LOST) {
            vmpfi_damage_samples(s->r, 1, NULL); /* it was being written: nothing is wrong */
        } else if (result == VMPFI_RING_DAMAGED) {
            lose_row(s, begin, "F-7.5-3");
        } else {
            vmpf_status status = take_row(s, &row, samples);
            if (status == VMPF_E_CORRUPT) {
                lose_row(s, begin, s->assembler.broken_rule);
            } else {
                VMPF_TRY(status);
            }
            note_codes(s, begin);
        }
    }
}

/* Rows have addresses of machine code: it lies in the files that the last epoch told of [F-5.8-1]. Those of a reader of one
 * epoch at a time go with it, so they are told again. */
static vmpf_status keep_modules(struct salvage *s)
{
    const struct vmpfi_tables *tables = &s->r->tables;
    uint32_t id;
    if (!s->r->options.one_epoch) {
        return VMPF_OK;
    }
    for (size_t i = tables->module_epoch.base + (size_t)1; i < tables->module_count; i++) {
        VMPF_TRY(vmpfi_intern_module(&s->dictionary, &tables->modules[i], &id));
    }
    return VMPF_OK;
}

static vmpf_status take_all(struct salvage *s, bool process_known)
{
    vmpf_reader *r = s->r;
    VMPF_TRY(keep_modules(s));
    VMPF_TRY(vmpfi_salvage_threads_begin(&s->threads, &r->tables));
    VMPF_TRY(take_codes(s));
    VMPF_TRY(take_rows(s, &r->samples));
    VMPF_TRY(vmpfi_tables_add_dictionary(&r->tables, &s->dictionary));
    VMPF_TRY(vmpfi_salvage_threads_end(&s->threads, &r->tables, process_known));
    for (size_t i = 0; i < s->count; i++) {
        r->samples.thread[i] = s->threads.ids[r->samples.thread[i]];
    }
    return VMPF_OK;
}

static vmpf_status collect(struct salvage *s)
{
    vmpf_reader *r = s->r;
    struct vmpfi_session *session = vmpfi_reader_current(r);
    const struct vmpf_meta *process =
        vmpfi_metadata_find(session->info.meta, session->info.meta_count, VMPF_META_PROCESS_ID);
    if (process != NULL && process->type != VMPF_META_INTEGER) {
        process = NULL;
    }
    VMPF_TRY(vmpfi_dictionary_init(&s->dictionary));
    s->assembler.dictionary = &s->dictionary;
    s->assembler.threads = &s->threads.threads;
    s->assembler.process_id = process == NULL ? 0 : process->integer;
    s->assembler.value_count = session->info.value_count;
    memcpy(s->sums, session->sums, sizeof s->sums);
    r->samples =
        (struct vmpfi_samples){.value_count = session->info.value_count, .of_journal = true};
    /* A SAMPLE row has four words at least. */
    if (!copy_ring(s) || !make_room(s, &r->samples, (size_t)s->ring.capacity_bytes / 32)) {
        return VMPF_E_NOMEM;
    }
    VMPF_TRY(take_all(s, process != NULL));
    r->samples.count = s->count;
    session->sample_position += s->count;
    return VMPF_OK;
}

static void count_lost(struct salvage *s)
{
    struct vmpf_info *info = &vmpfi_reader_current(s->r)->info;
    uint64_t lost = vmpfi_load_u64(s->r->journal.payload.data + 72);
    if (!info->finished && lost > info->lost_samples) {
        info->lost_samples = lost;
    }
}

vmpf_status vmpfi_salvage_journal(vmpf_reader *r, bool *block, struct vmpf_error *err)
{
    struct salvage s = {.r = r};
    *block = false;
    if (!open_ring(&s)) {
        return VMPF_OK;
    }
    count_lost(&s);
    r->samples_offset = r->journal.offset;
    vmpf_status status = collect(&s);
    *block = status == VMPF_OK && s.count > 0;
    free(s.ring_memory);
    vmpfi_assembler_fini(&s.assembler);
    vmpfi_salvage_threads_fini(&s.threads);
    vmpfi_dictionary_fini(&s.dictionary);
    if (status == VMPF_OK) {
        return VMPF_OK;
    }
    return vmpfi_fail(err, status, r->journal.offset, "", "cannot read the journal: %s",
                      vmpf_status_name(status));
}
