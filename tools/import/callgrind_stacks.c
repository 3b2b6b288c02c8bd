/* What a function has got from its callers goes on to its own lines and to its calls, until nothing is left of any: since each
 * gives away what the file says, and no more, lines and calls come to what the file says. Where there is a choice, large amounts
 * are split as the costs are, small ones go where most is left: else there would be as many stacks as there are paths. */
#include "tools/import/callgrind_stacks.h"

#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"
#include "tools/import/callgrind_groups.h"

#define NO_ENTRY UINT32_MAX
#define MAX_CALLS 16384u /* a stack has no more frames than three times this */
#define SMALL_SHIFT 12   /* less than 1/4096 of all is not split */
#define FREE_STEPS ((size_t)1 << 21)
#define STEPS_A_WAY ((size_t)64)
#define SPLIT_STEPS ((size_t)1 << 19)

struct left {
    uint64_t left;
    uint32_t group; /* of the function */
    uint32_t way;
};

/* An amount that came into a group. */
struct visit {
    uint32_t group;
    uint32_t entry; /* the function that was called; NO_ENTRY: nobody called */
    uint32_t stack; /* of the caller */
    uint32_t calls;
    uint64_t amount;
};

struct graph {
    const struct callgrind_data *data;
    struct import_made *made;
    struct callgrind_stacks *out;
    uint32_t *functions; /* made's, by data's */
    uint32_t *groups;    /* by function */
    uint32_t group_count;
    struct left *items; /* by group, the costliest first; calls within a group are none of it */
    size_t count;
    size_t *first;  /* by group: of items */
    size_t *next;   /* by group: the first that may have something left */
    uint64_t *rest; /* by group: what is left of all */
    struct visit *visits;
    size_t visit_count, visit_capacity;
    uint64_t small;
    size_t steps;       /* that may still be made */
    size_t split_steps; /* of them, such that split amounts */
    bool no_memory;
};

/* ---- the graph ------------------------------------------------------------------------------------- */

static bool make_functions(struct graph *g)
{
    const struct vmpt_functions *known = &g->data->functions;
    for (size_t i = 0; i < known->count; i++) {
        const struct vmpt_function *from = &known->items[i];
        const struct vmpf_function function = {.name = {from->name, from->name_size},
                                               .file = {from->file, from->file_size},
                                               .first_line = g->data->first_lines[i],
                                               .kind = (vmpf_kind)from->kind};
        g->functions[i] = import_function(g->made, &function);
        if (g->functions[i] == IMPORT_NO_ID) {
            return false;
        }
    }
    return true;
}

static int by_group_and_cost(const void *left, const void *right)
{
    const struct left *a = left;
    const struct left *b = right;
    if (a->group != b->group) {
        return a->group < b->group ? -1 : 1;
    }
    if (a->left != b->left) {
        return a->left > b->left ? -1 : 1;
    }
    return a->way < b->way ? -1 : a->way > b->way;
}

static bool is_line(const struct graph *g, const struct left *item)
{
    return g->data->ways[item->way].callee == CALLGRIND_NO_CALLEE;
}

/* What costs something, and is no call within a group. */
static void sort_ways(struct graph *g)
{
    for (size_t i = 0; i < g->data->way_count; i++) {
        const struct callgrind_way *way = &g->data->ways[i];
        bool is_inner = way->callee != CALLGRIND_NO_CALLEE &&
                        g->groups[way->callee] == g->groups[way->function];
        if (way->cost && !is_inner) {
            g->items[g->count++] = (struct left){way->cost, g->groups[way->function], (uint32_t)i};
        }
    }
    if (g->count) {
        qsort(g->items, g->count, sizeof(*g->items), by_group_and_cost);
    }
    for (size_t i = 0; i < g->count; i++) {
        g->first[g->items[i].group + 1] = i + 1;
    }
    for (size_t i = 0; i < g->group_count; i++) {
        g->first[i + 1] = g->first[i + 1] ? g->first[i + 1] : g->first[i];
        g->next[i] = g->first[i];
    }
}

