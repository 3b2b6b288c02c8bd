/* preload.c: the way in for who has this library in LD_PRELOAD. A person writes VMPROF="out=FILE,period=1ms" into
 * the environment (request.h): the first process with an interpreter in it is recorded. vmprof-record writes
 * VMPROF_RECORD="period_ns=N,toggle=N,memory=N,wall=N,fd=N,token_fd=N", and reports in the end. The program may be a script, env, or
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
#include "sampler/core/output_file.h"
#include "sampler/core/preload_follow.h"
#include "sampler/core/preload_native.h"
#include "sampler/core/request.h"
#include "sampler/core/session.h"

#define REQUEST "VMPROF_RECORD"
#define ASKED "VMPROF"
#define PRELOAD "LD_PRELOAD"

struct request {
    int fd;
    int token_fd;
    uint64_t period_ns;
    int toggle_signal;
    bool memory, wall;
    const char *follow; /* a folder; NULL: this process alone */
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

static bool parse_where(const char *text, struct request *request)
{
    uint64_t fd, token_fd;
    if (strncmp(text, "follow=", 7) == 0) {
        request->follow = text + 7;
        return true;
    }
    if (!take_number(&text, "fd=", &fd) || !take_number(&text, "token_fd=", &token_fd) ||
        *text != '\0' || fd > INT32_MAX || token_fd > INT32_MAX) {
        return false;
    }
    request->fd = (int)fd;
    request->token_fd = (int)token_fd;
    return true;
}

static bool parse(const char *text, struct request *request)
{
    uint64_t toggle, memory, wall;
    memset(request, 0, sizeof *request);
    if (!take_number(&text, "period_ns=", &request->period_ns) ||
        !take_number(&text, "toggle=", &toggle) || !take_number(&text, "memory=", &memory) ||
        !take_number(&text, "wall=", &wall) || toggle > INT32_MAX) {
        return false;
    }
    request->toggle_signal = (int)toggle;
    request->memory = memory != 0;
    request->wall = wall != 0;
    return parse_where(text, request);
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
    unsetenv(ASKED);
    unsetenv(VMPS_PRELOAD_NATIVE);
    leave_preload();
}

static bool start(const struct vmps_options *options)
{
    struct vmps_error err;
    started_here = vmps_start(options, &err) == VMPS_OK;
    if (!started_here) {
        dprintf(STDERR_FILENO, "vmprof: %s\n", err.message);
    }
    return started_here;
}

/* native: VMPS_NATIVE_* */
static bool start_recorded(const struct request *request, uint32_t native)
{
    struct vmps_options options = {
        .size = sizeof options,
        .period_ns = request->period_ns,
        .toggle_signal = request->toggle_signal,
        .memory = request->memory,
        .native = native,
        .wall = request->wall,
    };
    if (request->follow != NULL) {
        started_here = vmps_follow_begin(request->follow, &options);
        return started_here;
    }
    options.fd = vmps_descriptor_move_up(request->fd);
    return start(&options);
}

/* As vmprof-record asks. */
static void enter_recorded(const char *text)
{
    struct request request;
    bool understood = parse(text, &request);
    /* A program without an interpreter may start one yet: it hands on what it was given. */
    if (understood && !vmps_vm_present()) {
        started_here = vmps_preload_native_start(request.period_ns);
        return;
    }
    uint32_t native = vmps_preload_native_mode();
    if (understood && request.follow != NULL) {
        start_recorded(&request, native); /* and what this process starts finds what it found */
        return;
    }
    leave_environment();
    if (!understood || !take_token(request.token_fd)) {
        return;
    }
    (void)close(request.token_fd);
    start_recorded(&request, native);
}

static void complain(int failed, const char *what, const char *path, const char *then)
{
    char reason[128];
    dprintf(STDERR_FILENO, "vmprof: VMPROF: cannot %s %s: %s; %s\n", what, path,
            strerror_r(failed, reason, sizeof reason), then);
}

static void start_into_file(const struct vmps_request *request)
{
    struct vmps_output_file file;
    int failed = vmps_output_file_open(&file, request->output);
    if (failed != 0) {
        complain(failed, "write", request->output, "the program is not profiled");
        return;
    }
    const struct vmps_options options = {
        .size = sizeof options,
        .fd = file.fd,
        .period_ns = request->period_ns,
        .toggle_signal = request->toggle_signal,
        .memory = request->memory,
    };
    if (!start(&options)) {
        vmps_output_file_drop(&file);
        return;
    }
    failed = vmps_output_file_keep(&file, request->output);
    if (failed != 0) {
        complain(failed, "replace", request->output, "the profile keeps its first name");
    }
}

/* As a person asks. What is not understood changes nothing but for one line. */
static void enter_asked(const char *text)
{
    struct vmps_request request;
    char why[200];
    if (!vmps_vm_present()) {
        return;
    }
    leave_environment();
    if (vmps_request_parse(text, &request, why, sizeof why)) {
        start_into_file(&request);
    } else {
        dprintf(STDERR_FILENO, "vmprof: VMPROF: %s; the program is not profiled\n", why);
    }
}

__attribute__((constructor)) static void enter(void)
{
    const char *recorded = getenv(REQUEST), *asked = getenv(ASKED);
    if (recorded != NULL) {
        enter_recorded(recorded);
    } else if (asked != NULL) {
        enter_asked(asked);
    }
}

/* At a normal end. os._exit() and signals need nothing: the journal is in the file. */
__attribute__((destructor)) static void leave(void)
{
    struct vmps_error err;
    /* More than once where the program started too, and did not stop. */
    while (started_here && vmps_is_running()) {
        if (vmps_stop(NULL, &err) != VMPS_OK) {
            dprintf(STDERR_FILENO, "vmprof: %s\n", err.message);
        }
    }
}
