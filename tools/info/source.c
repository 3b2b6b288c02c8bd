#include "tools/info/source.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/common/importers.h"

static vmpf_status fail(struct vmpf_error *err, vmpf_status status, int sys_errno, const char *what)
{
    memset(err, 0, sizeof(*err));
    err->status = status;
    err->sys_errno = sys_errno;
    (void)snprintf(err->message, sizeof(err->message), "%s", what);
    return status;
}

/* A pipe is read once, a file that has no name as often as it takes. */
static vmpf_status copy_aside(struct info_source *source, struct vmpf_error *err)
{
    char piece[65536];
    source->copy = tmpfile();
    if (!source->copy) {
        return fail(err, VMPF_E_IO, errno, "cannot make a temporary copy of it");
    }
    for (;;) {
        ssize_t count = read(source->fd, piece, sizeof(piece));
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return fail(err, VMPF_E_IO, errno, "cannot read");
        }
        if (count == 0) {
            break;
        }
        if (fwrite(piece, 1, (size_t)count, source->copy) != (size_t)count) {
            return fail(err, VMPF_E_IO, errno, "cannot make a temporary copy of it");
        }
    }
    if (fflush(source->copy) != 0) {
        return fail(err, VMPF_E_IO, errno, "cannot make a temporary copy of it");
    }
    return VMPF_OK;
}

static vmpf_status make_seekable(struct info_source *source, struct vmpf_error *err)
{
    struct stat status;
    if (fstat(source->fd, &status) == 0 && S_ISREG(status.st_mode)) {
        off_t at = lseek(source->fd, 0, SEEK_CUR);
        source->start = at > 0 ? (uint64_t)at : 0;
        return VMPF_OK;
    }
    vmpf_status result = copy_aside(source, err);
    if (result == VMPF_OK) {
        info_source_close(&(struct info_source){.fd = source->fd, .is_stdin = source->is_stdin});
        source->fd = fileno(source->copy);
    }
    return result;
}

/* Other formats can be read by the tools that show functions; what they are made of is not known here. */
static vmpf_status recognise(const struct info_source *source, struct vmpf_error *err)
{
    uint8_t head[VMPT_HEAD_BYTES];
    const struct vmpt_importer *importer = NULL;
    ssize_t size = pread(source->fd, head, sizeof(head), (off_t)source->start);
    if (size < 0) {
        return fail(err, VMPF_E_IO, errno, "cannot read");
    }
    vmpf_status status = vmpt_input_recognise(head, (size_t)size, &importer, err);
    if (status == VMPF_OK && importer->open != vmpt_feed_open_vmpf) {
        return fail(err, VMPF_E_UNSUPPORTED, 0,
                    "a profile in a format of others, whose blocks are not known here");
    }
    return status;
}

vmpf_status info_source_open(struct info_source *source, struct vmpt_input_set *set,
                             const char *name, struct vmpf_error *err)
{
    memset(source, 0, sizeof(*source));
    source->progress = &set->progress;
    source->before = set->done_bytes;
    vmpf_status status = vmpt_input_open_fd(set, name, &source->fd, err);
    if (status != VMPF_OK) {
        return status;
    }
    source->is_stdin = source->fd == STDIN_FILENO;
    status = make_seekable(source, err);
    if (status == VMPF_OK) {
        status = recognise(source, err);
    }
    if (status != VMPF_OK) {
        info_source_close(source);
    }
    return status;
}

void info_source_close(struct info_source *source)
{
    if (source->copy) {
        (void)fclose(source->copy);
    } else if (!source->is_stdin) {
        (void)close(source->fd);
    }
    source->copy = NULL;
}

vmpf_status info_source_rewind(struct info_source *source, struct vmpf_source *out,
                               struct vmpf_error *err)
{
    if (lseek(source->fd, (off_t)source->start, SEEK_SET) < 0) {
        return fail(err, VMPF_E_IO, errno, "cannot read it again");
    }
    return vmpf_source_open_fd(out, source->fd, err);
}

uint64_t info_source_size(const struct info_source *source)
{
    struct stat status;
    if (fstat(source->fd, &status) != 0 || status.st_size < (off_t)source->start) {
        return 0;
    }
    return (uint64_t)status.st_size - source->start;
}

void info_source_tick(const struct info_source *source)
{
    off_t at = lseek(source->fd, 0, SEEK_CUR);
    if (at > 0) {
        vmpt_progress_update(source->progress, source->before + (uint64_t)at - source->start);
    }
}