/* Lines come first: all of them together fit, and calls give way. */
static void add_up(struct graph *g)
{
    for (size_t i = 0; i < g->count; i++) {
        if (is_line(g, &g->items[i])) {
            g->rest[g->items[i].group] += g->items[i].left;
        }
    }
    for (size_t i = 0; i < g->count; i++) {
        struct left *item = &g->items[i];
        if (is_line(g, item)) {
            continue;
        }
        uint64_t *rest = &g->rest[item->group];
        uint64_t room = (uint64_t)INT64_MAX - *rest;
        item->left = item->left < room ? item->left : room;
        *rest += item->left;
    }
}

/* ---- stacks ---------------------------------------------------------------------------------------- */

static uint32_t put_frame(struct graph *g, uint32_t stack, uint32_t function, uint32_t line)
{
    vmpf_kind kind = (vmpf_kind)g->data->functions.items[function].kind;
    uint32_t below = stack == IMPORT_NO_ID
                         ? stack
                         : import_frame(g->made, stack, g->functions[function], line, kind);
    g->no_memory = g->no_memory || below == IMPORT_NO_ID;
    return below;
}

/* The function that was called, that of the line where it is another of the group, and that whose code was inlined there. */
static uint32_t stack_of(struct graph *g, uint32_t stack, uint32_t entry,
                         const struct callgrind_way *way)
{
    if (entry != NO_ENTRY && entry != way->function) {
        stack = put_frame(g, stack, entry, 0);
    }
    if (way->code != way->function) {
        stack = put_frame(g, stack, way->function, 0);
    }
    return put_frame(g, stack, way->code, way->line);
}

static void add_sample(struct graph *g, uint32_t stack, uint32_t way, uint64_t before,
                       uint64_t amount)
{
    struct callgrind_stacks *out = g->out;
    if (!vmpt_reserve(&out->items, &out->capacity, out->count + 1, sizeof(*out->items))) {
        g->no_memory = true;
        return;
    }
    out->items[out->count++] = (struct callgrind_sample){stack, way, before, amount};
}

static void add_visit(struct graph *g, const struct visit *visit)
{
    if (!vmpt_reserve(&g->visits, &g->visit_capacity, g->visit_count + 1, sizeof(*g->visits))) {
        g->no_memory = true;
        return;
    }
    g->visits[g->visit_count++] = *visit;
}

/* Takes amount off an item, which has that much, for the visit. */
static void give(struct graph *g, const struct visit *visit, struct left *item, uint64_t amount)
{
    const struct callgrind_way *way = &g->data->ways[item->way];
    uint64_t before = way->cost - item->left;
    uint32_t stack = stack_of(g, visit->stack, visit->entry, way);
    item->left -= amount;
    g->rest[visit->group] -= amount;
    g->steps--;
    if (way->callee == CALLGRIND_NO_CALLEE) {
        add_sample(g, stack, item->way, before, amount);
    } else if (visit->calls < MAX_CALLS) {
        const struct visit next = {g->groups[way->callee], way->callee, stack, visit->calls + 1,
                                   amount};
        add_visit(g, &next);
    }
}

/* As the costs are, but nothing small. */
static void split(struct graph *g, struct visit *visit)
{
    uint64_t amount = visit->amount;
    uint64_t rest = g->rest[visit->group];
    for (size_t i = g->first[visit->group];
         i < g->first[visit->group + 1] && g->steps && g->split_steps && !g->no_memory; i++) {
        struct left *item = &g->items[i];
        if (g->data->ways[item->way].cost < g->small) {
            return;
        }
        uint64_t share = (uint64_t)((unsigned __int128)item->left * amount / rest);
        g->split_steps--;
        if (share >= g->small) {
            give(g, visit, item, share);
            visit->amount -= share;
        }
    }
}

