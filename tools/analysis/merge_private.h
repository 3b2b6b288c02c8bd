/* merge_private.h: how the stacks of one feed are brought into the profile. */
#ifndef VMPROF_TOOLS_ANALYSIS_MERGE_PRIVATE_H
#define VMPROF_TOOLS_ANALYSIS_MERGE_PRIVATE_H

#include "tools/analysis/profile.h"

/* The feed's ids, as the profile numbers them. */
struct vmpt_maps {
    uint32_t *functions;
    uint8_t *kinds; /* by function id */
    uint32_t function_count;
    uint8_t *used;   /* by stack id: samples in it or below it */
    uint32_t *nodes; /* by stack id */
    uint32_t stack_count;
};

/* The id of the caller's stack, always less than id. */
uint32_t vmpt_maps_parent(const struct vmpt_feed *feed, uint32_t id);
/* The profile's index of a function of the feed, or VMPT_NO_FUNCTION: memory is short. */
uint32_t vmpt_maps_function(struct vmpt_profile *profile, const struct vmpt_feed *feed,
                            struct vmpt_maps *maps, uint32_t id, uint8_t *kind);
/* The key of a stack's innermost frame, but for its parent. False: memory is short. */
bool vmpt_maps_key(struct vmpt_profile *profile, const struct vmpt_feed *feed,
                   struct vmpt_maps *maps, uint32_t id, bool keep_lines, struct vmpt_node_key *key);

/* merge_groups.c: what the tally has of each thread goes below a node for that thread, or its process. */
bool vmpt_profile_merge_groups(struct vmpt_profile *profile, const struct vmpt_feed *feed,
                               struct vmpt_maps *maps, struct vmpt_tally *tally,
                               const struct vmpt_load_options *options);

#endif
