#include "tools/analysis/tree_difference.h"

#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"

/* A node that may be shown. */
struct candidate {
    uint64_t size;
    uint32_t made; /* in which order candidates were found */
    uint32_t node;
};

struct build {
    struct vmpt_tree_difference *difference;
    const struct vmpt_tree_difference_options *options;
    struct vmpt_change_basis basis;
    struct vmpt_pairs pairs;
    double threshold[2]; /* of self, total: a greater chance is not called significant */
    uint64_t *size;      /* by node: the greatest change there or below; 0: it is not kept */
    uint32_t *
        first_child; /* by node: where its children begin in children; one more than there are nodes */
    uint32_t *children;
    bool *is_shown;
    struct candidate *heap; /* the greatest size first */
    size_t heap_count;
    size_t heap_capacity;
    uint32_t made;
};

/* ---- what differs, and what of it is more than noise ------------------------------------------------- */

static struct vmpt_change self_change(const struct build *build, size_t node)
{
    const struct vmpt_pair *pair = &build->pairs.items[node];
    struct vmpt_change change = vmpt_change_of(&build->basis, pair->self[0], pair->self[1]);
    change.significant = change.chance <= build->threshold[0];
    return change;
}

static struct vmpt_change total_change(const struct build *build, size_t node)
{
    const struct vmpt_pair *pair = &build->pairs.items[node];
    struct vmpt_change change = vmpt_change_of(&build->basis, pair->total[0], pair->total[1]);
    change.significant = change.chance <= build->threshold[1];
    return change;
}

/* Shares of the whole are 1 on both sides: that compares nothing. */
static size_t first_compared(const struct build *build)
{
    return build->basis.normalise ? 1 : 0;
}

static bool find_threshold(struct build *build, bool total)
{
    size_t count = build->pairs.nodes.count;
    size_t first = first_compared(build);
    double *chances = vmpt_array(count, sizeof(*chances));
    size_t known = 0;
    for (size_t i = first; chances && i < count; i++) {
        double chance = (total ? total_change(build, i) : self_change(build, i)).chance;
        if (chance < 1) {
            chances[known++] = chance;
        }
    }
    if (chances) {
        build->threshold[total] = vmpt_change_threshold(chances, known, count - first);
    }
    free(chances);
    return chances != NULL;
}

/* Children before parents: what is kept. */
static void measure(struct build *build)
{
    struct vmpt_tree_difference *difference = build->difference;
    const struct vmpt_node_key *keys = build->pairs.nodes.keys;
    for (size_t i = build->pairs.nodes.count; i-- > 0;) {
        struct vmpt_change self = self_change(build, i);
        struct vmpt_change total = total_change(build, i);
        uint64_t own = vmpt_change_size(&self);
        uint64_t whole = vmpt_change_size(&total);
        uint64_t size = own > whole ? own : whole;
        bool significant =
            size && i >= first_compared(build) && (self.significant || total.significant);
        difference->significant += significant;
        /* What leads to something that is kept is kept. */
        if ((significant || !build->options->significant || build->size[i]) &&
            size > build->size[i]) {
            build->size[i] = size;
        }
        if (i > 0 && build->size[i] > build->size[keys[i].parent]) {
            build->size[keys[i].parent] = build->size[i];
        }
    }
    difference->compared = build->pairs.nodes.count - first_compared(build);
}

/* ---- which children a node has ------------------------------------------------------------------------ */

static void find_children(struct build *build)
{
    const struct vmpt_nodes *nodes = &build->pairs.nodes;
    for (size_t i = 1; i < nodes->count; i++) {
        build->first_child[nodes->keys[i].parent + 1]++;
    }
    for (size_t i = 0; i < nodes->count; i++) {
        build->first_child[i + 1] += build->first_child[i];
    }
    /* Each range is filled from its end, and first_child then stands one node ahead again. */
    for (size_t i = nodes->count; i-- > 1;) {
        build->children[--build->first_child[nodes->keys[i].parent + 1]] = (uint32_t)i;
    }
    memmove(build->first_child, build->first_child + 1, nodes->count * sizeof(*build->first_child));
    build->first_child[nodes->count] = (uint32_t)nodes->count - 1;
}

/* ---- which node is next ------------------------------------------------------------------------------- */

static bool is_before(const struct candidate *a, const struct candidate *b)
{
    return a->size != b->size ? a->size > b->size : a->made < b->made;
}

static bool heap_add(struct build *build, uint32_t node)
{
    const struct candidate added = {build->size[node], build->made++, node};
    if (!vmpt_reserve(&build->heap, &build->heap_capacity, build->heap_count + 1,
                      sizeof(*build->heap))) {
        return false;
    }
    size_t at = build->heap_count++;
    for (; at > 0 && is_before(&added, &build->heap[(at - 1) / 2]); at = (at - 1) / 2) {
        build->heap[at] = build->heap[(at - 1) / 2];
    }
    build->heap[at] = added;
    return true;
}

static uint32_t heap_take(struct build *build)
{
    uint32_t taken = build->heap[0].node;
    const struct candidate last = build->heap[--build->heap_count];
    size_t at = 0;
    for (size_t child = 1; child < build->heap_count; child = 2 * at + 1) {
        if (child + 1 < build->heap_count &&
            is_before(&build->heap[child + 1], &build->heap[child])) {
            child++;
        }
        if (!is_before(&build->heap[child], &last)) {
            break;
        }
        build->heap[at] = build->heap[child];
        at = child;
    }
    build->heap[at] = last;
    return taken;
}

/* ---- what is shown ------------------------------------------------------------------------------------ */

