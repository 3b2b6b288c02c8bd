/* tables.h: the payloads of STRINGS, FUNCTIONS, LOCATIONS, STACKS, THREADS, LABELS and MODULES (spec 5.2 to 5.5, 5.7,
 * 5.8). Private.
 *
 * encode: appends the payload for entries [first, first+count) to out. VMPF_E_NOMEM, VMPF_E_LIMIT.
 * decode: gives the columns, which live in scratch until it is used again. Rules that need the tables before
 * it are the reader's. */
#ifndef VMPROF_FMT_BLOCKS_TABLES_H
#define VMPROF_FMT_BLOCKS_TABLES_H

#include "libvmprof_fmt/src/blocks/edges.h"
#include "libvmprof_fmt/src/blocks/scratch.h"
#include "libvmprof_fmt/src/model/dictionary.h"

#include <vmprof/vmpf.h>

/* A payload to be decoded, and where it stands in the input. */
struct vmpfi_payload {
    const uint8_t *data;
    size_t size_bytes;
    uint64_t offset;
};

#define VMPFI_MAX_TABLE_COLUMNS 6u
#define VMPFI_COLUMN_MODULE 0x8006u /* of FUNCTIONS */

enum vmpfi_stack_column { /* 5.4 */
                          VMPFI_STACK_DISTANCE = 1,
                          VMPFI_STACK_LOCATION = 2,
                          VMPFI_STACK_EDGE = 3,
                          VMPFI_STACK_NEW_LOCATIONS = 4,
                          VMPFI_STACK_OUTER_LOCATIONS = 5,
};

/* A decoded table chunk: `first` id, count, and its integer columns in the order of the spec; bytes for
 * the two kinds that have a column of text. */
struct vmpfi_table {
    uint64_t first;
    uint32_t count;
    const uint64_t *columns[VMPFI_MAX_TABLE_COLUMNS]; /* but for STACKS */
    const uint32_t *distances, *locations;            /* of STACKS, else NULL */
    const uint8_t *bytes;
    size_t bytes_size;
    struct vmpfi_outer_parents outer; /* of STACKS with call edges [F-5.4-6] */
    struct vmpfi_known known;         /* the caller's */
};

vmpf_status vmpfi_strings_encode(struct vmpfi_buffer *out, struct vmpfi_scratch *scratch,
                                 const struct vmpf_string *strings, size_t first, size_t count);
vmpf_status vmpfi_modules_encode(struct vmpfi_buffer *out, struct vmpfi_scratch *scratch,
                                 const struct vmpfi_module *modules, size_t first, size_t count);
vmpf_status vmpfi_functions_encode(struct vmpfi_buffer *out, struct vmpfi_scratch *scratch,
                                   const struct vmpfi_function *functions, size_t first,
                                   size_t count);
vmpf_status vmpfi_locations_encode(struct vmpfi_buffer *out, struct vmpfi_scratch *scratch,
                                   const struct vmpf_location *locations, size_t first,
                                   size_t count);
vmpf_status vmpfi_stacks_encode(struct vmpfi_buffer *out, struct vmpfi_scratch *scratch,
                                const struct vmpf_stack *stacks, size_t first, size_t count,
                                size_t location_count);
vmpf_status vmpfi_labels_encode(struct vmpfi_buffer *out, struct vmpfi_scratch *scratch,
                                const struct vmpfi_label *labels, size_t first, size_t count);
vmpf_status vmpfi_threads_encode(struct vmpfi_buffer *out, struct vmpfi_scratch *scratch,
                                 const struct vmpf_thread *threads, size_t first, size_t count);

/* kind: one of the seven (enum vmpfi_chunk_kind). Checks [F-4-*], [F-5.2-2], [F-5.5-2]. */
vmpf_status vmpfi_table_decode(struct vmpfi_table *out, struct vmpfi_scratch *scratch,
                               uint16_t kind, const struct vmpfi_payload *payload,
                               struct vmpf_error *err);

#endif
