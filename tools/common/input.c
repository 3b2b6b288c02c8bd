#include "tools/common/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/common/importers.h"

/* A source whose first bytes were read ahead, to recognise the format. */
struct peeked {
    int fd;
    bool is_stdin;
    off_t start; /* of a regular file: where fd stood before the first byte was read; else -1 */
    uint8_t head[VMPT_HEAD_BYTES];
    size_t head_size;
    size_t head_at;
    uint64_t *done_bytes;
};

static int64_t read_fd(int fd, void *buffer, size_t size)
{
    for (;;) {
        ssize_t count = read(fd, buffer, size);
        if (count >= 0) {
            return count;
        }
        if (errno != EINTR) {
            return -errno;
        }
    }
}

static int64_t peeked_read(void *ctx, void *buffer, size_t size)
{
    struct peeked *peeked = ctx;
    size_t ahead = peeked->head_size - peeked->head_at;
    if (ahead == 0) {
        int64_t count = read_fd(peeked->fd, buffer, size);
        if (count > 0) {
            *peeked->done_bytes += (uint64_t)count;
        }
        return count;
    }
    size_t count = ahead < size ? ahead : size;
    memcpy(buffer, peeked->head + peeked->head_at, count);
    peeked->head_at += count;
    return (int64_t)count;
}

static void peeked_close(void *ctx)
{
    struct peeked *peeked = ctx;
    if (!peeked->is_stdin) {
        (void)close(peeked->fd);
    }
    free(peeked);
}

static int64_t peeked_size(void *ctx)
{
    const struct peeked *peeked = ctx;
    struct stat status;
    if (fstat(peeked->fd, &status) != 0) {
        return -errno;
    }
    return status.st_size > peeked->start ? status.st_size - peeked->start : 0;
}

static int64_t peeked_read_at(void *ctx, uint64_t offset, void *buffer, size_t size)
{
    const struct peeked *peeked = ctx;
    if (offset > (uint64_t)(INT64_MAX - peeked->start)) {
        return 0;
    }
    for (;;) {
        ssize_t count = pread(peeked->fd, buffer, size, peeked->start + (off_t)offset);
        if (count >= 0) {
            *peeked->done_bytes += (uint64_t)count;
            return count;
        }
        if (errno != EINTR) {
            return -errno;
        }
    }
}

static const struct vmpf_source_ops stream_ops = {.read = peeked_read, .close = peeked_close};
static const struct vmpf_source_ops file_ops = {
    .read = peeked_read, .close = peeked_close, .size = peeked_size, .read_at = peeked_read_at};

__attribute__((format(printf, 4, 5))) static vmpf_status
fail(struct vmpf_error *err, vmpf_status status, int sys_errno, const char *format, ...)
{
    va_list arguments;
    memset(err, 0, sizeof(*err));
    err->status = status;
    err->sys_errno = sys_errno;
    va_start(arguments, format);
    (void)vsnprintf(err->message, sizeof(err->message), format, arguments);
    va_end(arguments);
    return status;
}

vmpf_status vmpt_input_open_fd(struct vmpt_input_set *set, const char *name, int *fd,
                               struct vmpf_error *err)
{
    struct stat status;
    if (strcmp(name, VMPT_STDIN) == 0) {
        if (set->stdin_taken) {
            return fail(err, VMPF_E_ARG, 0,
                        "standard input can be read once only; name files, or choose a --metric");
        }
        set->stdin_taken = true;
        *fd = STDIN_FILENO;
    } else {
        *fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (*fd < 0) {
            return fail(err, VMPF_E_IO, errno, "cannot open");
        }
    }
    if (fstat(*fd, &status) == 0 && S_ISDIR(status.st_mode)) {
        if (*fd != STDIN_FILENO) {
            (void)close(*fd);
        }
        return fail(err, VMPF_E_IO, EISDIR, "cannot read");
    }
    return VMPF_OK;
}

static vmpf_status peek(struct peeked *peeked, struct vmpf_error *err)
{
    while (peeked->head_size < sizeof(peeked->head)) {
        int64_t count = read_fd(peeked->fd, peeked->head + peeked->head_size,
                                sizeof(peeked->head) - peeked->head_size);
        if (count < 0) {
            return fail(err, VMPF_E_IO, (int)-count, "cannot read");
        }
        if (count == 0) {
            break;
        }
        peeked->head_size += (size_t)count;
        *peeked->done_bytes += (uint64_t)count;
    }
    return VMPF_OK;
}

vmpf_status vmpt_input_recognise(const uint8_t *head, size_t size_bytes,
                                 const struct vmpt_importer **out, struct vmpf_error *err)
{
    if (size_bytes == 0) {
        return fail(err, VMPF_E_NOT_VMPROF, 0, "it is empty");
    }
    *out = vmpt_importer_find(head, size_bytes);
    if (!*out) {
        return fail(err, VMPF_E_NOT_VMPROF, 0, "not a profile in a format that this version reads");
    }
    return (*out)->open ? VMPF_OK : fail(err, VMPF_E_UNSUPPORTED, 0, "%s", (*out)->refusal);
}

static vmpf_status open_feed(struct peeked *peeked, uint32_t skip_columns, struct vmpt_feed *feed,
                             struct vmpf_error *err)
{
    struct vmpf_source source = {.ops = peeked->start >= 0 ? &file_ops : &stream_ops,
                                 .ctx = peeked};
    const struct vmpt_importer *importer = NULL;
    vmpf_status status = peek(peeked, err);
    if (status == VMPF_OK) {
        status = vmpt_input_recognise(peeked->head, peeked->head_size, &importer, err);
    }
    if (status != VMPF_OK || !importer) {
        peeked_close(peeked);
        return status;
    }
    return importer->open(feed, source, skip_columns, err);
}

