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

static int open_new(struct record_output *output)
{
    int length = snprintf(output->new_path, sizeof(output->new_path), "%s.%ld.new", output->path,
                          (long)getpid());

    if (length < 0 || (size_t)length >= sizeof(output->new_path)) {
        return ENAMETOOLONG;
    }
    output->fd = open(output->new_path, O_RDWR | O_CREAT | O_EXCL, 0666);
    return output->fd < 0 ? errno : 0;
}

/* /dev/stdout and its like stand for an open file, which must not be replaced by another. */
static bool is_alias(const char *path)
{
    return strncmp(path, "/dev/", 5) == 0 || strncmp(path, "/proc/", 6) == 0;
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
        error = open_new(output);
    } else {
        output->fd = open(path, O_WRONLY);
        error = output->fd < 0 ? errno : 0;
    }
    if (error == 0) {
        output->fd = record_move_fd_up(output->fd);
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

void record_output_drop(struct record_output *output)
{
    close(output->fd);
    if (output->is_regular) {
        unlink(output->new_path[0] != '\0' ? output->new_path : output->path);
    }
}
