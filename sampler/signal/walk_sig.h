/* walk_sig.h: how a VM adapter hands the frames of the current thread to whoever asked for them.
 *
 * The signal handler records the frames; the check at the start compares them. Both use the same
 * walk, so that what was checked is what is used.
 *
 * Signal: safe. */
#ifndef VMPROF_SAMPLER_SIGNAL_WALK_SIG_H
#define VMPROF_SAMPLER_SIGNAL_WALK_SIG_H

#include <stdbool.h>
#include <stdint.h>

#include "sampler/signal/codes_sig.h"
#include "sampler/signal/probe_sig.h"

typedef enum vmps_walk_status {
    VMPS_WALK_OK = 0,
    VMPS_WALK_STOP,   /* a frame function wants no more frames */
    VMPS_WALK_LOST,   /* a frame function could not keep what it was given */
    VMPS_WALK_BROKEN, /* something is not what the layout says; `failure` names it */
} vmps_walk_status;

/* One activation. The hash stands for the code: equal only where address and content are. */
struct vmps_walk_frame {
    uint64_t frame_address; /* the activation's own; 0: the adapter does not tell */
    uint64_t code_address;
    uint64_t code_hash;
    uint32_t offset; /* of the instruction, bytes; VMPF_NO_OFFSET */
};

/* A stretch of the VM's stack that one run of its loop stands for. */
struct vmps_activation {
    uint64_t anchor;      /* an address inside the loop's native frame; 0: not known */
    uint32_t frame_count; /* of frames handed out when it ended */
    bool is_hidden;       /* the root lies in it, or further in */
};

struct vmps_walk;
typedef vmps_walk_status (*vmps_frame_fn)(struct vmps_walk *walk,
                                          const struct vmps_walk_frame *frame);

struct vmps_walk {
    /* Given. */
    const void *vm;          /* the adapter's own */
    uint64_t *thread_memory; /* a word a thread for the adapter, 0 at first; never NULL */
    uint64_t root_code;      /* the walk ends before the frame of this code; 0: none */
    /* A stack with one of these is the recorder's: it counts as one that met the root at once. */
    const uint64_t *recorder_codes;
    size_t recorder_code_count;
    bool checked; /* trust nothing: probe before every load */
    /* Addresses only: code is not looked at. Hashes are 0, and frames that are to be passed over are among
     * what is handed out. */
    bool brief;
    /* What the adapter knows another thread by, whose stack it is to be; 0: the calling thread's. */
    uint64_t thread;
    /* Where the thread was when the signal came; 0: not known. */
    uint64_t pc, stack_pointer;
    vmps_frame_fn frame;
    void *context;
    /* Room for activations, for who asks for them: then they are told to the end of the stack, whatever the
     * root. NULL: nobody does. An adapter that knows none ignores it. */
    struct vmps_activation *activations;
    uint32_t activation_capacity;
    /* Found. */
    uint32_t activation_count;
    uint32_t frame_count; /* handed out */
    bool met_root;
    /* Of a brief walk: the leaf was left before its caller was read; the root is a generator, which may have been left just then. */
    bool moved, ends_in_generator;
    uint32_t offset;     /* of the last frame of a brief walk */
    const char *failure; /* a constant */
    struct vmps_probe probe;
};

/* An adapter's signal side. walk() hands out the frames of the calling thread, leaf first; a thread
 * without any gives VMPS_WALK_OK and none. describe() reads the code at an address that walk() gave,
 * within the same walk; false: it cannot be read, `failure` says why. */
struct vmps_walker {
    vmps_walk_status (*walk)(struct vmps_walk *walk);
    bool (*describe)(struct vmps_walk *walk, uint64_t code_address, struct vmps_code *code);
    /* Completes what a brief walk handed out as its frame_count-th: VMPS_WALK_OK; VMPS_WALK_STOP: it is to be passed over;
     * VMPS_WALK_BROKEN, VMPS_WALK_LOST: it is no frame, or none yet. NULL: the adapter knows no brief walks. */
    vmps_walk_status (*identify)(struct vmps_walk *walk, struct vmps_walk_frame *frame);
};

#endif
