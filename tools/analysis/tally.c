#include "tools/analysis/tally.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/groups.h"
#include "tools/analysis/memory.h"

void vmpt_tally_init(struct vmpt_tally *tally, const struct vmpt_sample_filter *filter,
                     const struct vmpt_feed *feed, struct vmpt_functions *functions,
                     struct vmpt_nodes *nodes)
{
    memset(tally, 0, sizeof(*tally));
    tally->filter = filter;
    tally->by_thread = filter->thread_count > 0;
    vmpt_stack_map_init(&tally->stacks, feed, functions, nodes);
    vmpt_label_sets_init(&tally->labels, &filter->labels, NULL);
}

void vmpt_tally_fini(struct vmpt_tally *tally)
{
    vmpt_stack_map_fini(&tally->stacks);
    vmpt_label_sets_fini(&tally->labels);
    free(tally->label_groups);
    free(tally->thread_seen);
    free(tally->pairs);
}

bool vmpt_sample_filter_is_empty(const struct vmpt_sample_filter *filter)
{
    return !filter->thread_count && !filter->process_count && !filter->labels.count &&
           !filter->has_from && !filter->has_to;
}

static double square(uint64_t weight)
{
    return (double)weight * (double)weight;
}

static void add_cell(struct vmpt_cell *sum, const struct vmpt_cell *cell)
{
    sum->samples += cell->samples;
    sum->weight += cell->weight;
}

static void raise_peak(struct vmpt_tally *tally, uint32_t node, uint64_t peak)
{
    uint64_t *peaks = tally->stacks.nodes->peaks;
    if (peaks) {
        peaks[node] = peak > peaks[node] ? peak : peaks[node];
        tally->peak = peak > tally->peak ? peak : tally->peak;
    }
}

/* peak: the greatest weight of one of cell's samples, where that is asked for. False: memory is short. */
static bool add_to_stack(struct vmpt_tally *tally, uint32_t stack, const struct vmpt_cell *cell,
                         uint64_t peak)
{
    uint32_t node = vmpt_stack_map_node(&tally->stacks, stack);
    if (node == VMPT_NO_NODE) {
        return false;
    }
    add_cell(&tally->stacks.nodes->cells[node], cell);
    add_cell(&tally->total, cell);
    raise_peak(tally, node, peak);
    return true;
}

/* Programs stay in one stack for many samples, so equal neighbours are summed in registers. */
static bool add_all(struct vmpt_tally *tally, const struct vmpf_block *block,
                    const uint64_t *weights)
{
    double squares = 0;
    for (size_t i = 0; i < block->count;) {
        uint32_t stack = block->stack[i];
        struct vmpt_cell run = {0, 0};
        do {
            uint64_t weight = weights ? weights[i] : 1;
            run.samples++;
            run.weight += weight;
            squares += square(weight);
            if (block->thread[i] < tally->thread_count) {
                tally->thread_seen[block->thread[i]] = 1;
            }
            i++;
        } while (i < block->count && block->stack[i] == stack);
        if (!add_to_stack(tally, stack, &run, 0)) {
            return false;
        }
    }
    tally->square_sum += squares;
    return true;
}

bool vmpt_sample_filter_keeps_process(const struct vmpt_sample_filter *filter,
                                      const struct vmpf_thread *thread)
{
    for (size_t i = 0; i < filter->process_count; i++) {
        if (filter->processes[i] == thread->process_id) {
            return true;
        }
    }
    return filter->process_count == 0;
}

bool vmpt_sample_filter_keeps_thread(const struct vmpt_sample_filter *filter,
                                     const struct vmpf_thread *thread)
{
    char id[24];
    (void)snprintf(id, sizeof(id), "%" PRIu64, thread->thread_id);
    for (size_t i = 0; i < filter->thread_count; i++) {
        const char *wanted = filter->threads[i];
        if (strcmp(wanted, id) == 0) {
            return true;
        }
        if (strlen(wanted) == thread->name.size_bytes && thread->name.data &&
            memcmp(wanted, thread->name.data, thread->name.size_bytes) == 0) {
            return true;
        }
    }
    return filter->thread_count == 0;
}

bool vmpt_sample_filter_keeps_time(const struct vmpt_sample_filter *filter, uint64_t time_ns)
{
    return (!filter->has_from || time_ns >= filter->from_ns) &&
           (!filter->has_to || time_ns < filter->to_ns);
}

