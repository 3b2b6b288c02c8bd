/* drain.c: the journal of a writer: its place in the output, and its rows (spec section 7). */
#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/wire/cursor.h"
#include "libvmprof_fmt/src/writer/state.h"

#include <stdlib.h>
#include <string.h>

#define MIN_CAPACITY ((size_t)65536) /* [F-7.1-1] */
#define MAX_CAPACITY ((size_t)67108864)
#define ALIGNMENT ((size_t)64) /* [F-7.1-3] */

static struct vmpfi_ring ring_of(const vmpf_writer *w)
{
    return (struct vmpfi_ring){.data =
                                   (const uint8_t *)w->journal.memory + sizeof *w->journal.memory,
                               .capacity_bytes = w->journal.capacity_bytes,
                               .session_id = w->options.session_id};
}

/* ---- its place ----------------------------------------------------------------------------------- */

static void encode_header(vmpf_writer *w, uint8_t *to, enum vmpfi_chunk_kind kind,
                          size_t payload_bytes)
{
    const struct vmpfi_chunk_header header = {
        .kind = (uint16_t)kind,
        .flags = (uint16_t)(kind == VMPFI_PAD ? 0 : VMPFI_FLAG_CRITICAL),
        .session_id = w->options.session_id,
        .sequence = VMPFI_UNNUMBERED,
        .epoch = w->epoch,
        .payload_bytes = (uint32_t)payload_bytes};
    vmpfi_chunk_header_encode(to, &header);
}

/* A PAD chunk and the JOURNAL's header, such that the JOURNAL's payload is aligned. Returns their size. */
static size_t encode_region_start(vmpf_writer *w, uint8_t *to, size_t payload_bytes)
{
    uint32_t misaligned =
        w->sink.ops->misalignment == NULL ? 0 : w->sink.ops->misalignment(w->sink.ctx);
    size_t payload_at =
        (size_t)((misaligned + w->offset) % ALIGNMENT) + 2 * VMPFI_CHUNK_HEADER_BYTES;
    size_t pad_bytes = (ALIGNMENT - payload_at % ALIGNMENT) % ALIGNMENT;
    encode_header(w, to, VMPFI_PAD, pad_bytes);
    memset(to + VMPFI_CHUNK_HEADER_BYTES, 0, pad_bytes);
    encode_header(w, to + VMPFI_CHUNK_HEADER_BYTES + pad_bytes, VMPFI_JOURNAL, payload_bytes);
    return 2 * VMPFI_CHUNK_HEADER_BYTES + pad_bytes;
}

static void init_journal(struct vmpf_journal *journal, size_t capacity_bytes, uint64_t session_id)
{
    uint8_t fixed[24];
    journal->layout = VMPF_JOURNAL_LAYOUT;
    journal->header_size_bytes = sizeof *journal;
    journal->capacity_bytes = capacity_bytes;
    journal->session_id = session_id;
    memcpy(fixed, journal, sizeof fixed);
    journal->crc = vmpfi_crc32(fixed, sizeof fixed);
}

/* true when the journal lies in the output now; false leaves the output as it was. */
static bool map_journal(vmpf_writer *w, size_t payload_bytes)
{
    uint8_t start[2 * VMPFI_CHUNK_HEADER_BYTES + ALIGNMENT];
    const struct vmpf_sink_ops *ops = w->sink.ops;
    if (ops->map == NULL || ops->read == NULL || ops->truncate == NULL) {
        return false;
    }
    size_t start_bytes = encode_region_start(w, start, payload_bytes);
    void *address = NULL;
    if (ops->map(w->sink.ctx, w->offset + start_bytes, payload_bytes, &address) != 0) {
        (void)ops->truncate(w->sink.ctx, w->offset);
        return false;
    }
    /* The journal is made before its chunk header says that it is there. */
    w->journal.memory = address;
    init_journal(w->journal.memory, w->journal.capacity_bytes, w->options.session_id);
    if (ops->write(w->sink.ctx, w->offset, start, start_bytes) != 0) {
        ops->unmap(w->sink.ctx, address, payload_bytes);
        w->journal.memory = NULL;
        (void)ops->truncate(w->sink.ctx, w->offset);
        return false;
    }
    w->journal.region_offset = w->offset;
    w->offset += start_bytes + payload_bytes;
    return true;
}

