/* call_tree_open.c: one node of a tree, opened: its frames' callees, or callers, put together by function. */
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/call_tree_private.h"
#include "tools/analysis/memory.h"

static void add_cell(struct vmpt_cell *sum, const struct vmpt_cell *cell)
{
    sum->samples += cell->samples;
    sum->weight += cell->weight;
}

/* The child of `node` for this function, made when there is none yet; UINT32_MAX: memory is short. */
static uint32_t child_for(struct vmpt_tree_build *build, uint32_t node, uint32_t function)
{
    struct vmpt_call_tree *tree = build->tree;
    if (build->opened[function] == node + 1) {
        return build->child_of[function];
    }
    if (tree->count >= UINT32_MAX - 1 ||
        !vmpt_reserve(&tree->nodes, &tree->capacity, tree->count + 1, sizeof(*tree->nodes))) {
        return UINT32_MAX;
    }
    uint32_t child = (uint32_t)tree->count++;
    struct vmpt_tree_node *made = &tree->nodes[child];
    memset(made, 0, sizeof(*made));
    made->function = function;
    made->depth = tree->nodes[node].depth + 1;
    made->parent = node;
    build->child_of[function] = child;
    build->opened[function] = node + 1;
    return child;
}

static bool add_entry(struct vmpt_tree_build *build, uint32_t child, struct vmpt_tree_item item)
{
    if (!vmpt_reserve(&build->entries, &build->entry_capacity, build->entry_count + 1,
                      sizeof(*build->entries))) {
        return false;
    }
    build->entries[build->entry_count].item = item;
    build->entries[build->entry_count].child = child;
    build->entry_count++;
    build->tree->nodes[child].item_count++;
    return true;
}

/* ---- from callers to callees ----------------------------------------------------------------------- */

/* inner: it is folded into a frame above, whose total has it already. */
static bool take_frame(struct vmpt_tree_build *build, uint32_t child, uint32_t frame, bool inner)
{
    struct vmpt_tree_node *node = &build->tree->nodes[child];
    struct vmpt_tree_item item = {.frame = frame};
    add_cell(&node->self, &build->view->self[frame]);
    if (!inner) {
        add_cell(&node->total, &build->view->total[frame]);
        if (build->view->kind[frame] == VMPF_KIND_JIT) {
            node->jit_weight += build->view->total[frame].weight;
        }
    }
    return add_entry(build, child, item);
}

/* The frames below that repeat the function of the last entry, without another one between. */
static bool take_repeated(struct vmpt_tree_build *build, uint32_t child)
{
    const struct vmpt_view *view = build->view;
    for (size_t i = build->entry_count - 1; i < build->entry_count; i++) {
        uint32_t frame = build->entries[i].item.frame;
        size_t end = (size_t)frame + view->size[frame];
        for (size_t below = (size_t)frame + 1; below < end; below += view->size[below]) {
            if (view->function[below] == view->function[frame] &&
                !take_frame(build, child, (uint32_t)below, true)) {
                return false;
            }
        }
    }
    return true;
}

static bool take_callees(struct vmpt_tree_build *build, uint32_t node, uint32_t frame)
{
    const struct vmpt_view *view = build->view;
    bool fold = build->options->fold_recursion;
    size_t end = (size_t)frame + view->size[frame];
    for (size_t below = (size_t)frame + 1; below < end; below += view->size[below]) {
        if (fold && frame != 0 && view->function[below] == view->function[frame]) {
            continue; /* it is an item of the node itself */
        }
        uint32_t child = child_for(build, node, view->function[below]);
        if (child == UINT32_MAX || !take_frame(build, child, (uint32_t)below, false) ||
            (fold && !take_repeated(build, child))) {
            return false;
        }
    }
    return true;
}

/* ---- from callees to callers ----------------------------------------------------------------------- */

/* The caller of a frame; where recursion is folded, the first that is of another function. 0: none. */
static uint32_t caller_of(const struct vmpt_tree_build *build, uint32_t frame)
{
    const struct vmpt_view *view = build->view;
    uint32_t caller = build->callers[frame];
    while (build->options->fold_recursion && caller != 0 &&
           view->function[caller] == view->function[frame]) {
        caller = build->callers[caller];
    }
    return caller;
}

