#include "tools/analysis/tally.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"

void vmpt_tally_init(struct vmpt_tally *tally, const struct vmpt_sample_filter *filter)
{
    memset(tally, 0, sizeof(*tally));
    tally->filter = filter;
    tally->by_thread = filter->thread_count > 0;
}

void vmpt_tally_fini(struct vmpt_tally *tally)
{
    free(tally->cells);
    free(tally->thread_seen);
    free(tally->pairs);
}

static struct vmpt_cell *cell_of(struct vmpt_tally *tally, uint32_t stack, uint32_t stack_count)
{
    return stack < stack_count ? &tally->cells[stack] : &tally->lost;
}

static double square(uint64_t weight)
{
    return (double)weight * (double)weight;
}

/* Programs stay in one stack for many samples, so equal neighbours are summed in registers. */
static void add_all(struct vmpt_tally *tally, const struct vmpf_block *block,
                    const uint64_t *weights, uint32_t stack_count, uint32_t thread_count)
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
            if (block->thread[i] < thread_count) {
                tally->thread_seen[block->thread[i]] = 1;
            }
            i++;
        } while (i < block->count && block->stack[i] == stack);
        struct vmpt_cell *cell = cell_of(tally, stack, stack_count);
        cell->samples += run.samples;
        cell->weight += run.weight;
        tally->total.samples += run.samples;
        tally->total.weight += run.weight;
    }
    tally->square_sum += squares;
}

static bool keeps_process(const struct vmpt_sample_filter *filter, const struct vmpf_thread *thread)
{
    for (size_t i = 0; i < filter->process_count; i++) {
        if (filter->processes[i] == thread->process_id) {
            return true;
        }
    }
    return filter->process_count == 0;
}

static bool keeps_thread(const struct vmpt_sample_filter *filter, const struct vmpf_thread *thread)
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

static bool keeps_time(const struct vmpt_sample_filter *filter, uint64_t time_ns)
{
    return (!filter->has_from || time_ns >= filter->from_ns) &&
           (!filter->has_to || time_ns < filter->to_ns);
}

static size_t pair_place(const struct vmpt_tally_pair *pairs, size_t capacity, uint32_t thread,
                         uint32_t stack)
{
    uint64_t hash = ((uint64_t)thread << 32 | stack) * UINT64_C(0x9E3779B97F4A7C15);
    size_t at = (size_t)(hash ^ hash >> 32) & (capacity - 1);
    while (pairs[at].cell.samples && (pairs[at].thread != thread || pairs[at].stack != stack)) {
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
            pairs[pair_place(pairs, capacity, old->thread, old->stack)] = *old;
        }
    }
    free(tally->pairs);
    tally->pairs = pairs;
    tally->pair_capacity = capacity;
    return true;
}

static bool add_pair(struct vmpt_tally *tally, uint32_t thread, uint32_t stack, uint64_t weight)
{
    if (tally->pair_count * 2 >= tally->pair_capacity && !grow_pairs(tally)) {
        return false;
    }
    struct vmpt_tally_pair *pair =
        &tally->pairs[pair_place(tally->pairs, tally->pair_capacity, thread, stack)];
    if (!pair->cell.samples) {
        pair->thread = thread;
        pair->stack = stack;
        tally->pair_count++;
    }
    pair->cell.samples++;
    pair->cell.weight += weight;
    pair->square_sum += square(weight);
    return true;
}

static void add_one(struct vmpt_tally *tally, struct vmpt_cell *cell, uint64_t weight)
{
    cell->samples++;
    cell->weight += weight;
    tally->total.samples++;
    tally->total.weight += weight;
    tally->square_sum += square(weight);
}

static bool add_filtered(struct vmpt_tally *tally, const struct vmpt_feed *feed,
                         const struct vmpf_block *block, const uint64_t *weights,
                         uint32_t stack_count, uint32_t thread_count)
{
    const struct vmpt_sample_filter *filter = tally->filter;
    uint32_t last_thread = UINT32_MAX;
    bool keeps = false;
    for (size_t i = 0; i < block->count; i++) {
        uint64_t weight = weights ? weights[i] : 1;
        uint32_t thread = block->thread[i];
        if (block->time_ns && !keeps_time(filter, block->time_ns[i])) {
            continue;
        }
        if (thread != last_thread || i == 0) {
            struct vmpf_thread entry = feed->ops->thread(feed->ctx, thread);
            keeps = keeps_process(filter, &entry);
            last_thread = thread;
        }
        if (!keeps) {
            continue;
        }
        if (tally->by_thread) {
            if (!add_pair(tally, thread, block->stack[i], weight)) {
                return false;
            }
            continue;
        }
        if (thread < thread_count) {
            tally->thread_seen[thread] = 1;
        }
        add_one(tally, cell_of(tally, block->stack[i], stack_count), weight);
    }
    return true;
}

static bool reserve(struct vmpt_tally *tally, uint32_t stack_count, uint32_t thread_count)
{
    return vmpt_reserve(&tally->cells, &tally->cell_capacity, stack_count, sizeof(*tally->cells)) &&
           vmpt_reserve(&tally->thread_seen, &tally->thread_capacity, thread_count, 1);
}

bool vmpt_tally_add(struct vmpt_tally *tally, const struct vmpt_feed *feed,
                    const struct vmpf_block *block, const uint64_t *weights)
{
    const struct vmpt_sample_filter *filter = tally->filter;
    uint32_t stack_count = feed->ops->stack_count(feed->ctx);
    uint32_t thread_count = feed->ops->thread_count(feed->ctx);
    if (!reserve(tally, stack_count, thread_count)) {
        return false;
    }
    if (tally->by_thread || filter->process_count || filter->has_from || filter->has_to) {
        return add_filtered(tally, feed, block, weights, stack_count, thread_count);
    }
    add_all(tally, block, weights, stack_count, thread_count);
    return true;
}

bool vmpt_tally_finish(struct vmpt_tally *tally, const struct vmpt_feed *feed)
{
    uint32_t stack_count = feed->ops->stack_count(feed->ctx);
    uint32_t thread_count = feed->ops->thread_count(feed->ctx);
    if (!reserve(tally, stack_count, thread_count)) {
        return false;
    }
    for (size_t i = 0; i < tally->pair_capacity; i++) {
        struct vmpt_tally_pair *pair = &tally->pairs[i];
        if (!pair->cell.samples) {
            continue;
        }
        struct vmpf_thread entry = feed->ops->thread(feed->ctx, pair->thread);
        if (!keeps_thread(tally->filter, &entry)) {
            pair->cell.samples = 0; /* nothing is looked up any more */
            continue;
        }
        struct vmpt_cell *cell = cell_of(tally, pair->stack, stack_count);
        cell->samples += pair->cell.samples;
        cell->weight += pair->cell.weight;
        tally->total.samples += pair->cell.samples;
        tally->total.weight += pair->cell.weight;
        tally->square_sum += pair->square_sum;
        if (pair->thread < thread_count) {
            tally->thread_seen[pair->thread] = 1;
        }
    }
    return true;
}
