/* pypy_walk.h: walks the stack of a PyPy thread, from inside a signal handler.
 *
 * PyPy keeps a list of what each thread runs for its own _vmprof: an entry for each interpreted function and
 * for each activation of machine code that its JIT made. We read that list, and resolve machine code
 * by the map that PyPy keeps of it. */
#ifndef VMPROF_SAMPLER_VM_PYPY_WALK_H
#define VMPROF_SAMPLER_VM_PYPY_WALK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "sampler/signal/walk_sig.h"
#include "sampler/vm/pypy_names_walk.h"

/* An entry of the list: three words (rpython/rlib/rvmprof: vmprof_stack_s). */
#define VMPS_PYPY_ENTRY_NEXT 0u
#define VMPS_PYPY_ENTRY_VALUE 8u
#define VMPS_PYPY_ENTRY_KIND 16u
#define VMPS_PYPY_ENTRY_BYTES 24u

/* Kinds of entries. */
enum vmps_pypy_kind {
    VMPS_PYPY_CODE = 1,      /* the value is the number of the code */
    VMPS_PYPY_BLACKHOLE = 2, /* the interpreter that finishes what machine code began */
    VMPS_PYPY_JITTED = 3,    /* the value is the stack pointer of the machine code */
    VMPS_PYPY_JITTING = 4,   /* tracing, compiling */
    VMPS_PYPY_GC = 5,
};

/* The word at the start of the thread's block once PyPy has made it ready. */
#define VMPS_PYPY_READY 42u

#define VMPS_PYPY_MAX_STARTERS 128u

/* What walks found out; any thread adds. */
struct vmps_pypy_counts {
    _Atomic uint64_t machine_code; /* stacks whose innermost function ran as machine code */
    _Atomic uint64_t vm_differs;   /* of these: PyPy's own rule names another function */
    _Atomic uint64_t uncovered;    /* activations where PyPy's map names no function at the byte */
    _Atomic uint64_t unresolved;   /* activations of machine code whose functions cannot be told */
};

struct vmps_pypy {
    int64_t block_offset; /* of the thread's block from the thread pointer */
    uint64_t list_offset; /* of the list's head in the block; 0: not known yet */
    uint64_t code_map;    /* address of the head of the map of machine code; 0: there is none */
    long (*enter)(
        void); /* vmprof_enter_signal(): from here on the map does not change; not 0: it does now */
    long (*leave)(void); /* vmprof_exit_signal() */
    struct vmps_pypy_names names;
    struct vmps_pypy_counts *counts;
    /* PyPy's own code that starts a program: Python code, but not the program's. By rising numbers. */
    uint64_t starters[VMPS_PYPY_MAX_STARTERS];
    uint32_t starter_count;
};

/* The address of a frame, which describe() gets. Numbers of code are multiples of 4: the lowest bit says that it runs as
 * machine code, the next one that it is no number, but that of a label. */
#define VMPS_PYPY_JIT_BIT UINT64_C(1)
#define VMPS_PYPY_LABEL_BIT UINT64_C(2)

vmps_walk_status vmps_pypy_walk(struct vmps_walk *walk);
bool vmps_pypy_describe(struct vmps_walk *walk, uint64_t code_address, struct vmps_code *code);

#endif
