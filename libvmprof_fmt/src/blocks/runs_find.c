/* runs_find.c: makes the runs of a SAMPLES chunk [F-5.6-6]. */
#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/blocks/runs.h"

#include <stdlib.h>
#include <string.h>

#define MAX_STEP 253u /* what a code of one byte can say, less the two other kinds */

enum slot { /* of the scratch memory */
            SLOT_ORDERED,
            SLOT_STARTS,
            SLOT_LENGTHS,
            SLOT_KINDS,
            SLOT_AGES,
            SLOT_NODES,
            SLOT_COUNT,
};

void vmpfi_run_history_fini(struct vmpfi_run_history *history)
{
    free(history->last);
    memset(history, 0, sizeof *history);
}

static bool history_ready(struct vmpfi_run_history *history, size_t node_count, size_t runs)
{
    if (runs >= UINT32_MAX - history->run_count) { /* the numbers begin anew */
        memset(history->last, 0, history->node_count * sizeof *history->last);
        history->run_count = 0;
    }
    if (node_count <= history->node_count) {
        return true;
    }
    void *last = history->last;
    size_t capacity = history->node_count;
    if (!vmpfi_grow_lean(&last, &capacity, node_count, sizeof *history->last)) {
        return false;
    }
    history->last = last;
    memset(history->last + history->node_count, 0,
           (capacity - history->node_count) * sizeof *history->last);
    history->node_count = capacity;
    return true;
}

/* Runs under construction. */
struct finder {
    struct vmpfi_run_history *history;
    uint32_t *slots[SLOT_COUNT];
    struct vmpfi_runs *out;
    uint32_t first_run; /* number of the chunk's first */
};

/* A new run of a thread whose greatest node is *greatest; UINT64_MAX: it has none. */
static void add_run(struct finder *f, uint32_t node, uint64_t *greatest)
{
    uint32_t number = ++f->history->run_count;
    uint32_t last = f->history->last[node];
    uint32_t kind = VMPFI_RUN_NODE;
    f->history->last[node] = number;
    if (last >= f->first_run) {
        kind = VMPFI_RUN_AGE;
        f->slots[SLOT_AGES][f->out->age_count++] = number - last;
    } else if (*greatest < node && node - *greatest <= MAX_STEP) {
        kind = VMPFI_RUN_STEP - 1 + (uint32_t)(node - *greatest);
    } else {
        f->slots[SLOT_NODES][f->out->node_count++] = node;
    }
    if (kind != VMPFI_RUN_AGE && (*greatest == UINT64_MAX || node > *greatest)) {
        *greatest = node;
    }
    f->slots[SLOT_KINDS][f->out->count] = kind;
    f->slots[SLOT_LENGTHS][f->out->count++] = 0;
}

/* Where a node was last is asked for so many samples before: most are in memory that is far. */
#define FETCH_AHEAD 32u

static void add_thread(struct finder *f, const uint32_t *stacks, size_t count)
{
    uint64_t greatest = UINT64_MAX;
    for (size_t i = 0; i < count; i++) {
        size_t later = i + FETCH_AHEAD < count ? i + FETCH_AHEAD : i;
        __builtin_prefetch(&f->history->last[stacks[later]]);
        if (i > 0 && stacks[i] == stacks[i - 1]) {
            f->slots[SLOT_LENGTHS][f->out->count - 1]++;
        } else {
            add_run(f, stacks[i], &greatest);
        }
    }
}

/* The stacks ordered by thread; starts[t] is then where thread t ends. */
static void order(const uint32_t *stacks, const uint32_t *threads, size_t count,
                  size_t thread_count, uint32_t *starts, uint32_t *ordered)
{
    memset(starts, 0, (thread_count + 1) * sizeof *starts);
    for (size_t i = 0; i < count; i++) {
        starts[threads[i] + 1]++;
    }
    for (size_t t = 1; t <= thread_count; t++) {
        starts[t] += starts[t - 1];
    }
    for (size_t i = 0; i < count; i++) {
        ordered[starts[threads[i]]++] = stacks[i];
    }
}

vmpf_status vmpfi_runs_find(struct vmpfi_runs *out, struct vmpfi_run_history *history,
                            struct vmpfi_scratch *scratch, const uint32_t *stacks,
                            const uint32_t *threads, size_t count, size_t thread_count,
                            size_t node_count)
{
    struct finder f = {.history = history, .out = out};
    for (unsigned i = 0; i < SLOT_COUNT; i++) {
        size_t entries = i == SLOT_STARTS ? thread_count + 1 : count;
        f.slots[i] = vmpfi_scratch_words(scratch, i, entries);
        if (f.slots[i] == NULL) {
            return VMPF_E_NOMEM;
        }
    }
    if (!history_ready(history, node_count, count)) {
        return VMPF_E_NOMEM;
    }
    memset(out, 0, sizeof *out);
    f.first_run = history->run_count + 1;
    order(stacks, threads, count, thread_count, f.slots[SLOT_STARTS], f.slots[SLOT_ORDERED]);
    size_t begin = 0;
    for (size_t t = 0; t < thread_count; t++) {
        size_t end = (size_t)f.slots[SLOT_STARTS][t];
        add_thread(&f, f.slots[SLOT_ORDERED] + begin, end - begin);
        begin = end;
    }
    out->lengths = f.slots[SLOT_LENGTHS];
    out->kinds = f.slots[SLOT_KINDS];
    out->ages = f.slots[SLOT_AGES];
    out->nodes = f.slots[SLOT_NODES];
    return VMPF_OK;
}
