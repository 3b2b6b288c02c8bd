/* index.h: the payload of INDEX (spec 5.10). Private. */
#ifndef VMPROF_FMT_BLOCKS_INDEX_H
#define VMPROF_FMT_BLOCKS_INDEX_H

#include "libvmprof_fmt/src/blocks/columnset.h"
#include "libvmprof_fmt/src/blocks/tables.h"

/* A chunk that is listed. Offsets count from the first byte of the session's superblock. */
struct vmpfi_index_entry {
    uint64_t offset;
    uint64_t begin_ns, end_ns;
    uint32_t size_bytes; /* of header and payload */
    uint32_t epoch;
    uint32_t sequence;
    uint32_t samples; /* 0 where it is no SAMPLES chunk */
    uint16_t kind;
};

struct vmpfi_index_head {
    uint64_t first;           /* entries in the INDEX chunks before */
    uint32_t count;           /* entries in this one */
    uint64_t previous_offset; /* of the INDEX chunk before; 0: none */
    uint64_t own_offset;
};

/* vmpfi_index_encode() appends the payload. offsets: where the chunks will be found, in place of what the entries say.
 * Its size does not depend on own_offset, so that this may be set when the size is known. VMPF_E_NOMEM, VMPF_E_LIMIT. */
vmpf_status vmpfi_index_encode(struct vmpfi_buffer *out, struct vmpfi_scratch *scratch,
                               const struct vmpfi_index_head *head,
                               const struct vmpfi_index_entry *entries, const uint64_t *offsets);
void vmpfi_index_set_own_offset(uint8_t *payload, uint64_t own_offset);

/* vmpfi_index_decode() takes a payload apart; the columns live in scratch until it is used again, and
 * vmpfi_index_entry_at() gives the entry that they say. false: there can be no such chunk. */
enum vmpfi_index_column {
    VMPFI_INDEX_OFFSET,
    VMPFI_INDEX_SIZE,
    VMPFI_INDEX_KIND,
    VMPFI_INDEX_EPOCH,
    VMPFI_INDEX_SEQUENCE,
    VMPFI_INDEX_BEGIN,
    VMPFI_INDEX_END,
    VMPFI_INDEX_SAMPLES,
    VMPFI_INDEX_COLUMNS, /* how many there are */
};
struct vmpfi_index_chunk {
    struct vmpfi_index_head head;
    const uint64_t *columns[VMPFI_INDEX_COLUMNS];
};
vmpf_status vmpfi_index_decode(struct vmpfi_index_chunk *out, struct vmpfi_scratch *scratch,
                               const struct vmpfi_payload *payload, struct vmpf_error *err);
bool vmpfi_index_entry_at(const struct vmpfi_index_chunk *chunk, size_t i,
                          struct vmpfi_index_entry *entry);

#endif