static bool same_pair(const struct vmpt_tally_pair *a, const struct vmpt_tally_pair *b)
{
    return a->thread == b->thread && a->node == b->node && a->group == b->group;
}

static size_t pair_place(const struct vmpt_tally_pair *pairs, size_t capacity,
                         const struct vmpt_tally_pair *pair)
{
    uint64_t hash = ((uint64_t)pair->thread << 32 | pair->node) * UINT64_C(0x9E3779B97F4A7C15);
    hash = (hash ^ pair->group) * UINT64_C(0x9E3779B97F4A7C15);
    size_t at = (size_t)(hash ^ hash >> 32) & (capacity - 1);
    while (pairs[at].cell.samples && !same_pair(&pairs[at], pair)) {
        at = (at + 1) & (capacity - 1);
    }
    return at;
}

static bool grow_pairs(struct vmpt_tally *tally)
{
    size_t capacity = tally->pair_capacity ? tally->pair_capacity * 2 : 1024;
    struct vmpt_tally_pair *pairs = vmpt_array(capacity, sizeof(*pairs));
    if (!pairs) {
        return false;
    }
    for (size_t i = 0; i < tally->pair_capacity; i++) {
        const struct vmpt_tally_pair *old = &tally->pairs[i];
        if (old->cell.samples) {
            pairs[pair_place(pairs, capacity, old)] = *old;
        }
    }
    free(tally->pairs);
    tally->pairs = pairs;
    tally->pair_capacity = capacity;
    return true;
}

static bool add_pair(struct vmpt_tally *tally, uint32_t thread, uint32_t node, uint32_t group,
                     uint64_t weight)
{
    const struct vmpt_tally_pair wanted = {.thread = thread, .node = node, .group = group};
    if (tally->pair_count * 2 >= tally->pair_capacity && !grow_pairs(tally)) {
        return false;
    }
    struct vmpt_tally_pair *pair =
        &tally->pairs[pair_place(tally->pairs, tally->pair_capacity, &wanted)];
    if (!pair->cell.samples) {
        *pair = wanted;
        tally->pair_count++;
    }
    pair->cell.samples++;
    pair->cell.weight += weight;
    pair->peak = weight > pair->peak ? weight : pair->peak;
    pair->square_sum += square(weight);
    return true;
}

/* The function that stands for the group of a set of labels. VMPT_NO_FUNCTION: memory is short. */
static uint32_t group_of(struct vmpt_tally *tally, uint32_t set)
{
    const struct vmpt_feed *feed = tally->stacks.feed;
    bool failed = false;
    uint32_t holder = vmpt_label_sets_find(&tally->labels, set, &failed);
    if (failed || !vmpt_reserve(&tally->label_groups, &tally->label_group_capacity,
                                (size_t)holder + 1, sizeof(*tally->label_groups))) {
        return VMPT_NO_FUNCTION;
    }
    uint32_t *group = &tally->label_groups[holder];
    if (!*group) { /* VMPT_NO_FUNCTION stays 0 */
        struct vmpf_label label = {0};
        if (holder) {
            label = feed->ops->label(feed->ctx, holder);
        }
        *group = 1 + vmpt_label_group(tally->stacks.functions, tally->labels.key,
                                      holder ? &label : NULL);
    }
    return *group - 1;
}

/* One sample of a thread whose process, labels and time the filter keeps. */
static bool add_one(struct vmpt_tally *tally, uint32_t thread, uint32_t stack, uint32_t set,
                    uint64_t weight)
{
    const struct vmpt_cell cell = {1, weight};
    if (tally->by_thread) {
        uint32_t node = vmpt_stack_map_node(&tally->stacks, stack);
        uint32_t group = tally->labels.key ? group_of(tally, set) : 0;
        return node != VMPT_NO_NODE && group != VMPT_NO_FUNCTION &&
               add_pair(tally, thread, node, group, weight);
    }
    if (thread < tally->thread_count) {
        tally->thread_seen[thread] = 1;
    }
    tally->square_sum += square(weight);
    return add_to_stack(tally, stack, &cell, weight);
}

