/* flush.c: from what is pending to chunks in the output. */
#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/writer/state.h"

#include <errno.h>
#include <string.h>

/* What the tables of an epoch may take, and what is kept by node beside them: with the journal, and with what writing a block
 * takes, the writer stays below 12 MiB. */
#define TABLES_AND_JOURNAL_BYTES ((size_t)8 << 20)
#define TABLES_MIN_BYTES ((size_t)2 << 20)

static size_t tables_take(const vmpf_writer *w)
{
    return vmpfi_dictionary_bytes(&w->dictionary) + vmpfi_tally_bytes(&w->tally) +
           w->run_history.node_count * sizeof *w->run_history.last;
}

static size_t tables_may_take(const vmpf_writer *w)
{
    size_t journal_bytes = w->journal.capacity_bytes;
    return journal_bytes > TABLES_AND_JOURNAL_BYTES - TABLES_MIN_BYTES
               ? TABLES_MIN_BYTES
               : TABLES_AND_JOURNAL_BYTES - journal_bytes;
}

/* One flush under construction: nothing of the writer changes until its bytes are written. */
struct flush {
    vmpf_writer *w;
    uint32_t sequence;
    struct vmpfi_noted noted;
    uint64_t begin_ns, end_ns;
    bool totals; /* the epoch, or the session, ends */
};

/* Every failure of the sink comes through here: the first is kept for the end. */
static vmpf_status sink_failed(vmpf_writer *w, int result, struct vmpf_error *err)
{
    struct vmpf_error failure;
    vmpfi_fail_errno(&failure, -result, w->offset, "cannot write");
    if (w->failure.status == VMPF_OK) {
        w->failure = failure;
    }
    if (err != NULL) {
        *err = failure;
    }
    if (w->sink.ops->truncate == NULL) {
        w->broken = true;
    } else {
        (void)w->sink.ops->truncate(w->sink.ctx, w->offset); /* a piece of a chunk helps nobody */
    }
    return VMPF_E_IO;
}

/* 0, or why the mapping is not to be touched, or not ours: the file was cut, or another recording has taken it over. */
static int mapping_error(const vmpf_writer *w)
{
    if (!w->journal.mapped) {
        return 0;
    }
    if (w->sink.ops->check != NULL && w->sink.ops->check(w->sink.ctx) != 0) {
        return ESTALE;
    }
    return w->journal.memory->session_id != w->options.session_id ? ESTALE : 0;
}

vmpf_status vmpfi_writer_check_mapping(vmpf_writer *w, struct vmpf_error *err)
{
    int error = w->broken ? 0 : mapping_error(w);
    if (error != 0) {
        vmpfi_fail_errno(&w->failure, error, w->offset, "cannot write");
        w->broken = true;
    }
    if (!w->broken) {
        return VMPF_OK;
    }
    if (err != NULL) {
        *err = w->failure;
    }
    return w->failure.status;
}

vmpf_status vmpfi_writer_put(vmpf_writer *w, const void *data, size_t size_bytes,
                             struct vmpf_error *err)
{
    VMPF_TRY(vmpfi_writer_check_mapping(w, err));
    int result = w->sink.ops->write(w->sink.ctx, w->offset, data, size_bytes);
    if (result != 0) {
        return sink_failed(w, result, err);
    }
    w->offset += size_bytes;
    return VMPF_OK;
}

static bool is_critical(enum vmpfi_chunk_kind kind)
{
    return kind != VMPFI_CODES && kind != VMPFI_TOTALS && kind != VMPFI_INDEX &&
           kind != VMPFI_MODULES && kind != VMPFI_LABELS;
}

