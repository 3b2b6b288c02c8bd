#include "tools/common/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STDIO "-"

static int status_of(const char *name, int std_fd, struct stat *status)
{
    return strcmp(name, STDIO) == 0 ? fstat(std_fd, status) : stat(name, status);
}

const char *vmpt_find_same_file(const char *path, const char *const *names, size_t count)
{
    struct stat wanted;
    struct stat found;
    if (status_of(path, STDOUT_FILENO, &wanted) != 0 || !S_ISREG(wanted.st_mode)) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        if (status_of(names[i], STDIN_FILENO, &found) == 0 && found.st_dev == wanted.st_dev &&
            found.st_ino == wanted.st_ino) {
            return names[i];
        }
    }
    return NULL;
}

/* old: the file that this one will replace, or NULL. */
static int open_beside(struct vmpt_new_file *file, const struct stat *old)
{
    int length =
        snprintf(file->new_path, sizeof(file->new_path), "%s.%ld.new", file->path, (long)getpid());
    if (length < 0 || (size_t)length >= sizeof(file->new_path)) {
        return ENAMETOOLONG;
    }
    file->fd = open(file->new_path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file->fd < 0) {
        file->new_path[0] = '\0';
        return errno;
    }
    if (old) {
        (void)!fchmod(file->fd, old->st_mode & 0777); /* a file system may have no permissions */
    }
    return 0;
}

int vmpt_new_file_open(struct vmpt_new_file *file, const char *path)
{
    struct stat status;
    memset(file, 0, sizeof(*file));
    if (strcmp(path, STDIO) == 0) {
        file->is_stdout = true;
        file->fd = STDOUT_FILENO;
        return 0;
    }
    bool exists = stat(path, &status) == 0;
    if (!exists && errno != ENOENT) {
        return errno;
    }
    if (exists && !S_ISREG(status.st_mode)) {
        file->fd = open(path, O_WRONLY | O_CLOEXEC);
        return file->fd < 0 ? errno : 0;
    }
    if (strlen(path) >= sizeof(file->path)) {
        return ENAMETOOLONG;
    }
    /* Through a symbolic link the file that it names is replaced, not the link. */
    if (!exists || !realpath(path, file->path)) {
        memcpy(file->path, path, strlen(path) + 1);
    }
    return open_beside(file, exists ? &status : NULL);
}

int vmpt_new_file_keep(struct vmpt_new_file *file)
{
    if (file->is_stdout) {
        return 0;
    }
    int error = close(file->fd) == 0 ? 0 : errno;
    if (!error && file->new_path[0] && rename(file->new_path, file->path) != 0) {
        error = errno;
    }
    if (error && file->new_path[0]) {
        (void)unlink(file->new_path);
    }
    return error;
}

void vmpt_new_file_drop(struct vmpt_new_file *file)
{
    if (file->is_stdout) {
        return;
    }
    (void)close(file->fd);
    if (file->new_path[0]) {
        (void)unlink(file->new_path);
    }
}
