/* columnset.h: the payload of the table and sample chunks (spec section 4). Private. */
#ifndef VMPROF_FMT_BLOCKS_COLUMNSET_H
#define VMPROF_FMT_BLOCKS_COLUMNSET_H

#include "libvmprof_fmt/src/base/buffer.h"
#include "libvmprof_fmt/src/columns/column.h"

#include <vmprof/vmpf.h>

#define VMPFI_COLUMNSET_BYTES 32u
#define VMPFI_DIRECTORY_ENTRY_BYTES 16u
#define VMPFI_MAX_COLUMNS 64u
#define VMPFI_COLUMN_ANCILLARY 0x8000u

/* What stands before the directory. */
struct vmpfi_columnset_head {
    uint64_t first;
    uint32_t count;
    uint64_t journal_position;
    uint64_t lost_samples;
};

/* A column to be written: integers, or bytes when values is NULL. */
struct vmpfi_column_in {
    uint16_t id;
    const uint64_t *values; /* count of the head */
    const uint8_t *bytes;
    size_t size_bytes;
};

/* vmpfi_columnset_encode() appends a payload. VMPF_E_NOMEM, VMPF_E_LIMIT. scratch is reused memory. */
vmpf_status vmpfi_columnset_encode(struct vmpfi_buffer *out, struct vmpfi_buffer *scratch,
                                   const struct vmpfi_columnset_head *head,
                                   const struct vmpfi_column_in *columns, size_t column_count);

/* A column as it stands in a payload. */
struct vmpfi_column_entry {
    uint16_t id;
    uint8_t encoding;
    uint8_t codec;
    uint32_t raw_bytes;
    uint32_t stored_bytes;
    const uint8_t *data;
};

/* A payload that was taken apart; its columns are decoded one by one, when they are wanted. */
struct vmpfi_columnset {
    struct vmpfi_columnset_head head;
    size_t column_count;
    struct vmpfi_column_entry columns[VMPFI_MAX_COLUMNS];
    uint64_t payload_offset;  /* for errors */
    struct vmpfi_buffer *raw; /* reused memory for inflating; the caller's */
};

/* vmpfi_columnset_decode() takes payload apart and checks all that can be checked without inflating.
 * known: ids of the columns that this kind of chunk may have, ended by 0. */
vmpf_status vmpfi_columnset_decode(struct vmpfi_columnset *set, const uint8_t *payload,
                                   size_t size_bytes, const uint16_t *known,
                                   uint64_t payload_offset, struct vmpf_error *err);

/* vmpfi_columnset_integers() decodes a column to values, which has room for head.count. A column that is
 * not there is an error [F-4-2] when it is required, else all 0. maximum: what an entry may be at most. */
vmpf_status vmpfi_columnset_integers(const struct vmpfi_columnset *set, uint16_t id, bool required,
                                     uint64_t maximum, uint64_t *values, struct vmpf_error *err);

/* vmpfi_columnset_bytes() gives the raw bytes of a column, valid until the next column is decoded. A column
 * that is not there has size 0, unless it is required. */
vmpf_status vmpfi_columnset_bytes(const struct vmpfi_columnset *set, uint16_t id, bool required,
                                  const uint8_t **data, size_t *size_bytes, struct vmpf_error *err);

#endif