static bool is_light(const struct build *build, uint32_t node)
{
    const struct vmpt_pair *pair = &build->pairs.items[node];
    for (int side = 0; side < 2; side++) {
        double weight = (double)pair->total[side];
        if (weight > 0 && weight >= build->options->min_share * build->basis.weight[side]) {
            return false;
        }
    }
    return build->options->min_share > 0;
}

static int by_function(const void *left, const void *right, void *ctx)
{
    const struct build *build = ctx;
    uint32_t a = build->pairs.nodes.keys[*(const uint32_t *)left].function;
    uint32_t b = build->pairs.nodes.keys[*(const uint32_t *)right].function;
    return (a > b) - (a < b);
}

/* In an order that does not depend on which of the two views was read first. */
static bool consider_children(struct build *build, uint32_t node, size_t depth)
{
    struct vmpt_call_tree *tree = &build->difference->tree;
    uint32_t *children = build->children + build->first_child[node];
    size_t count = build->first_child[node + 1] - build->first_child[node];
    if (count > 1) {
        qsort_r(children, count, sizeof(*children), by_function, build);
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t child = children[i];
        if (build->size[child] == 0) {
            continue;
        }
        if (build->options->max_depth && depth >= build->options->max_depth) {
            tree->deep.count++;
        } else if (is_light(build, child)) {
            tree->light.count++;
        } else if (!heap_add(build, child)) {
            return false;
        }
    }
    return true;
}

static size_t depth_of(const struct build *build, uint32_t node)
{
    size_t depth = 0;
    for (; node != 0; node = build->pairs.nodes.keys[node].parent) {
        depth++;
    }
    return depth;
}

static bool choose_nodes(struct build *build)
{
    struct vmpt_call_tree *tree = &build->difference->tree;
    size_t limit = build->options->limit;
    bool counts_depth = build->options->max_depth > 0;
    build->is_shown[0] = true;
    bool done = consider_children(build, 0, 0);
    while (done && build->heap_count > 0) {
        uint32_t node = heap_take(build);
        if (limit && tree->shown == limit) {
            tree->other.count++;
            continue;
        }
        build->is_shown[node] = true;
        tree->shown++;
        done = consider_children(build, node, counts_depth ? depth_of(build, node) : 0);
    }
    return done;
}

/* ---- the tree that is shown --------------------------------------------------------------------------- */

static bool add_node(struct build *build, uint32_t node, uint32_t parent)
{
    struct vmpt_tree_difference *difference = build->difference;
    struct vmpt_call_tree *tree = &difference->tree;
    if (!vmpt_reserve(&tree->nodes, &tree->capacity, tree->count + 1, sizeof(*tree->nodes)) ||
        !vmpt_reserve(&difference->rows, &difference->row_capacity, tree->count + 1,
                      sizeof(*difference->rows))) {
        return false;
    }
    tree->nodes[tree->count] = (struct vmpt_tree_node){
        .parent = parent,
        .depth = tree->count ? tree->nodes[parent].depth + 1 : 0,
        .shown = true,
    };
    difference->rows[tree->count] = (struct vmpt_difference_row){
        .function = vmpt_pairs_function(&build->pairs, node),
        .self = self_change(build, node),
        .total = total_change(build, node),
        .depth = tree->nodes[tree->count].depth,
        .node = node,
    };
    tree->count++;
    return true;
}

/* Parents before children, siblings in the order that was asked for. */
static bool make_tree(struct build *build)
{
    struct vmpt_tree_difference *difference = build->difference;
    struct vmpt_call_tree *tree = &difference->tree;
    bool done = add_node(build, 0, 0);
    for (size_t i = 0; done && i < tree->count; i++) {
        uint32_t node = difference->rows[i].node;
        size_t first = tree->count;
        for (uint32_t k = build->first_child[node]; done && k < build->first_child[node + 1]; k++) {
            if (build->is_shown[build->children[k]]) {
                done = add_node(build, build->children[k], (uint32_t)i);
            }
        }
        tree->nodes[i].first_child = (uint32_t)first;
        tree->nodes[i].child_count = (uint32_t)(tree->count - first);
        struct vmpt_difference siblings = {.rows = difference->rows + first,
                                           .count = tree->count - first};
        vmpt_difference_sort(&siblings, build->options->sort);
    }
    return done;
}

static bool build_alloc(struct build *build)
{
    size_t count = build->pairs.nodes.count;
    build->size = vmpt_array(count, sizeof(*build->size));
    build->first_child = vmpt_array(count + 1, sizeof(*build->first_child));
    build->children = vmpt_array(count, sizeof(*build->children));
    build->is_shown = vmpt_array(count, sizeof(*build->is_shown));
    return build->size && build->first_child && build->children && build->is_shown;
}

bool vmpt_tree_difference_init(struct vmpt_tree_difference *difference,
                               const struct vmpt_view *before, const struct vmpt_view *after,
                               const struct vmpt_tree_difference_options *options)
{
    struct build build = {.difference = difference, .options = options, .threshold = {-1, -1}};
    memset(difference, 0, sizeof(*difference));
    build.basis = vmpt_change_basis_of(before->profile, after->profile, options->normalise);
    bool done = vmpt_pairs_init(&build.pairs, before, after, &options->shape) &&
                build_alloc(&build) && find_threshold(&build, false) &&
                find_threshold(&build, true);
    if (done) {
        measure(&build);
        find_children(&build);
        done = choose_nodes(&build) && make_tree(&build);
    }
    vmpt_pairs_fini(&build.pairs);
    free(build.size);
    free(build.first_child);
    free(build.children);
    free(build.is_shown);
    free(build.heap);
    return done;
}

void vmpt_tree_difference_fini(struct vmpt_tree_difference *difference)
{
    vmpt_call_tree_fini(&difference->tree);
    free(difference->rows);
    memset(difference, 0, sizeof(*difference));
}
