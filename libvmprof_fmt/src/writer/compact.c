/* compact.c: when a session ends, its chunks move down over the journal (spec 7.6). */
#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/writer/state.h"

#define PIECE_BYTES ((size_t)256 * 1024)

static vmpf_status failed(int result, uint64_t offset, struct vmpf_error *err)
{
    return vmpfi_fail_errno(err, -result, offset, "cannot bring the file to its final shape");
}

/* The chunks from *index on that can move in one piece: whole ones, side by side, no more bytes than lie between their old
 * place and the new one. 0: there are none, or placing is stuck at the one at *from. */
static size_t next_piece(const struct vmpfi_writer_journal *journal, size_t *index,
                         struct vmpfi_placing *placing, uint64_t *from)
{
    size_t size = 0;
    size_t limit = 0;
    while (*index < journal->chunk_count && journal->chunks[*index].dropped) {
        ++*index;
    }
    for (; *index < journal->chunk_count && !journal->chunks[*index].dropped; ++*index) {
        const struct vmpfi_chunk_record *chunk = &journal->chunks[*index];
        if (size == 0) {
            uint64_t gap = chunk->offset - placing->to;
            limit = gap < PIECE_BYTES ? (size_t)gap : PIECE_BYTES;
            *from = chunk->offset;
        } else if (size + chunk->size_bytes > limit) {
            break;
        }
        (void)vmpfi_place(placing, chunk);
        if (placing->stuck) {
            break;
        }
        size += chunk->size_bytes;
    }
    return size;
}

/* Leaves the rest where it is: a PAD chunk covers what lies between. */
static vmpf_status cover_gap(vmpf_writer *w, uint64_t to, uint64_t from, struct vmpf_error *err)
{
    uint8_t bytes[VMPFI_CHUNK_HEADER_BYTES];
    const struct vmpfi_chunk_header header = {.kind = VMPFI_PAD,
                                              .session_id = w->options.session_id,
                                              .sequence = VMPFI_UNNUMBERED,
                                              .epoch = w->epoch,
                                              .payload_bytes =
                                                  (uint32_t)(from - to - VMPFI_CHUNK_HEADER_BYTES)};
    vmpfi_chunk_header_encode(bytes, &header);
    int result = w->sink.ops->write(w->sink.ctx, to, bytes, sizeof bytes);
    return result == 0 ? VMPF_OK : failed(result, to, err);
}

static vmpf_status move_piece(vmpf_writer *w, uint64_t from, uint64_t to, size_t size,
                              struct vmpf_error *err)
{
    w->out.size_bytes = 0;
    if (!vmpfi_buffer_reserve(&w->out, size)) {
        return vmpfi_fail_nomem(err);
    }
    int result = w->sink.ops->read(w->sink.ctx, from, w->out.data, size);
    if (result == 0) {
        result = w->sink.ops->write(w->sink.ctx, to, w->out.data, size);
    }
    return result == 0 ? VMPF_OK : failed(result, to, err);
}

static vmpf_status cut(vmpf_writer *w, uint64_t size_bytes, struct vmpf_error *err)
{
    int result = w->sink.ops->truncate(w->sink.ctx, size_bytes);
    if (result != 0) {
        return failed(result, size_bytes, err);
    }
    w->offset = size_bytes;
    return VMPF_OK;
}

vmpf_status vmpfi_writer_compact(vmpf_writer *w, struct vmpf_error *err)
{
    const struct vmpfi_writer_journal *journal = &w->journal;
    if (w->sink.ops->truncate == NULL) {
        return VMPF_OK;
    }
    if (!vmpfi_writer_moves(w)) {
        return cut(w, w->offset, err); /* what an older, longer file left behind */
    }
    struct vmpfi_placing placing = {.to = journal->region_offset};
    size_t index = 0;
    for (;;) {
        uint64_t to = placing.to;
        uint64_t from = 0;
        size_t size = next_piece(journal, &index, &placing, &from);
        if (size > 0) {
            VMPF_TRY(move_piece(w, from, to, size, err));
        } else if (placing.stuck) {
            return cover_gap(w, to, from, err);
        } else {
            return cut(w, to, err);
        }
    }
}
