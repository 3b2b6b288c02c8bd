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
    off_t start; /* of a regular file: where fd stood */
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

/* Reads, and no mapping: a file that another process cuts would kill the reader with SIGBUS. */
static int64_t fd_read_at(void *ctx, uint64_t offset, void *buffer, size_t size)
{
    const struct fd_source *source = ctx;
    ssize_t got;
    if (offset > (uint64_t)(INT64_MAX - source->start)) {
        return 0;
    }
    do {
        got = pread(source->fd, buffer, size, source->start + (off_t)offset);
    } while (got < 0 && errno == EINTR);
    return got < 0 ? -errno : got;
}

static int64_t fd_size(void *ctx)
{
    const struct fd_source *source = ctx;
    struct stat info;
    if (fstat(source->fd, &info) != 0) {
        return -errno;
    }
    return info.st_size > source->start ? info.st_size - source->start : 0;
}

static const struct vmpf_source_ops stream_ops = {.read = fd_read, .close = fd_close};
static const struct vmpf_source_ops file_ops = {
    .read = fd_read, .close = fd_close, .size = fd_size, .read_at = fd_read_at};

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
    source->start = S_ISREG(info.st_mode) ? lseek(fd, 0, SEEK_CUR) : -1;
    *out = (struct vmpf_source){.ops = source->start >= 0 ? &file_ops : &stream_ops, .ctx = source};
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
    size_t size_bytes;
    size_t position; /* of what is read next */
};

static int64_t memory_read_at(void *ctx, uint64_t offset, void *buffer, size_t size)
{
    const struct memory_source *source = ctx;
    size_t left = offset < source->size_bytes ? source->size_bytes - (size_t)offset : 0;
    size_t count = size < left ? size : left;
    if (count > 0) {
        memcpy(buffer, source->data + offset, count);
    }
    return (int64_t)count;
}

static int64_t memory_read(void *ctx, void *buffer, size_t size)
{
    struct memory_source *source = ctx;
    int64_t got = memory_read_at(source, source->position, buffer, size);
    source->position += (size_t)got;
    return got;
}

static int64_t memory_size(void *ctx)
{
    return (int64_t)((const struct memory_source *)ctx)->size_bytes;
}

static const struct vmpf_source_ops memory_ops = {
    .read = memory_read, .close = free, .size = memory_size, .read_at = memory_read_at};

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
    *source = (struct memory_source){.data = data, .size_bytes = size_bytes};
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
