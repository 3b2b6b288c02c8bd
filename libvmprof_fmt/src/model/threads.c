#include "libvmprof_fmt/src/model/threads.h"

#include "libvmprof_fmt/src/model/dictionary.h"

#include <stdlib.h>
#include <string.h>

void vmpfi_threads_fini(struct vmpfi_threads *t)
{
    vmpfi_arena_fini(&t->text);
    free(t->entries);
    vmpfi_index_fini(&t->index);
    memset(t, 0, sizeof *t);
}

static bool same_thread(const void *ctx, uint32_t number, const void *key)
{
    const struct vmpfi_threads *t = ctx;
    const struct vmpf_thread *thread = key;
    return t->entries[number].thread_id == thread->thread_id &&
           t->entries[number].process_id == thread->process_id;
}

static vmpf_status set_name(struct vmpfi_threads *t, uint32_t id, struct vmpf_string name)
{
    struct vmpf_string *have = &t->entries[id].name;
    if (have->size_bytes == name.size_bytes &&
        (name.size_bytes == 0 || memcmp(have->data, name.data, name.size_bytes) == 0)) {
        return VMPF_OK;
    }
    const char *copy = vmpfi_arena_copy(&t->text, name.data, name.size_bytes);
    if (copy == NULL) {
        return VMPF_E_NOMEM;
    }
    have->data = copy;
    have->size_bytes = name.size_bytes;
    if (id < t->first_dirty) {
        t->first_dirty = id;
    }
    return VMPF_OK;
}

vmpf_status vmpfi_threads_define(struct vmpfi_threads *t, const struct vmpf_thread *thread,
                                 bool rename, uint32_t *id)
{
    if (thread->name.size_bytes > VMPFI_MAX_STRING_BYTES) { /* [F-5.2-6] */
        return VMPF_E_LIMIT;
    }
    if (!rename && vmpfi_threads_recent(t, thread->process_id, thread->thread_id, id)) {
        return VMPF_OK;
    }
    uint64_t hash = vmpfi_hash64(thread->thread_id ^ vmpfi_hash64(thread->process_id));
    if (vmpfi_index_find(&t->index, hash, same_thread, t, thread, id)) {
        t->recent[thread->thread_id % VMPFI_RECENT_THREADS] = *id;
        return rename ? set_name(t, *id, thread->name) : VMPF_OK;
    }
    if (t->count >= UINT32_MAX - 1) {
        return VMPF_E_LIMIT;
    }
    void *entries = t->entries;
    bool grown = vmpfi_grow(&entries, &t->capacity, t->count + 1, sizeof *t->entries);
    t->entries = entries;
    if (!grown || !vmpfi_index_insert(&t->index, hash, (uint32_t)t->count)) {
        return VMPF_E_NOMEM;
    }
    *id = (uint32_t)t->count;
    t->entries[t->count++] = (struct vmpf_thread){.process_id = thread->process_id,
                                                  .thread_id = thread->thread_id,
                                                  .name = {.data = "", .size_bytes = 0}};
    return set_name(t, *id, thread->name);
}