static bool take_caller(struct vmpt_tree_build *build, uint32_t node, uint32_t frame, uint32_t leaf)
{
    const struct vmpt_view *view = build->view;
    struct vmpt_tree_item item = {.frame = frame, .leaf = leaf};
    uint32_t child = child_for(build, node, view->function[frame]);
    if (child == UINT32_MAX) {
        return false;
    }
    struct vmpt_tree_node *made = &build->tree->nodes[child];
    add_cell(&made->total, &view->self[leaf]);
    if (view->kind[frame] == VMPF_KIND_JIT) {
        made->jit_weight += view->self[leaf].weight;
    }
    if (caller_of(build, frame) == 0) {
        add_cell(&made->self, &view->self[leaf]); /* the stack ends here */
    }
    return add_entry(build, child, item);
}

static bool take_leaves(struct vmpt_tree_build *build)
{
    const struct vmpt_view *view = build->view;
    for (size_t i = 1; i < view->count; i++) {
        if (view->self[i].samples && !take_caller(build, 0, (uint32_t)i, (uint32_t)i)) {
            return false;
        }
    }
    return true;
}

/* ---- both ------------------------------------------------------------------------------------------ */

static bool take_item(struct vmpt_tree_build *build, uint32_t node, struct vmpt_tree_item item)
{
    if (!build->options->bottom_up) {
        return take_callees(build, node, item.frame);
    }
    uint32_t caller = caller_of(build, item.frame);
    return caller == 0 || take_caller(build, node, caller, item.leaf);
}

/* Sorts the children of `node`; place[i] gets where the one that was made as number i now stands. */
static bool sort_children(struct vmpt_tree_build *build, uint32_t node, uint32_t *place)
{
    struct vmpt_call_tree *tree = build->tree;
    struct vmpt_tree_node *parent = &tree->nodes[node];
    uint32_t first = parent->first_child;
    size_t count = parent->child_count;
    struct vmpt_function_table table = {vmpt_array(count, sizeof(*table.rows)), count};
    struct vmpt_tree_node *sorted = vmpt_array(count, sizeof(*sorted));
    bool done = table.rows && sorted;
    for (size_t i = 0; done && i < count; i++) {
        const struct vmpt_tree_node *child = &tree->nodes[first + i];
        table.rows[i].function = vmpt_call_tree_function(tree, first + i);
        table.rows[i].index = (uint32_t)i;
        table.rows[i].self = child->self;
        table.rows[i].total = child->total;
    }
    if (done) {
        vmpt_function_table_sort(&table, build->options->sort);
        for (size_t i = 0; i < count; i++) {
            uint32_t made = table.rows[i].index;
            sorted[i] = tree->nodes[first + made];
            place[made] = (uint32_t)i;
        }
        memcpy(&tree->nodes[first], sorted, count * sizeof(*sorted));
    }
    vmpt_function_table_fini(&table);
    free(sorted);
    return done;
}

/* Gives each child its range of items. */
static bool share_items(struct vmpt_tree_build *build, uint32_t node, const uint32_t *place)
{
    struct vmpt_call_tree *tree = build->tree;
    uint32_t first = tree->nodes[node].first_child;
    size_t needed = build->item_count + build->entry_count;
    if (!vmpt_reserve(&build->items, &build->item_capacity, needed, sizeof(*build->items))) {
        return false;
    }
    for (size_t i = 0; i < tree->nodes[node].child_count; i++) {
        tree->nodes[first + i].first_item = build->item_count;
        build->item_count += tree->nodes[first + i].item_count;
        tree->nodes[first + i].item_count = 0;
    }
    for (size_t i = 0; i < build->entry_count; i++) {
        const struct vmpt_tree_entry *entry = &build->entries[i];
        struct vmpt_tree_node *child = &tree->nodes[first + place[entry->child - first]];
        build->items[child->first_item + child->item_count++] = entry->item;
    }
    return true;
}

bool vmpt_tree_open(struct vmpt_tree_build *build, uint32_t node)
{
    struct vmpt_call_tree *tree = build->tree;
    size_t first_item = tree->nodes[node].first_item;
    size_t end = first_item + tree->nodes[node].item_count;
    uint32_t first_child = (uint32_t)tree->count;
    bool done = true;
    build->entry_count = 0;
    if (node == 0 && build->options->bottom_up) {
        done = take_leaves(build);
    }
    for (size_t i = first_item; done && i < end; i++) {
        done = take_item(build, node, build->items[i]);
    }
    tree->nodes[node].first_child = first_child;
    tree->nodes[node].child_count = (uint32_t)tree->count - first_child;
    if (!done || tree->nodes[node].child_count == 0) {
        return done;
    }
    uint32_t *place = vmpt_array(tree->nodes[node].child_count, sizeof(*place));
    done = place && sort_children(build, node, place) && share_items(build, node, place);
    free(place);
    return done;
}
