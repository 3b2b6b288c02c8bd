/* salvage_threads.h: the threads that the rows of a journal tell of, as threads of the session (spec 7.5). Private. */
#ifndef VMPROF_FMT_READER_SALVAGE_THREADS_H
#define VMPROF_FMT_READER_SALVAGE_THREADS_H

#include "libvmprof_fmt/src/model/threads.h"
#include "libvmprof_fmt/src/reader/tables.h"

struct vmpfi_salvage_threads {
    struct vmpfi_threads threads; /* those of the session, then those of the rows */
    size_t known;                 /* so many are the session's */
    uint32_t *ids;                /* the number in the session of each of threads */
    size_t id_capacity;
};

void vmpfi_salvage_threads_fini(struct vmpfi_salvage_threads *t);

/* vmpfi_salvage_threads_begin() takes the threads that the session has, so that rows find and rename them; t is zero.
 * vmpfi_salvage_threads_end() brings names and new threads back to the session, and completes t->ids. process_known: samples of
 * rows are of a known process; where they are not, their thread is the session's only one of that thread id
 * [F-7.5-6]. Both: VMPF_E_NOMEM, VMPF_E_LIMIT. */
vmpf_status vmpfi_salvage_threads_begin(struct vmpfi_salvage_threads *t,
                                        const struct vmpfi_tables *tables);
vmpf_status vmpfi_salvage_threads_end(struct vmpfi_salvage_threads *t, struct vmpfi_tables *tables,
                                      bool process_known);

#endif
