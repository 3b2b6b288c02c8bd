/* columnset.h: the payload of the table and sample chunks (spec section 4). Private. */
#ifndef VMPROF_FMT_BLOCKS_COLUMNSET_H
#define VMPROF_FMT_BLOCKS_COLUMNSET_H

#include "libvmprof_fmt/src/blocks/scratch.h"
#include "libvmprof_fmt/src/columns/column.h"

#include <vmprof/vmpf.h>

#define VMPFI_COLUMNSET_BYTES 32u
#define VMPFI_DIRECTORY_ENTRY_BYTES 16u
#define VMPFI_MAX_COLUMNS 64u
#define VMPFI_COLUMN_ANCILLARY 0x8000u

/* What stands before the directory. What the two numbers in its second half are depends on the kind. */
struct vmpfi_columnset_head {
    uint64_t first;
    uint32_t count;
    uint64_t journal_position; /* INDEX: offset of the index before */
    uint64_t lost_samples;     /* INDEX: its own offset */
};

/* What is known of a column before its values are looked at. */
enum vmpfi_nature {
    VMPFI_NATURE_ANY,      /* nothing: what turns out smallest is taken */
    VMPFI_NATURE_SMOOTH,   /* numbers whose low bits come by chance: times */
    VMPFI_NATURE_ORDINALS, /* small numbers, some larger */
    VMPFI_NATURE_BELOW,    /* the same, seen from `top` downwards */
    VMPFI_NATURE_BYTES,    /* not integers at all */
};

/* A column to be written: integers of 64 bits, or of 32 when values is NULL, or bytes. */
struct vmpfi_column_in {
    uint16_t id;
    bool list; /* [F-4-7]; not ANY */
    enum vmpfi_nature nature;
    const uint64_t *values; /* count of the head, or of the list */
    const uint32_t *words;  /* the same */
    size_t list_count;
    uint64_t top;
    const uint8_t *bytes;
    size_t size_bytes;
};

/* vmpfi_columnset_encode() appends a payload. VMPF_E_NOMEM, VMPF_E_LIMIT. scratch->bytes is used. */
vmpf_status vmpfi_columnset_encode(struct vmpfi_buffer *out, struct vmpfi_scratch *scratch,
                                   const struct vmpfi_columnset_head *head,
                                   const struct vmpfi_column_in *columns, size_t column_count);

/* A column as it stands in a payload. */
struct vmpfi_column_entry {
    uint16_t id;
    uint8_t encoding;
    uint8_t codec;
    uint32_t raw_bytes;
    uint32_t stored_bytes;
    uint32_t tail_bytes; /* of codec 2 */
    const uint8_t *data;
};

/* A payload that was taken apart; its columns are decoded one by one, when they are wanted. */
struct vmpfi_columnset {
    struct vmpfi_columnset_head head;
    size_t column_count;
    struct vmpfi_column_entry columns[VMPFI_MAX_COLUMNS];
    uint64_t payload_offset;       /* for errors */
    struct vmpfi_scratch *scratch; /* its bytes are used for inflating */
};

/* vmpfi_columnset_decode() takes payload apart and checks all that can be checked without inflating.
 * known: ids of the columns that this kind of chunk may have, ended by 0. */
vmpf_status vmpfi_columnset_decode(struct vmpfi_columnset *set, const uint8_t *payload,
                                   size_t size_bytes, const uint16_t *known,
                                   uint64_t payload_offset, struct vmpf_error *err);

/* vmpfi_columnset_integers() decodes a column to values, which has room for head.count; vmpfi_columnset_words() one of 32 bits
 * [F-4-5]. A column that is not there is an error [F-4-2] when it is required, else all 0. */
vmpf_status vmpfi_columnset_integers(const struct vmpfi_columnset *set, uint16_t id, bool required,
                                     uint64_t *values, struct vmpf_error *err);
vmpf_status vmpfi_columnset_words(const struct vmpfi_columnset *set, uint16_t id, bool required,
                                  uint32_t *values, struct vmpf_error *err);

/* vmpfi_columnset_has(): whether the column is there. */
bool vmpfi_columnset_has(const struct vmpfi_columnset *set, uint16_t id);

/* vmpfi_columnset_list() decodes a list [F-4-7] of 32-bit numbers, which must be there, to column `slot` of the scratch
 * memory. */
vmpf_status vmpfi_columnset_list(const struct vmpfi_columnset *set, uint16_t id, unsigned slot,
                                 uint32_t **values, size_t *count, struct vmpf_error *err);

/* vmpfi_columnset_bytes() gives the raw bytes of a column, valid until the next column is decoded. A column
 * that is not there has size 0, unless it is required. */
vmpf_status vmpfi_columnset_bytes(const struct vmpfi_columnset *set, uint16_t id, bool required,
                                  const uint8_t **data, size_t *size_bytes, struct vmpf_error *err);

#endif
