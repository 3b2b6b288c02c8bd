#include "tools/analysis/relatives.h"

#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"

/* What one kind of relatives came to, by function. */
struct sums {
    struct vmpt_cell *self;
    struct vmpt_cell *total;
    uint32_t *on_path; /* calls on the path that is walked */
    uint64_t *jit_weight;
};

struct walk {
    const struct vmpt_view *view;
    uint32_t function;
    uint32_t *path; /* nodes from the outermost frame to the current one */
    size_t depth;
    size_t capacity;
    size_t inside; /* frames of the function on the path */
    struct sums callers;
    struct sums callees;
    struct sums below;
};

static void add_cell(struct vmpt_cell *sum, const struct vmpt_cell *cell)
{
    sum->samples += cell->samples;
    sum->weight += cell->weight;
}

static bool sums_init(struct sums *sums, size_t count)
{
    sums->self = vmpt_array(count, sizeof(*sums->self));
    sums->total = vmpt_array(count, sizeof(*sums->total));
    sums->on_path = vmpt_array(count, sizeof(*sums->on_path));
    sums->jit_weight = vmpt_array(count, sizeof(*sums->jit_weight));
    return sums->self && sums->total && sums->on_path && sums->jit_weight;
}

static void sums_fini(struct sums *sums)
{
    free(sums->self);
    free(sums->total);
    free(sums->on_path);
    free(sums->jit_weight);
}

/* A frame of `relative` was entered; `frame` is the node whose weights it is about, `kind_of` the relative's own. */
static void enter(struct sums *sums, const struct vmpt_view *view, uint32_t relative, size_t frame,
                  size_t kind_of)
{
    add_cell(&sums->self[relative], &view->self[frame]);
    if (sums->on_path[relative]++ > 0) {
        return; /* the stacks below have it already */
    }
    add_cell(&sums->total[relative], &view->total[frame]);
    if (view->kind[kind_of] == VMPF_KIND_JIT) {
        sums->jit_weight[relative] += view->total[frame].weight;
    }
}

static void enter_frame(struct walk *walk, size_t node)
{
    const struct vmpt_view *view = walk->view;
    uint32_t function = view->function[node];
    if (walk->depth > 0) {
        uint32_t caller = walk->path[walk->depth - 1];
        if (function == walk->function) {
            enter(&walk->callers, view, view->function[caller], node, caller);
        }
        if (view->function[caller] == walk->function) {
            enter(&walk->callees, view, function, node, node);
        }
    }
    if (function == walk->function) {
        walk->inside++;
    } else if (walk->inside > 0) {
        enter(&walk->below, view, function, node, node);
    }
}

static void leave_frame(struct walk *walk)
{
    const struct vmpt_view *view = walk->view;
    uint32_t function = view->function[walk->path[--walk->depth]];
    if (walk->depth > 0) {
        uint32_t caller = view->function[walk->path[walk->depth - 1]];
        if (function == walk->function) {
            walk->callers.on_path[caller]--;
        }
        if (caller == walk->function) {
            walk->callees.on_path[function]--;
        }
    }
    if (function == walk->function) {
        walk->inside--;
    } else if (walk->inside > 0) {
        walk->below.on_path[function]--;
    }
}

static bool walk_all(struct walk *walk)
{
    const struct vmpt_view *view = walk->view;
    for (size_t node = 1; node < view->count; node++) {
        while (walk->depth > 0) {
            uint32_t outer = walk->path[walk->depth - 1];
            if (node < (size_t)outer + view->size[outer]) {
                break;
            }
            leave_frame(walk);
        }
        if (!vmpt_reserve(&walk->path, &walk->capacity, walk->depth + 1, sizeof(*walk->path))) {
            return false;
        }
        enter_frame(walk, node);
        walk->path[walk->depth++] = (uint32_t)node;
    }
    return true;
}

static bool make_table(struct vmpt_function_table *table, const struct vmpt_view *view,
                       const struct sums *sums)
{
    size_t functions = (size_t)view->hidden + 1;
    size_t count = 0;
    for (size_t i = 0; i < functions; i++) {
        count += sums->total[i].samples > 0;
    }
    table->rows = vmpt_array(count, sizeof(*table->rows));
    table->count = 0;
    for (size_t i = 0; table->rows && i < functions; i++) {
        if (!sums->total[i].samples) {
            continue;
        }
        struct vmpt_function_row *row = &table->rows[table->count++];
        row->self = sums->self[i];
        row->total = sums->total[i];
        row->jit_weight = sums->jit_weight[i];
        row->plain_weight = sums->total[i].weight - sums->jit_weight[i];
        vmpt_function_row_describe(row, view, (uint32_t)i);
    }
    return table->rows != NULL;
}

bool vmpt_relatives_init(struct vmpt_relatives *relatives, const struct vmpt_view *view,
                         uint32_t function)
{
    size_t functions = (size_t)view->hidden + 1;
    struct walk walk = {.view = view, .function = function};
    memset(relatives, 0, sizeof(*relatives));
    bool done = sums_init(&walk.callers, functions) && sums_init(&walk.callees, functions) &&
                sums_init(&walk.below, functions) && walk_all(&walk) &&
                make_table(&relatives->callers, view, &walk.callers) &&
                make_table(&relatives->callees, view, &walk.callees) &&
                make_table(&relatives->descendants, view, &walk.below);
    free(walk.path);
    sums_fini(&walk.callers);
    sums_fini(&walk.callees);
    sums_fini(&walk.below);
    return done;
}

void vmpt_relatives_fini(struct vmpt_relatives *relatives)
{
    vmpt_function_table_fini(&relatives->callers);
    vmpt_function_table_fini(&relatives->callees);
    vmpt_function_table_fini(&relatives->descendants);
}
