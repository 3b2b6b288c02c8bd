#include "tools/analysis/stack_map.h"

#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"

/* Finding equal nodes costs more than having some twice, until there are as many as this. */
#define MOST_APPENDED ((size_t)1 << 21)

void vmpt_stack_map_init(struct vmpt_stack_map *map, const struct vmpt_feed *feed,
                         struct vmpt_functions *functions, struct vmpt_nodes *nodes)
{
    memset(map, 0, sizeof(*map));
    map->feed = feed;
    map->functions = functions;
    map->nodes = nodes;
}

void vmpt_stack_map_fini(struct vmpt_stack_map *map)
{
    free(map->by_stack);
    free(map->by_function);
    free(map->kinds);
    free(map->path);
}

static uint64_t epoch_of(const struct vmpt_feed *feed)
{
    return feed->ops->epoch ? feed->ops->epoch(feed->ctx) : 0;
}

void vmpt_stack_map_restart(struct vmpt_stack_map *map)
{
    memset(map->by_stack, 0, map->stack_count * sizeof(*map->by_stack));
    map->lost = 0;
}

/* What another epoch calls by the same ids is something else; what it has again must be found again. */
static void forget(struct vmpt_stack_map *map)
{
    if (map->stack_count) {
        memset(map->by_stack, 0, map->stack_count * sizeof(*map->by_stack));
    }
    if (map->function_count) {
        memset(map->by_function, 0, map->function_count * sizeof(*map->by_function));
    }
    map->append = map->append && map->nodes->count < MOST_APPENDED;
}

bool vmpt_stack_map_follow(struct vmpt_stack_map *map)
{
    uint64_t epoch = epoch_of(map->feed);
    if (epoch != map->epoch) {
        forget(map);
        map->epoch = epoch;
    }
    map->stack_count = map->feed->ops->stack_count(map->feed->ctx);
    map->function_count = map->feed->ops->function_count(map->feed->ctx);
    return vmpt_reserve(&map->by_stack, &map->stack_capacity, map->stack_count,
                        sizeof(*map->by_stack)) &&
           vmpt_reserve(&map->by_function, &map->function_capacity, map->function_count,
                        sizeof(*map->by_function)) &&
           vmpt_reserve(&map->kinds, &map->kind_capacity, map->function_count, 1);
}

/* An id that is in no table is looked up as well: the feed has a name for that. */
static uint32_t function_of(struct vmpt_stack_map *map, uint32_t id, uint8_t *kind)
{
    bool known = id < map->function_count;
    if (known && map->by_function[id]) {
        *kind = map->kinds[id];
        return map->by_function[id] - 1;
    }
    struct vmpf_function function = map->feed->ops->function(map->feed->ctx, id);
    uint32_t index = vmpt_functions_intern(map->functions, &function);
    if (function.module && index != VMPT_NO_FUNCTION && map->feed->ops->module) {
        struct vmpf_module module = map->feed->ops->module(map->feed->ctx, function.module);
        vmpt_functions_set_module(map->functions, index, module.path);
    }
    *kind = (size_t)function.kind <= VMPF_KIND_JIT_INTERNAL ? (uint8_t)function.kind : 0;
    if (known && index != VMPT_NO_FUNCTION) {
        map->by_function[id] = index + 1;
        map->kinds[id] = *kind;
    }
    return index;
}

static uint32_t make_node(struct vmpt_stack_map *map, const struct vmpt_node_key *key)
{
    if (key->function == VMPT_NO_FUNCTION) {
        return VMPT_NO_NODE;
    }
    return map->append ? vmpt_nodes_append(map->nodes, key) : vmpt_nodes_intern(map->nodes, key);
}

/* Samples of stacks that no table has are one node, named as such. */
static uint32_t lost_node(struct vmpt_stack_map *map)
{
    static const char name[] = "<lost>";
    struct vmpf_function function = {.name = {name, sizeof(name) - 1}};
    if (!map->lost) {
        struct vmpt_node_key key = {.function = vmpt_functions_intern(map->functions, &function)};
        uint32_t node = make_node(map, &key);
        if (node == VMPT_NO_NODE) {
            return node;
        }
        map->lost = node;
    }
    return map->lost;
}

static uint32_t make_frame(struct vmpt_stack_map *map, uint32_t id, uint32_t parent)
{
    struct vmpf_stack stack = map->feed->ops->stack(map->feed->ctx, id);
    struct vmpf_location location = map->feed->ops->location(map->feed->ctx, stack.location);
    struct vmpt_node_key key;
    memset(&key, 0, sizeof(key));
    key.parent = parent;
    key.function = function_of(map, location.function, &key.kind);
    key.line = map->keep_lines ? location.line : 0;
    return make_node(map, &key);
}

uint32_t vmpt_stack_map_make(struct vmpt_stack_map *map, uint32_t stack)
{
    size_t depth = 0;
    uint32_t id = stack;
    if (stack >= map->stack_count) {
        return lost_node(map);
    }
    while (id != 0 && !map->by_stack[id]) {
        uint32_t parent = map->feed->ops->stack(map->feed->ctx, id).parent;
        if (!vmpt_reserve(&map->path, &map->path_capacity, depth + 1, sizeof(*map->path))) {
            return VMPT_NO_NODE;
        }
        map->path[depth++] = id;
        id = parent < id ? parent : 0; /* so that this ends, whatever a feed says */
    }
    uint32_t node = id ? map->by_stack[id] : 0;
    while (depth-- > 0) {
        node = make_frame(map, map->path[depth], node);
        if (node == VMPT_NO_NODE) {
            return node;
        }
        map->by_stack[map->path[depth]] = node;
    }
    return node;
}
