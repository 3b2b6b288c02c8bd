/* merge.c: the stacks of one feed, brought into the profile. */
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/merge_private.h"

static void maps_fini(struct vmpt_maps *maps)
{
    free(maps->functions);
    free(maps->kinds);
    free(maps->used);
    free(maps->nodes);
}

uint32_t vmpt_maps_parent(const struct vmpt_feed *feed, uint32_t id)
{
    uint32_t parent = feed->ops->stack(feed->ctx, id).parent;
    return parent < id ? parent : 0; /* what the passes below rely on, whatever a feed says */
}

static bool maps_init(struct vmpt_maps *maps, const struct vmpt_feed *feed,
                      const struct vmpt_tally *tally)
{
    memset(maps, 0, sizeof(*maps));
    maps->function_count = feed->ops->function_count(feed->ctx);
    maps->stack_count = feed->ops->stack_count(feed->ctx);
    maps->functions = vmpt_array(maps->function_count, sizeof(*maps->functions));
    maps->kinds = vmpt_array(maps->function_count, 1);
    maps->used = vmpt_array(maps->stack_count, 1);
    maps->nodes = vmpt_array(maps->stack_count, sizeof(*maps->nodes));
    if (!maps->functions || !maps->kinds || !maps->used || !maps->nodes) {
        return false;
    }
    for (uint32_t id = 0; id < maps->function_count; id++) {
        maps->functions[id] = VMPT_NO_FUNCTION;
    }
    for (uint32_t id = maps->stack_count; id-- > 1;) {
        if (tally->cells[id].samples) {
            maps->used[id] = 1;
        }
        if (maps->used[id]) {
            maps->used[vmpt_maps_parent(feed, id)] = 1;
        }
    }
    return true;
}

/* Functions are made when a stack first needs them, so that a table full of what never ran costs
 * nothing. An id that is in no table is looked up as well: the feed has a name for that. */
uint32_t vmpt_maps_function(struct vmpt_profile *profile, const struct vmpt_feed *feed,
                            struct vmpt_maps *maps, uint32_t id, uint8_t *kind)
{
    bool known = id < maps->function_count;
    if (known && maps->functions[id] != VMPT_NO_FUNCTION) {
        *kind = maps->kinds[id];
        return maps->functions[id];
    }
    struct vmpf_function function = feed->ops->function(feed->ctx, id);
    uint32_t index = vmpt_functions_intern(&profile->functions, &function);
    *kind = (size_t)function.kind <= VMPF_KIND_JIT_INTERNAL ? (uint8_t)function.kind : 0;
    if (known) {
        maps->functions[id] = index;
        maps->kinds[id] = *kind;
    }
    return index;
}

static void add_cell(struct vmpt_cell *sum, const struct vmpt_cell *cell)
{
    sum->samples += cell->samples;
    sum->weight += cell->weight;
}

/* Samples of stacks that no table has are one node, named as such. */
static bool add_lost(struct vmpt_profile *profile, const struct vmpt_cell *lost)
{
    static const char name[] = "<lost>";
    struct vmpf_function function = {.name = {name, sizeof(name) - 1}};
    if (!lost->samples) {
        return true;
    }
    struct vmpt_node_key key = {
        .function = vmpt_functions_intern(&profile->functions, &function),
    };
    if (key.function == VMPT_NO_FUNCTION) {
        return false;
    }
    uint32_t node = vmpt_nodes_append(&profile->nodes, &key);
    if (node == VMPT_NO_NODE) {
        return false;
    }
    add_cell(&profile->nodes.cells[node], lost);
    return true;
}

bool vmpt_maps_key(struct vmpt_profile *profile, const struct vmpt_feed *feed,
                   struct vmpt_maps *maps, uint32_t id, bool keep_lines, struct vmpt_node_key *key)
{
    struct vmpf_stack stack = feed->ops->stack(feed->ctx, id);
    struct vmpf_location location = feed->ops->location(feed->ctx, stack.location);
    memset(key, 0, sizeof(*key));
    key->function = vmpt_maps_function(profile, feed, maps, location.function, &key->kind);
    key->line = keep_lines ? location.line : 0;
    return key->function != VMPT_NO_FUNCTION;
}

static bool add_stacks(struct vmpt_profile *profile, const struct vmpt_feed *feed,
                       struct vmpt_maps *maps, const struct vmpt_tally *tally, bool keep_lines,
                       bool append_only)
{
    for (uint32_t id = 1; id < maps->stack_count; id++) {
        if (!maps->used[id]) {
            continue;
        }
        struct vmpt_node_key key;
        if (!vmpt_maps_key(profile, feed, maps, id, keep_lines, &key)) {
            return false;
        }
        key.parent = maps->nodes[vmpt_maps_parent(feed, id)];
        uint32_t node = append_only ? vmpt_nodes_append(&profile->nodes, &key)
                                    : vmpt_nodes_intern(&profile->nodes, &key);
        if (node == VMPT_NO_NODE) {
            return false;
        }
        maps->nodes[id] = node;
        add_cell(&profile->nodes.cells[node], &tally->cells[id]);
    }
    return true;
}

bool vmpt_profile_merge(struct vmpt_profile *profile, const struct vmpt_feed *feed,
                        struct vmpt_tally *tally, const struct vmpt_load_options *options,
                        bool append_only)
{
    struct vmpt_maps maps;
    bool done = maps_init(&maps, feed, tally);
    if (done && options->group != VMPT_GROUP_NONE) {
        done = vmpt_profile_merge_groups(profile, feed, &maps, tally, options);
    } else if (done) {
        done = add_stacks(profile, feed, &maps, tally, options->keep_lines, append_only) &&
               add_lost(profile, &tally->lost);
        if (done && maps.stack_count) {
            add_cell(&profile->nodes.cells[0], &tally->cells[0]);
        }
    }
    if (done) {
        add_cell(&profile->total, &tally->total);
        profile->effective_samples += tally->square_sum;
    }
    maps_fini(&maps);
    return done;
}
