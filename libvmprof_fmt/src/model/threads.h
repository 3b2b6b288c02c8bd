/* threads.h: the threads of a session; they keep their ids through its epochs (spec 5.5). Private. */
#ifndef VMPROF_FMT_MODEL_THREADS_H
#define VMPROF_FMT_MODEL_THREADS_H

#include "libvmprof_fmt/src/base/buffer.h"
#include "libvmprof_fmt/src/base/map.h"

#include <vmprof/vmpf.h>

/* What a program's busy threads mostly come to: most samples are of one of them. */
#define VMPFI_RECENT_THREADS 64u

struct vmpfi_threads {
    struct vmpfi_arena text;
    struct vmpf_thread *entries;
    size_t count, capacity;
    size_t written;     /* entries that are in the output */
    size_t first_dirty; /* the first entry that changed since then, or count */
    struct vmpfi_index index;
    uint32_t
        recent[VMPFI_RECENT_THREADS]; /* entries that were asked for, by the low bits of their id */
};

void vmpfi_threads_fini(struct vmpfi_threads *t);

/* vmpfi_threads_define() finds or makes the entry of (process, thread). rename: an entry that is there gets the
 * name of thread too. VMPF_E_NOMEM, VMPF_E_LIMIT. */
vmpf_status vmpfi_threads_define(struct vmpfi_threads *t, const struct vmpf_thread *thread,
                                 bool rename, uint32_t *id);

/* What vmpfi_threads_define() would say of a thread that was asked for lately; false: it has to be asked. */
static inline bool vmpfi_threads_recent(const struct vmpfi_threads *t, uint64_t process_id,
                                        uint64_t thread_id, uint32_t *id)
{
    uint32_t recent = t->recent[thread_id % VMPFI_RECENT_THREADS];
    if (recent >= t->count || t->entries[recent].thread_id != thread_id ||
        t->entries[recent].process_id != process_id) {
        return false;
    }
    *id = recent;
    return true;
}

#endif
