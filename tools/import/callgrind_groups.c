/* Tarjan's strongly connected components, without recursion: files may hold chains of calls of any length. */
#include "tools/import/callgrind_groups.h"

#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"

#define NO_GROUP UINT32_MAX

struct search {
    const struct callgrind_data *data;
    uint32_t *group;
    uint32_t group_count;
    size_t *first;     /* by function: of callees */
    uint32_t *callees; /* by caller */
    uint32_t *number;  /* by function: in the order of the search, from 1; 0: not seen */
    uint32_t *lowest;  /* by function: the lowest number that it reaches */
    uint32_t *waiting; /* functions that have no group yet */
    size_t waiting_count;
    struct step {
        uint32_t function;
        size_t at; /* the next of its callees */
    } * steps;
    size_t step_count;
    uint32_t seen;
};

/* Counting sort of calls by caller. */
static void sort_calls(struct search *s)
{
    const struct callgrind_data *data = s->data;
    size_t functions = data->functions.count;
    for (size_t i = 0; i < data->way_count; i++) {
        s->first[data->ways[i].function + 1] += data->ways[i].callee != CALLGRIND_NO_CALLEE;
    }
    for (size_t i = 0; i < functions; i++) {
        s->first[i + 1] += s->first[i];
    }
    for (size_t i = data->way_count;
         i-- > 0;) { /* each range is filled from its front on, by moving it */
        const struct callgrind_way *way = &data->ways[i];
        if (way->callee != CALLGRIND_NO_CALLEE) {
            s->callees[s->first[way->function]++] = way->callee;
        }
    }
    memmove(s->first + 1, s->first, functions * sizeof(*s->first));
    s->first[0] = 0;
}

static void enter(struct search *s, uint32_t function)
{
    s->number[function] = s->lowest[function] = ++s->seen;
    s->waiting[s->waiting_count++] = function;
    s->steps[s->step_count++] = (struct step){function, s->first[function]};
}

/* A function whose callees are all done. One that reaches none before it makes a group of what waits since then. */
static void leave(struct search *s, uint32_t function)
{
    s->step_count--;
    if (s->step_count) {
        uint32_t *caller = &s->lowest[s->steps[s->step_count - 1].function];
        *caller = s->lowest[function] < *caller ? s->lowest[function] : *caller;
    }
    if (s->lowest[function] != s->number[function]) {
        return;
    }
    uint32_t member;
    do {
        member = s->waiting[--s->waiting_count];
        s->group[member] = s->group_count;
    } while (member != function);
    s->group_count++;
}

static void search_from(struct search *s, uint32_t root)
{
    enter(s, root);
    while (s->step_count) {
        struct step *step = &s->steps[s->step_count - 1];
        uint32_t function = step->function;
        if (step->at == s->first[function + 1]) {
            leave(s, function);
            continue;
        }
        uint32_t callee = s->callees[step->at++];
        if (s->number[callee] == 0) {
            enter(s, callee);
        } else if (s->group[callee] == NO_GROUP && s->number[callee] < s->lowest[function]) {
            s->lowest[function] = s->number[callee];
        }
    }
}

bool callgrind_groups(const struct callgrind_data *data, uint32_t *group, uint32_t *group_count)
{
    size_t count = data->functions.count;
    struct search s = {.data = data, .group = group};
    s.first = vmpt_array(count + 1, sizeof(*s.first));
    s.callees = vmpt_array(data->way_count, sizeof(*s.callees));
    s.number = vmpt_array(count, sizeof(*s.number));
    s.lowest = vmpt_array(count, sizeof(*s.lowest));
    s.waiting = vmpt_array(count, sizeof(*s.waiting));
    s.steps = vmpt_array(count, sizeof(*s.steps));
    bool done = s.first && s.callees && s.number && s.lowest && s.waiting && s.steps;
    if (done) {
        sort_calls(&s);
        for (size_t i = 0; i < count; i++) {
            group[i] = NO_GROUP;
        }
        for (uint32_t i = 0; i < count; i++) {
            if (s.number[i] == 0) {
                search_from(&s, i);
            }
        }
    }
    *group_count = s.group_count;
    free(s.first);
    free(s.callees);
    free(s.number);
    free(s.lowest);
    free(s.waiting);
    free(s.steps);
    return done;
}
