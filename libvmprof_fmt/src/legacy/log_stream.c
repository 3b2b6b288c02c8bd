#include "libvmprof_fmt/src/legacy/log_stream.h"

#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/legacy/log_gzip.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COPY_BYTES ((size_t)64 * 1024)

static vmpf_status fail_spool(struct vmpf_error *err)
{
    return vmpfi_fail_errno(err, errno, VMPFI_NO_OFFSET, "cannot make a temporary copy of it");
}

static vmpf_status copy_rest(struct vmpfi_log_stream *stream, uint8_t *piece, uint64_t offset,
                             struct vmpf_error *err)
{
    for (;;) {
        int64_t got = stream->source.ops->read(stream->source.ctx, piece, COPY_BYTES);
        if (got < 0) {
            return vmpfi_fail_errno(err, (int)-got, offset, "cannot read");
        }
        if (got == 0) {
            return fflush(stream->spool) == 0 ? VMPF_OK : fail_spool(err);
        }
        if (fwrite(piece, 1, (size_t)got, stream->spool) != (size_t)got) {
            return fail_spool(err);
        }
        offset += (uint64_t)got;
    }
}

/* What cannot seek is read once. */
static vmpf_status spool(struct vmpfi_log_stream *stream, const uint8_t *head, size_t head_bytes,
                         struct vmpf_error *err)
{
    stream->spool = tmpfile();
    if (stream->spool == NULL ||
        (head_bytes > 0 && fwrite(head, 1, head_bytes, stream->spool) != head_bytes)) {
        return fail_spool(err);
    }
    uint8_t *piece = malloc(COPY_BYTES);
    if (piece == NULL) {
        return vmpfi_fail_nomem(err);
    }
    vmpf_status status = copy_rest(stream, piece, head_bytes, err);
    free(piece);
    return status;
}

vmpf_status vmpfi_log_stream_open(struct vmpfi_log_stream *stream, struct vmpf_source source,
                                  const uint8_t *head, size_t head_bytes, struct vmpf_error *err)
{
    *stream = (struct vmpfi_log_stream){.source = source, .size_bytes = UINT64_MAX};
    if (vmpfi_log_is_gzip(head, head_bytes)) {
        stream->gzip = vmpfi_log_gzip_new();
        if (stream->gzip == NULL) {
            return vmpfi_fail_nomem(err);
        }
    }
    return source.ops->read_at != NULL ? VMPF_OK : spool(stream, head, head_bytes, err);
}

void vmpfi_log_stream_fini(struct vmpfi_log_stream *stream)
{
    vmpfi_log_gzip_free(stream->gzip);
    if (stream->spool != NULL) {
        (void)fclose(stream->spool);
    }
    memset(stream, 0, sizeof *stream);
}

static int64_t read_spool(const struct vmpfi_log_stream *stream, uint8_t *to, size_t size_bytes)
{
    ssize_t got;
    do {
        got = pread(fileno(stream->spool), to, size_bytes, (off_t)stream->position);
    } while (got < 0 && errno == EINTR);
    return got < 0 ? -errno : got;
}

vmpf_status vmpfi_log_stream_raw(struct vmpfi_log_stream *stream, uint8_t *to, size_t size_bytes,
                                 size_t *got, struct vmpf_error *err)
{
    uint64_t left = stream->size_bytes - stream->position;
    size_t wanted = left < size_bytes ? (size_t)left : size_bytes;
    *got = 0;
    if (wanted == 0) {
        return VMPF_OK;
    }
    int64_t result =
        stream->spool != NULL
            ? read_spool(stream, to, wanted)
            : stream->source.ops->read_at(stream->source.ctx, stream->position, to, wanted);
    if (result < 0) {
        return vmpfi_fail_errno(err, (int)-result, stream->position, "cannot read");
    }
    if (result == 0) {
        stream->size_bytes = stream->position;
    }
    *got = (size_t)result;
    stream->position += *got;
    return VMPF_OK;
}

vmpf_status vmpfi_log_stream_read(struct vmpfi_log_stream *stream, uint8_t *to, size_t size_bytes,
                                  size_t *got, struct vmpf_error *err)
{
    return stream->gzip != NULL ? vmpfi_log_gzip_read(stream, to, size_bytes, got, err)
                                : vmpfi_log_stream_raw(stream, to, size_bytes, got, err);
}

void vmpfi_log_stream_rewind(struct vmpfi_log_stream *stream)
{
    stream->position = 0;
    if (stream->gzip != NULL) {
        vmpfi_log_gzip_rewind(stream->gzip);
    }
}

struct vmpfi_log_gzip_damage vmpfi_log_stream_damage(const struct vmpfi_log_stream *stream)
{
    return stream->gzip != NULL ? vmpfi_log_gzip_damage(stream->gzip)
                                : (struct vmpfi_log_gzip_damage){0};
}