static void spend(struct graph *g, struct visit *visit)
{
    if (visit->amount >= g->small && visit->amount < g->rest[visit->group]) {
        split(g, visit);
    }
    while (visit->amount && g->rest[visit->group] && g->steps && !g->no_memory) {
        struct left *item = &g->items[g->next[visit->group]];
        uint64_t amount = item->left < visit->amount ? item->left : visit->amount;
        if (amount == 0) {
            g->next[visit->group]++;
            continue;
        }
        give(g, visit, item, amount);
        visit->amount -= amount;
    }
}

static void spend_all(struct graph *g)
{
    while (g->visit_count && g->steps && !g->no_memory) {
        struct visit visit = g->visits[--g->visit_count];
        spend(g, &visit);
    }
}

/* Callers have higher numbers: what is left of a group when they are done, nobody called. */
static void spend_roots(struct graph *g)
{
    for (uint32_t i = g->group_count; i-- > 0 && g->steps && !g->no_memory;) {
        const struct visit root = {.group = i, .entry = NO_ENTRY, .amount = g->rest[i]};
        add_visit(g, &root);
        spend_all(g);
    }
}

/* What no call reaches: after too many steps, or what costs nothing of the first event. */
static void add_remains(struct graph *g)
{
    for (size_t i = 0; i < g->count && !g->no_memory; i++) {
        const struct left *item = &g->items[i];
        const struct callgrind_way *way = &g->data->ways[item->way];
        if (item->left && is_line(g, item)) {
            add_sample(g, stack_of(g, 0, NO_ENTRY, way), item->way, way->cost - item->left,
                       item->left);
        }
    }
    for (size_t i = 0; i < g->data->way_count && !g->no_memory; i++) {
        const struct callgrind_way *way = &g->data->ways[i];
        if (way->cost == 0 && way->callee == CALLGRIND_NO_CALLEE) {
            add_sample(g, stack_of(g, 0, NO_ENTRY, way), (uint32_t)i, 0, 0);
        }
    }
}

/* ---- all of it ------------------------------------------------------------------------------------- */

static bool make_graph(struct graph *g)
{
    size_t functions = g->data->functions.count;
    g->functions = vmpt_array(functions, sizeof(*g->functions));
    g->groups = vmpt_array(functions, sizeof(*g->groups));
    if (!g->functions || !g->groups || !make_functions(g) ||
        !callgrind_groups(g->data, g->groups, &g->group_count)) {
        return false;
    }
    size_t groups = g->group_count;
    g->items = vmpt_array(g->data->way_count, sizeof(*g->items));
    g->first = vmpt_array(groups + 1, sizeof(*g->first));
    g->next = vmpt_array(groups, sizeof(*g->next));
    g->rest = vmpt_array(groups, sizeof(*g->rest));
    if (!g->items || !g->first || !g->next || !g->rest) {
        return false;
    }
    sort_ways(g);
    add_up(g);
    g->small = g->data->sums[0] >> SMALL_SHIFT;
    g->small = g->small ? g->small : 1;
    g->steps = FREE_STEPS + STEPS_A_WAY * g->count;
    g->split_steps = SPLIT_STEPS;
    return true;
}

bool callgrind_stacks_make(struct callgrind_stacks *stacks, const struct callgrind_data *data,
                           struct import_made *made)
{
    struct graph g = {.data = data, .made = made, .out = stacks};
    memset(stacks, 0, sizeof(*stacks));
    bool done = make_graph(&g);
    if (done) {
        spend_roots(&g);
        add_remains(&g);
        done = !g.no_memory;
    }
    free(g.functions);
    free(g.groups);
    free(g.items);
    free(g.first);
    free(g.next);
    free(g.rest);
    free(g.visits);
    return done;
}

void callgrind_stacks_fini(struct callgrind_stacks *stacks)
{
    free(stacks->items);
    memset(stacks, 0, sizeof(*stacks));
}
