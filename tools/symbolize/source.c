#include "tools/symbolize/source.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/common/input.h"

static vmpf_status fail(struct vmpf_error *err, const char *what)
{
    int sys_errno = errno;
    memset(err, 0, sizeof(*err));
    err->status = VMPF_E_IO;
    err->sys_errno = sys_errno;
    (void)snprintf(err->message, sizeof(err->message), "%s", what);
    return VMPF_E_IO;
}

static vmpf_status copy_aside(struct symz_source *source, int fd, struct vmpf_error *err)
{
    char piece[65536];
    ssize_t count;
    source->copy = tmpfile();
    if (!source->copy) {
        return fail(err, "cannot make a temporary copy of it");
    }
    while ((count = read(fd, piece, sizeof(piece))) != 0) {
        if (count < 0 && errno != EINTR) {
            return fail(err, "cannot read");
        }
        if (count > 0 && fwrite(piece, 1, (size_t)count, source->copy) != (size_t)count) {
            return fail(err, "cannot make a temporary copy of it");
        }
    }
    if (fflush(source->copy) != 0) {
        return fail(err, "cannot make a temporary copy of it");
    }
    source->fd = fileno(source->copy);
    return VMPF_OK;
}

vmpf_status symz_source_open(struct symz_source *source, const char *name, struct vmpf_error *err)
{
    struct vmpt_input_set set = {.names = &name, .count = 1};
    struct stat status;
    int fd = -1;
    memset(source, 0, sizeof(*source));
    source->fd = -1;
    vmpf_status result = vmpt_input_open_fd(&set, name, &fd, err);
    if (result != VMPF_OK) {
        return result;
    }
    off_t at = fstat(fd, &status) == 0 && S_ISREG(status.st_mode) ? lseek(fd, 0, SEEK_CUR) : -1;
    if (at >= 0) {
        source->fd = fd;
        source->start = at;
        return VMPF_OK;
    }
    result = copy_aside(source, fd, err);
    if (fd != STDIN_FILENO) {
        (void)close(fd);
    }
    return result;
}

void symz_source_close(struct symz_source *source)
{
    if (source->copy) {
        (void)fclose(source->copy);
    } else if (source->fd > STDIN_FILENO) {
        (void)close(source->fd);
    }
    source->fd = -1;
    source->copy = NULL;
}

int64_t symz_source_changed_s(const struct symz_source *source)
{
    struct stat status;
    return !source->copy && fstat(source->fd, &status) == 0 ? status.st_mtime : 0;
}

vmpf_status symz_source_rewind(struct symz_source *source, struct vmpf_source *out,
                               struct vmpf_error *err)
{
    if (lseek(source->fd, source->start, SEEK_SET) < 0) {
        return fail(err, "cannot read it again");
    }
    return vmpf_source_open_fd(out, source->fd, err);
}
