/* vm.h: the virtual machines that the sampler knows, behind one table of operations. */
#ifndef VMPROF_SAMPLER_VM_VM_H
#define VMPROF_SAMPLER_VM_VM_H

#include <stdbool.h>
#include <sys/types.h>

#include <vmprof/vmps.h>

#include "sampler/signal/walk_sig.h"

struct vmps_vm_ops;

/* The VM of this process. */
struct vmps_vm {
    const struct vmps_vm_ops *ops;
    void *data; /* the adapter's: what its walker is given */
    char version[64];
};

/* To add a VM: NAME_walk.c (signal side) and NAME_resolve.c, and a row in registry.c. */
struct vmps_vm_ops {
    const char *name;  /* the `interpreter` metadata; NULL: there is none */
    const char *title; /* for people */
    /* Whether a recording may begin in a child right behind its fork(). */
    bool starts_in_forked;
    /* Whether this VM is in the process. */
    bool (*present)(void);
    /* Finds what the walker needs. vm->ops is set; fills data and version. */
    vmps_status (*open)(struct vmps_vm *vm, struct vmps_error *err);
    /* Compares a checked walk of the calling thread with frames that are known to be there. */
    vmps_status (*check)(const struct vmps_vm *vm, const struct vmps_known_frame *frames,
                         size_t frame_count, struct vmps_error *err);
    /* The number that the walker knows code by, where that is not its address; 0: it is not there. May be
     * NULL. */
    uint64_t (*code_of)(const struct vmps_vm *vm, const struct vmps_known_frame *code);
    /* From time to time while the recording runs, in the drain thread. May be NULL. */
    void (*tend)(struct vmps_vm *vm);
    /* At the end, when no thread walks any more: what a reader should be told, or NULL. May be NULL. */
    const char *(*conclude)(struct vmps_vm *vm, char *buffer, size_t size_bytes);
    /* The address of the loop that runs the VM's functions, one native frame an activation; 0: it cannot be
     * told. May be NULL. */
    uint64_t (*loop_address)(const struct vmps_vm *vm);
    /* What onlooker knows the system's thread by (walk->thread); 0: it runs no Python, or is gone. known: what was given the
     * last time, or 0. May be NULL: then no other thread's stack can be walked. */
    uint64_t (*thread_of)(const struct vmps_vm *vm, pid_t thread_id, uint64_t known);
    /* Whether a thread that waits at that address waits for the interpreter's lock. May be NULL. */
    bool (*is_lock)(const struct vmps_vm *vm, uint64_t address);
    /* After the last walk. */
    void (*close)(struct vmps_vm *vm);
    struct vmps_walker walker;
    /* Walks the stack of another thread, one that does not run meanwhile. It is not for signal handlers, and reads through
     * peek.h: a vmps_peek_begin() comes before, and where vmps_peek_failed() tells so afterwards nothing was found. */
    struct vmps_walker onlooker;
    /* Walks the stack of another thread, which may run meanwhile; it does brief walks. It reads through guard_sig.h. walk may be NULL:
     * none can be walked so. */
    struct vmps_walker reader;
};

/* vmps_vm_open() finds the VM of this process: VMPS_OK, VMPS_E_INTERPRETER, VMPS_E_SYSTEM. may_be_none: where
 * there is none, one without any frames stands for it. */
vmps_status vmps_vm_open(struct vmps_vm *vm, bool may_be_none, struct vmps_error *err);
void vmps_vm_close(struct vmps_vm *vm);
bool vmps_vm_present(void);

#endif
