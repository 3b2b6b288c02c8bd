#include "libvmprof_fmt/src/blocks/tally.h"

#include "libvmprof_fmt/src/base/error.h"

#include <stdlib.h>
#include <string.h>

/* With more rows than this, of which most are of one sample, what was counted is forgotten: it would never pay, and what comes may. */
#define MANY_ROWS 8192u
#define FORGOTTEN_FOR_GOOD 3u
#define THREADS                                                                                    \
    16u /* whose last stacks are remembered while samples are counted: most samples repeat their thread's last */
#define SAMPLES_PER_STACK 4u /* at least, for totals to be worth their place [F-5.9-4] */

enum slot { /* of the scratch memory; the last is the encoder's own */
            SLOT_STACKS = 0,
            SLOT_SAMPLES = 1,
            SLOT_SUMS = 2,
};

void vmpfi_tally_fini(struct vmpfi_tally *t)
{
    free(t->row_of_node);
    free(t->rows);
    memset(t, 0, sizeof *t);
}

size_t vmpfi_tally_bytes(const struct vmpfi_tally *t)
{
    return t->node_capacity * sizeof *t->row_of_node +
           t->row_capacity * (1 + t->value_count) * sizeof *t->rows;
}

void vmpfi_tally_clear(struct vmpfi_tally *t, uint64_t first)
{
    if (t->node_capacity > 0) {
        memset(t->row_of_node, 0, t->node_capacity * sizeof *t->row_of_node);
    }
    t->row_count = 0;
    t->covered = 0;
    t->forgotten = 0;
    t->first = first;
}

static bool reserve_nodes(struct vmpfi_tally *t, size_t node_count)
{
    void *nodes = t->row_of_node;
    size_t before = t->node_capacity;
    if (!vmpfi_grow_lean(&nodes, &t->node_capacity, node_count, sizeof *t->row_of_node)) {
        return false;
    }
    t->row_of_node = nodes;
    memset(t->row_of_node + before, 0, (t->node_capacity - before) * sizeof *t->row_of_node);
    return true;
}

/* What is needed so many samples later is asked for now: the rows of a million nodes lie in memory that is far. */
#define FETCH_AHEAD 24u

static size_t ahead_of(const struct vmpfi_samples *samples, size_t i)
{
    return i + FETCH_AHEAD < samples->count ? i + FETCH_AHEAD : i;
}

/* Gives each stack of the samples that has none a row, with nothing in it. */
static bool reserve_rows(struct vmpfi_tally *t, const struct vmpfi_samples *samples)
{
    size_t row_numbers = 1 + samples->value_count;
    uint32_t last[THREADS];
    memset(last, 0xFF, sizeof last);
    for (size_t i = 0; i < samples->count; i++) {
        uint32_t stack = samples->stack[i];
        __builtin_prefetch(&t->row_of_node[samples->stack[ahead_of(samples, i)]]);
        uint32_t *last_of_thread = &last[samples->thread[i] % THREADS];
        if (stack == *last_of_thread) {
            continue;
        }
        *last_of_thread = stack;
        uint32_t *row = &t->row_of_node[stack];
        if (*row != 0) {
            continue;
        }
        void *rows = t->rows;
        bool grown = vmpfi_grow_lean(&rows, &t->row_capacity, t->row_count + 1,
                                     row_numbers * sizeof *t->rows);
        t->rows = rows;
        if (!grown) {
            return false;
        }
        memset(t->rows + t->row_count * row_numbers, 0, row_numbers * sizeof *t->rows);
        *row = (uint32_t)++t->row_count;
    }
    return true;
}

/* It is tried twice more; then the epoch has no totals, and they cost no memory. */
static void forget(struct vmpfi_tally *t)
{
    unsigned forgotten = t->forgotten + 1;
    uint64_t first = t->first + t->covered;
    if (forgotten == FORGOTTEN_FOR_GOOD) {
        vmpfi_tally_fini(t);
    }
    vmpfi_tally_clear(t, first);
    t->forgotten = forgotten;
}

bool vmpfi_tally_reserve(struct vmpfi_tally *t, const struct vmpfi_samples *samples,
                         size_t node_count)
{
    t->value_count = samples->value_count;
    if (t->row_count > MANY_ROWS && 3 * t->row_count > t->covered) {
        forget(t);
    }
    return t->forgotten == FORGOTTEN_FOR_GOOD ||
           (reserve_nodes(t, node_count) && reserve_rows(t, samples));
}

void vmpfi_tally_add(struct vmpfi_tally *t, const struct vmpfi_samples *samples)
{
    size_t row_numbers = 1 + t->value_count;
    struct {
        uint32_t stack;
        uint64_t *row;
    } last[THREADS] = {0};
    for (size_t i = 0; t->forgotten != FORGOTTEN_FOR_GOOD && i < samples->count; i++) {
        uint32_t stack = samples->stack[i];
        uint32_t later = t->row_of_node[samples->stack[ahead_of(samples, i)]];
        __builtin_prefetch(t->rows + (later - 1) * row_numbers);
        size_t slot = samples->thread[i] % THREADS;
        if (last[slot].row == NULL || last[slot].stack != stack) {
            last[slot].stack = stack;
            last[slot].row = t->rows + (t->row_of_node[stack] - 1) * row_numbers;
        }
        uint64_t *row = last[slot].row;
        row[0]++;
        for (size_t k = 0; k < t->value_count; k++) {
            row[1 + k] += samples->values[k][i];
        }
    }
    t->covered += samples->count;
}

bool vmpfi_tally_pays(const struct vmpfi_tally *t)
{
    return t->forgotten != FORGOTTEN_FOR_GOOD && t->covered > 0 &&
           t->row_count * SAMPLES_PER_STACK <= t->covered && t->row_count <= VMPFI_MAX_ENTRIES;
}

static bool make_room(struct vmpfi_totals *totals, struct vmpfi_scratch *scratch, size_t count)
{
    totals->stacks = vmpfi_scratch_words(scratch, SLOT_STACKS, count);
    totals->samples = vmpfi_scratch_integers(scratch, SLOT_SAMPLES, count);
    bool made = totals->stacks != NULL && totals->samples != NULL;
    for (unsigned k = 0; made && k < totals->value_count; k++) {
        totals->sums[k] = vmpfi_scratch_integers(scratch, SLOT_SUMS + k, count);
        made = totals->sums[k] != NULL;
    }
    return made;
}

vmpf_status vmpfi_tally_encode(const struct vmpfi_tally *t, struct vmpfi_buffer *out,
                               struct vmpfi_scratch *scratch)
{
    struct vmpfi_totals totals = {
        .first = t->first, .covered = t->covered, .value_count = t->value_count};
    if (!make_room(&totals, scratch, t->row_count)) {
        return VMPF_E_NOMEM;
    }
    for (size_t node = 0; node < t->node_capacity; node++) {
        uint32_t number = t->row_of_node[node];
        if (number == 0) {
            continue;
        }
        const uint64_t *row = t->rows + (number - (size_t)1) * (1 + t->value_count);
        if (row[0] == 0) { /* reserved for a flush that failed */
            continue;
        }
        totals.stacks[totals.count] = (uint32_t)node;
        totals.samples[totals.count] = row[0];
        for (size_t k = 0; k < t->value_count; k++) {
            totals.sums[k][totals.count] = row[1 + k];
        }
        totals.count++;
    }
    return vmpfi_totals_encode(out, scratch, &totals);
}
