/* waiting.h: counts the time that a thread does not run onto the stack that it waits with.
 *
 * The thread is not asked, and not woken: while its CPU clock stands still its stack does, and is read from outside; a
 * clock that has moved afterwards tells that what was read is worth nothing. A waiting thread's time is
 * published as samples without CPU time.
 *
 * Thread: one at a time for a spell.  Signal: unsafe. */
#ifndef VMPROF_SAMPLER_CORE_WAITING_H
#define VMPROF_SAMPLER_CORE_WAITING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sampler/core/onlook.h"
#include "sampler/signal/state_sig.h"
#include "sampler/vm/peek.h"
#include "sampler/vm/vm.h"

/* What all threads share. */
struct vmps_waiting {
    struct vmps_onlook onlook;
    uint64_t period_ns;
    uint64_t random;
    struct vmps_peek peek;
};

/* A thread's time off the processor. Zero-filled is new. */
struct vmps_spell {
    uint64_t seen_ns,
        seen_cpu_ns;       /* CLOCK_MONOTONIC and its CPU clock at the last look; 0: none yet */
    uint64_t pending_ns;   /* of time that it did not run, not counted onto a stack yet */
    bool waits;            /* at the last look; with a stack that is known: */
    uint64_t waits_cpu_ns; /* its CPU clock all the while */
    uint64_t waited_ns;    /* counted onto the stack, and not published */
    uint64_t state;        /* what the VM's adapter knows the thread by */
    uint32_t label;        /* VMPF_ROW_STATE_* */
    uint32_t flags, frame_count, capacity;
    bool nobodys; /* the stack is the recorder's own: its time is not published */
    struct vmpf_row_frame *frames;
};

struct vmps_look {
    pid_t thread_id;
    uint32_t slot;
    uint64_t now_ns, cpu_ns; /* read together */
    bool runs;               /* on a core, right now */
    bool late;               /* more than a period after the look before */
};

void vmps_waiting_init(struct vmps_waiting *waiting, struct vmps_recording *recording,
                       const struct vmps_vm *vm, uint64_t period_ns);
void vmps_waiting_fini(struct vmps_waiting *waiting);

/* vmps_waiting_look() counts the time since the last look at a thread. */
void vmps_waiting_look(struct vmps_waiting *waiting, struct vmps_spell *spell,
                       const struct vmps_look *look);

/* vmps_waiting_end() publishes what is counted and frees what the spell holds. */
void vmps_waiting_end(struct vmps_waiting *waiting, struct vmps_spell *spell, uint32_t slot);

#endif
