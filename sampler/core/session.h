/* session.h: one recording, from start to stop, and what its parts share. */
#ifndef VMPROF_SAMPLER_CORE_SESSION_H
#define VMPROF_SAMPLER_CORE_SESSION_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <vmprof/vmpf.h>
#include <vmprof/vmps.h>

#include "sampler/core/memory.h"
#include "sampler/core/reading.h"
#include "sampler/core/threads.h"
#include "sampler/core/waiting.h"
#include "sampler/signal/state_sig.h"
#include "sampler/vm/vm.h"

#define VMPS_NS_PER_S UINT64_C(1000000000)

/* What a full pipe, or a handler in a thread that does not get to run, may cost at most. */
#define VMPS_QUIET_WAIT_NS (10 * VMPS_NS_PER_S)

struct vmps_drain {
    pthread_t thread;
    pthread_mutex_t lock; /* guards ready */
    pthread_cond_t is_ready;
    bool ready, close;
    _Atomic bool stop;
    uint64_t interval_ns;
};

/* Whether the recording is on: pause.h. */
struct vmps_pause {
    pthread_mutex_t lock; /* guards all but followed */
    bool is_off;
    bool is_over;       /* it stops: nothing turns it on any more */
    bool is_stuck;      /* a handler did not get out */
    uint64_t since_ns;  /* session time at which it went off */
    uint64_t before_ns; /* that it was off before it went on the last time */
    uint32_t followed;  /* of vmps_signal_state.toggles */
    uint64_t told_ns;   /* what the profile says of it */
};

struct vmps_session {
    struct vmps_recording recording;
    struct vmps_vm vm;
    struct vmps_threads threads;
    struct vmps_waiting waiting;
    struct vmps_reading reading;
    struct vmps_drain drain;
    struct vmps_pause pause;
    struct vmps_memory_file memory_file;
    struct vmps_native_frames *native; /* NULL: native frames are not recorded */
    pid_t process_id;
    dev_t output_device; /* with the inode: tells whether a nested start wants the same output */
    ino_t output_inode;
    uint32_t starts; /* less the stops */
    uint64_t period_ns;
    uint64_t stop_ns; /* session time at the stop */
    /* Used by the drain thread alone, once it runs; the lock is for fork() only. */
    vmpf_writer *writer;
    pthread_mutex_t writer_lock;
    struct vmpf_error output_error; /* the first; status VMPF_OK: none */
    bool told_misfit, told_threads;
};

/* vmps_session_open() makes a recording of options, up to the point where it could begin.
 * vmps_session_close() frees it; the writer must be closed before. */
vmps_status vmps_session_open(struct vmps_session **out, const struct vmps_options *options,
                              struct vmps_error *err);
void vmps_session_close(struct vmps_session *session);

/* vmps_session_forget() frees in a child what the parent goes on using: nothing is written. The
 * writer is left alone where another thread may have been inside it. */
void vmps_session_forget(struct vmps_session *session, bool writer_is_whole);

/* vmps_thread_born() samples the calling thread, which has just begun, from now on. */
void vmps_thread_born(void);

/* vmps_may_toggle() says whether a signal may turn a recording on and off: none that means an end, a fault, or
 * something else to the system or to us. */
bool vmps_may_toggle(int number);

uint64_t vmps_monotonic_ns(void);

#endif
