#include "libvmprof_fmt/src/writer/place.h"

#include "libvmprof_fmt/src/writer/state.h"

#include <stdlib.h>

bool vmpfi_writer_moves(const vmpf_writer *w)
{
    return w->journal.mapped && !w->journal.stays;
}

void vmpfi_writer_decide_move(vmpf_writer *w)
{
    struct vmpfi_writer_journal *journal = &w->journal;
    if (vmpfi_writer_moves(w) &&
        (w->offset > w->limits.moved_file_bytes || journal->chunk_count > w->limits.moved_chunks)) {
        journal->stays = true;
        free(journal->chunks);
        journal->chunks = NULL;
        journal->chunk_count = 0;
        journal->chunk_capacity = 0;
    }
}

uint64_t vmpfi_place(struct vmpfi_placing *placing, const struct vmpfi_chunk_record *chunk)
{
    if (placing->stuck || chunk->dropped) {
        return chunk->offset;
    }
    if (chunk->size_bytes > chunk->offset - placing->to) {
        placing->stuck = true;
        return chunk->offset;
    }
    uint64_t at = placing->to;
    placing->to += chunk->size_bytes;
    return at;
}
