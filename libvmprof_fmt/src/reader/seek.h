/* seek.h: what a reader finds of an input without reading through it: its sessions, from the END of each backwards
 * [F-5.10-3], and their indexes. Nothing here changes what the reader has read. Private.
 *
 * VMPF_E_CORRUPT stands for all that makes the input unfit to be found that way; then it is read from its beginning
 * [F-5.10-2]. */
#ifndef VMPROF_FMT_READER_SEEK_H
#define VMPROF_FMT_READER_SEEK_H

#include "libvmprof_fmt/src/blocks/chunk.h"
#include "libvmprof_fmt/src/blocks/index.h"
#include "libvmprof_fmt/src/blocks/samples.h"

#include <vmprof/vmpf.h>

#define VMPFI_MAX_SOUGHT_SESSIONS 65536u

/* A source that can seek, and memory to look at what it has. */
struct vmpfi_seek {
    struct vmpf_source source;
    uint64_t size_bytes;
    uint64_t memory_limit_bytes;
    struct vmpfi_buffer bytes; /* the chunk that was read last */
    struct vmpfi_scratch *scratch;
};

/* A session that was found. Offsets in it count from its start, as those of its index do. */
struct vmpfi_sought_session {
    uint64_t start; /* in the input */
    struct vmpfi_superblock superblock;
    struct vmpfi_chunk_header end_header;
    struct vmpfi_end end;
};
struct vmpfi_sought {
    struct vmpfi_sought_session *sessions; /* in the order of the input */
    size_t count;
};

/* A session's index as a whole, its INDEX chunks put together. */
struct vmpfi_sought_index {
    struct vmpfi_index_entry *entries;
    size_t count;
};

/* false: the source cannot seek. */
bool vmpfi_seek_init(struct vmpfi_seek *seek, struct vmpf_source source,
                     struct vmpfi_scratch *scratch, uint64_t memory_limit_bytes);
void vmpfi_seek_fini(struct vmpfi_seek *seek);

/* Reads exactly so many bytes; false: they are not there. */
bool vmpfi_seek_read(const struct vmpfi_seek *seek, uint64_t offset, void *to, size_t size_bytes);
/* The header at an offset of the input, of a chunk that ends within it. */
bool vmpfi_seek_header(const struct vmpfi_seek *seek, uint64_t offset,
                       struct vmpfi_chunk_header *header);
/* The payload behind it, whole [F-3-2]; valid until the next one. VMPF_E_CORRUPT, VMPF_E_NOMEM. */
vmpf_status vmpfi_seek_payload(struct vmpfi_seek *seek, uint64_t offset,
                               const struct vmpfi_chunk_header *header,
                               struct vmpfi_payload *payload);

/* Finds all sessions. VMPF_E_CORRUPT, VMPF_E_NOMEM; the caller gives sought->sessions to free() in any case. */
vmpf_status vmpfi_seek_sessions(struct vmpfi_seek *seek, struct vmpfi_sought *sought);

/* seek_index.c: reads a session's index, and checks all of it that can be checked without looking at what it lists.
 * VMPF_E_CORRUPT, VMPF_E_NOMEM; the caller gives index->entries to free() in any case. */
vmpf_status vmpfi_seek_index(struct vmpfi_seek *seek, const struct vmpfi_sought_session *session,
                             struct vmpfi_sought_index *index);

#endif
