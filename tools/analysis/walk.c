/* walk.c: paths through a view. */
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"
#include "tools/analysis/view.h"

uint32_t *vmpt_view_callers(const struct vmpt_view *view)
{
    uint32_t *callers = vmpt_array(view->count, sizeof(*callers));
    for (size_t i = 0; callers && i < view->count; i++) {
        size_t end = i + view->size[i];
        for (size_t below = i + 1; below < end; below += view->size[below]) {
            callers[below] = (uint32_t)i;
        }
    }
    return callers;
}

bool vmpt_walk_init(struct vmpt_walk *walk, const struct vmpt_view *view)
{
    memset(walk, 0, sizeof(*walk));
    walk->view = view;
    walk->on_path = vmpt_array((size_t)view->hidden + 1, sizeof(*walk->on_path));
    return walk->on_path != NULL;
}

void vmpt_walk_fini(struct vmpt_walk *walk)
{
    free(walk->on_path);
    free(walk->callers);
}

/* The node that was current is a caller of the next one, or ends with others before it. */
bool vmpt_walk_next(struct vmpt_walk *walk)
{
    const struct vmpt_view *view = walk->view;
    if (walk->node > 0) {
        if (!vmpt_reserve(&walk->callers, &walk->capacity, walk->depth + 1,
                          sizeof(*walk->callers))) {
            return false;
        }
        walk->callers[walk->depth++] = (uint32_t)walk->node;
        walk->on_path[view->function[walk->node]]++;
    }
    size_t next = walk->node + 1;
    while (walk->depth > 0) {
        uint32_t caller = walk->callers[walk->depth - 1];
        if (next < (size_t)caller + view->size[caller]) {
            break;
        }
        walk->on_path[view->function[caller]]--;
        walk->depth--;
    }
    walk->node = next < view->count ? next : 0;
    return walk->node != 0;
}
