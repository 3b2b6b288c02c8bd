/* memory_sig.h: the process's resident size, at the time of a sample.
 *
 * Thread: any.  Signal: safe. */
#ifndef VMPROF_SAMPLER_SIGNAL_MEMORY_SIG_H
#define VMPROF_SAMPLER_SIGNAL_MEMORY_SIG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* A reading stands for the samples of all threads for so long. */
#define VMPS_MEMORY_FRESH_NS UINT64_C(1000000)

struct vmps_memory {
    bool is_on;     /* constant: samples carry a value of it */
    _Atomic int fd; /* of /proc/self/statm; -1: it cannot be read */
    uint64_t page_bytes;
    _Atomic uint64_t next_ns; /* CLOCK_MONOTONIC: when it is to be read again */
    _Atomic uint64_t bytes;   /* what was read last */
};

/* vmps_memory_bytes() reads the resident size, unless a reading of less than VMPS_MEMORY_FRESH_NS before now_ns
 * is there. Where it cannot be read, what was read last stands. */
uint64_t vmps_memory_bytes(struct vmps_memory *memory, uint64_t now_ns);

#endif
