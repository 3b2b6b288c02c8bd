#include "libvmprof_fmt/src/reader/salvage_threads.h"

#include "libvmprof_fmt/src/base/error.h"

#include <stdlib.h>
#include <string.h>

void vmpfi_salvage_threads_fini(struct vmpfi_salvage_threads *t)
{
    vmpfi_threads_fini(&t->threads);
    free(t->ids);
    memset(t, 0, sizeof *t);
}

static bool make_room(struct vmpfi_salvage_threads *t, size_t count)
{
    void *ids = t->ids;
    bool grown = vmpfi_grow(&ids, &t->id_capacity, count, sizeof *t->ids);
    t->ids = ids;
    return grown;
}

vmpf_status vmpfi_salvage_threads_begin(struct vmpfi_salvage_threads *t,
                                        const struct vmpfi_tables *tables)
{
    for (size_t i = 0; i < tables->session_thread_count; i++) {
        const struct vmpf_thread *thread = vmpfi_tables_session_thread(tables, i);
        uint32_t id;
        if (vmpfi_tables_thread_is_lost(thread)) {
            continue; /* nobody knows which it was */
        }
        VMPF_TRY(vmpfi_threads_define(&t->threads, thread, false, &id));
        if (id < t->known) {
            continue; /* the session has it twice */
        }
        if (!make_room(t, t->known + 1)) {
            return VMPF_E_NOMEM;
        }
        t->ids[t->known++] = (uint32_t)i;
    }
    return VMPF_OK;
}

/* A THREAD row may have renamed it. */
static vmpf_status bring_name(const struct vmpfi_salvage_threads *t, struct vmpfi_tables *tables,
                              size_t at)
{
    const struct vmpf_string *name = &t->threads.entries[at].name;
    struct vmpf_string *have = &vmpfi_tables_session_thread(tables, t->ids[at])->name;
    if (have->size_bytes == name->size_bytes &&
        (name->size_bytes == 0 || memcmp(have->data, name->data, name->size_bytes) == 0)) {
        return VMPF_OK;
    }
    const char *copy = vmpfi_arena_copy(&tables->thread_text, name->data, name->size_bytes);
    if (copy == NULL) {
        return VMPF_E_NOMEM;
    }
    *have = (struct vmpf_string){.data = copy, .size_bytes = name->size_bytes};
    return VMPF_OK;
}

static vmpf_status append(struct vmpfi_salvage_threads *t, struct vmpfi_tables *tables, size_t at)
{
    t->ids[at] = (uint32_t)tables->session_thread_count;
    return vmpfi_tables_append_thread(tables, &t->threads.entries[at]);
}

/* Made by a sample whose process nobody knows. */
static bool is_orphan(const struct vmpfi_salvage_threads *t, size_t at)
{
    const struct vmpf_thread *thread = &t->threads.entries[at];
    return at >= t->known && thread->process_id == 0 && thread->name.size_bytes == 0;
}

/* Which thread ids one thread has, and which several; orphans do not count. */
static vmpf_status count_owners(const struct vmpfi_salvage_threads *t, struct vmpfi_map64 *one,
                                struct vmpfi_map64 *several)
{
    for (size_t i = 0; i < t->threads.count; i++) {
        uint64_t thread_id = t->threads.entries[i].thread_id;
        uint32_t other;
        bool put = true;
        if (is_orphan(t, i)) {
            continue;
        }
        if (!vmpfi_map64_find(one, thread_id, &other)) {
            put = vmpfi_map64_insert(one, thread_id, (uint32_t)i);
        } else if (!vmpfi_map64_find(several, thread_id, &other)) {
            put = vmpfi_map64_insert(several, thread_id, (uint32_t)i);
        }
        if (!put) {
            return VMPF_E_NOMEM;
        }
    }
    return VMPF_OK;
}

/* [F-7.5-6] */
static vmpf_status place_orphans(struct vmpfi_salvage_threads *t, struct vmpfi_tables *tables)
{
    struct vmpfi_map64 one = {0};
    struct vmpfi_map64 several = {0};
    vmpf_status status = count_owners(t, &one, &several);
    for (size_t i = t->known; status == VMPF_OK && i < t->threads.count; i++) {
        uint64_t thread_id = t->threads.entries[i].thread_id;
        uint32_t owner;
        if (!is_orphan(t, i)) {
            continue;
        }
        if (vmpfi_map64_find(&one, thread_id, &owner) &&
            !vmpfi_map64_find(&several, thread_id, &(uint32_t){0})) {
            t->ids[i] = t->ids[owner];
        } else {
            status = append(t, tables, i);
        }
    }
    vmpfi_map64_fini(&one);
    vmpfi_map64_fini(&several);
    return status;
}

vmpf_status vmpfi_salvage_threads_end(struct vmpfi_salvage_threads *t, struct vmpfi_tables *tables,
                                      bool process_known)
{
    if (!make_room(t, t->threads.count + 1)) {
        return VMPF_E_NOMEM;
    }
    for (size_t i = 0; i < t->known; i++) {
        VMPF_TRY(bring_name(t, tables, i));
    }
    for (size_t i = t->known; i < t->threads.count; i++) {
        if (process_known || !is_orphan(t, i)) {
            VMPF_TRY(append(t, tables, i));
        }
    }
    return process_known ? VMPF_OK : place_orphans(t, tables);
}
