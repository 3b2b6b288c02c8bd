#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sampler/core/descriptor.h"
#include "sampler/core/ticks.h"
#include "sampler/signal/state_sig.h"
#include "sampler/signal/tick_sig.h"

/* Time in the kernel is the program's too: without it system calls would have no ticks, and their time would
 * go to what follows. Only where we may not count it, it is left out. */
static int open_event(pid_t thread_id, uint64_t period_ns)
{
    struct perf_event_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.size = sizeof attributes;
    attributes.type = PERF_TYPE_SOFTWARE;
    attributes.config = PERF_COUNT_SW_TASK_CLOCK;
    attributes.sample_period = period_ns;
    attributes.wakeup_events = 1;
    attributes.disabled = 1;
    const int any_cpu = -1, no_group = -1;
    long fd = syscall(SYS_perf_event_open, &attributes, thread_id, any_cpu, no_group,
                      PERF_FLAG_FD_CLOEXEC);
    if (fd < 0 && (errno == EACCES || errno == EPERM)) {
        attributes.exclude_kernel = 1;
        fd = syscall(SYS_perf_event_open, &attributes, thread_id, any_cpu, no_group,
                     PERF_FLAG_FD_CLOEXEC);
    }
    return (int)fd;
}

static int direct(int fd, pid_t thread_id)
{
    const struct f_owner_ex owner = {.type = F_OWNER_TID, .pid = thread_id};
    if (fcntl(fd, F_SETOWN_EX, &owner) != 0 || fcntl(fd, F_SETSIG, VMPS_TICK_SIGNAL) != 0 ||
        fcntl(fd, F_SETFL, O_ASYNC) != 0) {
        return errno;
    }
    return 0;
}

/* A program may have closed our descriptor, and have another thing under its number by now. */
static bool is_still_ours(int fd, pid_t thread_id)
{
    struct f_owner_ex owner;
    return fcntl(fd, F_GETSIG) == VMPS_TICK_SIGNAL && fcntl(fd, F_GETOWN_EX, &owner) == 0 &&
           owner.type == F_OWNER_TID && owner.pid == thread_id;
}

/* Whether events are to be had, of our own thread at least. */
/* NOLINTNEXTLINE(readability-non-const-parameter): of the table */
static int open_source(struct vmps_ticker **ticker, uint64_t period_ns, pid_t *own_thread)
{
    (void)own_thread;
    int fd = open_event(0, period_ns);
    if (fd < 0) {
        return errno;
    }
    int failed = direct(fd, (pid_t)syscall(SYS_gettid));
    close(fd);
    *ticker = NULL;
    return failed;
}

static int attach(struct vmps_tick *tick, pid_t thread_id, uint64_t first_ns, uint64_t period_ns,
                  uint64_t value)
{
    (void)first_ns; /* vary() sees to the phase */
    int fd = open_event(thread_id, period_ns);
    if (fd < 0) {
        return errno;
    }
    fd = vmps_descriptor_move_up(fd);
    int failed = fd < VMPS_MAX_TICK_FDS ? direct(fd, thread_id) : EMFILE;
    if (failed == 0) {
        atomic_store(&vmps_signal_state.fd_ticks[fd], value);
        failed = ioctl(fd, PERF_EVENT_IOC_ENABLE, 0) == 0 ? 0 : errno;
    }
    if (failed != 0) {
        if (fd < VMPS_MAX_TICK_FDS) {
            atomic_store(&vmps_signal_state.fd_ticks[fd], VMPS_TICK_DEAD);
        }
        close(fd);
        return failed;
    }
    tick->fd = fd;
    tick->thread_id = thread_id;
    return 0;
}

static void detach(struct vmps_tick *tick)
{
    atomic_store(&vmps_signal_state.fd_ticks[tick->fd], VMPS_TICK_DEAD);
    if (is_still_ours(tick->fd, tick->thread_id)) {
        close(tick->fd);
    }
}

static void vary(struct vmps_tick *tick, uint64_t period_ns)
{
    if (is_still_ours(tick->fd, tick->thread_id)) {
        (void)ioctl(tick->fd, PERF_EVENT_IOC_PERIOD, &period_ns);
    }
}

const struct vmps_tick_source vmps_ticks_perf = {
    .name = "perf",
    .clock = "thread-cpu",
    .true_rates = true,
    .open = open_source,
    .attach = attach,
    .detach = detach,
    .vary = vary,
    .forget = detach,
};
