#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sampler/core/ticks.h"

#define LINE_BYTES 256

/* /proc/self/task/N/syscall: "running", or the number of the call that the thread waits in, and its arguments. */
bool vmps_thread_call(pid_t thread_id, long *call, uint64_t *argument)
{
    char path[64], line[LINE_BYTES], *rest;
    *call = -1;
    *argument = 0;
    snprintf(path, sizeof path, "/proc/self/task/%d/syscall", thread_id);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return true;
    }
    ssize_t size = read(fd, line, sizeof line - 1);
    close(fd);
    line[size > 0 ? size : 0] = '\0';
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
