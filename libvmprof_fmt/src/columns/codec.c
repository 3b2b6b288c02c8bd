#include "libvmprof_fmt/src/columns/column.h"

#include "libvmprof_fmt/src/base/error.h"

#include <libdeflate.h>
#include <string.h>
#include <zlib.h>

/* Below this a zlib stream, with its six bytes of frame, is never worth its time. */
#define WORTH_DEFLATING_BYTES ((size_t)32)
#define DEFLATE_LEVEL 6
#define DEFLATE_MEMORY 9

static int smallest_window(size_t size_bytes)
{
    int bits = 9;
    while (bits < 15 && ((size_t)1 << bits) < size_bytes + 300) {
        bits++;
    }
    return bits;
}

/* The stream goes behind what out holds. *deflated_bytes is 0 when it would not be smaller. */
static vmpf_status deflate_all(struct vmpfi_buffer *out, const uint8_t *data, size_t size_bytes,
                               int strategy, size_t *deflated_bytes)
{
    z_stream stream;
    memset(&stream, 0, sizeof stream);
    *deflated_bytes = 0;
    if (!vmpfi_buffer_reserve(out, size_bytes) ||
        deflateInit2(&stream, DEFLATE_LEVEL, Z_DEFLATED, smallest_window(size_bytes),
                     DEFLATE_MEMORY, strategy) != Z_OK) {
        return VMPF_E_NOMEM;
    }
    /* zlib never writes through next_in; sizes are below 2^32 by [F-4-6]. */
    stream.next_in = (Bytef *)(uintptr_t)data;
    stream.avail_in = (uInt)size_bytes;
    stream.next_out = out->data + out->size_bytes;
    stream.avail_out = (uInt)size_bytes - 1; /* as large as the data is of no use */
    if (deflate(&stream, Z_FINISH) == Z_STREAM_END) {
        *deflated_bytes = (size_t)stream.total_out;
    }
    (void)deflateEnd(&stream);
    return VMPF_OK;
}

vmpf_status vmpfi_deflate(struct vmpfi_buffer *out, const uint8_t *data, size_t size_bytes,
                          size_t tail_bytes, enum vmpfi_texture texture, enum vmpfi_codec *codec)
{
    size_t front_bytes = size_bytes - tail_bytes;
    *codec = VMPFI_CODEC_STORED;
    if (front_bytes >= WORTH_DEFLATING_BYTES) {
        size_t deflated_bytes;
        VMPF_TRY(deflate_all(out, data, front_bytes,
                             texture == VMPFI_TEXTURE_NOISE ? Z_FILTERED : Z_DEFAULT_STRATEGY,
                             &deflated_bytes));
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

void vmpfi_inflater_free(struct libdeflate_decompressor *inflater)
{
    libdeflate_free_decompressor(inflater);
}
