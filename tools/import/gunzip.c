#include "tools/import/gunzip.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define PACKED_BYTES ((size_t)1 << 18)
#define GZIP_WINDOW (15 + 16) /* zlib.h: 16 more means gzip */

struct gunzip {
    z_stream z;
    bool in_member; /* between the first and the last byte of one */
    bool ended, cut;
    uint8_t packed[PACKED_BYTES];
};

struct gunzip *gunzip_new(const void *first, size_t size_bytes)
{
    struct gunzip *gunzip = size_bytes <= PACKED_BYTES ? malloc(sizeof(*gunzip)) : NULL;
    if (!gunzip) {
        return NULL;
    }
    memset(gunzip, 0, offsetof(struct gunzip, packed));
    if (inflateInit2(&gunzip->z, GZIP_WINDOW) != Z_OK) {
        free(gunzip);
        return NULL;
    }
    memcpy(gunzip->packed, first, size_bytes);
    gunzip->z.next_in = gunzip->packed;
    gunzip->z.avail_in = (uInt)size_bytes;
    return gunzip;
}

void gunzip_free(struct gunzip *gunzip)
{
    if (gunzip) {
        (void)inflateEnd(&gunzip->z);
        free(gunzip);
    }
}

bool gunzip_is_cut(const struct gunzip *gunzip)
{
    return gunzip->cut;
}

static int64_t fill(struct gunzip *gunzip, struct vmpf_source *source)
{
    int64_t count = source->ops->read(source->ctx, gunzip->packed, PACKED_BYTES);
    if (count > 0) {
        gunzip->z.next_in = gunzip->packed;
        gunzip->z.avail_in = (uInt)count;
    } else if (count == 0) {
        gunzip->ended = true;
        gunzip->cut = gunzip->in_member;
    }
    return count;
}

/* A step of zlib's; false: not enough memory. */
static bool step(struct gunzip *gunzip)
{
    gunzip->in_member = true;
    int code = inflate(&gunzip->z, Z_NO_FLUSH);
    if (code == Z_STREAM_END) {
        gunzip->in_member = false;
        code = inflateReset(&gunzip->z);
    }
    if (code != Z_OK && code != Z_BUF_ERROR) {
        gunzip->ended = gunzip->cut = true;
    }
    return code != Z_MEM_ERROR;
}

int64_t gunzip_read(struct gunzip *gunzip, struct vmpf_source *source, void *to, size_t room)
{
    size_t some = room < INT_MAX ? room : INT_MAX;
    gunzip->z.next_out = to;
    gunzip->z.avail_out = (uInt)some;
    while (gunzip->z.avail_out == some && !gunzip->ended) {
        if (gunzip->z.avail_in == 0) {
            int64_t got = fill(gunzip, source);
            if (got < 0) {
                return got;
            }
            continue;
        }
        if (!step(gunzip)) {
            return -ENOMEM;
        }
    }
    return (int64_t)(some - gunzip->z.avail_out);
}
