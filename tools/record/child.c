#include "tools/record/child.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void hold_signals(struct record_child *child)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, usual = {.sa_handler = SIG_DFL};
    sigset_t awaited;

    sigemptyset(&ignore.sa_mask);
    sigemptyset(&usual.sa_mask);
    sigaction(SIGINT, &ignore, &child->interrupt);
    sigaction(SIGQUIT, &ignore, &child->quit);
    /* A parent that ignores SIGCHLD would take the exit status away. */
    sigaction(SIGCHLD, &usual, &child->child);
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGCHLD);
    sigaddset(&awaited, SIGTERM);
    sigaddset(&awaited, SIGHUP);
    sigprocmask(SIG_BLOCK, &awaited, &child->mask);
}

static void release_signals(const struct record_child *child)
{
    sigaction(SIGINT, &child->interrupt, NULL);
    sigaction(SIGQUIT, &child->quit, NULL);
    sigaction(SIGCHLD, &child->child, NULL);
    sigprocmask(SIG_SETMASK, &child->mask, NULL);
}

/* The sampler comes first: what is preloaded already stays. */
static int preload(const char *library)
{
    const char *old = getenv("LD_PRELOAD");
    char *all;
    int error;

    if (old == NULL || old[0] == '\0') {
        return setenv("LD_PRELOAD", library, 1);
    }
    if (asprintf(&all, "%s:%s", library, old) < 0) {
        return -1;
    }
    error = setenv("LD_PRELOAD", all, 1);
    free(all);
    return error;
}

static _Noreturn void run(const struct record_child *child, char **argv, const char *library,
                          int fd, uint64_t period_ns, int report_fd)
{
    char order[96];
    int error;

    snprintf(order, sizeof(order), "pid=%ld,fd=%d,period_ns=%" PRIu64, (long)getpid(), fd,
             period_ns);
    if (preload(library) == 0 && setenv("VMPROF_RECORD", order, 1) == 0) {
        release_signals(child);
        execvp(argv[0], argv);
    }
    error = errno;
    /* Where even this fails, the parent sees an exit code of 127, as from a shell. */
    if (write(report_fd, &error, sizeof(error)) != (ssize_t)sizeof(error)) {
        _exit(127);
    }
    _exit(127);
}

int record_child_start(struct record_child *child, char **argv, const char *library, int fd,
                       uint64_t period_ns, int *is_exec)
{
    int report[2], error = 0;
    ssize_t size;

    *is_exec = 0;
    if (pipe2(report, O_CLOEXEC) != 0) {
        return errno;
    }
    hold_signals(child);
    child->pid = fork();
    if (child->pid < 0) {
        error = errno;
        release_signals(child);
        close(report[0]);
        close(report[1]);
        return error;
    }
    if (child->pid == 0) {
        run(child, argv, library, fd, period_ns, report[1]);
    }
    close(report[1]);
    do {
        size = read(report[0], &error, sizeof(error));
    } while (size < 0 && errno == EINTR);
    close(report[0]);
    if (size != (ssize_t)sizeof(error)) {
        return 0; /* closed by exec: it runs */
    }
    waitpid(child->pid, NULL, 0);
    *is_exec = 1;
    return error;
}

int record_child_wait(struct record_child *child)
{
    sigset_t awaited;
    int status = 0, signal_number;

    sigemptyset(&awaited);
    sigaddset(&awaited, SIGCHLD);
    sigaddset(&awaited, SIGTERM);
    sigaddset(&awaited, SIGHUP);
    while (waitpid(child->pid, &status, WNOHANG) == 0) {
        signal_number = sigwaitinfo(&awaited, NULL);
        if (signal_number == SIGTERM || signal_number == SIGHUP) {
            kill(child->pid, signal_number);
        }
    }
    return status;
}