static bool add_filtered(struct vmpt_tally *tally, const struct vmpf_block *block,
                         const uint64_t *weights)
{
    const struct vmpt_sample_filter *filter = tally->filter;
    const struct vmpt_feed *feed = tally->stacks.feed;
    uint32_t last_thread = UINT32_MAX;
    bool keeps = false;
    bool failed = false;
    for (size_t i = 0; i < block->count; i++) {
        uint32_t thread = block->thread[i];
        uint32_t set = block->label ? block->label[i] : 0;
        if (block->time_ns && !vmpt_sample_filter_keeps_time(filter, block->time_ns[i])) {
            continue;
        }
        if (thread != last_thread || i == 0) {
            struct vmpf_thread entry = feed->ops->thread(feed->ctx, thread);
            keeps = vmpt_sample_filter_keeps_process(filter, &entry);
            last_thread = thread;
        }
        if (keeps && vmpt_label_sets_keeps(&tally->labels, set, &failed) &&
            !add_one(tally, thread, block->stack[i], set, weights ? weights[i] : 1)) {
            return false;
        }
    }
    return !failed;
}

static void restart_labels(struct vmpt_tally *tally)
{
    const struct vmpt_feed *feed = tally->stacks.feed;
    vmpt_label_sets_restart(&tally->labels, feed->ops->label, feed->ops->label_count, feed->ctx);
    if (tally->label_group_capacity) {
        memset(tally->label_groups, 0, tally->label_group_capacity * sizeof(*tally->label_groups));
    }
}

static bool follow(struct vmpt_tally *tally)
{
    const struct vmpt_feed *feed = tally->stacks.feed;
    uint64_t epoch = tally->stacks.epoch;
    tally->thread_count = feed->ops->thread_count(feed->ctx);
    if (!vmpt_stack_map_follow(&tally->stacks)) {
        return false;
    }
    if (!tally->labels.label || epoch != tally->stacks.epoch) {
        restart_labels(tally);
    }
    return vmpt_reserve(&tally->thread_seen, &tally->thread_capacity, tally->thread_count, 1);
}

bool vmpt_tally_add(struct vmpt_tally *tally, const struct vmpf_block *block,
                    const uint64_t *weights)
{
    if (!follow(tally)) {
        return false;
    }
    bool one_by_one = tally->by_thread || tally->stacks.nodes->peaks;
    if (one_by_one || !vmpt_sample_filter_is_empty(tally->filter)) {
        return add_filtered(tally, block, weights);
    }
    return add_all(tally, block, weights);
}

bool vmpt_tally_add_totals(struct vmpt_tally *tally, const struct vmpf_totals *totals,
                           const uint64_t *weights)
{
    if (!follow(tally)) {
        return false;
    }
    tally->from_totals = true;
    for (size_t i = 0; i < totals->count; i++) {
        struct vmpt_cell cell = {totals->samples[i], weights ? weights[i] : totals->samples[i]};
        if (cell.samples) { /* as if those of one stack weighed the same */
            tally->square_sum += square(cell.weight) / (double)cell.samples;
        }
        if (!add_to_stack(tally, totals->stack[i], &cell, 0)) {
            return false;
        }
    }
    return true;
}

/* Of what was kept apart by thread, what the names leave. */
static void add_pairs(struct vmpt_tally *tally)
{
    const struct vmpt_feed *feed = tally->stacks.feed;
    for (size_t i = 0; i < tally->pair_capacity; i++) {
        struct vmpt_tally_pair *pair = &tally->pairs[i];
        if (!pair->cell.samples) {
            continue;
        }
        struct vmpf_thread entry = feed->ops->thread(feed->ctx, pair->thread);
        if (!vmpt_sample_filter_keeps_thread(tally->filter, &entry)) {
            pair->cell.samples = 0; /* nothing is looked up any more */
            continue;
        }
        add_cell(&tally->stacks.nodes->cells[pair->node], &pair->cell);
        add_cell(&tally->total, &pair->cell);
        raise_peak(tally, pair->node, pair->peak);
        tally->square_sum += pair->square_sum;
        if (pair->thread < tally->thread_count) {
            tally->thread_seen[pair->thread] = 1;
        }
    }
}

bool vmpt_tally_finish(struct vmpt_tally *tally)
{
    const struct vmpt_feed *feed = tally->stacks.feed;
    tally->thread_count = feed->ops->thread_count(feed->ctx);
    if (!vmpt_reserve(&tally->thread_seen, &tally->thread_capacity, tally->thread_count, 1)) {
        return false;
    }
    if (tally->from_totals && tally->thread_count) {
        memset(tally->thread_seen, 1, tally->thread_count);
    }
    add_pairs(tally);
    return true;
}
