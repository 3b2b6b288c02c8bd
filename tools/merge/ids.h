/* ids.h: what the ids of a reader are in a writer: definitions are made there when a sample first needs them.
 */
#ifndef VMPROF_TOOLS_MERGE_IDS_H
#define VMPROF_TOOLS_MERGE_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vmprof/vmpf.h>

#include "tools/merge/choice.h"

/* By id of the reader: the writer's id plus 1, or 0 where none was made yet. */
struct merge_id_map {
    uint32_t *ids;
    size_t capacity;
    size_t used; /* ids from here on were never made */
};

struct merge_ids {
    const vmpf_reader *reader;
    const struct merge_choice *choice; /* which frames are kept; NULL: all */
    vmpf_writer *writer;
    uint64_t reader_epoch; /* that the maps are of */
    uint32_t writer_epoch;
    struct merge_id_map modules;
    struct merge_id_map functions;
    struct merge_id_map locations;
    struct merge_id_map stacks;
    struct merge_id_map labels;
    struct merge_id_map threads; /* of the session, whatever the epoch */
    uint32_t *path;              /* ids from a stack outwards that have none yet */
    size_t path_capacity;
};

void merge_ids_init(struct merge_ids *ids, const vmpf_reader *reader, vmpf_writer *writer,
                    const struct merge_choice *choice);
void merge_ids_fini(struct merge_ids *ids);
/* Forgets what an epoch has taken away. To be called before the ids of a sample are asked for. */
void merge_ids_follow(struct merge_ids *ids);

/* *out gets the writer's id of a reader's; of a stack, of one whose innermost frame is kept. */
vmpf_status merge_ids_stack(struct merge_ids *ids, uint32_t id, uint32_t *out,
                            struct vmpf_error *err);
vmpf_status merge_ids_label(struct merge_ids *ids, uint32_t id, uint32_t *out,
                            struct vmpf_error *err);
vmpf_status merge_ids_thread(struct merge_ids *ids, uint32_t id, uint32_t *out,
                             struct vmpf_error *err);
/* Gives the threads that were used the names that they have by now. */
vmpf_status merge_ids_rename_threads(struct merge_ids *ids, struct vmpf_error *err);

/* Says so in *err. */
vmpf_status merge_no_memory(struct vmpf_error *err);

#endif
