#include "tools/convert/target.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/common/input.h"

#define TRIES 100

/* What open() would give a new file: umask() can only be read by setting it. */
static mode_t new_file_mode(void)
{
    mode_t mask = umask(0);
    (void)umask(mask);
    return (mode_t)0666 & ~mask;
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash) {
        return strdup(".");
    }
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

static int open_named(struct conv_target *target)
{
    if (asprintf(&target->temporary, "%s.XXXXXX", target->path) < 0) {
        target->temporary = NULL;
        return ENOMEM;
    }
    target->fd = mkostemp(target->temporary, O_CLOEXEC);
    if (target->fd < 0) {
        int error = errno;
        free(target->temporary);
        target->temporary = NULL;
        return error;
    }
    return fchmod(target->fd, new_file_mode()) == 0 ? 0 : errno;
}

/* A file system without nameless files refuses with one of several errors, so that any is followed by a try with a name. */
static int open_new(struct conv_target *target)
{
    char *folder = folder_of(target->path);
    if (!folder) {
        return ENOMEM;
    }
    target->is_file = true;
    target->fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
    free(folder);
    return target->fd >= 0 ? 0 : open_named(target);
}

static int open_path(struct conv_target *target, const char *name)
{
    struct stat status;
    bool is_there = stat(name, &status) == 0;
    if (is_there && S_ISDIR(status.st_mode)) {
        return EISDIR;
    }
    target->path = is_there ? realpath(name, NULL) : strdup(name);
    if (!target->path) {
        return errno;
    }
    if (is_there && !S_ISREG(status.st_mode)) {
        target->fd = open(name, O_WRONLY | O_CLOEXEC | O_NOCTTY);
        return target->fd < 0 ? errno : 0;
    }
    if (is_there && access(name, W_OK) != 0) {
        return errno;
    }
    int error = open_new(target);
    if (error == 0 && is_there && fchmod(target->fd, status.st_mode & (mode_t)07777) != 0) {
        error = errno;
    }
    return error;
}

int conv_target_open(struct conv_target *target, const char *name)
{
    memset(target, 0, sizeof(*target));
    target->fd = STDOUT_FILENO;
    int error = name ? open_path(target, name) : 0;
    if (error == 0) {
        vmpt_output_init(&target->output, target->fd);
    }
    return error;
}

/* A link cannot replace a file, a rename can: where the name is taken, the file gets another one in between. */
static int give_name(struct conv_target *target)
{
    char from[64];
    (void)snprintf(from, sizeof(from), "/proc/self/fd/%d", target->fd);
    if (linkat(AT_FDCWD, from, AT_FDCWD, target->path, AT_SYMLINK_FOLLOW) == 0) {
        return 0;
    }
    if (errno != EEXIST) {
        return errno;
    }
    for (int i = 0; i < TRIES && !target->temporary; i++) {
        char *between;
        if (asprintf(&between, "%s.%d.%d", target->path, (int)getpid(), i) < 0) {
            return ENOMEM;
        }
        if (linkat(AT_FDCWD, from, AT_FDCWD, between, AT_SYMLINK_FOLLOW) == 0) {
            target->temporary = between;
        } else {
            int error = errno;
            free(between);
            if (error != EEXIST) {
                return error;
            }
        }
    }
    return target->temporary ? 0 : EEXIST;
}

static int finish_file(struct conv_target *target, bool keep)
{
    int error = keep && !target->temporary ? give_name(target) : 0;
    if (keep && error == 0 && target->temporary) {
        error = rename(target->temporary, target->path) == 0 ? 0 : errno;
    }
    if (target->temporary && (!keep || error)) {
        (void)unlink(target->temporary);
    }
    return error;
}

int conv_target_close(struct conv_target *target, bool keep)
{
    int error = target->output.data || target->output.size ? vmpt_output_fini(&target->output) : 0;
    if (target->is_file && target->fd >= 0) {
        int last = finish_file(target, keep && error == 0 && !target->output.broken);
        error = error ? error : last;
    }
    if (target->path && target->fd >= 0 && close(target->fd) != 0 && error == 0) {
        error = errno;
    }
    free(target->path);
    free(target->temporary);
    memset(target, 0, sizeof(*target));
    target->fd = -1;
    return error;
}

static bool status_of(const char *name, int standard, const char *standard_name, struct stat *out)
{
    if (!name || strcmp(name, standard_name) == 0) {
        return fstat(standard, out) == 0;
    }
    return stat(name, out) == 0;
}

bool conv_target_is_input(const char *name, const char *input)
{
    struct stat to;
    struct stat from;
    /* A name that begins so is a file's own, never standard output. */
    if (!status_of(name, STDOUT_FILENO, "", &to) ||
        !status_of(input, STDIN_FILENO, VMPT_STDIN, &from)) {
        return false;
    }
    return S_ISREG(to.st_mode) && to.st_dev == from.st_dev && to.st_ino == from.st_ino;
}
