/* cpython_top_walk.h: where a walk begins: the thread state, and its top frame. */
#ifndef VMPROF_SAMPLER_VM_CPYTHON_TOP_WALK_H
#define VMPROF_SAMPLER_VM_CPYTHON_TOP_WALK_H

#include "sampler/vm/cpython_walk.h"

/* Steps along a chain of frames after which it must be a ring. */
#define VMPS_MAX_CHAIN 1048576u

/* vmps_cpython_top() finds the calling thread's top frame; *frame is 0 where it has none. */
vmps_walk_status vmps_cpython_top(struct vmps_walk *walk, uint64_t *frame);

/* vmps_cpython_is_top() tells whether a frame is on top right now, of a thread that may run. */
bool vmps_cpython_is_top(struct vmps_walk *walk, uint64_t frame);

/* vmps_cpython_is_generator() tells whether a frame is that of a generator or a coroutine. */
bool vmps_cpython_is_generator(struct vmps_walk *walk, uint64_t frame);

/* vmps_cpython_frame_readable() tells whether all fields of a frame that the layout names can be read. */
bool vmps_cpython_frame_readable(struct vmps_walk *walk, uint64_t frame);

/* vmps_cpython_is_code() tells whether a live code object is at that address. */
bool vmps_cpython_is_code(struct vmps_walk *walk, uint64_t code);

static inline vmps_walk_status vmps_cpython_broken(struct vmps_walk *walk, const char *what)
{
    walk->failure = what;
    return VMPS_WALK_BROKEN;
}

static inline bool vmps_cpython_is_shim(const struct vmps_cpython_layout *layout, uint64_t frame)
{
    return layout->shim_owner != VMPS_NO_SHIM &&
           vmps_load8(frame + layout->frame_owner) >= layout->shim_owner;
}

static inline uint64_t vmps_cpython_code_of(const struct vmps_cpython_layout *layout,
                                            uint64_t frame)
{
    return vmps_load64(frame + layout->frame_code) & layout->frame_code_mask;
}

#endif
