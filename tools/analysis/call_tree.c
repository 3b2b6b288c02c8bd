#include "tools/analysis/call_tree.h"

#include <stdlib.h>
#include <string.h>

#include "tools/analysis/call_tree_private.h"
#include "tools/analysis/memory.h"

/* ---- which node is next: the heaviest, and of equal ones the one made first -------------------------- */

static bool is_before(const struct vmpt_call_tree *tree, uint32_t a, uint32_t b)
{
    uint64_t weight_a = tree->nodes[a].total.weight;
    uint64_t weight_b = tree->nodes[b].total.weight;
    return weight_a != weight_b ? weight_a > weight_b : a < b;
}

static bool heap_add(struct vmpt_tree_build *build, uint32_t node)
{
    if (!vmpt_reserve(&build->heap, &build->heap_capacity, build->heap_count + 1,
                      sizeof(*build->heap))) {
        return false;
    }
    size_t at = build->heap_count++;
    while (at > 0 && is_before(build->tree, node, build->heap[(at - 1) / 2])) {
        build->heap[at] = build->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    build->heap[at] = node;
    return true;
}

static uint32_t heap_take(struct vmpt_tree_build *build)
{
    uint32_t taken = build->heap[0];
    uint32_t last = build->heap[--build->heap_count];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= build->heap_count) {
            break;
        }
        if (child + 1 < build->heap_count &&
            is_before(build->tree, build->heap[child + 1], build->heap[child])) {
            child++;
        }
        if (!is_before(build->tree, build->heap[child], last)) {
            break;
        }
        build->heap[at] = build->heap[child];
        at = child;
    }
    build->heap[at] = last;
    return taken;
}

/* ---- what is shown ----------------------------------------------------------------------------------- */

static void leave_out(struct vmpt_tree_rest *rest, const struct vmpt_tree_node *node)
{
    rest->count++;
    rest->weight += node->total.weight;
}

/* The children of a node that is shown: which of them may be shown, too. */
static bool consider_children(struct vmpt_tree_build *build, uint32_t node)
{
    struct vmpt_call_tree *tree = build->tree;
    size_t max_depth = build->options->max_depth;
    uint32_t first = tree->nodes[node].first_child;
    for (uint32_t i = first; i < first + tree->nodes[node].child_count; i++) {
        const struct vmpt_tree_node *child = &tree->nodes[i];
        if (max_depth && child->depth > max_depth) {
            leave_out(&tree->deep, child);
        } else if (child->total.weight < build->options->min_weight) {
            leave_out(&tree->light, child);
        } else if (!heap_add(build, i)) {
            return false;
        }
    }
    return true;
}

static bool show_nodes(struct vmpt_tree_build *build)
{
    struct vmpt_call_tree *tree = build->tree;
    size_t limit = build->options->limit;
    tree->nodes[0].shown = true;
    if (!vmpt_tree_open(build, 0) || !consider_children(build, 0)) {
        return false;
    }
    while (build->heap_count > 0) {
        uint32_t node = heap_take(build);
        if (limit && tree->shown == limit) {
            leave_out(&tree->other, &tree->nodes[node]);
            continue;
        }
        tree->nodes[node].shown = true;
        tree->shown++;
        if (!vmpt_tree_open(build, node) || !consider_children(build, node)) {
            return false;
        }
    }
    return true;
}

/* ---- making ------------------------------------------------------------------------------------------ */

/* The root, which stands for node 0 of the view. */
static bool make_root(struct vmpt_tree_build *build)
{
    struct vmpt_call_tree *tree = build->tree;
    if (!vmpt_reserve(&tree->nodes, &tree->capacity, 1, sizeof(*tree->nodes)) ||
        !vmpt_reserve(&build->items, &build->item_capacity, 1, sizeof(*build->items))) {
        return false;
    }
    tree->count = 1;
    tree->nodes[0].function = VMPT_TREE_ROOT;
    tree->nodes[0].total = build->view->total[0];
    tree->nodes[0].item_count = build->options->bottom_up ? 0 : 1;
    build->item_count = 1;
    return true;
}

static bool build_alloc(struct vmpt_tree_build *build)
{
    size_t functions = (size_t)build->view->hidden + 1;
    build->child_of = vmpt_array(functions, sizeof(*build->child_of));
    build->opened = vmpt_array(functions, sizeof(*build->opened));
    if (build->options->bottom_up) {
        build->callers = vmpt_view_callers(build->view);
    }
    return build->child_of && build->opened && (!build->options->bottom_up || build->callers);
}

bool vmpt_call_tree_init(struct vmpt_call_tree *tree, const struct vmpt_view *view,
                         const struct vmpt_tree_options *options)
{
    struct vmpt_tree_build build = {.tree = tree, .view = view, .options = options};
    memset(tree, 0, sizeof(*tree));
    tree->view = view;
    bool done = build_alloc(&build) && make_root(&build) && show_nodes(&build);
    free(build.callers);
    free(build.items);
    free(build.entries);
    free(build.child_of);
    free(build.opened);
    free(build.heap);
    return done;
}

void vmpt_call_tree_fini(struct vmpt_call_tree *tree)
{
    free(tree->nodes);
    memset(tree, 0, sizeof(*tree));
}

/* ---- reading ----------------------------------------------------------------------------------------- */

/* The first child from number `i` on that is shown, or SIZE_MAX. */
static size_t shown_child(const struct vmpt_call_tree *tree, size_t node, size_t i)
{
    size_t end = (size_t)tree->nodes[node].first_child + tree->nodes[node].child_count;
    for (; i < end; i++) {
        if (tree->nodes[i].shown) {
            return i;
        }
    }
    return SIZE_MAX;
}

size_t vmpt_call_tree_next(const struct vmpt_call_tree *tree, size_t node)
{
    size_t next = shown_child(tree, node, tree->nodes[node].first_child);
    while (next == SIZE_MAX && node != 0) {
        size_t sibling = node + 1;
        node = tree->nodes[node].parent;
        next = shown_child(tree, node, sibling);
    }
    return next;
}

struct vmpt_function vmpt_call_tree_function(const struct vmpt_call_tree *tree, size_t node)
{
    static const struct vmpt_function all = {.name = "<all>", .name_size = 5, .file = ""};
    static const struct vmpt_function hidden = {
        .name = VMPT_HIDDEN_NAME,
        .name_size = sizeof(VMPT_HIDDEN_NAME) - 1,
        .file = "",
    };
    const struct vmpt_tree_node *shown = &tree->nodes[node];
    if (shown->function == VMPT_TREE_ROOT) {
        return all;
    }
    if (shown->function == tree->view->hidden) {
        return hidden;
    }
    struct vmpt_function function = tree->view->profile->functions.items[shown->function];
    if (function.kind == VMPF_KIND_PY &&
        shown->jit_weight > shown->total.weight - shown->jit_weight) {
        function.kind = VMPF_KIND_JIT;
    }
    return function;
}
