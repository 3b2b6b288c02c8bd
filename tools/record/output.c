#include "tools/record/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* A program finds its own descriptors where they always are: from 3 on. */
#define FD_FROM 250
#define FD_FROM_WHERE_THE_LIMIT_IS_LOW 20

int record_move_fd_up(int fd)
{
    int high = fcntl(fd, F_DUPFD, FD_FROM);

    if (high < 0) {
        high = fcntl(fd, F_DUPFD, FD_FROM_WHERE_THE_LIMIT_IS_LOW);
    }
    if (high < 0) {
        return fd;
    }
    close(fd);
    return high;
}

/* old: the file that the new one will replace, or NULL. */
static int open_beside(struct record_output *output, const struct stat *old)
{
    int length = snprintf(output->new_path, sizeof(output->new_path), "%s.%ld.new", output->path,
                          (long)getpid());

    if (length < 0 || (size_t)length >= sizeof(output->new_path)) {
        return ENAMETOOLONG;
    }
    output->fd = open(output->new_path, O_RDWR | O_CREAT | O_EXCL, 0666);
    if (output->fd < 0) {
        return errno;
    }
    if (old != NULL) {
        (void)!fchmod(output->fd, old->st_mode & 0777); /* a file system may have no permissions */
    }
    return 0;
}

static int open_regular(struct record_output *output, const struct stat *old)
{
    int error = open_beside(output, old);

    if (error != EACCES && error != EPERM && error != EROFS && error != ENAMETOOLONG) {
        return error;
    }
    /* No file can be made there, or none with a longer name: the file itself may do. */
    output->new_path[0] = '\0';
    output->fd = open(output->path, O_RDWR | O_CREAT | O_TRUNC, 0666);
    return output->fd < 0 ? errno : 0;
}

/* /dev/stdout and its like stand for an open file, which must not be replaced by another. A file that
 * is there itself, as in /dev/shm, is one like any other. */
static bool is_alias(const char *path)
{
    struct stat status;

    return (strncmp(path, "/dev/", 5) == 0 || strncmp(path, "/proc/", 6) == 0) &&
           lstat(path, &status) == 0 && !S_ISREG(status.st_mode);
}

int record_output_open(struct record_output *output, const char *path)
{
    struct stat status;
    bool exists = stat(path, &status) == 0;
    int error = exists ? 0 : errno;

    memset(output, 0, sizeof(*output));
    output->fd = -1;
    if (error != 0 && error != ENOENT) {
        return error;
    }
    if (strlen(path) >= sizeof(output->path)) {
        return ENAMETOOLONG;
    }
    /* Through a symbolic link the file that it names is replaced, not the link. */
    if (!exists || realpath(path, output->path) == NULL) {
        memcpy(output->path, path, strlen(path) + 1); /* fits: checked above */
    }
    output->is_regular = !exists || (S_ISREG(status.st_mode) && !is_alias(path));
    if (output->is_regular) {
        error = open_regular(output, exists ? &status : NULL);
    } else {
        output->fd = open(path, O_WRONLY);
        error = output->fd < 0 ? errno : 0;
    }
    if (error == 0) {
        output->fd = record_move_fd_up(output->fd);
        error = fstat(output->fd, &output->at_start) == 0 ? 0 : errno;
    }
    return error;
}

int record_output_keep(struct record_output *output)
{
    if (output->is_regular && rename(output->new_path, output->path) != 0) {
        return errno;
    }
    output->new_path[0] = '\0';
    return 0;
}

bool record_output_is_untouched(const struct record_output *output)
{
    struct stat now;

    return fstat(output->fd, &now) == 0 && now.st_size == 0 &&
           now.st_mtim.tv_sec == output->at_start.st_mtim.tv_sec &&
           now.st_mtim.tv_nsec == output->at_start.st_mtim.tv_nsec;
}

bool record_output_is_at_path(const struct record_output *output)
{
    struct stat named;

    return stat(output->path, &named) == 0 && named.st_dev == output->at_start.st_dev &&
           named.st_ino == output->at_start.st_ino;
}

void record_output_drop(struct record_output *output)
{
    close(output->fd);
    if (output->is_regular && output->new_path[0] != '\0') {
        unlink(output->new_path);
    }
}
