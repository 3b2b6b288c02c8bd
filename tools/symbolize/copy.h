/* copy.h: a profile, read and written again, with names in place of addresses. */
#ifndef VMPROF_TOOLS_SYMBOLIZE_COPY_H
#define VMPROF_TOOLS_SYMBOLIZE_COPY_H

#include "tools/symbolize/names.h"

/* Asks names for all native frames of the block that lack one. visited: by node, for the reader's epoch. */
struct symz_seen {
    uint8_t *nodes;
    size_t capacity;
    uint64_t epoch;
};
bool symz_collect(struct symz_names *names, struct symz_seen *seen, const vmpf_reader *reader,
                  const struct vmpf_block *block);

/* What a copy is made of. Zeroed but for the first two, it is new. */
struct symz_map {
    uint32_t *ids; /* the writer's id + 1 by the reader's; 0: none yet */
    size_t capacity;
};
struct symz_list {
    uint32_t first; /* in symz_copy.pool */
    uint32_t count; /* 0: not known yet */
};
struct symz_lists {
    struct symz_list *items;
    size_t capacity;
};
struct symz_copy {
    struct symz_names *names;
    int fd;
    vmpf_writer *writer; /* of the session at hand; NULL: none */
    size_t session;
    uint64_t lost_samples; /* of damage, that were counted already */
    uint64_t reader_epoch;
    uint32_t writer_epoch;
    uint32_t first_thread; /* of the session */
    uint32_t thread_end;   /* of those that are known by now */
    uint32_t modules_put;
    struct symz_map modules;
    struct symz_map callers; /* nodes, with their callers */
    struct symz_map leaves;  /* nodes as the innermost of a sample */
    struct symz_map labels;
    struct symz_map threads;
    struct symz_lists caller_frames; /* by location: what it is in the writer, outermost first */
    struct symz_lists leaf_frames;
    uint32_t *pool;
    size_t pool_count;
    size_t pool_capacity;
    uint32_t *path;
    size_t path_capacity;
    struct vmpf_error err; /* where a step failed; status OK: memory was short */
};

/* Each is false where it failed. A session begins with its first block, or when it is over. */
bool symz_copy_block(struct symz_copy *copy, const vmpf_reader *reader,
                     const struct vmpf_block *block);
bool symz_copy_end(struct symz_copy *copy, const vmpf_reader *reader);
void symz_copy_fini(struct symz_copy *copy);

/* copy_frames.c: the writer's locations for one of the reader's, outermost first. *list is good until the next call. */
bool symz_put_frames(struct symz_copy *copy, const vmpf_reader *reader, uint32_t location,
                     bool is_caller, struct symz_list *list);
bool symz_put_modules(struct symz_copy *copy, const vmpf_reader *reader);

#endif
