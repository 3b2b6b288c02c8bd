#include "tools/symbolize/target.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* As open() would have made it: mkstemp() lets nobody else read it. A file that is replaced keeps its mode. */
static void set_mode(int fd, const char *path)
{
    struct stat status;
    mode_t mask = umask(0);
    (void)umask(mask);
    bool is_there = stat(path, &status) == 0 && S_ISREG(status.st_mode);
    (void)fchmod(fd, is_there ? status.st_mode & 0777 : 0666 & ~mask);
}

int symz_target_open(struct symz_target *target, const char *path)
{
    struct stat status;
    memset(target, 0, sizeof(*target));
    if (strcmp(path, "-") == 0) {
        target->fd = STDOUT_FILENO;
        return 0;
    }
    /* A link is followed, so that it is not replaced by the file; what cannot be replaced, such as a pipe, is written to. */
    char *real = realpath(path, NULL);
    target->path = path;
    if (asprintf(&target->made, "%s.XXXXXX", real ? real : path) < 0) {
        target->made = NULL;
        free(real);
        return ENOMEM;
    }
    bool is_special = real && stat(real, &status) == 0 && !S_ISREG(status.st_mode);
    free(real);
    if (is_special) {
        free(target->made);
        target->made = NULL;
        return EINVAL;
    }
    target->fd = mkstemp(target->made);
    if (target->fd < 0) {
        int error = errno;
        free(target->made);
        target->made = NULL;
        return error;
    }
    set_mode(target->fd, path);
    return 0;
}

int symz_target_close(struct symz_target *target, bool keep)
{
    int error = 0;
    if (!target->made) {
        return 0;
    }
    /* What stands before ".XXXXXX" is the name of the file, with links followed. */
    char *name = strndup(target->made, strlen(target->made) - strlen(".XXXXXX"));
    if (!name) {
        error = ENOMEM;
    }
    if (close(target->fd) != 0 && !error) {
        error = errno;
    }
    if (keep && !error && rename(target->made, name) != 0) {
        error = errno;
    }
    if (!keep || error) {
        (void)unlink(target->made);
    }
    free(name);
    free(target->made);
    target->made = NULL;
    return error;
}
