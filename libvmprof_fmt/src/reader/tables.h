/* tables.h: the tables of a reader, over all epochs and sessions of its input. Private.
 *
 * In the file ids start anew with each epoch; here an epoch's entries are appended, and the base of the
 * current epoch turns a file's id into a reader's. Entry 0 is "nothing", entry 1 is "<lost>". */
#ifndef VMPROF_FMT_READER_TABLES_H
#define VMPROF_FMT_READER_TABLES_H

#include "libvmprof_fmt/src/blocks/tables.h"
#include "libvmprof_fmt/src/model/dictionary.h"

#include <vmprof/vmpf.h>

#define VMPFI_LOST_ID 1u
#define VMPFI_MAX_TABLE_ENTRIES ((uint64_t)UINT32_MAX - 1)

/* How many entries the current epoch has (without entry 0), and the reader's id of its entry 0. */
struct vmpfi_epoch_table {
    uint32_t base;
    uint64_t count;
};

struct vmpfi_label_set {
    struct vmpf_label label;
    uint32_t depth;
};

struct vmpfi_tables {
    struct vmpfi_arena text;
    struct vmpfi_arena thread_text; /* threads outlive epochs */
    size_t memory_limit_bytes;
    struct vmpf_string *strings; /* of the epoch only */
    size_t string_count, string_capacity;
    struct vmpf_module *modules;
    size_t module_count, module_capacity;
    struct vmpf_function *functions;
    size_t function_count, function_capacity;
    struct vmpf_location *locations;
    size_t location_count, location_capacity;
    struct vmpf_stack *stacks;
    size_t stack_count, stack_capacity;
    uint32_t *depths; /* of the stacks; NULL until a path can be too long */
    size_t depth_capacity;
    struct vmpfi_label_set *labels;
    size_t label_count, label_capacity;
    struct vmpf_thread *threads;
    size_t thread_count, thread_capacity;
    uint32_t *session_threads; /* the session's numbers to ids of the reader's */
    size_t session_thread_count, session_thread_capacity;
    bool session_threads_differ; /* some id is not the number that the session has for it */
    uint32_t lost_thread; /* of the session, without a number in it; 0: none, else its id plus 1 */
    struct vmpfi_epoch_table module_epoch, function_epoch, location_epoch, stack_epoch, label_epoch;
    bool one_epoch;          /* an epoch's entries go when the next one begins */
    uint64_t epochs_dropped; /* how often they went */
    uint64_t unknown;        /* references to entries that are missing */
};

vmpf_status vmpfi_tables_init(struct vmpfi_tables *t, uint64_t memory_limit_bytes);
void vmpfi_tables_fini(struct vmpfi_tables *t);
vmpf_status vmpfi_tables_new_epoch(struct vmpfi_tables *t);
vmpf_status vmpfi_tables_new_session(struct vmpfi_tables *t);

/* What `first` of the next chunk of this kind has to be, and the rule that says so. */
uint64_t vmpfi_tables_next_id(const struct vmpfi_tables *t, uint16_t kind);
const char *vmpfi_tables_first_rule(uint16_t kind);

/* Adds a decoded chunk of this kind. VMPF_E_CORRUPT: a rule is broken, nothing changed. VMPF_E_NOMEM and
 * VMPF_E_LIMIT (the memory limit): final. */
vmpf_status vmpfi_tables_add(struct vmpfi_tables *t, uint16_t kind, const struct vmpfi_table *chunk,
                             uint64_t offset, struct vmpf_error *err);

/* A file's id to a reader's; what is not there becomes VMPFI_LOST_ID and is counted. */
static inline uint32_t vmpfi_tables_id(struct vmpfi_tables *t,
                                       const struct vmpfi_epoch_table *epoch, uint64_t id)
{
    if (id <= epoch->count) {
        return id == 0 ? 0 : epoch->base + (uint32_t)id;
    }
    t->unknown++;
    return VMPFI_LOST_ID;
}
/* The same for count ids, in their place. */
void vmpfi_tables_translate(struct vmpfi_tables *t, const struct vmpfi_epoch_table *epoch,
                            uint32_t *ids, size_t count);
/* The same for a thread, which is numbered from 0; one that has no number stands for what is not there. */
vmpf_status vmpfi_tables_thread(struct vmpfi_tables *t, uint64_t id, uint32_t *thread);
/* One more entry, with ids of the reader's. VMPF_E_NOMEM, VMPF_E_LIMIT. */
vmpf_status vmpfi_tables_append_string(struct vmpfi_tables *t, struct vmpf_string entry);
vmpf_status vmpfi_tables_append_module(struct vmpfi_tables *t, const struct vmpf_module *entry);
vmpf_status vmpfi_tables_append_function(struct vmpfi_tables *t, const struct vmpf_function *entry);
vmpf_status vmpfi_tables_append_location(struct vmpfi_tables *t, struct vmpf_location entry);
/* Room for count stacks more, and for their depths where those are kept. */
vmpf_status vmpfi_tables_reserve_stacks(struct vmpfi_tables *t, size_t count);
vmpf_status vmpfi_tables_append_stack(struct vmpfi_tables *t, struct vmpf_stack entry);
/* VMPF_E_CORRUPT: the path would be too long [F-5.7-1]. */
vmpf_status vmpfi_tables_append_label(struct vmpfi_tables *t, const struct vmpf_label *entry);
/* It gets the session's next number. */
vmpf_status vmpfi_tables_append_thread(struct vmpfi_tables *t, const struct vmpf_thread *thread);

/* The entry of a thread of the session, and whether it stands for one that is missing. */
struct vmpf_thread *vmpfi_tables_session_thread(const struct vmpfi_tables *t, size_t number);
bool vmpfi_tables_thread_is_lost(const struct vmpf_thread *thread);
/* Threads of the session that were lost with their chunk [F-5.5-1]. */
vmpf_status vmpfi_tables_append_lost_thread(struct vmpfi_tables *t);

/* Adds a whole dictionary as an epoch of its own. */
vmpf_status vmpfi_tables_add_dictionary(struct vmpfi_tables *t, const struct vmpfi_dictionary *d);

#endif
