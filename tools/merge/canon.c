#include "tools/merge/canon.h"

#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"

/* What the nodes are sorted by: those of one caller stand together, by function, line and kind. */
struct place {
    uint32_t parent;
    uint32_t rank; /* of the function among all */
    uint32_t line;
    uint32_t kind;
    uint32_t node;
};

/* ---- functions in order ------------------------------------------------------------------------------ */

static int compare_bytes(const char *a, size_t a_size, const char *b, size_t b_size)
{
    int order = memcmp(a, b, a_size < b_size ? a_size : b_size);
    return order ? order : (a_size > b_size) - (a_size < b_size);
}

static int by_function(const void *left, const void *right)
{
    const struct vmpt_function *a = *(const struct vmpt_function *const *)left;
    const struct vmpt_function *b = *(const struct vmpt_function *const *)right;
    int order = compare_bytes(a->name, a->name_size, b->name, b->name_size);
    if (!order) {
        order = compare_bytes(a->file, a->file_size, b->file, b->file_size);
    }
    if (!order) {
        order = (a->first_line > b->first_line) - (a->first_line < b->first_line);
    }
    return order ? order : (a->kind > b->kind) - (a->kind < b->kind);
}

/* Returns the rank of each function, or NULL. */
static uint32_t *rank_functions(const struct vmpt_functions *functions)
{
    const struct vmpt_function **sorted =
        vmpt_array(functions->count, sizeof(const struct vmpt_function *));
    uint32_t *ranks = vmpt_array(functions->count, sizeof(*ranks));
    for (size_t i = 0; sorted && i < functions->count; i++) {
        sorted[i] = &functions->items[i];
    }
    if (sorted && ranks && functions->count) {
        qsort((void *)sorted, functions->count, sizeof(const struct vmpt_function *), by_function);
        for (size_t i = 0; i < functions->count; i++) {
            ranks[sorted[i] - functions->items] = (uint32_t)i;
        }
    }
    if (!sorted) {
        free(ranks);
        ranks = NULL;
    }
    free((void *)sorted);
    return ranks;
}

/* ---- nodes ------------------------------------------------------------------------------------------- */

static void add_cell(struct vmpt_cell *sum, const struct vmpt_cell *cell)
{
    sum->samples += cell->samples;
    sum->weight += cell->weight;
}

/* Callers stand before callees in a view, so made[] has a node's caller already. */
static bool join_nodes(struct merge_canon *canon, const struct vmpt_view *view, uint32_t *made)
{
    for (size_t i = 0; i < view->count; i++) {
        size_t end = i + view->size[i];
        if (i > 0 && view->function[i] == view->hidden) {
            made[i] = 0;
        } else if (i > 0) {
            struct vmpt_node_key key = {.parent = made[i],
                                        .function = view->function[i],
                                        .line = view->line[i],
                                        .kind = view->kind[i]};
            made[i] = vmpt_nodes_intern(&canon->nodes, &key);
        }
        if (made[i] == VMPT_NO_NODE) {
            return false;
        }
        add_cell(&canon->nodes.cells[made[i]], &view->self[i]);
        for (size_t below = i + 1; below < end; below += view->size[below]) {
            made[below] = made[i]; /* its caller's, until it is made itself */
        }
    }
    return true;
}

static int by_place(const void *left, const void *right)
{
    const struct place *a = left;
    const struct place *b = right;
    const uint32_t pairs[][2] = {
        {a->parent, b->parent}, {a->rank, b->rank}, {a->line, b->line}, {a->kind, b->kind}};
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        if (pairs[i][0] != pairs[i][1]) {
            return pairs[i][0] < pairs[i][1] ? -1 : 1;
        }
    }
    return 0;
}

/* Nodes of one caller stand together in places, from first[caller] on; the caller's callees follow it level by
 * level. */
static void put_in_order(struct merge_canon *canon, const struct place *places,
                         const uint32_t *first)
{
    size_t taken = 0;
    uint32_t caller = 0;
    canon->count = 0;
    for (;;) {
        for (size_t i = first[caller]; i < canon->nodes.count - 1 && places[i].parent == caller;
             i++) {
            canon->order[canon->count++] = places[i].node;
        }
        if (taken == canon->count) {
            return;
        }
        caller = canon->order[taken++];
    }
}

static bool sort_nodes(struct merge_canon *canon, const uint32_t *ranks)
{
    size_t count = canon->nodes.count - 1;
    struct place *places = vmpt_array(count, sizeof(*places));
    uint32_t *first = vmpt_array(canon->nodes.count, sizeof(*first));
    canon->order = vmpt_array(count, sizeof(*canon->order));
    bool done = places && first && canon->order;
    for (size_t i = 0; done && i < count; i++) {
        const struct vmpt_node_key *key = &canon->nodes.keys[i + 1];
        places[i] = (struct place){key->parent, ranks[key->function], key->line, key->kind,
                                   (uint32_t)i + 1};
    }
    if (done && count) {
        qsort(places, count, sizeof(*places), by_place);
    }
    for (size_t i = 0; done && i < canon->nodes.count; i++) {
        first[i] = (uint32_t)count;
    }
    for (size_t i = count; done && i-- > 0;) {
        first[places[i].parent] = (uint32_t)i;
    }
    if (done) {
        put_in_order(canon, places, first);
    }
    free(places);
    free(first);
    return done;
}

bool merge_canon_init(struct merge_canon *canon, const struct vmpt_view *view)
{
    uint32_t *made = vmpt_array(view->count, sizeof(*made));
    uint32_t *ranks = rank_functions(&view->profile->functions);
    memset(canon, 0, sizeof(*canon));
    bool done = made && ranks && vmpt_nodes_init(&canon->nodes) && join_nodes(canon, view, made) &&
                sort_nodes(canon, ranks);
    free(made);
    free(ranks);
    return done;
}

void merge_canon_fini(struct merge_canon *canon)
{
    vmpt_nodes_fini(&canon->nodes);
    free(canon->order);
}
