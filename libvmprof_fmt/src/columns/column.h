/* column.h: one column of a column set: its integer encoding and its codec (spec section 4). Private. */
#ifndef VMPROF_FMT_COLUMNS_COLUMN_H
#define VMPROF_FMT_COLUMNS_COLUMN_H

#include "libvmprof_fmt/src/base/buffer.h"

#include <vmprof/vmpf.h>

enum vmpfi_encoding { /* [F-4-4] */
                      VMPFI_ENCODING_BYTES = 0,
                      VMPFI_ENCODING_PLAIN = 1,
                      VMPFI_ENCODING_DELTA = 2,
                      VMPFI_ENCODING_RUNS = 3,
                      VMPFI_ENCODING_DELTA_RUNS = 4,
                      VMPFI_ENCODING_CODED = 5, /* coded.h */
};

enum vmpfi_codec { /* [F-4-3] */
                   VMPFI_CODEC_STORED = 0,
                   VMPFI_CODEC_ZLIB = 1,
                   VMPFI_CODEC_ZLIB_TAIL = 2,
};

#define VMPFI_MAX_RAW_BYTES ((size_t)64 * 1024 * 1024) /* [F-4-6] */
#define VMPFI_MAX_ENTRIES 1048576u                     /* [F-4-6] */

/* vmpfi_column_encode() appends the count values to out in the smallest of the encodings 1 to 4; *encoding says which.
 * false: no memory. */
bool vmpfi_column_encode(struct vmpfi_buffer *out, const uint64_t *values, size_t count,
                         enum vmpfi_encoding *encoding);
/* The same in an encoding of the caller's choice, for tests and vectors. */
bool vmpfi_column_encode_as(struct vmpfi_buffer *out, const uint64_t *values, size_t count,
                            enum vmpfi_encoding encoding);

/* vmpfi_column_decode() reads exactly count values out of all of data [F-4-5], vmpfi_column_decode_words() values of 32
 * bits. Return false when data is anything else. The encoding is one of 1 to 4. */
bool vmpfi_column_decode(const uint8_t *data, size_t size_bytes, enum vmpfi_encoding encoding,
                         uint64_t *values, size_t count);
bool vmpfi_column_decode_words(const uint8_t *data, size_t size_bytes, enum vmpfi_encoding encoding,
                               uint32_t *values, size_t count);

/* vmpfi_deflate() appends data to out, all but its last tail_bytes as a zlib stream when that is smaller; *codec says
 * how. VMPF_E_NOMEM.
 * vmpfi_inflate() inflates all of data to exactly raw_bytes in out [F-4-3]. VMPF_E_CORRUPT, VMPF_E_NOMEM.
 * *deflater and *inflater are made when they are NULL and kept for the next time; to free NULL is allowed. */
struct libdeflate_compressor;
struct libdeflate_decompressor;
vmpf_status vmpfi_deflate(struct libdeflate_compressor **deflater, struct vmpfi_buffer *out,
                          const uint8_t *data, size_t size_bytes, size_t tail_bytes,
                          enum vmpfi_codec *codec);
vmpf_status vmpfi_inflate(struct libdeflate_decompressor **inflater, const uint8_t *data,
                          size_t size_bytes, uint8_t *out, size_t raw_bytes);
void vmpfi_deflater_free(struct libdeflate_compressor *deflater);
void vmpfi_inflater_free(struct libdeflate_decompressor *inflater);

#endif
