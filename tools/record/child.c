#include "tools/record/child.h"

#include "tools/record/output.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* What record_child_wait() waits for. */
static void fill_awaited(const struct record_child *child, sigset_t *awaited)
{
    static const int signals[] = {SIGCHLD, SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2};

    sigemptyset(awaited);
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        sigaddset(awaited, signals[i]);
    }
    if (child->toggle_signal != 0) {
        sigaddset(awaited, child->toggle_signal);
    }
}

/* A signal of the terminal reaches the program by itself; what a process sends to us alone does not. */
static bool is_to_hand_on(const struct record_child *child, const siginfo_t *info)
{
    bool is_sent =
        info->si_code == SI_USER || info->si_code == SI_TKILL || info->si_code == SI_QUEUE;

    if (info->si_signo == child->toggle_signal) {
        return is_sent;
    }
    switch (info->si_signo) {
    case SIGTERM:
    case SIGHUP: return true;
    case SIGINT:
    case SIGQUIT:
    case SIGUSR1:
    case SIGUSR2: return is_sent;
    default: return false;
    }
}

static void hold_signals(struct record_child *child)
{
    struct sigaction usual = {.sa_handler = SIG_DFL};
    sigset_t awaited;

    sigemptyset(&usual.sa_mask);
    /* A parent that ignores SIGCHLD would take the exit status away. */
    sigaction(SIGCHLD, &usual, &child->child);
    fill_awaited(child, &awaited);
    sigprocmask(SIG_BLOCK, &awaited, &child->mask);
}

static void release_signals(const struct record_child *child)
{
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

/* What the sampler takes out of the environment: sampler/core/preload.c. */
static int set_order(const struct record_order *order, int token_fd)
{
    char text[PATH_MAX + 128];
    int size = snprintf(text, sizeof(text), "period_ns=%" PRIu64 ",toggle=%d,memory=%d,wall=%d,",
                        order->period_ns, order->toggle_signal, order->memory ? 1 : 0,
                        order->wall ? 1 : 0);

    if (order->follow != NULL) {
        snprintf(text + size, sizeof(text) - (size_t)size, "follow=%s", order->follow);
    } else {
        snprintf(text + size, sizeof(text) - (size_t)size, "fd=%d,token_fd=%d", order->fd,
                 token_fd);
    }
    return preload(order->library) == 0 && record_native_order(order->native) == 0
               ? setenv("VMPROF_RECORD", text, 1)
               : -1;
}

static _Noreturn void run(const struct record_child *child, char **argv,
                          const struct record_order *order, int token_fd, int report_fd)
{
    int error;

    if (set_order(order, token_fd) == 0) {
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

/* A pipe with one byte in it: the first interpreter that takes it is the one that is recorded, be it
 * the program itself or what a script starts. */
static int make_token(int *token_fd)
{
    int ends[2], error = 0;

    if (pipe(ends) != 0) {
        return errno;
    }
    if (write(ends[1], "1", 1) != 1) {
        error = errno;
    }
    close(ends[1]);
    *token_fd = record_move_fd_up(ends[0]);
    return error;
}

static void drop_token(int token_fd)
{
    if (token_fd >= 0) {
        close(token_fd);
    }
}

/* Waits for the program to be executed: 0, or the errno that this failed with. */
static int await_exec(int report_fd)
{
    int error = 0;
    ssize_t size;

    do {
        size = read(report_fd, &error, sizeof(error));
    } while (size < 0 && errno == EINTR);
    return size == (ssize_t)sizeof(error) ? error : 0; /* closed by exec: it runs */
}

int record_child_start(struct record_child *child, char **argv, const struct record_order *order,
                       int *is_exec)
{
    int report[2], token_fd = -1, error = order->follow == NULL ? make_token(&token_fd) : 0;

    *is_exec = 0;
    if (error != 0) {
        return error;
    }
    if (pipe2(report, O_CLOEXEC) != 0) {
        error = errno;
        drop_token(token_fd);
        return error;
    }
    child->toggle_signal = order->toggle_signal;
    hold_signals(child);
    child->pid = fork();
    if (child->pid == 0) {
        run(child, argv, order, token_fd, report[1]);
    }
    if (child->pid < 0) {
        error = errno;
        release_signals(child);
    }
    drop_token(token_fd);
    close(report[1]);
    if (error == 0) {
        error = await_exec(report[0]);
        *is_exec = error != 0;
    }
    close(report[0]);
    if (*is_exec) {
        waitpid(child->pid, NULL, 0);
    }
    return error;
}

static uint64_t to_ns(const struct timeval *time)
{
    return (uint64_t)time->tv_sec * 1000000000u + (uint64_t)time->tv_usec * 1000u;
}

int record_child_wait(struct record_child *child)
{
    struct rusage usage = {0};
    siginfo_t info;
    sigset_t awaited;
    int status = 0;

    fill_awaited(child, &awaited);
    while (wait4(child->pid, &status, WNOHANG, &usage) == 0) {
        if (sigwaitinfo(&awaited, &info) > 0 && is_to_hand_on(child, &info)) {
            kill(child->pid, info.si_signo);
        }
    }
    child->cpu_ns = to_ns(&usage.ru_utime) + to_ns(&usage.ru_stime);
    return status;
}