static vmpf_status end_chunk(struct flush *f, size_t mark, enum vmpfi_chunk_kind kind)
{
    bool codes = kind == VMPFI_CODES;
    struct vmpfi_chunk_header header = {.kind = (uint16_t)kind,
                                        .flags = is_critical(kind) ? VMPFI_FLAG_CRITICAL : 0,
                                        .session_id = f->w->options.session_id,
                                        .sequence = codes ? VMPFI_UNNUMBERED : f->sequence,
                                        .epoch = f->w->epoch,
                                        .begin_ns = kind == VMPFI_SAMPLES ? f->begin_ns : 0,
                                        .end_ns = kind == VMPFI_SAMPLES ? f->end_ns : 0};
    if (!vmpfi_chunk_end(&f->w->out, mark, &header)) {
        return VMPF_E_LIMIT;
    }
    f->sequence += codes ? 0 : 1;
    return vmpfi_writer_note_chunk(f->w, &f->noted, mark, &header, codes) ? VMPF_OK : VMPF_E_NOMEM;
}

/* Entries [first, first+count) of one table. */
static vmpf_status encode_piece(struct flush *f, enum vmpfi_chunk_kind kind, size_t first,
                                size_t count)
{
    vmpf_writer *w = f->w;
    switch (kind) {
    case VMPFI_STRINGS:
        return vmpfi_strings_encode(&w->out, &w->scratch, w->dictionary.strings, first, count);
    case VMPFI_MODULES:
        return vmpfi_modules_encode(&w->out, &w->scratch, w->dictionary.modules, first, count);
    case VMPFI_FUNCTIONS:
        return vmpfi_functions_encode(&w->out, &w->scratch, w->dictionary.functions, first, count);
    case VMPFI_LOCATIONS:
        return vmpfi_locations_encode(&w->out, &w->scratch, w->dictionary.locations, first, count);
    case VMPFI_STACKS:
        return vmpfi_stacks_encode(&w->out, &w->scratch, w->dictionary.stacks, first, count,
                                   w->dictionary.location_count);
    case VMPFI_LABELS:
        return vmpfi_labels_encode(&w->out, &w->scratch, w->dictionary.labels, first, count);
    case VMPFI_THREADS:
        return vmpfi_threads_encode(&w->out, &w->scratch, w->threads.entries, first, count);
    default: return VMPF_E_ARG;
    }
}

/* The text of an entry, which one column of the table has for all of them. */
static size_t text_bytes(const vmpf_writer *w, enum vmpfi_chunk_kind kind, size_t at)
{
    if (kind == VMPFI_STRINGS) {
        return w->dictionary.strings[at].size_bytes;
    }
    return kind == VMPFI_THREADS ? w->threads.entries[at].name.size_bytes : 0;
}

/* Texts are long: a chunk of them ends before they are over the limit of a column [F-4-6]. */
static size_t piece_count(const vmpf_writer *w, enum vmpfi_chunk_kind kind, size_t first,
                          size_t end)
{
    size_t limit = end - first < VMPFI_MAX_ENTRIES ? end - first : VMPFI_MAX_ENTRIES;
    size_t bytes = 0;
    size_t count = 0;
    while (count < limit && bytes + text_bytes(w, kind, first + count) < VMPFI_MAX_RAW_BYTES / 2) {
        bytes += text_bytes(w, kind, first + count);
        count++;
    }
    return count;
}

static vmpf_status encode_table(struct flush *f, enum vmpfi_chunk_kind kind, size_t first,
                                size_t end)
{
    while (first < end) {
        size_t count = piece_count(f->w, kind, first, end);
        size_t mark;
        if (!vmpfi_chunk_begin(&f->w->out, &mark)) {
            return VMPF_E_NOMEM;
        }
        VMPF_TRY(encode_piece(f, kind, first, count));
        VMPF_TRY(end_chunk(f, mark, kind));
        first += count;
    }
    return VMPF_OK;
}

static vmpf_status encode_metadata(struct flush *f)
{
    size_t mark;
    if (!f->w->metadata_dirty) {
        return VMPF_OK;
    }
    if (!vmpfi_chunk_begin(&f->w->out, &mark) ||
        !vmpfi_metadata_encode(&f->w->out, &f->w->metadata)) {
        return VMPF_E_NOMEM;
    }
    return end_chunk(f, mark, VMPFI_META);
}

