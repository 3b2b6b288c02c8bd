/* state_sig.h: what the signal handler knows. The one place of global state in the sampler.
 *
 * The owner (sampler/core) fills a struct vmps_recording, publishes it by storing its address, and
 * takes it back by storing NULL and waiting until no handler is in flight. */
#ifndef VMPROF_SAMPLER_SIGNAL_STATE_SIG_H
#define VMPROF_SAMPLER_SIGNAL_STATE_SIG_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "sampler/signal/codes_sig.h"
#include "sampler/signal/memory_sig.h"
#include "sampler/signal/native_sig.h"
#include "sampler/signal/ring_sig.h"
#include "sampler/signal/walk_sig.h"

#define VMPS_MAX_FRAMES 65535u
#define VMPS_MAX_SLOTS 16384u
#define VMPS_MAX_RECORDERS 8 /* VMPS_MAX_RECORDER_CODES of vmps.h */

/* A tick's si_value: a mark that no pointer of a program has, a generation, the slot's index. The
 * generation tells a tick that was still pending when its slot changed hands. */
#define VMPS_TICK_MARK UINT64_C(0x7670)
#define VMPS_TICK_MARK_SHIFT 48
#define VMPS_TICK_GENERATION_SHIFT 16
#define VMPS_TICK_GENERATION_MASK UINT64_C(0xFFFFFFFF)
#define VMPS_TICK_SLOT_MASK UINT64_C(0xFFFF)
/* That of a tick which is nobody's any more: no slot has this index. */
#define VMPS_TICK_DEAD (VMPS_TICK_MARK << VMPS_TICK_MARK_SHIFT | VMPS_TICK_SLOT_MASK)

/* Descriptors from here on are not used for ticks. */
#define VMPS_MAX_TICK_FDS 65536

/* A thread under sampling. Filled by the owner before its tick source is armed; then only the
 * thread's own handler writes, but for `tick`. */
struct vmps_slot {
    _Atomic uint64_t tick; /* the si_value that is good now; 0: the slot is free */
    uint32_t thread_id;
    uint64_t last_cpu_ns;          /* the thread's CPU clock at its last sample */
    uint64_t first_weight_ns;      /* what its first sample weighs at least; then 0 */
    uint64_t not_before_ns;        /* the thread's CPU clock before which no sample is taken */
    struct vmpf_row_frame *frames; /* VMPS_MAX_FRAMES of scratch */
    _Atomic uint32_t last_frames;  /* how many of them are the last sample's */
    _Atomic uint32_t sequence;     /* odd while they change */
    uint64_t vm_memory;
    void *native_memory; /* of struct vmps_native; NULL: native frames are not recorded */
    _Atomic uint64_t samples;
    _Atomic uint64_t lost;
    _Atomic uint64_t cpu_ns; /* that the samples stand for */
    _Atomic uint64_t
        waited_ns; /* that was published for it while it did not run; not the thread's own to write */
};

/* How far the interpreter's layout is trusted. */
enum vmps_trust {
    VMPS_TRUST_UNVERIFIED = 0, /* walks are checked until one has fitted */
    VMPS_TRUST_VERIFIED,
    VMPS_TRUST_OFF, /* it did not fit: samples carry no frames */
};

struct vmps_recording {
    struct vmps_ring ring;
    struct vmps_codes codes;
    struct vmps_memory memory;
    struct vmps_slot *slots; /* VMPS_MAX_SLOTS */
    uint64_t start_ns;       /* CLOCK_MONOTONIC */
    bool wall; /* samples have a second value, time on the clock, and say what the thread did */
    uint64_t root_code;
    uint64_t recorder_codes[VMPS_MAX_RECORDERS];
    size_t recorder_code_count;
    struct vmps_walker walker;
    const void *vm;
    struct vmps_native *native; /* NULL: native frames are not recorded */
    _Atomic int trust;          /* enum vmps_trust */
    _Atomic uint32_t misfits;
    _Atomic(const char *) misfit; /* what did not fit, a constant */
};

/* The handler that stood there before ours: the entry that `previous_index` names is constant. */
struct vmps_former {
    struct sigaction previous[2];
    _Atomic uint32_t previous_index;
};

struct vmps_signal_state {
    _Atomic(struct vmps_recording *) recording; /* NULL: off */
    _Atomic uint32_t in_flight;                 /* handlers that may hold it */
    struct vmps_former before_tick, before_fault, before_guard, before_toggle;
    /* The mapping of the output, from its first byte to behind its last; 0: there is none. */
    _Atomic uint64_t output_begin, output_end;
    _Atomic bool output_gone;  /* somebody cut the file under its mapping */
    _Atomic bool guards;       /* loads of guard_sig.h are done: their signal has to be ours */
    _Atomic int toggle_signal; /* which one turns the recording on and off; 0: none */
    _Atomic uint32_t toggles;  /* how many of it came */
    _Atomic uint32_t wake;     /* a futex: changes when the drain thread has to look */
    /* The values of ticks that come from descriptors, which carry none themselves. 0: not ours. */
    _Atomic uint64_t fd_ticks[VMPS_MAX_TICK_FDS];
    /* Of the last tick source that was armed, over all recordings. */
    _Atomic uint32_t generation;
};

extern struct vmps_signal_state vmps_signal_state;

/* What the owner keeps. No handler looks at it; it stands here so that there is one place. */
struct vmps_session;
struct vmps_owner_state {
    pthread_mutex_t lock;         /* start and stop exclude each other */
    struct vmps_session *session; /* the running one, or NULL */
    bool fork_handlers;           /* are registered */
};

extern struct vmps_owner_state vmps_owner_state;

#endif
