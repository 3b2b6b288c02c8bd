/* pypy_resolve.h: finds PyPy in the process, and turns on what its _vmprof tells. */
#ifndef VMPROF_SAMPLER_VM_PYPY_RESOLVE_H
#define VMPROF_SAMPLER_VM_PYPY_RESOLVE_H

#include <signal.h>
#include <stdatomic.h>

#include <sys/time.h>

#include "sampler/vm/pypy_walk.h"
#include "sampler/vm/vm.h"

extern const struct vmps_vm_ops vmps_pypy_ops;

/* A piece of the process's memory. */
struct vmps_pypy_range {
    uint64_t begin, end;
};

/* All that there is on the owner's side; the walker sees `walk`. */
struct vmps_pypy_vm {
    struct vmps_pypy walk; /* first: vm->data is both */
    struct vmps_pypy_counts counts;
    struct vmps_pypy_range variables; /* of libpypy, where its own variables lie that begin as 0 */
    uint64_t block_bytes;             /* of the thread's block */
    int fd;                           /* that _vmprof writes to */
    int (*execute)(char *source);     /* pypy_execute_source() */
    struct sigaction program_action;  /* SIGPROF's before */
    struct itimerval program_timer;
    struct sigaction vm_action; /* and while _vmprof is on */
    char probe[128];            /* how the name of our function begins */
    uint64_t probe_number;      /* its number: no code of before has a greater one */
    const char *missing;        /* what was not found; a constant */
    uint64_t main_block;        /* of the thread that opened us */
    int process_id;
    bool by_site; /* no Python runs yet: PyPy's start turns _vmprof on */
    _Atomic uint64_t names_read_bytes;
};

#define VMPS_PYPY_SOURCE_BYTES 4096u

/* vmps_pypy_prepare() writes the Python code that turns _vmprof on, and finds what we need of it. False: it does
 * not fit.
 * vmps_pypy_enable() runs it, in a thread that runs Python but is not in it now. False: `missing` says why.
 * vmps_pypy_disable() turns _vmprof off, in such a thread. */
bool vmps_pypy_prepare(struct vmps_pypy_vm *pypy, char source[VMPS_PYPY_SOURCE_BYTES]);
bool vmps_pypy_enable(struct vmps_pypy_vm *pypy);
void vmps_pypy_disable(struct vmps_pypy_vm *pypy);

/* vmps_pypy_find() finds, while the probe function is what the calling thread runs: the list of the thread, the
 * map of machine code and the buffers of names. NULL, or what was not found. */
const char *vmps_pypy_find(struct vmps_pypy_vm *pypy);

/* vmps_pypy_runs_python() tells whether the thread that opened us has something in its list. */
bool vmps_pypy_runs_python(const struct vmps_pypy_vm *pypy);

/* vmps_pypy_check() is the operation `check`, vmps_pypy_code_of() `code_of`. */
vmps_status vmps_pypy_check(const struct vmps_vm *vm, const struct vmps_known_frame *frames,
                            size_t frame_count, struct vmps_error *err);
uint64_t vmps_pypy_code_of(const struct vmps_vm *vm, const struct vmps_known_frame *code);

#endif
