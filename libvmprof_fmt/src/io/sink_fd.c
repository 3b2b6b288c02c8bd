/* sink_fd.c: a profile that is written to a descriptor: a regular file, which can be mapped and cut, or a
 * stream (a pipe, a socket, a device), which can only be appended to. */
#include "libvmprof_fmt/src/base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct fd_sink {
    int fd;              /* of our own for a file, the caller's for a stream */
    int caller_fd;       /* left standing behind the profile when a file is cut */
    off_t base;          /* where in the file the profile begins */
    uint64_t mapped_end; /* of the mapping, from the profile's first byte; 0: there is none */
    dev_t device; /* what fd must still be: a program may close descriptors that are not its own */
    ino_t inode;
};

/* Our own descriptor lies above those that programs close in bulk, where the limit allows it. */
#define HIGH_FD 400

static bool still_ours(const struct fd_sink *sink)
{
    struct stat info;
    return fstat(sink->fd, &info) == 0 && info.st_dev == sink->device && info.st_ino == sink->inode;
}

/* 0, or what forbids to touch the file: it is another one by now, or somebody has cut it, and with it
 * the mapping. */
static int check_file(const struct fd_sink *sink)
{
    struct stat info;
    if (!still_ours(sink)) {
        return -EBADF;
    }
    if (fstat(sink->fd, &info) != 0) {
        return -errno;
    }
    return (uint64_t)info.st_size < (uint64_t)sink->base + sink->mapped_end ? -ESTALE : 0;
}

static int write_all_at(int fd, off_t offset, const uint8_t *data, size_t size)
{
    while (size > 0) {
        ssize_t written = pwrite(fd, data, size, offset);
        if (written < 0 && errno != EINTR) {
            return -errno;
        }
        if (written == 0) {
            return -EIO; /* POSIX lets a write of more than nothing return 0 for odd devices */
        }
        if (written > 0) {
            data += written;
            size -= (size_t)written;
            offset += written;
        }
    }
    return 0;
}

static int file_check(void *ctx)
{
    int result = check_file(ctx);
    return result == -ESTALE ? result : 0; /* a descriptor that is closed leaves the mapping */
}

static int file_write(void *ctx, uint64_t offset, const void *data, size_t size)
{
    struct fd_sink *sink = ctx;
    int result = check_file(sink);
    if (result != 0) {
        return result;
    }
    return write_all_at(sink->fd, sink->base + (off_t)offset, data, size);
}

static int file_read(void *ctx, uint64_t offset, void *data, size_t size)
{
    const struct fd_sink *sink = ctx;
    uint8_t *to = data;
    off_t at = sink->base + (off_t)offset;
    while (size > 0) {
        ssize_t got = pread(sink->fd, to, size, at);
        if (got < 0 && errno != EINTR) {
            return -errno;
        }
        if (got == 0) {
            return -EIO;
        }
        if (got > 0) {
            to += got;
            size -= (size_t)got;
            at += got;
        }
    }
    return 0;
}

static int file_truncate(void *ctx, uint64_t size)
{
    struct fd_sink *sink = ctx;
    int result = check_file(sink);
    if (result != 0) {
        return result;
    }
    sink->mapped_end = size < sink->mapped_end ? size : sink->mapped_end;
    if (ftruncate(sink->fd, sink->base + (off_t)size) != 0) {
        return -errno;
    }
    struct stat info;
    /* What the caller writes next belongs behind the profile. Not at close: a child of a fork closes too, and the
     * position is its parent's. */
    if (fstat(sink->caller_fd, &info) == 0 && info.st_dev == sink->device &&
        info.st_ino == sink->inode) {
        (void)lseek(sink->caller_fd, sink->base + (off_t)size, SEEK_SET);
    }
    return 0;
}

/* Mappings begin at a page of the file; the part before the offset belongs to the file too. */
static size_t page_part(const struct fd_sink *sink, uint64_t offset)
{
    long page_bytes = sysconf(_SC_PAGESIZE);
    return (size_t)(((uint64_t)sink->base + offset) % (uint64_t)page_bytes);
}

static int zero_fill(const struct fd_sink *sink, uint64_t offset, size_t size)
{
    static const uint8_t zeros[65536];
    for (size_t done = 0; done < size;) {
        size_t piece = size - done < sizeof zeros ? size - done : sizeof zeros;
        int result = write_all_at(sink->fd, sink->base + (off_t)(offset + done), zeros, piece);
        if (result != 0) {
            return result;
        }
        done += piece;
    }
    return 0;
}

