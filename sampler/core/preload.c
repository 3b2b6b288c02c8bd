/* preload.c: the way in for vmprof-record, which starts a program with this library in LD_PRELOAD and
 * VMPROF_RECORD="fd=N,token_fd=N,period_ns=N,wall=0|1" in its environment. The program may be a script, env, or
 * a shell that starts the interpreter: what is recorded is the first process with an interpreter in it.
 * That is the one which takes the only byte out of the pipe token_fd; all others run on as if we were
 * not there. */
#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vmprof/vmps.h>

#include "sampler/core/descriptor.h"
#include "sampler/core/session.h"

#define REQUEST "VMPROF_RECORD"
#define PRELOAD "LD_PRELOAD"

struct request {
    int fd;
    int token_fd;
    uint64_t period_ns, wall;
};

/* Takes "NAME=NUMBER" and the comma, or the end, behind it. */
static bool take_number(const char **text, const char *name, uint64_t *number)
{
    size_t length = strlen(name);
    if (strncmp(*text, name, length) != 0 || !isdigit((unsigned char)(*text)[length])) {
        return false;
    }
    char *end;
    errno = 0;
    *number = strtoull(*text + length, &end, 10);
    if (errno != 0 || (*end != ',' && *end != '\0')) {
        return false;
    }
    *text = *end == ',' ? end + 1 : end;
    return true;
}

static bool parse(const char *text, struct request *request)
{
    uint64_t fd, token_fd;
    if (!take_number(&text, "fd=", &fd) || !take_number(&text, "token_fd=", &token_fd) ||
        !take_number(&text, "period_ns=", &request->period_ns) ||
        !take_number(&text, "wall=", &request->wall) || *text != '\0') {
        return false;
    }
    if (fd > INT32_MAX || token_fd > INT32_MAX) {
        return false;
    }
    request->fd = (int)fd;
    request->token_fd = (int)token_fd;
    return true;
}

/* Whether this process is the first to ask. A descriptor that is something else by now, since a
 * program in between closed ours, is left alone. */
static bool take_token(int fd)
{
    struct stat info;
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    char token;
    if (fstat(fd, &info) != 0 || !S_ISFIFO(info.st_mode) || poll(&ready, 1, 0) != 1) {
        return false;
    }
    return (ready.revents & POLLIN) != 0 && read(fd, &token, 1) == 1;
}

static bool started_here;

/* The file name that we were loaded by, without its folder. "": not known. */
static const char *own_name(void)
{
    Dl_info info;
    if (dladdr(&started_here, &info) == 0 || info.dli_fname == NULL) {
        return "";
    }
    const char *slash = strrchr(info.dli_fname, '/');
    return slash != NULL ? slash + 1 : info.dli_fname;
}

static bool names_us(const char *path, size_t length, const char *own)
{
    size_t size = strlen(own);
    if (size == 0 || length < size || memcmp(path + length - size, own, size) != 0) {
        return false;
    }
    return length == size || path[length - size - 1] == '/';
}

/* Takes our library out of a list that blanks and colons separate (ld.so's manual page). */
static void leave_preload(void)
{
    const char *list = getenv(PRELOAD);
    char *kept = list != NULL ? malloc(strlen(list) + 1) : NULL;
    if (kept == NULL) {
        return;
    }
    const char *own = own_name();
    size_t size = 0;
    for (const char *at = list; *at != '\0';) {
        size_t length = strcspn(at, " :");
        if (length != 0 && !names_us(at, length, own)) {
            if (size != 0) {
                kept[size++] = ':';
            }
            memcpy(kept + size, at, length);
            size += length;
        }
        at += length;
        at += strspn(at, " :");
    }
    kept[size] = '\0';
    if (size != 0) {
        setenv(PRELOAD, kept, 1);
    } else {
        unsetenv(PRELOAD);
    }
    free(kept);
}

/* From here on this process, and its children, run as if we were not there. */
static void leave_environment(void)
{
    unsetenv(REQUEST);
    leave_preload();
}

__attribute__((constructor)) static void enter(void)
{
    struct request request;
    const char *text = getenv(REQUEST);
    if (text == NULL) {
        return;
    }
    bool understood = parse(text, &request);
    /* A program without an interpreter may start one yet: it hands on what it was given. */
    if (understood && !vmps_vm_present()) {
        return;
    }
    leave_environment();
    if (!understood || !take_token(request.token_fd)) {
        return;
    }
    (void)close(request.token_fd);
    const struct vmps_options options = {
        .size = sizeof options,
        .fd = vmps_descriptor_move_up(request.fd),
        .period_ns = request.period_ns,
        .wall = request.wall != 0,
    };
    struct vmps_error err;
    if (vmps_start(&options, &err) == VMPS_OK) {
        started_here = true;
    } else {
        dprintf(STDERR_FILENO, "vmprof: %s\n", err.message);
    }
}

/* At a normal end. os._exit() and signals need nothing: the journal is in the file. */
__attribute__((destructor)) static void leave(void)
{
    struct vmps_error err;
    if (!started_here || !vmps_is_running()) {
        return;
    }
    if (vmps_stop(NULL, &err) != VMPS_OK) {
        dprintf(STDERR_FILENO, "vmprof: %s\n", err.message);
    }
}
