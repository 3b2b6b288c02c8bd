/* index.h: what a writer remembers of its chunks: for INDEX and END (spec 5.10, [F-6-2]), and for the move at close
 * [F-7.6-1]. Private. */
#ifndef VMPROF_FMT_WRITER_INDEX_H
#define VMPROF_FMT_WRITER_INDEX_H

#include "libvmprof_fmt/src/blocks/chunk.h"
#include "libvmprof_fmt/src/blocks/index.h"
#include "libvmprof_fmt/src/blocks/samples.h"
#include "libvmprof_fmt/src/writer/place.h"

#include <vmprof/vmpf.h>

/* The chunks that no INDEX chunk lists yet. Their offsets are those at which they were written. */
struct vmpfi_writer_index {
    struct vmpfi_index_entry *entries;
    size_t count, capacity;
    uint64_t first;       /* entries in the INDEX chunks so far */
    uint64_t last_offset; /* of the last INDEX chunk; 0: none */
};

/* Bounds that a test may lower. */
struct vmpfi_writer_limits {
    uint64_t moved_file_bytes; /* a larger file is not moved at close */
    size_t moved_chunks; /* nor is one of more chunks: what is remembered for the move is bounded */
    size_t index_entries; /* so many chunks are listed as soon as it is known where they stand */
};
extern const struct vmpfi_writer_limits vmpfi_writer_default_limits;

/* What one flush adds; nothing of the writer changes until vmpfi_writer_index_commit(). Starts as all 0. */
struct vmpfi_noted {
    size_t record_count;   /* behind journal.chunk_count */
    size_t entry_count;    /* behind index.count */
    size_t indexed_count;  /* entries of its INDEX chunk; 0: it has none */
    uint64_t index_offset; /* of that chunk */
};

/* Notes the chunk at the end of w->out, from mark on. false: no memory. */
bool vmpfi_writer_note_chunk(vmpf_writer *w, struct vmpfi_noted *noted, size_t mark,
                             const struct vmpfi_chunk_header *header, bool dropped);

/* The last INDEX chunk stands right before END [F-5.10-3]; those before it have to wait until it is known where chunks
 * will stand. */
bool vmpfi_writer_index_is_due(const vmpf_writer *w, const struct vmpfi_noted *noted, bool last);
/* Appends the payload of INDEX, or of END, to the chunk that begins at mark. VMPF_E_NOMEM, VMPF_E_LIMIT. */
vmpf_status vmpfi_writer_index_encode(vmpf_writer *w, struct vmpfi_noted *noted, size_t mark);
vmpf_status vmpfi_writer_end_encode(vmpf_writer *w, const struct vmpfi_noted *noted, size_t mark,
                                    const struct vmpfi_end *end);

void vmpfi_writer_index_commit(vmpf_writer *w, const struct vmpfi_noted *noted);
void vmpfi_writer_index_fini(vmpf_writer *w);

#endif
