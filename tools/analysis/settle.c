#include "tools/analysis/settle.h"

#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"

/* More than most profiles have; with its view, that is 80 MiB. */
#define NODES ((size_t)1 << 20)

void vmpt_settled_free(struct vmpt_settled *settled)
{
    if (settled) {
        free(settled->rows);
        free(settled);
    }
}

static void add_cell(struct vmpt_cell *sum, const struct vmpt_cell *cell)
{
    sum->samples += cell->samples;
    sum->weight += cell->weight;
}

static void raise_peak(uint64_t *peak, uint64_t value)
{
    *peak = value > *peak ? value : *peak;
}

static void add_row(struct vmpt_function_row *sum, const struct vmpt_function_row *row)
{
    if (sum->total.samples == 0 || (row->total.samples && row->min_depth < sum->min_depth)) {
        sum->min_depth = row->min_depth;
    }
    add_cell(&sum->self, &row->self);
    add_cell(&sum->total, &row->total);
    raise_peak(&sum->self_peak, row->self_peak);
    raise_peak(&sum->total_peak, row->total_peak);
    sum->jit_weight += row->jit_weight;
    sum->plain_weight += row->plain_weight;
}

void vmpt_settled_add(const struct vmpt_settled *settled, const struct vmpt_view *view,
                      struct vmpt_function_row *rows)
{
    for (size_t i = 0; i < settled->count; i++) {
        add_row(&rows[i], &settled->rows[i]);
    }
    add_row(&rows[view->hidden], &settled->hidden);
}

static bool keep_rows(struct vmpt_settled *settled, const struct vmpt_view *view)
{
    size_t count = view->hidden;
    struct vmpt_function_row *rows = vmpt_function_rows(view);
    bool done =
        rows && vmpt_reserve(&settled->rows, &settled->capacity, count, sizeof(*settled->rows));
    for (size_t i = 0; done && i < count; i++) {
        add_row(&settled->rows[i], &rows[i]);
    }
    if (done) {
        add_row(&settled->hidden, &rows[count]);
        settled->count = count;
    }
    free(rows);
    return done;
}

bool vmpt_profile_settle(struct vmpt_profile *profile, const struct vmpt_frame_filter *filter,
                         bool *gone)
{
    struct vmpt_view view;
    size_t least = profile->settled ? profile->settled->next : NODES;
    *gone = false;
    if (profile->nodes.count < least) {
        return true;
    }
    if (!profile->settled && !(profile->settled = calloc(1, sizeof(*profile->settled)))) {
        return false;
    }
    bool done = vmpt_view_init(&view, profile, filter);
    *gone = done && (filter->native || view.has_virtual);
    if (*gone) {
        done = keep_rows(profile->settled, &view);
        profile->settled->has_virtual = view.has_virtual;
        vmpt_nodes_clear(&profile->nodes);
    }
    profile->settled->next = *gone ? NODES : 2 * profile->nodes.count;
    vmpt_view_fini(&view);
    return done;
}