static vmpf_status encode_codes(struct flush *f)
{
    const struct vmpfi_buffer *codes = &f->w->journal.codes;
    size_t mark;
    if (codes->size_bytes == 0) {
        return VMPF_OK;
    }
    if (!vmpfi_chunk_begin(&f->w->out, &mark)) {
        return VMPF_E_NOMEM;
    }
    VMPF_TRY(vmpfi_codes_encode(&f->w->out, &f->w->scratch, codes->data, codes->size_bytes));
    return end_chunk(f, mark, VMPFI_CODES);
}

static void find_time_span(struct flush *f)
{
    const struct vmpfi_samples *samples = &f->w->pending;
    f->begin_ns = samples->count > 0 ? UINT64_MAX : 0;
    f->end_ns = 0;
    for (size_t i = 0; i < samples->count; i++) {
        f->begin_ns = samples->time_ns[i] < f->begin_ns ? samples->time_ns[i] : f->begin_ns;
        f->end_ns = samples->time_ns[i] > f->end_ns ? samples->time_ns[i] : f->end_ns;
    }
}

/* A SAMPLES chunk without samples says how far the journal was taken. */
static vmpf_status encode_samples(struct flush *f)
{
    vmpf_writer *w = f->w;
    if (w->pending.count == 0 && w->journal.position == w->journal.flushed_position) {
        return VMPF_OK;
    }
    const struct vmpfi_columnset_head head = {.first = w->samples_written,
                                              .count = (uint32_t)w->pending.count,
                                              .journal_position = w->journal.position,
                                              .lost_samples = vmpfi_writer_lost(w)};
    size_t mark;
    find_time_span(f);
    if (!vmpfi_chunk_begin(&w->out, &mark)) {
        return VMPF_E_NOMEM;
    }
    VMPF_TRY(vmpfi_samples_encode(&w->out, &w->scratch, &w->run_history, &head, &w->pending,
                                  w->threads.count, w->dictionary.stack_count));
    return end_chunk(f, mark, VMPFI_SAMPLES);
}

static vmpf_status encode_index(struct flush *f, bool last)
{
    size_t mark;
    if (!vmpfi_writer_index_is_due(f->w, &f->noted, last)) {
        return VMPF_OK;
    }
    if (!vmpfi_chunk_begin(&f->w->out, &mark)) {
        return VMPF_E_NOMEM;
    }
    VMPF_TRY(vmpfi_writer_index_encode(f->w, &f->noted, mark));
    return end_chunk(f, mark, VMPFI_INDEX);
}

static vmpf_status encode_end(struct flush *f, const struct vmpfi_end *end)
{
    size_t mark;
    if (end == NULL) {
        return VMPF_OK;
    }
    if (!vmpfi_chunk_begin(&f->w->out, &mark)) {
        return VMPF_E_NOMEM;
    }
    VMPF_TRY(vmpfi_writer_end_encode(f->w, &f->noted, mark, end));
    return end_chunk(f, mark, VMPFI_END);
}

/* What all samples of the epoch come to; there are none pending [F-5.9-1]. */
static vmpf_status encode_totals(struct flush *f)
{
    size_t mark;
    if (!f->totals || !vmpfi_tally_pays(&f->w->tally)) {
        return VMPF_OK;
    }
    if (!vmpfi_chunk_begin(&f->w->out, &mark)) {
        return VMPF_E_NOMEM;
    }
    VMPF_TRY(vmpfi_tally_encode(&f->w->tally, &f->w->out, &f->w->scratch));
    return end_chunk(f, mark, VMPFI_TOTALS);
}

/* Definitions before uses [F-3-7]. */
static vmpf_status encode_all(struct flush *f, const struct vmpfi_end *end)
{
    const vmpf_writer *w = f->w;
    const struct vmpfi_dictionary *d = &w->dictionary;
    VMPF_TRY(encode_metadata(f));
    VMPF_TRY(encode_table(f, VMPFI_STRINGS, w->written.strings, d->string_count));
    VMPF_TRY(encode_table(f, VMPFI_MODULES, w->written.modules, d->module_count));
    VMPF_TRY(encode_table(f, VMPFI_FUNCTIONS, w->written.functions, d->function_count));
    VMPF_TRY(encode_table(f, VMPFI_LOCATIONS, w->written.locations, d->location_count));
    VMPF_TRY(encode_table(f, VMPFI_STACKS, w->written.stacks, d->stack_count));
    VMPF_TRY(encode_table(f, VMPFI_LABELS, w->written.labels, d->label_count));
    VMPF_TRY(encode_table(f, VMPFI_THREADS, w->threads.first_dirty, w->threads.count));
    VMPF_TRY(encode_codes(f));
    VMPF_TRY(encode_samples(f));
    VMPF_TRY(encode_totals(f));
    VMPF_TRY(encode_index(f, end != NULL));
    return encode_end(f, end);
}

