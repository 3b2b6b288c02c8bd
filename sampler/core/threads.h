/* threads.h: the threads under sampling: their slots, ticks and names.
 *
 * Thread: any; a lock of its own.  Signal: unsafe. */
#ifndef VMPROF_SAMPLER_CORE_THREADS_H
#define VMPROF_SAMPLER_CORE_THREADS_H

#include <pthread.h>
#include <stdbool.h>

#include "sampler/core/slots.h"
#include "sampler/core/task_list.h"
#include "sampler/core/ticks.h"
#include "sampler/signal/state_sig.h"

struct vmps_thread {
    pid_t id;
    uint32_t slot;
    struct vmps_tick tick;
    uint64_t seen_cpu_ns;
    bool ticks;        /* it gets some: the recording is on */
    bool listed;       /* in the scan that runs */
    bool named;        /* by the program: the system's name does not count */
    uint8_t name_wait; /* scans until the system's name is read again; 0: not any more */
};

/* A name on its way to the writer. */
struct vmps_thread_name {
    struct vmps_thread_name *next;
    pid_t id;
    char name[];
};

/* The sampler's own threads: the drain, that of the tick source. */
enum vmps_own_thread { VMPS_OWN_DRAIN, VMPS_OWN_TICKER, VMPS_OWN_THREADS };

struct vmps_threads {
    pthread_mutex_t lock;
    const struct vmps_tick_source *source;
    struct vmps_ticker *ticker; /* of the source; may be NULL */
    uint64_t period_ns;
    uint64_t tick_ns; /* the period that is really reached */
    struct vmps_slots slots;
    struct vmps_thread *threads; /* in the order of the task list, as far as it keeps one */
    size_t count, capacity;
    struct vmps_task_list tasks;
    pid_t own[VMPS_OWN_THREADS]; /* not sampled; 0: there is none */
    bool scanned;                /* threads that come later have been born since */
    bool stopped;                /* no more are attached */
    bool paused;                 /* those that are get no ticks */
    size_t scans;
    struct vmps_thread_name *names, **names_end;
    uint64_t random;
    int failure; /* errno of the first thread that could not be sampled */
};

/* vmps_threads_init() 0 or an errno. slots: VMPS_MAX_SLOTS, zero-filled, and the caller's. */
int vmps_threads_init(struct vmps_threads *threads, const struct vmps_tick_source *source,
                      uint64_t period_ns, struct vmps_slot *slots);
/* vmps_threads_fini(): after vmps_threads_stop(), or in a child made by fork, and when no handler is in flight. */
void vmps_threads_fini(struct vmps_threads *threads);

/* vmps_threads_scan() attaches threads that are new and detaches those that ended. 0 or an errno. */
int vmps_threads_scan(struct vmps_threads *threads);
/* vmps_threads_begin() is the first scan: an error also where no thread could be attached. */
int vmps_threads_begin(struct vmps_threads *threads);

/* vmps_threads_born() attaches the calling thread, which has just begun. */
void vmps_threads_born(struct vmps_threads *threads);

/* vmps_threads_pause() takes all threads their ticks, and those that come later get none; vmps_threads_resume() gives
 * all of them ticks: they weigh from now on. No handler may be in flight between the two. */
void vmps_threads_pause(struct vmps_threads *threads);
void vmps_threads_resume(struct vmps_threads *threads);

/* vmps_threads_stop() detaches all, for good. */
void vmps_threads_stop(struct vmps_threads *threads);

/* vmps_threads_set_name() is vmps_name_thread(). 0 or an errno. */
int vmps_threads_set_name(struct vmps_threads *threads, pid_t id, const char *name);

/* vmps_threads_take_names() hands over the names that came since; the caller frees them. */
struct vmps_thread_name *vmps_threads_take_names(struct vmps_threads *threads);

void vmps_threads_totals(struct vmps_threads *threads, struct vmps_thread_totals *totals);

#endif
