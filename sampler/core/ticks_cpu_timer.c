#include <errno.h>
#include <signal.h>
#include <string.h>

#include "sampler/core/ticks.h"
#include "sampler/signal/tick_sig.h"

#define NS_PER_S UINT64_C(1000000000)

/* glibc 2.36 has no name for it without C++ trouble; the kernel's is _sigev_un._tid. */
#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

/* The kernel's encoding of a thread's CPU clock (include/linux/posix-timers_types.h: CPUCLOCK_SCHED
 * with CPUCLOCK_PERTHREAD_MASK); pthread_getcpuclockid() makes the same, but wants a pthread_t. */
static clockid_t cpu_clock_of(pid_t thread_id)
{
    const unsigned per_thread = 4, scheduler = 2;
    return (clockid_t)((~(unsigned)thread_id << 3) | per_thread | scheduler);
}

static struct timespec timespec_of(uint64_t ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S)};
}

uint64_t vmps_thread_cpu_ns(pid_t thread_id)
{
    struct timespec now;
    if (clock_gettime(cpu_clock_of(thread_id), &now) != 0) {
        return 0;
    }
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* The coarse clocks advance with the kernel's tick. */
uint64_t vmps_kernel_tick_ns(void)
{
    struct timespec tick;
    return clock_getres(CLOCK_MONOTONIC_COARSE, &tick) == 0 ? (uint64_t)tick.tv_nsec : 0;
}

static int attach(struct vmps_tick *tick, pid_t thread_id, uint64_t first_ns, uint64_t period_ns,
                  uint64_t value)
{
    struct sigevent event;
    memset(&event, 0, sizeof event);
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = VMPS_TICK_SIGNAL;
    event.sigev_value.sival_ptr = (void *)value;
    event.sigev_notify_thread_id = thread_id;
    if (timer_create(cpu_clock_of(thread_id), &event, &tick->timer) != 0) {
        return errno;
    }
    const struct itimerspec times = {
        .it_value = timespec_of(first_ns),
        .it_interval = timespec_of(period_ns),
    };
    if (timer_settime(tick->timer, 0, &times, NULL) == 0) {
        return 0;
    }
    int failed = errno;
    timer_delete(tick->timer);
    return failed;
}

static void detach(struct vmps_tick *tick)
{
    timer_delete(tick->timer);
}

const struct vmps_tick_source vmps_ticks_cpu_timer = {
    .name = "cpu-timer",
    .clock = "thread-cpu",
    .attach = attach,
    .detach = detach,
};
