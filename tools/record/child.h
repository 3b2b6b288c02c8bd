/* child.h: runs the program to be recorded. */
#ifndef VMPROF_TOOLS_RECORD_CHILD_H
#define VMPROF_TOOLS_RECORD_CHILD_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "tools/record/native.h"

struct record_child {
    pid_t pid;
    /* What this process had before; the program gets it back. */
    sigset_t mask;
    struct sigaction child;
    int toggle_signal;
    uint64_t cpu_ns; /* what it and the children it waited for used; known once it has ended */
};

/* What the sampler is to do. */
struct record_order {
    const char *library; /* the sampler */
    int fd;              /* where the profile goes */
    const char *follow;  /* the folder where those of all processes go; NULL: fd is for one */
    uint64_t period_ns;
    int toggle_signal; /* 0: none */
    bool memory;
    const struct record_native *native;
    bool wall; /* time on the clock too */
};

/* record_child_start() forks and runs argv[0], found on PATH, with the sampler preloaded. Returns 0, or
 * the errno that exec failed with (*is_exec = 1) or of anything before (*is_exec = 0). */
int record_child_start(struct record_child *child, char **argv, const struct record_order *order,
                       int *is_exec);

/* record_child_wait() waits for the end of the program and returns its status as waitpid() does.
 * Meanwhile ^C and ^\ are the program's affair; SIGTERM and SIGHUP are handed on to it, and so are
 * SIGINT, SIGQUIT, SIGUSR1 and SIGUSR2, and the signal that toggles, that a process sent. */
int record_child_wait(struct record_child *child);

#endif
