#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sampler/core/ticks.h"

#define LINE_BYTES 256

/* Reads a file of a thread; "" where that cannot be. */
static bool read_of(pid_t thread_id, const char *name, char line[LINE_BYTES])
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/%s", thread_id, name);
    line[0] = '\0';
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    ssize_t size = read(fd, line, LINE_BYTES - 1);
    close(fd);
    line[size > 0 ? size : 0] = '\0';
    return size > 0;
}

/* "running", or the number of the call that the thread waits in, and its arguments. */
bool vmps_thread_call(pid_t thread_id, long *call, uint64_t *argument)
{
    char line[LINE_BYTES], *rest;
    *call = -1;
    *argument = 0;
    if (!read_of(thread_id, "syscall", line)) {
        return true;
    }
    if (strncmp(line, "running", strlen("running")) == 0) {
        return false;
    }
    *call = strtol(line, &rest, 10);
    *argument = strtoull(rest, NULL, 16);
    return true;
}

bool vmps_thread_is_runnable(pid_t thread_id)
{
    long call;
    uint64_t argument;
    return !vmps_thread_call(thread_id, &call, &argument);
}

/* "RAN WAITED TIMES". */
uint64_t vmps_thread_queued_ns(pid_t thread_id)
{
    char line[LINE_BYTES], *rest;
    if (!read_of(thread_id, "schedstat", line)) {
        return 0;
    }
    (void)strtoull(line, &rest, 10);
    return strtoull(rest, NULL, 10);
}
