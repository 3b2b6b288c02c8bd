#include "tools/import/perf_child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/import/made.h"

#define PIECE_BYTES ((size_t)1 << 16)
#define WHY_BYTES 160

struct perf_child {
    FILE *copy, *complaints;
    int output; /* -1: all of it was read */
    pid_t pid;  /* -1: it has ended */
    bool has_failed;
    char why[WHY_BYTES];
};

/* ---- how it ended ----------------------------------------------------------------------------------- */

/* perf's first line that is not empty, without what a terminal would act upon. */
static void read_why(struct perf_child *child)
{
    size_t size = 0;
    int c;
    rewind(child->complaints);
    while ((c = getc(child->complaints)) != EOF && size + 1 < sizeof(child->why)) {
        if (c == '\n' && size > 0) {
            break;
        }
        if (c >= ' ' && c < 0x7F) {
            child->why[size++] = (char)c;
        }
    }
    child->why[size] = '\0';
}

static void wait_for(struct perf_child *child)
{
    int status = 0;
    pid_t pid;
    do {
        pid = waitpid(child->pid, &status, 0);
    } while (pid < 0 && errno == EINTR);
    child->pid = -1;
    /* A parent that ignores SIGCHLD is not told. */
    child->has_failed = pid >= 0 && (!WIFEXITED(status) || WEXITSTATUS(status) != 0);
    if (child->has_failed) {
        read_why(child);
    }
}

bool perf_child_failed(const void *ctx, char *why, size_t why_size)
{
    const struct perf_child *child = ctx;
    (void)snprintf(why, why_size, "%s", child->why);
    return child->has_failed;
}

/* ---- as a source ------------------------------------------------------------------------------------ */

static int64_t child_read(void *ctx, void *buffer, size_t size)
{
    struct perf_child *child = ctx;
    ssize_t got = 0;
    if (child->output >= 0) {
        do {
            got = read(child->output, buffer, size);
        } while (got < 0 && errno == EINTR);
        if (got < 0) {
            return -errno;
        }
    }
    if (got == 0 && child->pid >= 0) {
        wait_for(child);
    }
    return got;
}

static void child_close(void *ctx)
{
    struct perf_child *child = ctx;
    if (child->output >= 0) {
        (void)close(child->output);
    }
    if (child->pid >= 0) {
        (void)kill(child->pid, SIGTERM);
        wait_for(child);
    }
    if (child->copy) {
        (void)fclose(child->copy);
    }
    if (child->complaints) {
        (void)fclose(child->complaints);
    }
    free(child);
}

static const struct vmpf_source_ops child_ops = {.read = child_read, .close = child_close};

/* ---- how it begins ---------------------------------------------------------------------------------- */

static vmpf_status copy_data(struct perf_child *child, struct vmpf_source *data,
                             struct vmpf_error *err)
{
    char *piece = malloc(PIECE_BYTES);
    int64_t got = piece ? 1 : 0;
    bool written = true;
    while (written && got > 0) {
        got = data->ops->read(data->ctx, piece, PIECE_BYTES);
        written = got <= 0 || fwrite(piece, 1, (size_t)got, child->copy) == (size_t)got;
    }
    written = written && fflush(child->copy) == 0;
    int sys_errno = got < 0 ? (int)-got : errno;
    free(piece);
    if (!piece) {
        return import_fail(err, VMPF_E_NOMEM, "not enough memory");
    }
    if (got < 0 || !written) {
        (void)import_fail(err, VMPF_E_IO,
                          got < 0 ? "cannot read" : "cannot write a temporary file for perf");
        err->sys_errno = sys_errno;
        return VMPF_E_IO;
    }
    return VMPF_OK;
}

/* The copy keeps its number in the child, which opens it anew by that: no name of a file is an argument. */
static int spawn(struct perf_child *child, const int pipe_fds[2])
{
    char name[64];
    posix_spawn_file_actions_t actions;
    int code = posix_spawn_file_actions_init(&actions);
    if (code != 0) {
        return code;
    }
    (void)snprintf(name, sizeof(name), "/proc/self/fd/%d", fileno(child->copy));
    char *const arguments[] = {(char[]){"perf"},
                               (char[]){"script"},
                               (char[]){"--ns"},
                               (char[]){"-F"},
                               (char[]){"+pid"},
                               (char[]){"-i"},
                               name,
                               NULL};
    code = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (code == 0) {
        code = posix_spawn_file_actions_adddup2(&actions, pipe_fds[1], STDOUT_FILENO);
    }
    if (code == 0) {
        code = posix_spawn_file_actions_adddup2(&actions, fileno(child->complaints), STDERR_FILENO);
    }
    if (code == 0) {
        code = posix_spawnp(&child->pid, arguments[0], &actions, NULL, arguments, environ);
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    return code;
}

static vmpf_status start(struct perf_child *child, struct vmpf_error *err)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0) {
        (void)import_fail(err, VMPF_E_IO, "cannot run perf");
        err->sys_errno = errno;
        return VMPF_E_IO;
    }
    int code = spawn(child, fds);
    (void)close(fds[1]);
    if (code == 0) {
        child->output = fds[0];
        return VMPF_OK;
    }
    child->pid = -1;
    (void)close(fds[0]);
    if (code == ENOENT) {
        return import_fail(err, VMPF_E_UNSUPPORTED,
                           "perf.data is read by perf, which is not here; install it (Debian: "
                           "linux-perf), or name what `perf script` prints of it where it is");
    }
    (void)import_fail(err, VMPF_E_IO, "cannot run perf");
    err->sys_errno = code;
    return VMPF_E_IO;
}

vmpf_status perf_child_open(struct vmpf_source *out, struct vmpf_source data,
                            struct vmpf_error *err)
{
    struct perf_child *child = calloc(1, sizeof(*child));
    if (!child) {
        vmpf_source_close(&data);
        return import_fail(err, VMPF_E_NOMEM, "not enough memory");
    }
    child->output = -1;
    child->pid = -1;
    child->copy = tmpfile();
    child->complaints = child->copy ? tmpfile() : NULL;
    vmpf_status status;
    if (child->complaints) {
        status = copy_data(child, &data, err);
    } else {
        status = import_fail(err, VMPF_E_IO, "cannot make a temporary file for perf");
        err->sys_errno = errno;
    }
    vmpf_source_close(&data);
    if (status == VMPF_OK) {
        status = start(child, err);
    }
    if (status != VMPF_OK) {
        child_close(child);
        return status;
    }
    *out = (struct vmpf_source){.ops = &child_ops, .ctx = child};
    return VMPF_OK;
}
