#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/columns/column.h"

#include <libdeflate.h>

/* Below this a zlib stream, with its six bytes of frame, is never worth its time. */
#define WORTH_DEFLATING_BYTES ((size_t)32)
#define DEFLATE_LEVEL 7

vmpf_status vmpfi_deflate(struct libdeflate_compressor **deflater, struct vmpfi_buffer *out,
                          const uint8_t *data, size_t size_bytes, size_t tail_bytes,
                          enum vmpfi_codec *codec)
{
    size_t front_bytes = size_bytes - tail_bytes;
    *codec = VMPFI_CODEC_STORED;
    if (front_bytes >= WORTH_DEFLATING_BYTES) {
        if (*deflater == NULL) {
            *deflater = libdeflate_alloc_compressor(DEFLATE_LEVEL);
        }
        if (*deflater == NULL || !vmpfi_buffer_reserve(out, front_bytes)) {
            return VMPF_E_NOMEM;
        }
        /* 0 when there is not room enough: as large as the data is of no use. */
        size_t deflated_bytes = libdeflate_zlib_compress(
            *deflater, data, front_bytes, out->data + out->size_bytes, front_bytes - 1);
        if (deflated_bytes > 0) {
            out->size_bytes += deflated_bytes;
            *codec = tail_bytes > 0 ? VMPFI_CODEC_ZLIB_TAIL : VMPFI_CODEC_ZLIB;
            data += front_bytes;
            size_bytes = tail_bytes;
        }
    }
    return vmpfi_buffer_append(out, data, size_bytes) ? VMPF_OK : VMPF_E_NOMEM;
}

vmpf_status vmpfi_inflate(struct libdeflate_decompressor **inflater, const uint8_t *data,
                          size_t size_bytes, uint8_t *out, size_t raw_bytes)
{
    if (*inflater == NULL) {
        *inflater = libdeflate_alloc_decompressor();
    }
    if (*inflater == NULL) {
        return VMPF_E_NOMEM;
    }
    size_t used_bytes;
    size_t made_bytes;
    enum libdeflate_result result = libdeflate_zlib_decompress_ex(
        *inflater, data, size_bytes, out, raw_bytes, &used_bytes, &made_bytes);
    bool whole =
        result == LIBDEFLATE_SUCCESS && used_bytes == size_bytes && made_bytes == raw_bytes;
    return whole ? VMPF_OK : VMPF_E_CORRUPT;
}

void vmpfi_deflater_free(struct libdeflate_compressor *deflater)
{
    libdeflate_free_compressor(deflater);
}

void vmpfi_inflater_free(struct libdeflate_decompressor *inflater)
{
    libdeflate_free_decompressor(inflater);
}