/* -1 where fd cannot seek: a pipe says so itself, and what is no regular file has no size to go by. */
static off_t start_of(int fd)
{
    struct stat status;
    bool is_file = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
    return is_file ? lseek(fd, 0, SEEK_CUR) : -1;
}

/* ---- an input that is opened again -------------------------------------------------------------------- */

static void drop_kept(struct vmpt_input_set *set)
{
    if (set->has_kept) {
        (void)close(set->kept_fd);
    }
    set->has_kept = false;
}

/* All that fd gives, at the start of a file without a name: its descriptor, or -errno. */
static int copy_of(int fd)
{
    char piece[1 << 16];
    FILE *file = tmpfile();
    int64_t count = file ? 1 : -errno;
    while (count > 0) {
        count = read_fd(fd, piece, sizeof(piece));
        if (count > 0 && fwrite(piece, 1, (size_t)count, file) != (size_t)count) {
            count = -errno;
        }
    }
    if (count == 0 && fflush(file) != 0) {
        count = -errno;
    }
    int copy = count < 0 ? (int)count : fcntl(fileno(file), F_DUPFD_CLOEXEC, 0);
    copy = count == 0 && copy < 0 ? -errno : copy;
    if (file) {
        (void)fclose(file);
    }
    return copy;
}

vmpf_status vmpt_input_set_keep(struct vmpt_input_set *set, size_t index, struct vmpf_error *err)
{
    int fd = -1;
    drop_kept(set);
    vmpf_status status = vmpt_input_open_fd(set, set->names[index], &fd, err);
    if (status != VMPF_OK) {
        return status;
    }
    off_t start = start_of(fd);
    int kept = start < 0 ? copy_of(fd) : fcntl(fd, F_DUPFD_CLOEXEC, 0);
    int error = start < 0 && kept < 0 ? -kept : errno;
    if (fd != STDIN_FILENO) {
        (void)close(fd);
    }
    if (kept < 0) {
        return fail(err, VMPF_E_IO, error, "cannot be read twice");
    }
    set->has_kept = true;
    set->kept_fd = kept;
    set->kept = index;
    set->kept_start = start < 0 ? 0 : start;
    return VMPF_OK;
}

/* A descriptor of its own, at the start of the input. */
static vmpf_status reopen(const struct vmpt_input_set *set, int *fd, struct vmpf_error *err)
{
    *fd = lseek(set->kept_fd, set->kept_start, SEEK_SET) < 0
              ? -1
              : fcntl(set->kept_fd, F_DUPFD_CLOEXEC, 0);
    return *fd < 0 ? fail(err, VMPF_E_IO, errno, "cannot be read twice") : VMPF_OK;
}

static bool is_kept(const struct vmpt_input_set *set, size_t index)
{
    return set->has_kept && set->kept == index;
}

/* ------------------------------------------------------------------------------------------------------- */

static vmpf_status open_input(void *ctx, size_t index, uint32_t skip_columns,
                              struct vmpt_feed *feed, struct vmpf_error *err)
{
    struct vmpt_input_set *set = ctx;
    int fd = -1;
    vmpf_status status = is_kept(set, index) ? reopen(set, &fd, err)
                                             : vmpt_input_open_fd(set, set->names[index], &fd, err);
    if (status != VMPF_OK) {
        return status;
    }
    struct peeked *peeked = calloc(1, sizeof(*peeked));
    if (!peeked) {
        if (fd != STDIN_FILENO) {
            (void)close(fd);
        }
        return fail(err, VMPF_E_NOMEM, 0, "not enough memory");
    }
    peeked->fd = fd;
    peeked->is_stdin = fd == STDIN_FILENO;
    peeked->start = start_of(fd);
    peeked->done_bytes = &set->done_bytes;
    return open_feed(peeked, skip_columns, feed, err);
}

static void tick(void *ctx)
{
    struct vmpt_input_set *set = ctx;
    vmpt_progress_update(&set->progress, set->done_bytes);
}

const char *vmpt_default_input(void)
{
    struct stat status;
    bool is_given =
        fstat(STDIN_FILENO, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISREG(status.st_mode));
    return is_given ? VMPT_STDIN : VMPT_DEFAULT_INPUT;
}

/* 0 where one of them has no size, as a pipe has none. */
static uint64_t total_size(const char *const *names, size_t count)
{
    uint64_t total = 0;
    for (size_t i = 0; i < count; i++) {
        struct stat status;
        bool is_stdin = strcmp(names[i], VMPT_STDIN) == 0;
        int result = is_stdin ? fstat(STDIN_FILENO, &status) : stat(names[i], &status);
        if (result != 0 || !S_ISREG(status.st_mode)) {
            return 0;
        }
        total += (uint64_t)status.st_size;
    }
    return total;
}

void vmpt_input_set_init(struct vmpt_input_set *set, const char *const *names, size_t count)
{
    memset(set, 0, sizeof(*set));
    set->names = names;
    set->count = count;
    vmpt_progress_init(&set->progress, total_size(names, count));
}

void vmpt_input_set_fini(struct vmpt_input_set *set)
{
    drop_kept(set);
    vmpt_progress_fini(&set->progress);
}

static bool is_once(void *ctx, size_t index)
{
    const struct vmpt_input_set *set = ctx;
    return !is_kept(set, index) && strcmp(set->names[index], VMPT_STDIN) == 0;
}

struct vmpt_inputs vmpt_input_set_inputs(struct vmpt_input_set *set)
{
    struct vmpt_inputs inputs = {
        .count = set->count, .open = open_input, .tick = tick, .once = is_once, .ctx = set};
    return inputs;
}
