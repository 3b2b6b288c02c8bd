#include "libvmprof_fmt/src/legacy/log_gzip.h"

#include "libvmprof_fmt/src/base/error.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define INPUT_BYTES ((size_t)64 * 1024)
#define GZIP_ONLY (16 + MAX_WBITS) /* zlib's way to say so */

struct vmpfi_log_gzip {
    z_stream z;
    bool in_member; /* between the first and the last byte of one */
    bool ended;     /* nothing more inflates */
    bool cut;       /* within a member, or that is damaged */
    bool text_behind;
    uint64_t bytes_behind; /* the last member */
    uint8_t input[INPUT_BYTES];
};

bool vmpfi_log_is_gzip(const uint8_t *head, size_t head_bytes)
{
    return head_bytes >= 2 && head[0] == 0x1F && head[1] == 0x8B;
}

struct vmpfi_log_gzip *vmpfi_log_gzip_new(void)
{
    struct vmpfi_log_gzip *gzip = malloc(sizeof *gzip);
    if (gzip == NULL) {
        return NULL;
    }
    memset(gzip, 0, offsetof(struct vmpfi_log_gzip, input));
    if (inflateInit2(&gzip->z, GZIP_ONLY) != Z_OK) {
        free(gzip);
        return NULL;
    }
    gzip->in_member = true;
    return gzip;
}

void vmpfi_log_gzip_free(struct vmpfi_log_gzip *gzip)
{
    if (gzip != NULL) {
        (void)inflateEnd(&gzip->z);
        free(gzip);
    }
}

void vmpfi_log_gzip_rewind(struct vmpfi_log_gzip *gzip)
{
    (void)inflateReset(&gzip->z);
    gzip->z.avail_in = 0;
    gzip->in_member = true;
    gzip->ended = gzip->cut = gzip->text_behind = false;
    gzip->bytes_behind = 0;
}

/* At least `wanted` bytes of input, or what there is. */
static vmpf_status fill(struct vmpfi_log_stream *stream, size_t wanted, struct vmpf_error *err)
{
    struct vmpfi_log_gzip *gzip = stream->gzip;
    if (gzip->z.avail_in >= wanted) {
        return VMPF_OK;
    }
    size_t have = gzip->z.avail_in;
    if (have > 0) {
        memmove(gzip->input, gzip->z.next_in, have);
    }
    gzip->z.next_in = gzip->input;
    size_t got = 1;
    while (have < wanted && got > 0) {
        VMPF_TRY(vmpfi_log_stream_raw(stream, gzip->input + have, INPUT_BYTES - have, &got, err));
        have += got;
    }
    gzip->z.avail_in = (uInt)have;
    return VMPF_OK;
}

/* Behind the last member: zeros are nothing, all else is lost [L-1-3]. */
static vmpf_status pass_behind(struct vmpfi_log_stream *stream, struct vmpf_error *err)
{
    struct vmpfi_log_gzip *gzip = stream->gzip;
    gzip->ended = true;
    VMPF_TRY(fill(stream, 1, err));
    while (gzip->z.avail_in > 0) {
        gzip->bytes_behind += gzip->z.avail_in;
        for (size_t i = 0; i < gzip->z.avail_in; i++) {
            gzip->text_behind = gzip->text_behind || gzip->z.next_in[i] != 0;
        }
        gzip->z.avail_in = 0;
        VMPF_TRY(fill(stream, 1, err));
    }
    return VMPF_OK;
}

/* Where a member ended another may begin. */
static vmpf_status next_member(struct vmpfi_log_stream *stream, struct vmpf_error *err)
{
    struct vmpfi_log_gzip *gzip = stream->gzip;
    VMPF_TRY(fill(stream, 2, err));
    if (!vmpfi_log_is_gzip(gzip->z.next_in, gzip->z.avail_in)) {
        return pass_behind(stream, err);
    }
    (void)inflateReset(&gzip->z);
    gzip->in_member = true;
    return VMPF_OK;
}

static vmpf_status inflate_some(struct vmpfi_log_stream *stream, struct vmpf_error *err)
{
    struct vmpfi_log_gzip *gzip = stream->gzip;
    VMPF_TRY(fill(stream, 1, err));
    uInt room = gzip->z.avail_out;
    uInt input = gzip->z.avail_in;
    int result = inflate(&gzip->z, Z_NO_FLUSH);
    if (result == Z_MEM_ERROR) {
        return vmpfi_fail_nomem(err);
    }
    bool moved = gzip->z.avail_out < room || gzip->z.avail_in < input;
    if (result == Z_STREAM_END) {
        gzip->in_member = false;
    } else if (!moved || (result != Z_OK && result != Z_BUF_ERROR)) {
        gzip->cut = gzip->ended = true;
    }
    return VMPF_OK;
}

vmpf_status vmpfi_log_gzip_read(struct vmpfi_log_stream *stream, uint8_t *to, size_t size_bytes,
                                size_t *got, struct vmpf_error *err)
{
    struct vmpfi_log_gzip *gzip = stream->gzip;
    const size_t wanted = size_bytes < (size_t)1 << 30 ? size_bytes : (size_t)1 << 30;
    gzip->z.next_out = to;
    gzip->z.avail_out = (uInt)wanted;
    while (gzip->z.avail_out > 0 && !gzip->ended) {
        VMPF_TRY(gzip->in_member ? inflate_some(stream, err) : next_member(stream, err));
    }
    *got = wanted - gzip->z.avail_out;
    return VMPF_OK;
}

struct vmpfi_log_gzip_damage vmpfi_log_gzip_damage(const struct vmpfi_log_gzip *gzip)
{
    bool behind = gzip->ended && gzip->text_behind;
    return (struct vmpfi_log_gzip_damage){.damaged = gzip->cut || behind,
                                          .behind = behind,
                                          .lost_bytes = behind ? gzip->bytes_behind : 0};
}
