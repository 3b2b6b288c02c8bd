#include "tools/analysis/pairs.h"

#include <stdlib.h>
#include <string.h>

#include "tools/analysis/change.h"
#include "tools/analysis/memory.h"

/* ---- functions --------------------------------------------------------------------------------------- */

/* A function of one of the views. */
struct entry {
    struct vmpt_function function;
    uint32_t side;
    uint32_t index;
};

static struct vmpt_function function_of(const struct vmpt_view *view, uint32_t index)
{
    static const struct vmpt_function hidden = {
        .name = VMPT_HIDDEN_NAME,
        .name_size = sizeof(VMPT_HIDDEN_NAME) - 1,
        .file = "",
    };
    return index == view->hidden ? hidden : view->profile->functions.items[index];
}

static int by_function(const void *left, const void *right)
{
    const struct entry *a = left;
    const struct entry *b = right;
    return vmpt_compare_functions(&a->function, &b->function);
}

static size_t add_entries(struct entry *entries, size_t count, const struct vmpt_view *view,
                          uint32_t side)
{
    for (uint32_t i = 0; i <= view->hidden; i++) {
        entries[count++] =
            (struct entry){.function = function_of(view, i), .side = side, .index = i};
    }
    return count;
}

/* ids[side][index] gets the number of each view's functions among those of both. */
static bool join_functions(struct vmpt_pairs *pairs, uint32_t *const ids[2])
{
    size_t count = (size_t)pairs->views[0]->hidden + pairs->views[1]->hidden + 2;
    struct entry *entries = vmpt_array(count, sizeof(*entries));
    pairs->functions = vmpt_array(count, sizeof(*pairs->functions));
    if (!entries || !pairs->functions) {
        free(entries);
        return false;
    }
    (void)add_entries(entries, add_entries(entries, 0, pairs->views[0], 0), pairs->views[1], 1);
    qsort(entries, count, sizeof(*entries), by_function);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || by_function(&entries[i - 1], &entries[i]) != 0) {
            struct vmpt_pair_function *made = &pairs->functions[pairs->function_count++];
            made->index[0] = made->index[1] = VMPT_NO_FUNCTION;
        }
        pairs->functions[pairs->function_count - 1].index[entries[i].side] = entries[i].index;
        ids[entries[i].side][entries[i].index] = (uint32_t)pairs->function_count - 1;
    }
    free(entries);
    return true;
}

struct vmpt_function vmpt_pairs_function(const struct vmpt_pairs *pairs, size_t node)
{
    static const struct vmpt_function all = {.name = "<all>", .name_size = 5, .file = ""};
    if (node == 0) {
        return all;
    }
    const struct vmpt_pair_function *function = &pairs->functions[pairs->nodes.keys[node].function];
    const struct vmpt_pair *pair = &pairs->items[node];
    bool is_there = function->index[1] != VMPT_NO_FUNCTION && pair->total[1] > 0;
    int side = is_there || function->index[0] == VMPT_NO_FUNCTION;
    struct vmpt_function found = function_of(pairs->views[side], function->index[side]);
    if (found.kind == VMPF_KIND_PY && pair->jit[side] > pair->total[side] - pair->jit[side]) {
        found.kind = VMPF_KIND_JIT;
    }
    return found;
}

/* ---- nodes ------------------------------------------------------------------------------------------- */

/* What one of the views is read with. */
struct reading {
    struct vmpt_pairs *pairs;
    const struct vmpt_view *view;
    int side;
    const uint32_t *ids; /* by function of the view: its number among those of both */
    bool fold;
};

/* Adds to the node of a frame, below parent, what the frame stands for there. */
static bool add_frame(const struct reading *reading, size_t frame, uint32_t parent, uint64_t weight,
                      uint32_t *node)
{
    struct vmpt_pairs *pairs = reading->pairs;
    const struct vmpt_node_key key = {.parent = parent,
                                      .function = reading->ids[reading->view->function[frame]]};
    *node = vmpt_nodes_intern(&pairs->nodes, &key);
    if (*node == VMPT_NO_NODE ||
        !vmpt_reserve(&pairs->items, &pairs->capacity, pairs->nodes.count, sizeof(*pairs->items))) {
        return false;
    }
    struct vmpt_pair *pair = &pairs->items[*node];
    pair->total[reading->side] += weight;
    if (reading->view->kind[frame] == VMPF_KIND_JIT) {
        pair->jit[reading->side] += weight;
    }
    return true;
}

