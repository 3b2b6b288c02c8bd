/* log_stacks.h: the stacks of a log as entries of a reader's tables. Private.
 *
 * Most samples have a stack that another one had: the words of stacks are kept, as far as they fit, so that such a one is
 * found by its bytes and not taken apart again. Of one that is new most callers are those of the sample before. */
#ifndef VMPROF_FMT_READER_LOG_STACKS_H
#define VMPROF_FMT_READER_LOG_STACKS_H

#include "libvmprof_fmt/src/legacy/log.h"
#include "libvmprof_fmt/src/model/pair_index.h"
#include "libvmprof_fmt/src/reader/tables.h"

#define VMPFI_LOG_KINDS 8u /* enum vmpf_kind */

struct vmpfi_log_known_stack;
struct vmpfi_log_step;
struct vmpfi_log_place_of;

struct vmpfi_log_stacks {
    struct vmpfi_tables *tables;
    struct vmpfi_log *log;
    struct vmpfi_log_frames frames; /* of the stack at hand */
    struct vmpfi_pair_index locations;
    uint32_t *first_children; /* by node; 0: it has none */
    size_t first_capacity;
    struct vmpfi_map64 later_children; /* parent and location to node */
    struct vmpfi_index functions;
    struct vmpfi_map64 named[VMPFI_LOG_KINDS];   /* the number of a name to a function */
    struct vmpfi_map64 unnamed[VMPFI_LOG_KINDS]; /* an id to a function */
    uint32_t first_module;                       /* id of the log's first */
    struct vmpfi_arena words;
    struct vmpfi_log_known_stack *known;
    size_t known_count, known_capacity;
    struct vmpfi_index known_index;
    uint32_t last_known;         /* that of the sample before */
    struct vmpfi_log_step *path; /* the stack that was taken apart last, root first */
    size_t path_count, path_capacity;
    uint64_t path_renamed; /* what log->renamed was then */
    struct vmpfi_log_place_of
        *places; /* where frames are, by a hash of them: of each the last one that had it */
};

/* vmpfi_log_stacks_begin() adds the log's modules; it is called once, and for each new epoch. */
vmpf_status vmpfi_log_stacks_begin(struct vmpfi_log_stacks *s, struct vmpfi_tables *tables,
                                   struct vmpfi_log *log);
void vmpfi_log_stacks_fini(struct vmpfi_log_stacks *s);
/* The node of a STACKTRACE. VMPF_E_NOMEM, VMPF_E_LIMIT (the memory limit of the tables). */
vmpf_status vmpfi_log_stacks_node(struct vmpfi_log_stacks *s, const struct vmpfi_log_record *record,
                                  uint32_t *node);

#endif
