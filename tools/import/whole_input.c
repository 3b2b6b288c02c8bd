#include "tools/import/whole_input.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "tools/analysis/memory.h"
#include "tools/import/made.h"

#define PIECE_BYTES ((size_t)1 << 18)
#define GZIP_WINDOW (15 + 16) /* zlib.h: 16 more means gzip */

void whole_input_fini(struct whole_input *input)
{
    free(input->data);
    memset(input, 0, sizeof(*input));
}

static vmpf_status make_room(struct whole_input *input, struct vmpf_error *err)
{
    if (input->size_bytes > WHOLE_MAX_BYTES) {
        return import_fail(err, VMPF_E_LIMIT, "it is larger than 4 GiB");
    }
    return vmpt_reserve(&input->data, &input->capacity, input->size_bytes + PIECE_BYTES, 1)
               ? VMPF_OK
               : import_fail(err, VMPF_E_NOMEM, "not enough memory");
}

static vmpf_status read_piece(struct vmpf_source *source, void *buffer, size_t *got,
                              struct vmpf_error *err)
{
    int64_t count = source->ops->read(source->ctx, buffer, PIECE_BYTES);
    if (count < 0) {
        (void)import_fail(err, VMPF_E_IO, "cannot read");
        err->sys_errno = (int)-count;
        return VMPF_E_IO;
    }
    *got = (size_t)count;
    return VMPF_OK;
}

static vmpf_status read_plain(struct whole_input *input, struct vmpf_source *source,
                              struct vmpf_error *err)
{
    for (;;) {
        size_t got;
        vmpf_status status = make_room(input, err);
        if (status == VMPF_OK) {
            status = read_piece(source, input->data + input->size_bytes, &got, err);
        }
        if (status != VMPF_OK || got == 0) {
            return status;
        }
        input->size_bytes += got;
    }
}

/* A piece of the stream; several members may follow each other. */
static vmpf_status inflate_piece(struct whole_input *input, z_stream *stream,
                                 struct vmpf_error *err)
{
    while (stream->avail_in > 0 && !input->cut) {
        vmpf_status status = make_room(input, err);
        if (status != VMPF_OK) {
            return status;
        }
        stream->next_out = input->data + input->size_bytes;
        stream->avail_out = (uInt)PIECE_BYTES;
        int code = inflate(stream, Z_NO_FLUSH);
        input->size_bytes += PIECE_BYTES - stream->avail_out;
        if (code == Z_MEM_ERROR) {
            return import_fail(err, VMPF_E_NOMEM, "not enough memory");
        }
        if (code == Z_STREAM_END) {
            code = inflateReset(stream);
        }
        input->cut = code != Z_OK && code != Z_BUF_ERROR;
    }
    return VMPF_OK;
}

static vmpf_status read_gzip(struct whole_input *input, struct vmpf_source *source,
                             struct vmpf_error *err)
{
    struct whole_input packed = *input; /* what was read so far */
    z_stream stream;
    memset(&stream, 0, sizeof(stream));
    memset(input, 0, sizeof(*input));
    vmpf_status status = inflateInit2(&stream, GZIP_WINDOW) == Z_OK
                             ? VMPF_OK
                             : import_fail(err, VMPF_E_NOMEM, "not enough memory");
    bool began = status == VMPF_OK;
    size_t size = packed.size_bytes;
    while (status == VMPF_OK && size > 0) {
        stream.next_in = packed.data;
        stream.avail_in = (uInt)size;
        status = inflate_piece(input, &stream, err);
        if (status == VMPF_OK) {
            status = read_piece(source, packed.data, &size, err);
        }
    }
    input->cut = input->cut || stream.total_in != 0; /* in the middle of a member */
    if (began) {
        (void)inflateEnd(&stream);
    }
    free(packed.data);
    return status;
}

bool whole_is_gzip(const uint8_t *head, size_t size_bytes)
{
    return size_bytes >= 3 && head[0] == 0x1F && head[1] == 0x8B && head[2] == 8;
}

size_t whole_inflate_head(const uint8_t *head, size_t size_bytes, uint8_t *out, size_t room)
{
    z_stream stream;
    memset(&stream, 0, sizeof(stream));
    if (inflateInit2(&stream, GZIP_WINDOW) != Z_OK) {
        return 0;
    }
    stream.next_in = (Bytef *)(uintptr_t)head; /* which zlib only reads */
    stream.avail_in = (uInt)size_bytes;
    stream.next_out = out;
    stream.avail_out = (uInt)room;
    while (inflate(&stream, Z_SYNC_FLUSH) == Z_STREAM_END && inflateReset(&stream) == Z_OK) {
        continue; /* with the next member; without input, or room, there is no progress, and an end */
    }
    size_t size = room - stream.avail_out;
    (void)inflateEnd(&stream);
    return size;
}

/* The first piece tells whether it is compressed. */
vmpf_status whole_input_read(struct whole_input *input, struct vmpf_source *source,
                             struct vmpf_error *err)
{
    memset(input, 0, sizeof(*input));
    vmpf_status status = make_room(input, err);
    size_t got = 1;
    while (status == VMPF_OK && got > 0 && input->size_bytes < 3) {
        status = read_piece(source, input->data + input->size_bytes, &got, err);
        input->size_bytes += status == VMPF_OK ? got : 0;
        status = status == VMPF_OK ? make_room(input, err) : status;
    }
    if (status == VMPF_OK) {
        status = whole_is_gzip(input->data, input->size_bytes) ? read_gzip(input, source, err)
                                                               : read_plain(input, source, err);
    }
    vmpf_source_close(source);
    return status;
}
