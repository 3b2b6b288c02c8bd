#include "tools/analysis/function_table.h"

#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"
#include "tools/analysis/settle.h"

static void add_cell(struct vmpt_cell *sum, const struct vmpt_cell *cell)
{
    sum->samples += cell->samples;
    sum->weight += cell->weight;
}

static void raise_peak(uint64_t *peak, uint64_t value)
{
    *peak = value > *peak ? value : *peak;
}

static void add_node(struct vmpt_function_row *row, const struct vmpt_view *view, size_t node,
                     bool is_outermost, size_t depth)
{
    add_cell(&row->self, &view->self[node]);
    if (view->self_peak) {
        raise_peak(&row->self_peak, view->self_peak[node]);
        raise_peak(&row->total_peak, view->total_peak[node]);
    }
    if (view->kind[node] == VMPF_KIND_JIT) {
        row->jit_weight += view->total[node].weight;
    } else {
        row->plain_weight += view->total[node].weight;
    }
    if (!is_outermost) {
        return;
    }
    if (row->total.samples == 0 || depth < row->min_depth) {
        row->min_depth = (uint32_t)depth;
    }
    add_cell(&row->total, &view->total[node]);
}

void vmpt_function_row_describe(struct vmpt_function_row *row, const struct vmpt_view *view,
                                uint32_t index)
{
    static const struct vmpt_function hidden = {
        .name = VMPT_HIDDEN_NAME,
        .name_size = sizeof(VMPT_HIDDEN_NAME) - 1,
        .file = "",
        .kind = VMPF_KIND_UNKNOWN,
    };
    row->index = index;
    row->function = index == view->hidden ? hidden : view->profile->functions.items[index];
    if (row->function.kind == VMPF_KIND_PY && row->jit_weight > row->plain_weight) {
        row->function.kind = VMPF_KIND_JIT;
    }
}

static void drop_empty(struct vmpt_function_table *table, const struct vmpt_view *view)
{
    size_t kept = 0;
    for (size_t i = 0; i < table->count; i++) {
        if (table->rows[i].total.samples == 0) {
            continue;
        }
        table->rows[kept] = table->rows[i];
        vmpt_function_row_describe(&table->rows[kept++], view, (uint32_t)i);
    }
    table->count = kept;
}

struct vmpt_function_row *vmpt_function_rows(const struct vmpt_view *view)
{
    struct vmpt_walk walk;
    struct vmpt_function_row *rows = vmpt_array((size_t)view->hidden + 1, sizeof(*rows));
    bool done = vmpt_walk_init(&walk, view) && rows;
    while (done && vmpt_walk_next(&walk)) {
        uint32_t function = view->function[walk.node];
        add_node(&rows[function], view, walk.node, walk.on_path[function] == 0, walk.depth);
    }
    done = done && walk.node == 0;
    vmpt_walk_fini(&walk);
    if (!done) {
        free(rows);
        return NULL;
    }
    return rows;
}

bool vmpt_function_table_init(struct vmpt_function_table *table, const struct vmpt_view *view)
{
    table->rows = vmpt_function_rows(view);
    table->count = table->rows ? (size_t)view->hidden + 1 : 0;
    if (!table->rows) {
        return false;
    }
    if (view->profile->settled) {
        vmpt_settled_add(view->profile->settled, view, table->rows);
    }
    drop_empty(table, view);
    return true;
}

void vmpt_function_table_fini(struct vmpt_function_table *table)
{
    free(table->rows);
    table->rows = NULL;
    table->count = 0;
}

static int greater_first(uint64_t a, uint64_t b)
{
    return (a < b) - (a > b);
}

static int lesser_first(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_bytes(const char *a, size_t a_size, const char *b, size_t b_size)
{
    int order = memcmp(a, b, a_size < b_size ? a_size : b_size);
    return order ? order : lesser_first(a_size, b_size);
}

/* What tells two rows apart when their numbers are equal. */
static int by_name(const void *left, const void *right)
{
    const struct vmpt_function_row *a = left;
    const struct vmpt_function_row *b = right;
    const struct vmpt_function *f = &a->function;
    const struct vmpt_function *g = &b->function;
    int order = compare_bytes(f->name, f->name_size, g->name, g->name_size);
    if (!order) {
        order = compare_bytes(f->file, f->file_size, g->file, g->file_size);
    }
    if (!order) {
        order = lesser_first(f->first_line, g->first_line);
    }
    if (!order) {
        order = lesser_first(f->kind, g->kind);
    }
    if (!order) {
        order = lesser_first(f->address, g->address);
    }
    return order;
}

static int by_depth(const struct vmpt_function_row *a, const struct vmpt_function_row *b)
{
    int order = lesser_first(a->min_depth, b->min_depth);
    return order ? order : by_name(a, b);
}

static int by_total(const void *left, const void *right)
{
    const struct vmpt_function_row *a = left;
    const struct vmpt_function_row *b = right;
    int order = greater_first(a->total_peak, b->total_peak);
    order = order ? order : greater_first(a->total.weight, b->total.weight);
    return order ? order : by_depth(a, b);
}

static int by_self(const void *left, const void *right)
{
    const struct vmpt_function_row *a = left;
    const struct vmpt_function_row *b = right;
    int order = greater_first(a->self_peak, b->self_peak);
    order = order ? order : greater_first(a->self.weight, b->self.weight);
    return order ? order : by_total(a, b);
}

static int by_samples(const void *left, const void *right)
{
    const struct vmpt_function_row *a = left;
    const struct vmpt_function_row *b = right;
    int order = greater_first(a->total.samples, b->total.samples);
    return order ? order : by_depth(a, b);
}

void vmpt_function_table_sort(struct vmpt_function_table *table, enum vmpt_sort sort)
{
    static int (*const orders[])(const void *, const void *) = {
        [VMPT_SORT_TOTAL] = by_total,
        [VMPT_SORT_SELF] = by_self,
        [VMPT_SORT_NAME] = by_name,
        [VMPT_SORT_SAMPLES] = by_samples,
    };
    if (table->count) {
        qsort(table->rows, table->count, sizeof(*table->rows), orders[sort]);
    }
}
