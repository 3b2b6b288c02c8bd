/* merge_groups.c: the stacks of one feed, brought into the profile below nodes for threads or processes. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/merge_private.h"

#define ID_BYTES 40

struct groups {
    struct vmpt_profile *profile;
    const struct vmpt_feed *feed;
    struct vmpt_maps *maps;
    const struct vmpt_load_options *options;
    uint32_t *stamps; /* by stack id: the group that maps->nodes is of, plus 1 */
    uint32_t *path;   /* stacks from the sample's outwards, that the group has no node for yet */
    size_t path_capacity;
};

static int by_thread(const void *left, const void *right)
{
    const struct vmpt_tally_pair *a = left;
    const struct vmpt_tally_pair *b = right;
    if (a->thread != b->thread) {
        return a->thread < b->thread ? -1 : 1;
    }
    return (a->stack > b->stack) - (a->stack < b->stack);
}

/* The node of the thread's group. VMPT_NO_NODE: memory is short. */
static uint32_t group_node(struct groups *groups, uint32_t thread_id)
{
    struct vmpt_functions *functions = &groups->profile->functions;
    struct vmpf_thread thread = groups->feed->ops->thread(groups->feed->ctx, thread_id);
    bool of_process = groups->options->group == VMPT_GROUP_PROCESSES;
    const char *prefix = of_process ? "process" : "thread";
    if (!of_process && thread.name.data && thread.name.size_bytes) {
        prefix = "";
    }
    size_t name_size = *prefix ? 0 : thread.name.size_bytes;
    char *name = malloc(name_size + ID_BYTES);
    if (!name) {
        return VMPT_NO_NODE;
    }
    if (name_size) {
        memcpy(name, thread.name.data, name_size);
    }
    int added = snprintf(name + name_size, ID_BYTES, "%s [%" PRIu64 "]", prefix,
                         of_process ? thread.process_id : thread.thread_id);
    struct vmpf_function function = {.name = {name, name_size + (size_t)added}};
    struct vmpt_node_key key = {.function = vmpt_functions_intern(functions, &function)};
    free(name);
    if (key.function == VMPT_NO_FUNCTION) {
        return VMPT_NO_NODE;
    }
    functions->items[key.function].is_group = true;
    return vmpt_nodes_intern(&groups->profile->nodes, &key);
}

/* The node of a stack in the group, made with those of its callers where they are missing. */
static uint32_t stack_node(struct groups *groups, uint32_t group, uint32_t stamp, uint32_t stack)
{
    struct vmpt_maps *maps = groups->maps;
    size_t depth = 0;
    for (uint32_t id = stack; id != 0 && groups->stamps[id] != stamp;
         id = vmpt_maps_parent(groups->feed, id)) {
        if (!vmpt_reserve(&groups->path, &groups->path_capacity, depth + 1,
                          sizeof(*groups->path))) {
            return VMPT_NO_NODE;
        }
        groups->path[depth++] = id;
    }
    while (depth-- > 0) {
        uint32_t id = groups->path[depth];
        uint32_t parent = vmpt_maps_parent(groups->feed, id);
        struct vmpt_node_key key;
        if (!vmpt_maps_key(groups->profile, groups->feed, maps, id, groups->options->keep_lines,
                           &key)) {
            return VMPT_NO_NODE;
        }
        key.parent = parent ? maps->nodes[parent] : group;
        maps->nodes[id] = vmpt_nodes_intern(&groups->profile->nodes, &key);
        groups->stamps[id] = stamp;
        if (maps->nodes[id] == VMPT_NO_NODE) {
            return VMPT_NO_NODE;
        }
    }
    return stack ? maps->nodes[stack] : group;
}

/* The stack that no table has, as a frame of its own. */
static uint32_t lost_node(struct groups *groups, uint32_t group)
{
    struct vmpf_function function = {.name = {"<lost>", 6}};
    struct vmpt_node_key key = {
        .parent = group,
        .function = vmpt_functions_intern(&groups->profile->functions, &function),
    };
    return key.function == VMPT_NO_FUNCTION ? VMPT_NO_NODE
                                            : vmpt_nodes_intern(&groups->profile->nodes, &key);
}

static bool add_pairs(struct groups *groups, const struct vmpt_tally *tally)
{
    uint32_t group = 0;
    for (size_t i = 0; i < tally->pair_capacity; i++) {
        const struct vmpt_tally_pair *pair = &tally->pairs[i];
        if (!pair->cell.samples) {
            continue;
        }
        bool is_first = i == 0 || tally->pairs[i - 1].thread != pair->thread ||
                        !tally->pairs[i - 1].cell.samples;
        group = is_first ? group_node(groups, pair->thread) : group;
        if (group == VMPT_NO_NODE) {
            return false;
        }
        uint32_t node = pair->stack < groups->maps->stack_count
                            ? stack_node(groups, group, pair->thread + 1, pair->stack)
                            : lost_node(groups, group);
        if (node == VMPT_NO_NODE) {
            return false;
        }
        struct vmpt_cell *cell = &groups->profile->nodes.cells[node];
        cell->samples += pair->cell.samples;
        cell->weight += pair->cell.weight;
    }
    return true;
}

bool vmpt_profile_merge_groups(struct vmpt_profile *profile, const struct vmpt_feed *feed,
                               struct vmpt_maps *maps, struct vmpt_tally *tally,
                               const struct vmpt_load_options *options)
{
    struct groups groups = {.profile = profile, .feed = feed, .maps = maps, .options = options};
    groups.stamps = vmpt_array(maps->stack_count, sizeof(*groups.stamps));
    if (tally->pair_capacity) {
        qsort(tally->pairs, tally->pair_capacity, sizeof(*tally->pairs), by_thread);
    }
    bool done = groups.stamps && add_pairs(&groups, tally);
    free(groups.stamps);
    free(groups.path);
    return done;
}
