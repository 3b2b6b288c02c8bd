/* helper_looks.h: how the helper looks at the threads: who runs, and gets a tick or is read; who waits.
 *
 * Thread: the helper's own, but for what `lock` guards.  Signal: unsafe. */
#ifndef VMPROF_SAMPLER_CORE_HELPER_LOOKS_H
#define VMPROF_SAMPLER_CORE_HELPER_LOOKS_H

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sampler/core/reading.h"
#include "sampler/core/waiting.h"

/* A thread that gets ticks. */
struct vmps_target {
    pid_t id;
    uint64_t value;
    uint64_t period_ns;
    uint64_t last_ns;   /* its CPU clock at its last tick */
    uint64_t seen_ns;   /* and in the last round */
    uint32_t rested;    /* looks since it was found to have run */
    bool unsure;        /* in this round: it could run, and does not */
    uint64_t queued_ns; /* when unsure: how long it has waited for cores */
    struct vmps_sight sight;
    struct vmps_spell spell;
};

struct vmps_ticker {
    pthread_t thread;
    pthread_mutex_t lock; /* guards targets */
    struct vmps_target *targets;
    size_t count, capacity;
    uint64_t period_ns;
    uint64_t random;
    uint64_t woken_ns; /* when this round began */
    cpu_set_t allowed; /* cores that the process may use */
    int cores;
    bool unsure; /* of some thread in this round */
    size_t round;
    size_t rested_count;          /* threads that rested in the last round */
    struct vmps_waiting *waiting; /* NULL: nobody wants to know who waits */
    struct vmps_reading *reading; /* NULL: threads that run get ticks */
    pid_t process_id;
    _Atomic pid_t thread_id; /* 0: it does not run yet */
    _Atomic bool stop;
};

/* vmps_helper_look() is a round: it looks at all threads. round_ns: since the last one. True: one of them has used time since. */
bool vmps_helper_look(struct vmps_ticker *ticker, uint64_t round_ns);

#endif