vmpf_status vmpf_writer_journal_open(vmpf_writer *w, size_t capacity_bytes,
                                     struct vmpf_journal **journal, struct vmpf_error *err)
{
    if (w == NULL || journal == NULL || w->journal.memory != NULL ||
        capacity_bytes < MIN_CAPACITY || capacity_bytes > MAX_CAPACITY ||
        (capacity_bytes & (capacity_bytes - 1)) != 0) {
        return vmpfi_fail(err, VMPF_E_ARG, VMPFI_NO_OFFSET, "F-7.1-1",
                          "a writer has one journal, of a power of two from 64 KiB to 64 MiB");
    }
    VMPF_TRY(vmpfi_writer_flush(w, NULL, err)); /* the metadata comes first */
    w->journal.capacity_bytes = capacity_bytes;
    w->journal.size_bytes = sizeof(struct vmpf_journal) + capacity_bytes;
    w->journal.mapped = map_journal(w, w->journal.size_bytes);
    if (!w->journal.mapped) {
        w->journal.memory = aligned_alloc(ALIGNMENT, w->journal.size_bytes);
        if (w->journal.memory == NULL) {
            return vmpfi_fail_nomem(err);
        }
        memset(w->journal.memory, 0, w->journal.size_bytes);
        init_journal(w->journal.memory, capacity_bytes, w->options.session_id);
    }
    const struct vmpf_meta *process =
        vmpfi_metadata_find(w->metadata.entries, w->metadata.count, VMPF_META_PROCESS_ID);
    w->journal.assembler.dictionary = &w->dictionary;
    w->journal.assembler.threads = &w->threads;
    w->journal.assembler.process_id = process == NULL ? 0 : process->integer;
    *journal = w->journal.memory;
    return VMPF_OK;
}

void vmpfi_writer_journal_fini(vmpf_writer *w)
{
    struct vmpfi_writer_journal *journal = &w->journal;
    if (journal->memory != NULL && journal->mapped) {
        w->sink.ops->unmap(w->sink.ctx, journal->memory, journal->size_bytes);
    } else {
        free(journal->memory);
    }
    journal->memory = NULL;
    vmpfi_assembler_fini(&journal->assembler);
    vmpfi_buffer_fini(&journal->codes);
}

/* ---- its rows ------------------------------------------------------------------------------------ */

static vmpf_status take_code(vmpf_writer *w, const struct vmpfi_row *row)
{
    size_t consumed;
    VMPF_TRY(
        vmpfi_assemble_code(&w->journal.assembler, row->payload, row->payload_bytes, &consumed));
    if (w->journal.mapped && !vmpfi_buffer_append(&w->journal.codes, row->payload, consumed)) {
        return VMPF_E_NOMEM;
    }
    return VMPF_OK;
}

static vmpf_status take_sample(vmpf_writer *w, const struct vmpfi_row *row, struct vmpf_error *err)
{
    struct vmpf_sample sample;
    VMPF_TRY(
        vmpfi_assemble_sample(&w->journal.assembler, row->payload, row->payload_bytes, &sample));
    return vmpfi_writer_push(w, &sample, err);
}

static vmpf_status take_row(vmpf_writer *w, const struct vmpfi_row *row, struct vmpf_error *err)
{
    vmpf_status status = VMPF_OK;
    if (row->kind == VMPF_ROW_CODE) {
        status = take_code(w, row);
    } else if (row->kind == VMPF_ROW_THREAD) {
        status = vmpfi_assemble_thread(&w->journal.assembler, row->payload, row->payload_bytes);
    } else if (row->kind == VMPF_ROW_SAMPLE) {
        status = take_sample(w, row, err);
        if (status != VMPF_OK && status != VMPF_E_NOMEM) {
            w->lost_samples++;
        }
    }
    if (status == VMPF_E_NOMEM) {
        return vmpfi_fail_nomem(err);
    }
    return VMPF_OK; /* a row that is damaged or over a limit is passed over */
}

