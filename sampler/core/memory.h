/* memory.h: what the handler reads the process's resident size from.
 *
 * Thread: the functions exclude each other.  Signal: unsafe. */
#ifndef VMPROF_SAMPLER_CORE_MEMORY_H
#define VMPROF_SAMPLER_CORE_MEMORY_H

#include <sys/types.h>

#include "sampler/signal/memory_sig.h"

/* Which file the descriptor is of. */
struct vmps_memory_file {
    dev_t device;
    ino_t inode;
};

/* vmps_memory_open() makes samples carry the resident size. 0 or an errno. */
int vmps_memory_open(struct vmps_memory *memory, struct vmps_memory_file *file);

/* vmps_memory_tend() opens anew what the program closed. */
void vmps_memory_tend(struct vmps_memory *memory, struct vmps_memory_file *file);

/* vmps_memory_close() closes what is still ours. */
void vmps_memory_close(struct vmps_memory *memory, const struct vmps_memory_file *file);

#endif