/* nodes: by frame of the view; those of callers are known before those of callees. */
static bool add_callees(const struct reading *reading, uint32_t *nodes)
{
    const struct vmpt_view *view = reading->view;
    for (size_t i = 0; i < view->count; i++) {
        size_t end = i + view->size[i];
        reading->pairs->items[nodes[i]].self[reading->side] += view->self[i].weight;
        for (size_t below = i + 1; below < end; below += view->size[below]) {
            if (reading->fold && i != 0 && view->function[below] == view->function[i]) {
                nodes[below] = nodes[i]; /* whose total has it already */
            } else if (!add_frame(reading, below, nodes[i], view->total[below].weight,
                                  &nodes[below])) {
                return false;
            }
        }
    }
    return true;
}

/* The caller of a frame; where recursion is folded, the first that is of another function. 0: none. */
static uint32_t caller_of(const struct reading *reading, const uint32_t *callers, uint32_t frame)
{
    const uint32_t *function = reading->view->function;
    uint32_t caller = callers[frame];
    while (reading->fold && caller != 0 && function[caller] == function[frame]) {
        caller = callers[caller];
    }
    return caller;
}

/* A path from each frame whose own code ran to where its stack begins. */
static bool add_callers(const struct reading *reading, const uint32_t *callers)
{
    const struct vmpt_view *view = reading->view;
    for (uint32_t leaf = 1; leaf < view->count; leaf++) {
        uint64_t weight = view->self[leaf].weight;
        uint32_t node = 0;
        uint32_t frame = view->self[leaf].samples ? leaf : 0;
        for (; frame != 0; frame = caller_of(reading, callers, frame)) {
            if (!add_frame(reading, frame, node, weight, &node)) {
                return false;
            }
        }
        reading->pairs->items[node].self[reading->side] += weight;
    }
    return true;
}

static bool add_view(const struct reading *reading, bool bottom_up)
{
    const struct vmpt_view *view = reading->view;
    uint32_t *by_frame =
        bottom_up ? vmpt_view_callers(view) : vmpt_array(view->count, sizeof(*by_frame));
    reading->pairs->items[0].total[reading->side] = view->total[0].weight;
    bool done =
        by_frame && (bottom_up ? add_callers(reading, by_frame) : add_callees(reading, by_frame));
    free(by_frame);
    return done;
}

bool vmpt_pairs_init(struct vmpt_pairs *pairs, const struct vmpt_view *before,
                     const struct vmpt_view *after, const struct vmpt_pairs_shape *shape)
{
    memset(pairs, 0, sizeof(*pairs));
    pairs->views[0] = before;
    pairs->views[1] = after;
    uint32_t *const ids[2] = {vmpt_array((size_t)before->hidden + 1, sizeof(*ids[0])),
                              vmpt_array((size_t)after->hidden + 1, sizeof(*ids[1]))};
    bool done = ids[0] && ids[1] && vmpt_nodes_init(&pairs->nodes) &&
                vmpt_reserve(&pairs->items, &pairs->capacity, 1, sizeof(*pairs->items)) &&
                join_functions(pairs, ids);
    for (int side = 0; done && side < 2; side++) {
        const struct reading reading = {.pairs = pairs,
                                        .view = pairs->views[side],
                                        .side = side,
                                        .ids = ids[side],
                                        .fold = shape->fold_recursion};
        done = add_view(&reading, shape->bottom_up);
    }
    free(ids[0]);
    free(ids[1]);
    return done;
}

void vmpt_pairs_fini(struct vmpt_pairs *pairs)
{
    vmpt_nodes_fini(&pairs->nodes);
    free(pairs->functions);
    free(pairs->items);
    memset(pairs, 0, sizeof(*pairs));
}
