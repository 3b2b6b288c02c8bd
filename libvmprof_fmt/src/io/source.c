/* source.c: where the reader's bytes come from: a file, a descriptor, memory. */
#include "libvmprof_fmt/src/base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct fd_source {
    int fd;
    bool owned;
};

static int64_t fd_read(void *ctx, void *buffer, size_t size)
{
    const struct fd_source *source = ctx;
    ssize_t got;
    do {
        got = read(source->fd, buffer, size);
    } while (got < 0 && errno == EINTR);
    return got < 0 ? -errno : got;
}

static void fd_close(void *ctx)
{
    struct fd_source *source = ctx;
    if (source->owned) {
        (void)close(source->fd);
    }
    free(source);
}

static const struct vmpf_source_ops fd_ops = {.read = fd_read, .close = fd_close};

static vmpf_status open_fd(struct vmpf_source *out, int fd, bool owned, struct vmpf_error *err)
{
    struct stat info;
    if (fstat(fd, &info) != 0) {
        return vmpfi_fail_errno(err, errno, VMPFI_NO_OFFSET, "cannot read");
    }
    if (S_ISDIR(info.st_mode)) {
        return vmpfi_fail_errno(err, EISDIR, VMPFI_NO_OFFSET, "cannot read");
    }
    struct fd_source *source = malloc(sizeof *source);
    if (source == NULL) {
        return vmpfi_fail_nomem(err);
    }
    *source = (struct fd_source){.fd = fd, .owned = owned};
    *out = (struct vmpf_source){.ops = &fd_ops, .ctx = source};
    return VMPF_OK;
}

vmpf_status vmpf_source_open_file(struct vmpf_source *out, const char *path, struct vmpf_error *err)
{
    if (out == NULL || path == NULL) {
        return vmpfi_fail(err, VMPF_E_ARG, VMPFI_NO_OFFSET, "", "no path");
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return vmpfi_fail_errno(err, errno, VMPFI_NO_OFFSET, "cannot open");
    }
    vmpf_status status = open_fd(out, fd, true, err);
    if (status != VMPF_OK) {
        (void)close(fd);
    }
    return status;
}

vmpf_status vmpf_source_open_fd(struct vmpf_source *out, int fd, struct vmpf_error *err)
{
    if (out == NULL) {
        return vmpfi_fail(err, VMPF_E_ARG, VMPFI_NO_OFFSET, "", "nowhere to put the source");
    }
    return open_fd(out, fd, false, err);
}

struct memory_source {
    const uint8_t *data;
    size_t left_bytes;
};

static int64_t memory_read(void *ctx, void *buffer, size_t size)
{
    struct memory_source *source = ctx;
    size_t count = size < source->left_bytes ? size : source->left_bytes;
    if (count > 0) {
        memcpy(buffer, source->data, count);
        source->data += count;
        source->left_bytes -= count;
    }
    return (int64_t)count;
}

static const struct vmpf_source_ops memory_ops = {.read = memory_read, .close = free};

vmpf_status vmpf_source_open_memory(struct vmpf_source *out, const void *data, size_t size_bytes,
                                    struct vmpf_error *err)
{
    if (out == NULL || (data == NULL && size_bytes > 0)) {
        return vmpfi_fail(err, VMPF_E_ARG, VMPFI_NO_OFFSET, "", "no memory to read from");
    }
    struct memory_source *source = malloc(sizeof *source);
    if (source == NULL) {
        return vmpfi_fail_nomem(err);
    }
    *source = (struct memory_source){.data = data, .left_bytes = size_bytes};
    *out = (struct vmpf_source){.ops = &memory_ops, .ctx = source};
    return VMPF_OK;
}

void vmpf_source_close(struct vmpf_source *source)
{
    if (source != NULL && source->ops != NULL && source->ops->close != NULL) {
        source->ops->close(source->ctx);
    }
    if (source != NULL) {
        *source = (struct vmpf_source){0};
    }
}
