#include <stdlib.h>
#include <string.h>

#include "tools/analysis/function_table.h"
#include "tools/analysis/memory.h"

static void add_cell(struct vmpt_cell *sum, const struct vmpt_cell *cell)
{
    sum->samples += cell->samples;
    sum->weight += cell->weight;
}

/* How often each function stands above the outermost frame that the walk is inside of. Those do not
 * count: what called f and is called by f again is below f as well. The stamp saves clearing. */
struct above {
    uint32_t *stamp; /* of the frame that the count is for */
    uint32_t *count;
    uint32_t current;
};

static bool above_init(struct above *above, size_t function_count)
{
    above->stamp = vmpt_array(function_count, sizeof(*above->stamp));
    above->count = vmpt_array(function_count, sizeof(*above->count));
    above->current = 0;
    return above->stamp && above->count;
}

static void above_fini(struct above *above)
{
    free(above->stamp);
    free(above->count);
}

static void above_enter(struct above *above, const struct vmpt_walk *walk)
{
    above->current++;
    for (size_t i = 0; i < walk->depth; i++) {
        uint32_t function = walk->view->function[walk->callers[i]];
        if (above->stamp[function] != above->current) {
            above->count[function] = 0;
        }
        above->stamp[function] = above->current;
        above->count[function]++;
    }
}

static bool is_below_already(const struct above *above, const struct vmpt_walk *walk,
                             uint32_t function)
{
    uint32_t outside = above->stamp[function] == above->current ? above->count[function] : 0;
    return walk->on_path[function] > outside;
}

bool vmpt_descendants(const struct vmpt_view *view, const uint8_t *of,
                      struct vmpt_cell *descendants, struct vmpt_cell *total)
{
    size_t function_count = (size_t)view->hidden + 1;
    struct vmpt_walk walk;
    struct above above;
    size_t inside_until = 0; /* end of the subtree of the outermost frame */
    memset(descendants, 0, function_count * sizeof(*descendants));
    memset(total, 0, sizeof(*total));
    bool has_memory = above_init(&above, function_count);
    bool done = vmpt_walk_init(&walk, view) && has_memory;
    while (done && vmpt_walk_next(&walk)) {
        size_t node = walk.node;
        uint32_t function = view->function[node];
        if (node >= inside_until) {
            if (!of[function]) {
                continue;
            }
            inside_until = node + view->size[node];
            above_enter(&above, &walk);
            add_cell(total, &view->total[node]);
        } else if (!of[function] && !is_below_already(&above, &walk, function)) {
            add_cell(&descendants[function], &view->total[node]);
        }
    }
    done = done && walk.node == 0;
    vmpt_walk_fini(&walk);
    above_fini(&above);
    return done;
}