static void forget_pending(struct flush *f)
{
    vmpf_writer *w = f->w;
    w->sequence = f->sequence;
    w->metadata_dirty = false;
    w->written = (struct vmpfi_written){.strings = w->dictionary.string_count,
                                        .modules = w->dictionary.module_count,
                                        .functions = w->dictionary.function_count,
                                        .locations = w->dictionary.location_count,
                                        .stacks = w->dictionary.stack_count,
                                        .labels = w->dictionary.label_count};
    w->threads.first_dirty = w->threads.count;
    vmpfi_buffer_fini(&w->journal.codes); /* the first are the most */
    vmpfi_writer_index_commit(w, &f->noted);
    w->journal.flushed_position = w->journal.position;
    w->samples_written += w->pending.count;
    vmpfi_tally_add(&w->tally, &w->pending);
    w->pending.count = 0;
    if (f->totals) {
        vmpfi_tally_clear(&w->tally, w->samples_written);
    }
}

static vmpf_status flush_once(vmpf_writer *w, const struct vmpfi_end *end, bool totals,
                              struct vmpf_error *err)
{
    struct flush f = {.w = w, .sequence = w->sequence, .totals = totals};
    w->out.size_bytes = 0;
    VMPF_TRY(vmpfi_writer_check_mapping(w, err));
    if (w->journal.memory != NULL || w->pending.count > 0) {
        VMPF_TRY(vmpfi_writer_prepare(w, err));
    }
    if (!vmpfi_tally_reserve(&w->tally, &w->pending, w->dictionary.stack_count)) {
        return vmpfi_fail_nomem(err);
    }
    vmpf_status status = encode_all(&f, end);
    if (status != VMPF_OK) {
        return vmpfi_fail(err, status, w->offset, "", "cannot encode a block: %s",
                          vmpf_status_name(status));
    }
    if (w->out.size_bytes > 0) {
        VMPF_TRY(vmpfi_writer_put(w, w->out.data, w->out.size_bytes, err));
    }
    forget_pending(&f);
    return VMPF_OK;
}

/* Bounded memory: a dictionary that has grown too far starts anew, between two blocks. */
static vmpf_status maybe_new_epoch(vmpf_writer *w, struct vmpf_error *err)
{
    if (w->dictionary.stack_count <= w->options.epoch_max_nodes &&
        w->dictionary.label_count <= w->options.epoch_max_nodes &&
        tables_take(w) <= tables_may_take(w)) {
        return VMPF_OK;
    }
    VMPF_TRY(flush_once(w, NULL, true, err));
    uint64_t first = w->tally.first;
    vmpfi_tally_fini(&w->tally);
    vmpfi_tally_clear(&w->tally, first);
    vmpfi_run_history_fini(&w->run_history);
    w->epoch++;
    w->written = VMPFI_NOTHING_WRITTEN;
    vmpfi_assembler_new_epoch(&w->journal.assembler);
    return vmpfi_dictionary_clear(&w->dictionary) == VMPF_OK ? VMPF_OK : vmpfi_fail_nomem(err);
}

vmpf_status vmpfi_writer_flush(vmpf_writer *w, const struct vmpfi_end *end, struct vmpf_error *err)
{
    vmpfi_writer_decide_move(w);
    VMPF_TRY(flush_once(w, NULL, false, err));
    return end == NULL ? maybe_new_epoch(w, err) : flush_once(w, end, true, err);
}

vmpf_status vmpfi_writer_flush_in_epoch(vmpf_writer *w, struct vmpf_error *err)
{
    vmpfi_writer_decide_move(w);
    return flush_once(w, NULL, false, err);
}
