#include "tools/convert/frame_tree.h"

#include <stdlib.h>
#include <string.h>

#include "tools/convert/names.h"

/* While the tree is made: nodes by (parent, frame), frames by what they are. */
struct slots {
    uint32_t *items; /* index + 1; 0: free */
    size_t count;    /* a power of two */
};

struct build {
    struct conv_frame_tree *tree;
    struct slots nodes;
    struct vmpt_functions names; /* frames of both views that look the same are one */
    uint32_t *frame_of;          /* by function of the view and kind: frame + 1 */
};

#define KINDS 8u

static uint64_t hash_of(uint32_t parent, uint32_t frame)
{
    uint64_t hash = ((uint64_t)parent << 32 | frame) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ hash >> 31;
}

static bool grow(struct build *build)
{
    struct conv_frame_tree *tree = build->tree;
    size_t count = build->nodes.count ? build->nodes.count * 2 : 4096;
    uint32_t *items = vmpt_array(count, sizeof(*items));
    if (!items) {
        return false;
    }
    for (size_t i = 1; i < tree->node_count; i++) {
        size_t at = hash_of(tree->nodes[i].parent, tree->nodes[i].frame) & (count - 1);
        while (items[at]) {
            at = (at + 1) & (count - 1);
        }
        items[at] = (uint32_t)i + 1;
    }
    free(build->nodes.items);
    build->nodes.items = items;
    build->nodes.count = count;
    return true;
}

static bool append(struct conv_frame_tree *tree, uint32_t parent, uint32_t frame)
{
    if (tree->node_count >= UINT32_MAX - 1 ||
        !vmpt_reserve(&tree->nodes, &tree->node_capacity, tree->node_count + 1,
                      sizeof(*tree->nodes))) {
        return false;
    }
    tree->nodes[tree->node_count].parent = parent;
    tree->nodes[tree->node_count].frame = frame;
    tree->node_count++;
    return true;
}

/* The node of a frame below parent, made when there is none; 0: memory is short. */
static uint32_t node_of(struct build *build, uint32_t parent, uint32_t frame)
{
    struct conv_frame_tree *tree = build->tree;
    if (tree->node_count * 2 >= build->nodes.count && !grow(build)) {
        return 0;
    }
    size_t at = hash_of(parent, frame) & (build->nodes.count - 1);
    for (; build->nodes.items[at]; at = (at + 1) & (build->nodes.count - 1)) {
        uint32_t node = build->nodes.items[at] - 1;
        if (tree->nodes[node].parent == parent && tree->nodes[node].frame == frame) {
            return node;
        }
    }
    if (!append(tree, parent, frame)) {
        return 0;
    }
    build->nodes.items[at] = (uint32_t)tree->node_count;
    return (uint32_t)tree->node_count - 1;
}

/* The frame of a function and a kind: both views' equal functions are one. UINT32_MAX: memory is short. */
static uint32_t frame_of(struct build *build, const struct vmpt_view *view, uint32_t function,
                         uint8_t kind)
{
    struct conv_frame_tree *tree = build->tree;
    uint32_t *known = &build->frame_of[(size_t)function * KINDS + kind % KINDS];
    if (*known) {
        return *known - 1;
    }
    struct vmpt_function found = conv_function(view, function);
    /* The kind of a frame tells jit from py, which share a function: it stands in the address, by which these split. */
    struct vmpf_function key = {
        .name = {found.name, found.name_size},
        .file = {found.file, found.file_size},
        .first_line = found.first_line,
        .kind = (vmpf_kind)found.kind,
        .address = (uint64_t)kind + 1,
    };
    uint32_t index = vmpt_functions_intern(&build->names, &key);
    if (index == VMPT_NO_FUNCTION) {
        return UINT32_MAX;
    }
    if (index == tree->frame_count) {
        if (!vmpt_reserve(&tree->frames, &tree->frame_capacity, tree->frame_count + 1,
                          sizeof(*tree->frames))) {
            return UINT32_MAX;
        }
        tree->frames[index].function = found;
        tree->frames[index].kind = kind;
        tree->frame_count++;
    }
    *known = index + 1;
    return index;
}

static void add_cell(struct vmpt_cell *sum, const struct vmpt_cell *cell)
{
    sum->samples += cell->samples;
    sum->weight += cell->weight;
}

/* to: node of the tree by node of the view, for those on the path. */
static bool add_view(struct build *build, const struct vmpt_view *view, bool is_before)
{
    struct conv_frame_tree *tree = build->tree;
    uint32_t *ends = NULL; /* of the callers: where their subtrees end, and their nodes */
    size_t capacity = 0;
    size_t depth = 0;
    bool done = true;
    uint32_t parent = 0;
    for (size_t i = 1; done && i < view->count; i++) {
        while (depth > 0 && i >= ends[2 * depth - 2]) {
            parent = tree->nodes[ends[2 * depth - 1]].parent;
            depth--;
        }
        uint32_t frame = frame_of(build, view, view->function[i], view->kind[i]);
        uint32_t node = frame == UINT32_MAX ? 0 : node_of(build, parent, frame);
        done = node != 0 && vmpt_reserve(&ends, &capacity, 2 * depth + 2, sizeof(*ends));
        if (!done) {
            break;
        }
        if (is_before) {
            tree->nodes[node].before += view->total[i].weight;
        } else {
            add_cell(&tree->nodes[node].total, &view->total[i]);
            add_cell(&tree->nodes[node].self, &view->self[i]);
        }
        ends[2 * depth] = (uint32_t)(i + view->size[i]);
        ends[2 * depth + 1] = node;
        depth++;
        parent = node;
    }
    free(ends);
    return done;
}

