/* chunk.h: superblock and chunk header (spec sections 2 and 3). Private. */
#ifndef VMPROF_FMT_BLOCKS_CHUNK_H
#define VMPROF_FMT_BLOCKS_CHUNK_H

#include "libvmprof_fmt/src/base/buffer.h"

#include <vmprof/vmpf.h>

#define VMPFI_SUPERBLOCK_BYTES 64u
#define VMPFI_MAX_SUPERBLOCK_BYTES 4096u
#define VMPFI_MAGIC_BYTES 8u
#define VMPFI_CHUNK_HEADER_BYTES ((size_t)56)
#define VMPFI_MAX_PAYLOAD_BYTES 67108864u /* [F-3-3] */
#define VMPFI_JOURNAL_HEADER_BYTES 192u
#define VMPFI_FLAG_CRITICAL 1u
#define VMPFI_UNNUMBERED UINT32_MAX /* sequence of a chunk that is not numbered [F-3-5] */

enum vmpfi_chunk_kind {
    VMPFI_META = 1,
    VMPFI_STRINGS = 2,
    VMPFI_FUNCTIONS = 3,
    VMPFI_LOCATIONS = 4,
    VMPFI_STACKS = 5,
    VMPFI_THREADS = 6,
    VMPFI_SAMPLES = 7,
    VMPFI_JOURNAL = 8,
    VMPFI_PAD = 9,
    VMPFI_END = 10,
    VMPFI_TOTALS = 11,
    VMPFI_INDEX = 12,
    VMPFI_MODULES = 13,
    VMPFI_CODES = 14,
    VMPFI_LABELS = 15,
};

struct vmpfi_superblock {
    uint16_t read_version;
    uint16_t write_version;
    uint32_t size_bytes;
    uint64_t session_id;
    uint64_t start_unix_ns;
};

bool vmpfi_is_magic(const uint8_t *data);
bool vmpfi_is_sync(const uint8_t *data);

/* Encodes VMPFI_SUPERBLOCK_BYTES. */
void vmpfi_superblock_encode(uint8_t *to, const struct vmpfi_superblock *superblock);
/* Decodes VMPFI_SUPERBLOCK_BYTES that begin with the magic. VMPF_E_CORRUPT, VMPF_E_VERSION. */
vmpf_status vmpfi_superblock_decode(const uint8_t *from, struct vmpfi_superblock *superblock,
                                    uint64_t offset, struct vmpf_error *err);
/* What can be known of a session whose superblock at from is damaged, when a whole chunk header stands behind it
 * [F-2-2]. false: nothing. */
bool vmpfi_superblock_recover(const uint8_t *from, size_t size_bytes,
                              struct vmpfi_superblock *superblock);

struct vmpfi_chunk_header {
    uint16_t kind;
    uint16_t flags;
    uint64_t session_id;
    uint32_t sequence;
    uint32_t epoch;
    uint32_t payload_bytes;
    uint32_t payload_crc;
    uint64_t begin_ns;
    uint64_t end_ns;
};

void vmpfi_chunk_header_encode(uint8_t *to, const struct vmpfi_chunk_header *header);
/* true when from holds a whole, sane header [F-3-1], [F-3-3]. */
bool vmpfi_chunk_header_decode(const uint8_t *from, struct vmpfi_chunk_header *header);
/* JOURNAL and PAD have no payload checksum [F-3-2]. */
bool vmpfi_chunk_has_crc(uint16_t kind);
bool vmpfi_chunk_kind_is_known(uint16_t kind);
/* Whether the sequence number means anything [F-3-5]. Of kinds that are not known here the number itself says so. */
bool vmpfi_chunk_is_numbered(const struct vmpfi_chunk_header *header);

/* A chunk under construction at the end of a buffer: begin leaves room for the header, end fills it in from
 * what was appended since. false: no memory, or the payload is over its limit. */
bool vmpfi_chunk_begin(struct vmpfi_buffer *out, size_t *mark);
bool vmpfi_chunk_end(struct vmpfi_buffer *out, size_t mark, struct vmpfi_chunk_header *header);

#endif
