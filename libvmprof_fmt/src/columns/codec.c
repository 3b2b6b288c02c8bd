#include "libvmprof_fmt/src/columns/column.h"

#include <string.h>
#include <zlib.h>

/* Below this a zlib stream, with its six bytes of frame, is never worth its time. */
#define WORTH_DEFLATING_BYTES ((size_t)32)
#define DEFLATE_LEVEL 6

vmpf_status vmpfi_deflate(struct vmpfi_buffer *out, const uint8_t *data, size_t size_bytes,
                          enum vmpfi_codec *codec)
{
    *codec = VMPFI_CODEC_STORED;
    if (size_bytes >= WORTH_DEFLATING_BYTES) {
        uLong bound = compressBound((uLong)size_bytes);
        if (!vmpfi_buffer_reserve(out, bound)) {
            return VMPF_E_NOMEM;
        }
        uLongf deflated = bound;
        int result = compress2(out->data + out->size_bytes, &deflated, data, (uLong)size_bytes,
                               DEFLATE_LEVEL);
        if (result != Z_OK) {
            return VMPF_E_NOMEM; /* the only failure left, since the bound is zlib's own */
        }
        if (deflated < size_bytes) {
            out->size_bytes += deflated;
            *codec = VMPFI_CODEC_ZLIB;
            return VMPF_OK;
        }
    }
    return vmpfi_buffer_append(out, data, size_bytes) ? VMPF_OK : VMPF_E_NOMEM;
}

vmpf_status vmpfi_inflate(const uint8_t *data, size_t size_bytes, uint8_t *out, size_t raw_bytes)
{
    z_stream stream;
    memset(&stream, 0, sizeof stream);
    if (inflateInit(&stream) != Z_OK) {
        return VMPF_E_NOMEM;
    }
    /* zlib never writes through next_in; sizes are below 2^32 by [F-3-3] and [F-4-6]. */
    stream.next_in = (Bytef *)(uintptr_t)data;
    stream.avail_in = (uInt)size_bytes;
    stream.next_out = out;
    stream.avail_out = (uInt)raw_bytes;
    int result = inflate(&stream, Z_FINISH);
    bool whole = result == Z_STREAM_END && stream.avail_in == 0 && stream.avail_out == 0;
    bool no_memory = result == Z_MEM_ERROR;
    (void)inflateEnd(&stream);
    if (whole) {
        return VMPF_OK;
    }
    return no_memory ? VMPF_E_NOMEM : VMPF_E_CORRUPT;
}
