/* unwind_walk.h: the calls of machine code on the calling thread's stack, by tables that were prepared outside
 * of the handler.
 *
 * Three registers are followed: rip, rsp and rbp. What a row cannot say by these is not guessed: the walk ends
 * there, and says that it was cut.
 *
 * Thread: each walks its own stack, with a state of its own.  Signal: safe. */
#ifndef VMPROF_SAMPLER_NATIVE_UNWIND_WALK_H
#define VMPROF_SAMPLER_NATIVE_UNWIND_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sampler/signal/probe_sig.h"

/* How the canonical frame address, rsp before the call, is found. */
enum vmps_cfa {
    VMPS_CFA_UNKNOWN = 0, /* it cannot be told */
    VMPS_CFA_RSP,         /* rsp + offset */
    VMPS_CFA_RBP,         /* rbp + offset */
    VMPS_CFA_AT_RBP,      /* the word at rbp + offset: a stack that was realigned */
    VMPS_CFA_PLT,         /* rsp + 8, and 8 more from the byte `rbp_offset` of each 16 on */
    VMPS_CFA_SIGNAL,      /* the kernel's frame of a signal: all registers are in it */
    VMPS_CFA_END,         /* nobody called this */
};

/* Where the caller's rbp is. */
enum vmps_rbp {
    VMPS_RBP_SAME = 0,
    VMPS_RBP_AT_CFA, /* the word at CFA + rbp_offset */
    VMPS_RBP_AT_RBP, /* the word at rbp + rbp_offset */
    VMPS_RBP_LOST,
};

/* What holds from one byte of a module's code to the next row. The return address is at CFA - 8. */
struct vmps_unwind_row {
    uint32_t begin; /* from the module's begin */
    int32_t cfa_offset;
    int16_t rbp_offset;
    uint8_t cfa; /* enum vmps_cfa */
    uint8_t rbp; /* enum vmps_rbp */
};

/* What code is to the merge with the frames of an interpreter. */
enum vmps_mark {
    VMPS_MARK_NONE = 0,
    VMPS_MARK_EVAL,  /* the interpreter's loop: stands for its own frames */
    VMPS_MARK_INNER, /* what the interpreter calls to get from one function to the next */
    VMPS_MARK_OURS,  /* the sampler's own code: never recorded */
};

struct vmps_mark_range {
    uint32_t begin, end; /* from the module's begin */
    uint32_t mark;       /* enum vmps_mark */
};

/* The code of a file that is loaded. rows and marks are sorted. */
struct vmps_unwind_module {
    uint64_t begin, end;
    const struct vmps_unwind_row *rows;
    const struct vmps_mark_range *marks;
    uint32_t row_count, mark_count;
    bool
        is_runtime; /* of what starts an interpreter and its threads: the interpreter, the C library */
    uint32_t serial; /* no two modules of a process have the same, whenever they were loaded */
};

/* All of a process, sorted by begin. Never changed: another one takes its place. */
struct vmps_unwind_tables {
    uint32_t generation; /* not 0; another one with each change */
    size_t module_count;
    struct vmps_unwind_module modules[];
};

/* What was looked up before. */
#define VMPS_UNWIND_CACHE 4096u
struct vmps_unwind_entry {
    uint64_t key;
    uint32_t generation; /* 0: empty */
    uint32_t code;       /* for the caller: a number that it keeps with the place; 0 at first */
    struct vmps_unwind_row row;
    uint32_t serial;   /* of the module; 0: none */
    uint8_t mark;      /* enum vmps_mark */
    bool is_runtime;   /* see struct vmps_unwind_module */
    bool is_no_return; /* no call stands before: this is no place that one returns to */
};

/* What a thread keeps from one walk to the next. Zero-filled is empty. */
struct vmps_unwind_memory {
    uint64_t low, high; /* of the thread's own stack: was found readable, and stays so */
    uint64_t foreign;   /* a page that was found not to be of it */
    struct vmps_unwind_entry cache[VMPS_UNWIND_CACHE];
};

enum vmps_unwind_status {
    VMPS_UNWIND_FRAME = 0,
    VMPS_UNWIND_END, /* the outermost frame was the last */
    VMPS_UNWIND_CUT, /* there are more, but they cannot be told */
};

struct vmps_unwind {
    /* Given. */
    const struct vmps_unwind_tables *tables;
    struct vmps_unwind_memory *memory;
    struct vmps_probe *probe;
    uint64_t
        stack_end; /* behind the last byte of the thread's stack, where that is known; else 0 */
    /* The frame. Before the first step: where the thread was. */
    uint64_t pc, sp, bp;
    bool bp_known;
    bool is_exact;   /* pc is the next instruction; else it is where a call returns to */
    bool has_looked; /* for the thread's stack, in this walk */
    /* After a step that gave a frame, of the frame that was left. */
    struct vmps_unwind_entry *entry;
    uint64_t cfa; /* its end: rsp after it returns */
};

/* vmps_unwind_look() finds the row of the current frame: `entry`, which is good until the next look. */
void vmps_unwind_look(struct vmps_unwind *unwind);

/* vmps_unwind_step() goes on to the caller of the current frame, which was looked up. */
enum vmps_unwind_status vmps_unwind_step(struct vmps_unwind *unwind);

#endif
