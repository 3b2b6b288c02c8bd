#include "sampler/core/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sampler/core/descriptor.h"

#define MODE 0666

static int open_beside(struct vmps_output_file *file, const char *path)
{
    int size = snprintf(file->new_path, sizeof file->new_path, "%s.%ld.new", path, (long)getpid());
    if (size < 0 || (size_t)size >= sizeof file->new_path) {
        return -1;
    }
    return open(file->new_path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, MODE);
}

int vmps_output_file_open(struct vmps_output_file *file, const char *path)
{
    struct stat old;
    bool exists = stat(path, &old) == 0;
    bool is_file = !exists || S_ISREG(old.st_mode);
    file->fd = is_file ? open_beside(file, path) : -1;
    if (file->fd < 0) {
        file->new_path[0] = '\0';
        file->fd = open(
            path, is_file ? O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC : O_WRONLY | O_CLOEXEC, MODE);
    } else if (exists) {
        (void)!fchmod(file->fd, old.st_mode & 0777); /* a file system may have no permissions */
    }
    if (file->fd < 0) {
        return errno;
    }
    file->fd = vmps_descriptor_move_up(file->fd);
    return 0;
}

int vmps_output_file_keep(struct vmps_output_file *file, const char *path)
{
    if (file->new_path[0] != '\0' && rename(file->new_path, path) != 0) {
        return errno;
    }
    file->new_path[0] = '\0';
    return 0;
}

void vmps_output_file_drop(struct vmps_output_file *file)
{
    close(file->fd);
    if (file->new_path[0] != '\0') {
        unlink(file->new_path);
    }
}
