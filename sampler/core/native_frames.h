/* native_frames.h: the native frames of a recording: the tables that handlers unwind by, and the modules in the
 * profile.
 *
 * Thread: the owner's until the drain thread runs, then that one's; always with the writer's lock, which
 * holds off a fork: a child made while the loader's lock is held could never throw an exception. */
#ifndef VMPROF_SAMPLER_CORE_NATIVE_FRAMES_H
#define VMPROF_SAMPLER_CORE_NATIVE_FRAMES_H

#include "sampler/core/session.h"

/* vmps_native_frames_open(): where options ask for native frames, from here on handlers record them. */
vmps_status vmps_native_frames_open(struct vmps_session *session,
                                    const struct vmps_options *options, struct vmps_error *err);
/* vmps_native_frames_close(): when no handler is in flight. */
void vmps_native_frames_close(struct vmps_session *session);

/* vmps_native_frames_tend() looks for files that were loaded or unloaded. */
vmpf_status vmps_native_frames_tend(struct vmps_session *session, struct vmpf_error *err);

/* vmps_native_frames_interval() is interval_ns, or less while the program is loading files: code that no table
 * knows yet cuts the stacks that it is in. */
uint64_t vmps_native_frames_interval(const struct vmps_session *session, uint64_t interval_ns);

/* vmps_native_frames_write() writes the modules that the profile's epoch lacks. */
vmpf_status vmps_native_frames_write(struct vmps_session *session, struct vmpf_error *err);

/* vmps_native_frames_tell() puts into the profile how many samples could be joined. */
void vmps_native_frames_tell(struct vmps_session *session);

#endif