vmpf_status vmpfi_writer_drain_rows(vmpf_writer *w, bool live, struct vmpf_error *err)
{
    struct vmpfi_writer_journal *journal = &w->journal;
    if (journal->memory == NULL) {
        return VMPF_OK;
    }
    VMPF_TRY(vmpfi_writer_check_mapping(w, err)); /* the rows are in it */
    VMPF_TRY(vmpfi_writer_prepare(w, err));
    journal->assembler.value_count = w->pending.value_count;
    struct vmpfi_ring ring = ring_of(w);
    uint64_t head = atomic_load_explicit(&journal->memory->head, memory_order_acquire);
    for (;;) {
        if (vmpfi_writer_full(w)) {
            VMPF_TRY(vmpfi_writer_flush(w, NULL, err));
            vmpfi_writer_release_rows(w);
        }
        struct vmpfi_row row;
        uint64_t position = journal->position;
        enum vmpfi_ring_result result = vmpfi_ring_next(&ring, &position, head, live, &row);
        if (result == VMPFI_RING_ROW) {
            VMPF_TRY(take_row(w, &row, err)); /* a row that could not be taken is taken later */
        }
        journal->position = position;
        if (result == VMPFI_RING_LOST || result == VMPFI_RING_DAMAGED) {
            w->lost_samples++;
        }
        if (result == VMPFI_RING_END || result == VMPFI_RING_PENDING) {
            return VMPF_OK;
        }
    }
}

void vmpfi_writer_release_rows(vmpf_writer *w)
{
    struct vmpfi_writer_journal *journal = &w->journal;
    if (journal->memory == NULL) {
        return;
    }
    uint64_t tail = atomic_load_explicit(&journal->memory->tail, memory_order_relaxed);
    uint8_t *ring = (uint8_t *)journal->memory + sizeof *journal->memory;
    while (tail < journal->flushed_position) {
        uint64_t at = tail & (journal->capacity_bytes - 1);
        uint64_t piece = journal->flushed_position - tail;
        if (piece > journal->capacity_bytes - at) {
            piece = journal->capacity_bytes - at;
        }
        memset(ring + at, 0, piece); /* [F-7.3-3] */
        tail += piece;
    }
    atomic_store_explicit(&journal->memory->tail, tail, memory_order_release);
}

/* Whether the ring could be full before the next drain, going by what came since the last: the fuller it gets, the larger
 * the blocks, and the smaller the file. */
static bool is_ring_full(const vmpf_writer *w, uint64_t drained_bytes)
{
    uint64_t capacity = w->journal.capacity_bytes;
    uint64_t tail = atomic_load_explicit(&w->journal.memory->tail, memory_order_relaxed);
    uint64_t reserve = capacity / 16 > 2 * drained_bytes ? capacity / 16 : 2 * drained_bytes;
    return w->journal.position - tail + reserve >= capacity;
}

/* A mapped journal may keep its rows for any time, a private one must not: it dies with the process. */
vmpf_status vmpf_writer_drain(vmpf_writer *w, struct vmpf_error *err)
{
    if (w == NULL || w->journal.memory == NULL) {
        return vmpfi_fail(err, VMPF_E_ARG, VMPFI_NO_OFFSET, "", "the writer has no journal");
    }
    uint64_t before = w->journal.position;
    VMPF_TRY(vmpfi_writer_drain_rows(w, true, err));
    bool due = is_ring_full(w, w->journal.position - before);
    if (!due && (w->journal.mapped || w->journal.position == w->journal.flushed_position)) {
        return VMPF_OK;
    }
    VMPF_TRY(vmpfi_writer_flush(w, NULL, err));
    vmpfi_writer_release_rows(w);
    return VMPF_OK;
}
