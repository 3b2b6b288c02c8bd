/* stack_map.h: the stacks of one feed as nodes of the profile. A node is made when a sample first needs it, so that
 * tables full of what never ran cost nothing, and so that a feed may drop its tables when an epoch ends.
 */
#ifndef VMPROF_TOOLS_ANALYSIS_STACK_MAP_H
#define VMPROF_TOOLS_ANALYSIS_STACK_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/analysis/feed.h"
#include "tools/analysis/functions.h"
#include "tools/analysis/nodes.h"

struct vmpt_stack_map {
    const struct vmpt_feed *feed;
    struct vmpt_functions *functions;
    struct vmpt_nodes *nodes;
    bool keep_lines;
    bool append;        /* equal nodes may be there several times, while they are not too many */
    uint64_t epoch;     /* that the ids below are of */
    uint32_t *by_stack; /* nodes; 0: not made yet, which stack 0, the root, always is */
    size_t stack_capacity;
    uint32_t stack_count;
    uint32_t *by_function; /* 1 + the function; 0: not made yet */
    uint8_t *kinds;
    size_t function_capacity;
    size_t kind_capacity;
    uint32_t function_count;
    uint32_t *path; /* stacks from a sample's outwards that have no node yet */
    size_t path_capacity;
    uint32_t lost; /* the node of stacks that no table has; 0: not made yet */
};

void vmpt_stack_map_init(struct vmpt_stack_map *map, const struct vmpt_feed *feed,
                         struct vmpt_functions *functions, struct vmpt_nodes *nodes);
void vmpt_stack_map_fini(struct vmpt_stack_map *map);

/* To be called for each block, before its stacks are asked for. False: memory is short. */
bool vmpt_stack_map_follow(struct vmpt_stack_map *map);

/* The profile's nodes were let go. */
void vmpt_stack_map_restart(struct vmpt_stack_map *map);

/* Makes the node of a stack that vmpt_stack_map_node() does not know. VMPT_NO_NODE: memory is short. */
uint32_t vmpt_stack_map_make(struct vmpt_stack_map *map, uint32_t stack);

/* The node of a stack. VMPT_NO_NODE: memory is short. */
static inline uint32_t vmpt_stack_map_node(struct vmpt_stack_map *map, uint32_t stack)
{
    if (stack < map->stack_count && map->by_stack[stack]) {
        return map->by_stack[stack];
    }
    return vmpt_stack_map_make(map, stack);
}

#endif
