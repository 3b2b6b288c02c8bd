#include "tools/convert/call_costs.h"

#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"

struct slots {
    uint32_t *items; /* index + 1; 0: free */
    size_t count;    /* a power of two */
};

static size_t place_of(const struct slots *slots, const struct conv_costs *costs,
                       const struct conv_cost *key)
{
    uint64_t hash = ((uint64_t)key->function << 32 | key->line) * UINT64_C(0x9E3779B97F4A7C15);
    hash = (hash ^ hash >> 29 ^ key->callee) * UINT64_C(0xBF58476D1CE4E5B9);
    size_t at = (size_t)(hash ^ hash >> 32) & (slots->count - 1);
    for (; slots->items[at]; at = (at + 1) & (slots->count - 1)) {
        const struct conv_cost *cost = &costs->items[slots->items[at] - 1];
        if (cost->function == key->function && cost->line == key->line &&
            cost->callee == key->callee) {
            break;
        }
    }
    return at;
}

static bool grow(struct slots *slots, const struct conv_costs *costs)
{
    struct slots wider = {.count = slots->count ? slots->count * 2 : 1024};
    wider.items = vmpt_array(wider.count, sizeof(*wider.items));
    if (!wider.items) {
        return false;
    }
    for (size_t i = 0; i < costs->count; i++) {
        wider.items[place_of(&wider, costs, &costs->items[i])] = (uint32_t)i + 1;
    }
    free(slots->items);
    *slots = wider;
    return true;
}

static bool add(struct conv_costs *costs, struct slots *slots, const struct conv_cost *cost)
{
    if (costs->count * 2 >= slots->count && !grow(slots, costs)) {
        return false;
    }
    size_t at = place_of(slots, costs, cost);
    if (slots->items[at]) {
        costs->items[slots->items[at] - 1].weight += cost->weight;
        costs->items[slots->items[at] - 1].samples += cost->samples;
        return true;
    }
    if (!vmpt_reserve(&costs->items, &costs->capacity, costs->count + 1, sizeof(*costs->items))) {
        return false;
    }
    costs->items[costs->count++] = *cost;
    slots->items[at] = (uint32_t)costs->count;
    return true;
}

static bool add_node(struct conv_costs *costs, struct slots *slots, const struct vmpt_walk *walk)
{
    const struct vmpt_view *view = walk->view;
    size_t node = walk->node;
    struct conv_cost own = {view->function[node], view->line[node], CONV_NO_CALLEE,
                            view->self[node].weight, view->self[node].samples};
    /* A function is named even where it has no cost of its own. */
    if (!add(costs, slots, &own)) {
        return false;
    }
    if (walk->depth == 0) {
        struct conv_cost root = {conv_costs_root(view), 0, view->function[node],
                                 view->total[node].weight, view->total[node].samples};
        return add(costs, slots, &root);
    }
    uint32_t caller = walk->callers[walk->depth - 1];
    bool is_outermost = walk->on_path[view->function[node]] == 0;
    struct conv_cost call = {view->function[caller], view->line[caller], view->function[node],
                             is_outermost ? view->total[node].weight : 0,
                             view->total[node].samples};
    return add(costs, slots, &call);
}

/* Readers take what comes into a function for its total, unless nothing does. So where a function is called and is the
 * root of stacks too, roots need to be called by something; else they are better off without. */
static bool needs_root(const struct conv_costs *costs, uint32_t root, uint8_t *is_callee)
{
    bool needs = false;
    for (size_t i = 0; i < costs->count; i++) {
        const struct conv_cost *cost = &costs->items[i];
        if (cost->callee != CONV_NO_CALLEE) {
            uint8_t bit = cost->function == root ? 1 : 2;
            is_callee[cost->callee] |= bit;
            needs = needs || is_callee[cost->callee] == 3;
        }
    }
    return needs;
}

/* The root's calls, and its own cost, which is none. */
static bool settle_root(struct conv_costs *costs, struct slots *slots, const struct vmpt_view *view)
{
    uint32_t root = conv_costs_root(view);
    uint8_t *is_callee = vmpt_array(root, 1);
    if (!is_callee) {
        return false;
    }
    bool needs = needs_root(costs, root, is_callee);
    free(is_callee);
    if (needs) {
        struct conv_cost own = {root, 0, CONV_NO_CALLEE, 0, 0};
        return add(costs, slots, &own);
    }
    size_t kept = 0;
    for (size_t i = 0; i < costs->count; i++) {
        if (costs->items[i].function != root) {
            costs->items[kept++] = costs->items[i];
        }
    }
    costs->count = kept;
    return true;
}

uint32_t conv_costs_root(const struct vmpt_view *view)
{
    return view->hidden + 1;
}

static int compare(const void *left, const void *right)
{
    const struct conv_cost *a = left;
    const struct conv_cost *b = right;
    if (a->function != b->function) {
        return a->function < b->function ? -1 : 1;
    }
    if (a->line != b->line) {
        return a->line < b->line ? -1 : 1;
    }
    /* The own cost has no callee: it comes first, as 0. */
    uint64_t a_callee = a->callee == CONV_NO_CALLEE ? 0 : (uint64_t)a->callee + 1;
    uint64_t b_callee = b->callee == CONV_NO_CALLEE ? 0 : (uint64_t)b->callee + 1;
    return (a_callee > b_callee) - (a_callee < b_callee);
}

bool conv_costs_init(struct conv_costs *costs, const struct vmpt_view *view)
{
    struct vmpt_walk walk;
    struct slots slots = {NULL, 0};
    memset(costs, 0, sizeof(*costs));
    bool done = vmpt_walk_init(&walk, view);
    while (done && vmpt_walk_next(&walk)) {
        done = add_node(costs, &slots, &walk);
    }
    done = done && walk.node == 0 && settle_root(costs, &slots, view);
    if (costs->count) {
        qsort(costs->items, costs->count, sizeof(*costs->items), compare);
    }
    vmpt_walk_fini(&walk);
    free(slots.items);
    return done;
}

void conv_costs_fini(struct conv_costs *costs)
{
    free(costs->items);
}