/* The space is written, not only promised: a store to a mapping that the disk has no block for is a SIGBUS. */
static int file_map(void *ctx, uint64_t offset, size_t size, void **address)
{
    struct fd_sink *sink = ctx;
    int result = posix_fallocate(sink->fd, sink->base + (off_t)offset, (off_t)size);
    if (result == 0) {
        result = -zero_fill(sink, offset, size);
    }
    if (result != 0) {
        return -result;
    }
    size_t before = page_part(sink, offset);
    uint8_t *page = mmap(NULL, size + before, PROT_READ | PROT_WRITE, MAP_SHARED, sink->fd,
                         sink->base + (off_t)offset - (off_t)before);
    if (page == MAP_FAILED) {
        return -errno;
    }
    *address = page + before;
    sink->mapped_end = offset + size;
    return 0;
}

static void file_unmap(void *ctx, void *address, size_t size)
{
    (void)ctx;
    size_t before = (size_t)((uintptr_t)address % (uintptr_t)sysconf(_SC_PAGESIZE));
    (void)munmap((uint8_t *)address - before, size + before);
}

static uint32_t file_misalignment(void *ctx)
{
    const struct fd_sink *sink = ctx;
    return (uint32_t)(sink->base % 64);
}

static void file_close(void *ctx)
{
    struct fd_sink *sink = ctx;
    if (still_ours(sink)) {
        (void)close(sink->fd);
    }
    free(sink);
}

static const struct vmpf_sink_ops file_ops = {.write = file_write,
                                              .read = file_read,
                                              .truncate = file_truncate,
                                              .map = file_map,
                                              .unmap = file_unmap,
                                              .misalignment = file_misalignment,
                                              .close = file_close,
                                              .check = file_check};

static int stream_write(void *ctx, uint64_t offset, const void *data, size_t size)
{
    struct fd_sink *sink = ctx;
    const uint8_t *bytes = data;
    (void)offset; /* a stream has one place only: its end */
    if (!still_ours(sink)) {
        return -EBADF;
    }
    while (size > 0) {
        ssize_t written = write(sink->fd, bytes, size);
        if (written < 0 && errno == EAGAIN) {
            struct pollfd ready = {.fd = sink->fd, .events = POLLOUT};
            (void)poll(&ready, 1, -1);
            continue;
        }
        if (written < 0 && errno != EINTR) {
            return -errno;
        }
        if (written == 0) {
            return -EIO;
        }
        if (written > 0) {
            bytes += written;
            size -= (size_t)written;
        }
    }
    return 0;
}

static const struct vmpf_sink_ops stream_ops = {.write = stream_write, .close = free};

/* A descriptor of our own for the same file, for reading too; -1 when there cannot be one. */
static int reopen(int fd)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int low = open(path, O_RDWR | O_CLOEXEC);
    int high = low < 0 ? -1 : fcntl(low, F_DUPFD_CLOEXEC, HIGH_FD);
    if (high < 0) {
        return low;
    }
    (void)close(low);
    return high;
}

static bool setup_file(struct fd_sink *sink, int fd, int flags)
{
    off_t base = lseek(fd, 0, (flags & O_APPEND) != 0 ? SEEK_END : SEEK_CUR);
    if (base < 0) {
        return false;
    }
    int own = reopen(fd);
    if (own < 0) {
        return false;
    }
    sink->fd = own;
    sink->base = base;
    return true;
}

vmpf_status vmpf_sink_open_fd(struct vmpf_sink *out, int fd, struct vmpf_error *err)
{
    if (out == NULL) {
        return vmpfi_fail(err, VMPF_E_ARG, VMPFI_NO_OFFSET, "", "nowhere to put the sink");
    }
    int flags = fcntl(fd, F_GETFL);
    struct stat info;
    if (flags < 0 || fstat(fd, &info) != 0) {
        return vmpfi_fail_errno(err, errno, VMPFI_NO_OFFSET, "the descriptor is not open");
    }
    if ((flags & O_ACCMODE) == O_RDONLY) {
        return vmpfi_fail_errno(err, EBADF, VMPFI_NO_OFFSET,
                                "the descriptor is not open for writing");
    }
    struct fd_sink *sink = malloc(sizeof *sink);
    if (sink == NULL) {
        return vmpfi_fail_nomem(err);
    }
    *sink =
        (struct fd_sink){.fd = fd, .caller_fd = fd, .device = info.st_dev, .inode = info.st_ino};
    bool file = S_ISREG(info.st_mode) && setup_file(sink, fd, flags);
    *out = (struct vmpf_sink){.ops = file ? &file_ops : &stream_ops, .ctx = sink};
    return VMPF_OK;
}
