/* ticks.h: where ticks come from. A tick is the signal VMPS_TICK_SIGNAL, sent to one thread, with
 * si_code SI_TIMER and the value that it was attached with.
 *
 * To add a source (a helper thread with tgkill, perf events): a file ticks_NAME.c with such a table. */
#ifndef VMPROF_SAMPLER_CORE_TICKS_H
#define VMPROF_SAMPLER_CORE_TICKS_H

#include <stdint.h>
#include <sys/types.h>
#include <time.h>

struct vmps_tick {
    timer_t timer;
};

struct vmps_tick_source {
    const char *clock; /* the `clock` metadata */
    /* Starts ticks for a thread: the first after first_ns, then each period_ns. 0 or an errno. */
    int (*attach)(struct vmps_tick *tick, pid_t thread_id, uint64_t first_ns, uint64_t period_ns,
                  uint64_t value);
    /* Ends them; the thread may be gone. One that is pending may still come. */
    void (*detach)(struct vmps_tick *tick);
};

/* A POSIX timer on each thread's CPU clock. The kernel looks at it in its own ticks only, so that no
 * more than CONFIG_HZ come a CPU second, whatever is asked. */
extern const struct vmps_tick_source vmps_ticks_cpu_timer;

/* vmps_thread_cpu_ns() reads a thread's CPU clock. 0: it is gone, or has not run yet. */
uint64_t vmps_thread_cpu_ns(pid_t thread_id);

#endif
