/* groups.c: the stacks of one feed, put below nodes for threads or processes. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"
#include "tools/analysis/profile.h"

#define ID_BYTES 40

struct groups {
    struct vmpt_profile *profile;
    const struct vmpt_feed *feed;
    enum vmpt_group by;
    struct vmpt_nodes *out;
    uint32_t *stamps; /* by node of the profile: 1 + the thread that made[] is of */
    uint32_t *made;   /* nodes of out */
    uint32_t *path;   /* room for all nodes */
};

static int by_thread(const void *left, const void *right)
{
    const struct vmpt_tally_pair *a = left;
    const struct vmpt_tally_pair *b = right;
    if (a->thread != b->thread) {
        return a->thread < b->thread ? -1 : 1;
    }
    return (a->node > b->node) - (a->node < b->node);
}

/* The node of the thread's group. VMPT_NO_NODE: memory is short. */
static uint32_t group_node(struct groups *groups, uint32_t thread_id)
{
    struct vmpt_functions *functions = &groups->profile->functions;
    struct vmpf_thread thread = groups->feed->ops->thread(groups->feed->ctx, thread_id);
    bool of_process = groups->by == VMPT_GROUP_PROCESSES;
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
    return vmpt_nodes_intern(groups->out, &key);
}

/* A node of the profile, in the group; made with its callers where they are missing. */
static uint32_t node_in_group(struct groups *groups, uint32_t group, uint32_t stamp, uint32_t node)
{
    const struct vmpt_node_key *keys = groups->profile->nodes.keys;
    size_t depth = 0;
    for (; node != 0 && groups->stamps[node] != stamp; node = keys[node].parent) {
        groups->path[depth++] = node;
    }
    uint32_t made = node ? groups->made[node] : group;
    while (depth-- > 0) {
        uint32_t at = groups->path[depth];
        struct vmpt_node_key key = keys[at];
        key.parent = made;
        made = vmpt_nodes_intern(groups->out, &key);
        if (made == VMPT_NO_NODE) {
            return made;
        }
        groups->made[at] = made;
        groups->stamps[at] = stamp;
    }
    return made;
}

static bool add_pairs(struct groups *groups, const struct vmpt_tally *tally)
{
    uint32_t group = VMPT_NO_NODE;
    uint32_t stamp = 0; /* of no thread */
    for (size_t i = 0; i < tally->pair_capacity; i++) {
        const struct vmpt_tally_pair *pair = &tally->pairs[i];
        if (!pair->cell.samples) {
            continue;
        }
        if (stamp != pair->thread + 1) {
            stamp = pair->thread + 1;
            group = group_node(groups, pair->thread);
        }
        uint32_t node = group;
        if (group != VMPT_NO_NODE) {
            node = node_in_group(groups, group, stamp, pair->node);
        }
        if (node == VMPT_NO_NODE) {
            return false;
        }
        groups->out->cells[node].samples += pair->cell.samples;
        groups->out->cells[node].weight += pair->cell.weight;
    }
    return true;
}

bool vmpt_profile_group(struct vmpt_profile *profile, const struct vmpt_feed *feed,
                        struct vmpt_tally *tally, enum vmpt_group by, struct vmpt_nodes *out)
{
    size_t count = profile->nodes.count;
    struct groups groups = {.profile = profile, .feed = feed, .by = by, .out = out};
    groups.stamps = vmpt_array(count, sizeof(*groups.stamps));
    groups.made = vmpt_array(count, sizeof(*groups.made));
    groups.path = vmpt_array(count, sizeof(*groups.path));
    if (tally->pair_capacity) {
        qsort(tally->pairs, tally->pair_capacity, sizeof(*tally->pairs), by_thread);
    }
    bool done = groups.stamps && groups.made && groups.path && add_pairs(&groups, tally);
    free(groups.stamps);
    free(groups.made);
    free(groups.path);
    return done;
}
