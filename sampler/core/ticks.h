/* ticks.h: where ticks come from. A tick is the signal VMPS_TICK_SIGNAL, sent to one thread, with
 * si_code SI_TIMER and the value that it was attached with; or with si_code POLL_IN and a descriptor that
 * vmps_signal_state.fd_ticks has the value of.
 *
 * To add a source: a file ticks_NAME.c with such a table, and a row in ticks.c. */
#ifndef VMPROF_SAMPLER_CORE_TICKS_H
#define VMPROF_SAMPLER_CORE_TICKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

/* What a source shares between its ticks. */
struct vmps_ticker;

struct vmps_tick {
    struct vmps_ticker *ticker; /* given: of open() */
    union {
        timer_t timer;
        uint64_t value;
        int fd;
    };
    pid_t thread_id; /* of ticks_perf.c */
};

struct vmps_tick_source {
    const char *name;  /* the `tick_source` metadata, and what VMPROF_TICK_SOURCE knows it by */
    const char *clock; /* the `clock` metadata */
    bool true_rates;   /* periods below the kernel's tick are reached */
    bool reads;        /* it sends no ticks, but reads stacks from outside: see reading.h */
    /* What comes before the first attach() and after the last detach(). own_thread: the number of a thread
     * of the source's own, which is not to be sampled. May be NULL. 0 or an errno. */
    int (*open)(struct vmps_ticker **ticker, uint64_t period_ns, pid_t *own_thread);
    void (*close)(struct vmps_ticker *ticker);
    /* Starts ticks for a thread: the first after first_ns, then each period_ns. 0 or an errno. */
    int (*attach)(struct vmps_tick *tick, pid_t thread_id, uint64_t first_ns, uint64_t period_ns,
                  uint64_t value);
    /* Ends them; the thread may be gone. One that is pending may still come. */
    void (*detach)(struct vmps_tick *tick);
    /* Gives an attached thread another period, where the source does not vary its own: called from time to time, so
     * that ticks do not march in step with the program. May be NULL. */
    void (*vary)(struct vmps_tick *tick, uint64_t period_ns);
    /* In a child made by fork: gives back what the child inherited of an attached thread. May be NULL. */
    void (*forget)(struct vmps_tick *tick);
};

/* A POSIX timer on each thread's CPU clock. The kernel looks at it in its own ticks only, so that no
 * more than CONFIG_HZ come a CPU second, whatever is asked. */
extern const struct vmps_tick_source vmps_ticks_cpu_timer;

/* A thread of our own that wakes each period and sends ticks to the threads that run: any rate, for some
 * microseconds of another core each time. */
extern const struct vmps_tick_source vmps_ticks_helper;

/* The same thread, which reads the stacks of threads that run from outside: no signal, nothing that the program notices, and
 * some stacks that were not so. */
extern const struct vmps_tick_source vmps_ticks_reader;

/* Before the first attach(), of either: vmps_ticks_helper_wait() has the thread tell who does not run, see waiting.h;
 * vmps_ticks_helper_read() has it read. */
struct vmps_waiting;
struct vmps_reading;
void vmps_ticks_helper_wait(struct vmps_ticker *ticker, struct vmps_waiting *waiting);
void vmps_ticks_helper_read(struct vmps_ticker *ticker, struct vmps_reading *reading);

/* perf's task clock, an event a thread: any rate, but each tick is an interrupt of a timer that is set anew, which
 * costs the program dearly in a virtual machine. The kernel may forbid it. */
extern const struct vmps_tick_source vmps_ticks_perf;

/* Names the source that is to be used; one that cannot be had is then an error. */
#define VMPS_TICK_SOURCE_VARIABLE "VMPROF_TICK_SOURCE"

/* vmps_ticks_named() finds a source by its name; NULL: there is none.
 * vmps_ticks_choice() gives the sources for a period, the best first; NULL behind the last. */
const struct vmps_tick_source *vmps_ticks_named(const char *name);
const struct vmps_tick_source *vmps_ticks_choice(uint64_t period_ns, size_t index);

/* vmps_thread_cpu_ns() reads a thread's CPU clock. 0: it is gone, or has not run yet. */
uint64_t vmps_thread_cpu_ns(pid_t thread_id);

/* vmps_thread_call() gives the number of the system call that a thread waits in, and its first argument; -1: not known. False: it
 * does not wait, but runs or could.  vmps_thread_is_runnable() is the reverse. */
bool vmps_thread_call(pid_t thread_id, long *call, uint64_t *argument);
bool vmps_thread_is_runnable(pid_t thread_id);

/* vmps_thread_queued_ns() tells for how long a thread has waited for a core, in all, when it last got one. 0: not known. */
uint64_t vmps_thread_queued_ns(pid_t thread_id);

/* vmps_kernel_tick_ns() is the shortest period of vmps_ticks_cpu_timer. */
uint64_t vmps_kernel_tick_ns(void);

#endif