/* ---- the order ---------------------------------------------------------------------------------------- */

static int compare_bytes(const char *a, size_t a_size, const char *b, size_t b_size)
{
    size_t size = a_size < b_size ? a_size : b_size;
    int order = size ? memcmp(a, b, size) : 0;
    return order ? order : (a_size > b_size) - (a_size < b_size);
}

static int compare_frames(const void *left, const void *right)
{
    const struct conv_frame *a = *(const struct conv_frame *const *)left;
    const struct conv_frame *b = *(const struct conv_frame *const *)right;
    int order = compare_bytes(a->function.name, a->function.name_size, b->function.name,
                              b->function.name_size);
    if (order == 0) {
        order = compare_bytes(a->function.file, a->function.file_size, b->function.file,
                              b->function.file_size);
    }
    if (order == 0 && a->function.first_line != b->function.first_line) {
        order = a->function.first_line < b->function.first_line ? -1 : 1;
    }
    return order ? order : (int)a->kind - (int)b->kind;
}

static bool rank_frames(struct conv_frame_tree *tree)
{
    struct conv_frame **sorted = vmpt_array(tree->frame_count, sizeof(struct conv_frame *));
    if (!sorted) {
        return false;
    }
    for (size_t i = 0; i < tree->frame_count; i++) {
        sorted[i] = &tree->frames[i];
    }
    qsort(sorted, tree->frame_count, sizeof(struct conv_frame *), compare_frames);
    for (size_t i = 0; i < tree->frame_count; i++) {
        sorted[i]->rank = (uint32_t)i;
    }
    free(sorted);
    return true;
}

static bool is_shown(const struct conv_frame_tree *tree, const struct conv_frame_node *node)
{
    return node->total.weight >= tree->least_weight || node->before >= tree->least_weight;
}

/* Nodes by the rank of their frames, the last first: put in front of their siblings one by one, they are in order.
 * A counting sort, for there may be millions. */
static bool link_children(struct conv_frame_tree *tree)
{
    uint32_t *starts = vmpt_array(tree->frame_count + 1, sizeof(*starts));
    uint32_t *order = vmpt_array(tree->node_count, sizeof(*order));
    bool done = starts && order;
    if (done) {
        for (size_t i = 1; i < tree->node_count; i++) {
            starts[tree->frames[tree->nodes[i].frame].rank + 1]++;
        }
        for (size_t i = 1; i <= tree->frame_count; i++) {
            starts[i] += starts[i - 1];
        }
        for (size_t i = 1; i < tree->node_count; i++) {
            order[starts[tree->frames[tree->nodes[i].frame].rank]++] = (uint32_t)i;
        }
    }
    for (size_t i = done ? tree->node_count - 1 : 0; i-- > 0;) {
        struct conv_frame_node *node = &tree->nodes[order[i]];
        if (is_shown(tree, node)) {
            node->next = tree->nodes[node->parent].first_child;
            tree->nodes[node->parent].first_child = order[i];
        } else {
            tree->left_out++;
        }
    }
    free(starts);
    free(order);
    return done;
}

static bool add_both(struct build *build, const struct vmpt_view *view,
                     const struct vmpt_view *before)
{
    struct conv_frame_tree *tree = build->tree;
    size_t most = before && before->hidden > view->hidden ? before->hidden : view->hidden;
    build->frame_of = vmpt_array((most + 1) * KINDS, sizeof(*build->frame_of));
    if (!build->frame_of || !append(tree, 0, UINT32_MAX) || !add_view(build, view, false)) {
        return false;
    }
    tree->nodes[0].total = view->total[0];
    if (before) {
        memset(build->frame_of, 0, (most + 1) * KINDS * sizeof(*build->frame_of));
        tree->nodes[0].before = before->total[0].weight;
        return add_view(build, before, true);
    }
    return true;
}

bool conv_frame_tree_init(struct conv_frame_tree *tree, const struct vmpt_view *view,
                          const struct vmpt_view *before, uint64_t least_weight)
{
    struct build build = {.tree = tree};
    memset(tree, 0, sizeof(*tree));
    tree->least_weight = least_weight;
    vmpt_functions_init(&build.names);
    build.names.split_addresses = true;
    bool done = add_both(&build, view, before) && rank_frames(tree) && link_children(tree);
    vmpt_functions_fini(&build.names);
    free(build.nodes.items);
    free(build.frame_of);
    return done;
}

void conv_frame_tree_fini(struct conv_frame_tree *tree)
{
    free(tree->nodes);
    free(tree->frames);
}
