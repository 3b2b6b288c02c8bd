/* preload_follow.h: recordings of all processes that come of one program, each into a file of its own in one
 * folder; vmprof-record puts them together.
 *
 * Thread: the one that loads the library, or forks.  Signal: unsafe. */
#ifndef VMPROF_SAMPLER_CORE_PRELOAD_FOLLOW_H
#define VMPROF_SAMPLER_CORE_PRELOAD_FOLLOW_H

#include <stdbool.h>

#include <vmprof/vmps.h>

/* vmps_follow_begin() starts the recording that options ask for (but for their descriptor), into a new file in
 * folder, and from now on one in each child that this process forks. False: it could not be started, which was
 * said unless the folder is gone, since whoever made it has ended. */
bool vmps_follow_begin(const char *folder, const struct vmps_options *options);

#endif
