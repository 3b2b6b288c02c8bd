/* coded.h: encoding 5, coded integers (spec section 4.2). Private.
 *
 * A number is split into a code of one byte, for the compressor, and low bits that no compressor makes smaller. */
#ifndef VMPROF_FMT_COLUMNS_CODED_H
#define VMPROF_FMT_COLUMNS_CODED_H

#include "libvmprof_fmt/src/base/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum vmpfi_transform { /* bits of the first byte */
                       VMPFI_TRANSFORM_DELTA = 1,
                       VMPFI_TRANSFORM_ZIGZAG = 2,
                       VMPFI_TRANSFORM_RUNS = 4,
                       VMPFI_TRANSFORM_DOWN = 8,
                       VMPFI_TRANSFORM_KNOWN = 15,
};

#define VMPFI_MIN_PRECISION 2u
#define VMPFI_MAX_PRECISION 4u

/* A column to be encoded: of 64 bits, or of 32 when wide is NULL. */
struct vmpfi_numbers {
    const uint64_t *wide;
    const uint32_t *words;
};

/* How a column is to be encoded. */
struct vmpfi_coded_plan {
    unsigned transform; /* vmpfi_transform */
    unsigned number_precision;
    unsigned run_precision; /* 0 without runs */
    uint64_t base;
    uint64_t unit;
    size_t group_count; /* of equal neighbours with runs, else of entries */
};

/* vmpfi_coded_plan() chooses what makes the values small. small: they are so already. down: they are to be given as distances below `top`, which none
 * is above. */
struct vmpfi_coded_plan vmpfi_coded_plan(struct vmpfi_numbers values, size_t count);
struct vmpfi_coded_plan vmpfi_coded_plan_small(struct vmpfi_numbers values, size_t count);
struct vmpfi_coded_plan vmpfi_coded_plan_down(struct vmpfi_numbers values, size_t count,
                                              uint64_t top);

/* vmpfi_coded_encode() appends the column to out. *tail_bytes: the low bits at its end, which need not be compressed.
 * false: no memory. The plan must fit the values. */
bool vmpfi_coded_encode(struct vmpfi_buffer *out, struct vmpfi_numbers values, size_t count,
                        const struct vmpfi_coded_plan *plan, size_t *tail_bytes);

/* vmpfi_coded_count() gives the number of entries that the column says it has, without looking further. false: it
 * says none. */
bool vmpfi_coded_count(const uint8_t *data, size_t size_bytes, uint64_t *count);

/* vmpfi_coded_decode() reads exactly count values out of all of data, vmpfi_coded_decode_words() values of 32 bits. Return NULL, or the
 * id of the rule that is broken; F-4.2-1 means that the column is unsupported. */
const char *vmpfi_coded_decode(const uint8_t *data, size_t size_bytes, uint64_t *values,
                               size_t count);
const char *vmpfi_coded_decode_words(const uint8_t *data, size_t size_bytes, uint32_t *values,
                                     size_t count);

#endif
