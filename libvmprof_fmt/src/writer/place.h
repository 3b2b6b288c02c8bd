/* place.h: whether chunks move when the session ends, and where to [F-7.6-1]. Private.
 *
 * The move (compact.c) and what INDEX and END say of it (index.c) go by this alone. */
#ifndef VMPROF_FMT_WRITER_PLACE_H
#define VMPROF_FMT_WRITER_PLACE_H

#include <vmprof/vmpf.h>

/* A chunk that stands behind the journal, for the move at close. */
struct vmpfi_chunk_record {
    uint64_t offset;
    uint32_t size_bytes;
    bool dropped; /* CODES: of no use once the journal is gone */
};

/* Called between two flushes, so that what END and INDEX say holds when the file is closed: a file that has grown too
 * large will not be moved. */
void vmpfi_writer_decide_move(vmpf_writer *w);
bool vmpfi_writer_moves(const vmpf_writer *w);

/* The one place that says where the move puts the chunks: they are given to vmpfi_place() one after the other,
 * and it says where each ends up. A chunk that is larger than the gap before it would be overwritten by its own copy: it
 * and all behind it stay. */
struct vmpfi_placing {
    uint64_t to;
    bool stuck;
};
uint64_t vmpfi_place(struct vmpfi_placing *placing, const struct vmpfi_chunk_record *chunk);

#endif
