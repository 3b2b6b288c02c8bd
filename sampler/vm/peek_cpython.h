/* peek_cpython.h: the walk of CPython's stacks once more, over another thread's: the same code, whose loads are those of
 * peek.h. Included before a source of the walk, it gives its functions names of their own. */
#ifndef VMPROF_SAMPLER_VM_PEEK_CPYTHON_H
#define VMPROF_SAMPLER_VM_PEEK_CPYTHON_H

#include "sampler/signal/probe_sig.h"
#include "sampler/signal/walk_sig.h"
#include "sampler/vm/peek.h"

/* A load that fails is noticed at the end: there is nothing to ask before. */
static inline bool vmps_peek_may(const struct vmps_probe *probe, uint64_t address,
                                 size_t size_bytes)
{
    const uint64_t lowest = 4096, highest = UINT64_C(1) << 47;
    (void)probe;
    return address >= lowest && address < highest && size_bytes <= highest - address;
}

#define vmps_load64 vmps_peek64
#define vmps_load32 vmps_peek32
#define vmps_load8 vmps_peek8
#define vmps_probe_readable vmps_peek_may
#define vmps_cpython_top vmps_peek_cpython_top
#define vmps_cpython_is_top vmps_peek_cpython_is_top
#define vmps_cpython_is_generator vmps_peek_cpython_is_generator
#define vmps_cpython_frame_readable vmps_peek_cpython_frame_readable
#define vmps_cpython_is_code vmps_peek_cpython_is_code
#define vmps_cpython_walk vmps_peek_cpython_walk
#define vmps_cpython_describe vmps_peek_cpython_describe
#define vmps_cpython_identify vmps_peek_cpython_identify

#endif
