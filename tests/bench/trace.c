#include "tests/bench/trace.h"

#include "tests/bench/bench.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS ((size_t)1 << 16)
#define CODE_UNIT_BYTES 2u

void bench_trace_init(struct bench_trace *trace)
{
    *trace = (struct bench_trace){.slot_count = FIRST_SLOTS};
    trace->slots = bench_alloc(trace->slot_count, sizeof *trace->slots);
    trace->nodes = bench_grow(NULL, &trace->node_capacity, 0, sizeof *trace->nodes);
    trace->nodes[0] = (struct bench_node){0};
    trace->node_count = 1;
}

void bench_trace_free(struct bench_trace *trace)
{
    for (size_t i = 0; i < trace->code_count; i++) {
        free(trace->codes[i].lines);
    }
    free(trace->codes);
    free(trace->locations);
    free(trace->threads);
    free(trace->nodes);
    free(trace->samples);
    free(trace->text);
    free(trace->slots);
}

/* ---- codes and their line tables ------------------------------------------------------------------ */

static int compare_numbers(uint32_t left, uint32_t right)
{
    return (left > right) - (left < right);
}

static int compare_functions(const struct bench_location *left, const struct bench_location *right)
{
    int order = strcmp(left->file, right->file);
    order = order != 0 ? order : strcmp(left->function, right->function);
    return order != 0 ? order : compare_numbers(left->first_line, right->first_line);
}

static int compare_locations(const void *left, const void *right)
{
    const struct bench_location *const *a = left;
    const struct bench_location *const *b = right;
    int order = compare_functions(*a, *b);
    return order != 0 ? order : compare_numbers((*a)->line, (*b)->line);
}

static void add_pair(struct bench_code *code, size_t *capacity, int offset_step, int line_step)
{
    code->lines = bench_grow(code->lines, capacity, code->lines_size_bytes + 1, 1);
    code->lines[code->lines_size_bytes++] = (uint8_t)offset_step;
    code->lines[code->lines_size_bytes++] = (uint8_t)line_step;
}

/* One code unit further the next line begins; a step of lines that is too far for a byte takes several pairs. */
static void add_line(struct bench_code *code, size_t *capacity, int64_t step)
{
    int offset_step = CODE_UNIT_BYTES;
    do {
        int64_t part = step > INT8_MAX ? INT8_MAX : step < INT8_MIN ? INT8_MIN : step;
        add_pair(code, capacity, offset_step, (int)part);
        offset_step = 0;
        step -= part;
    } while (step != 0);
}

/* The locations of one code, sorted by line. */
static void make_code(struct bench_trace *trace, struct bench_location **sorted, size_t count)
{
    struct bench_code *code = &trace->codes[trace->code_count];
    size_t capacity = 0;
    int64_t line = sorted[0]->first_line;
    uint32_t offset_bytes = 0;
    uint32_t same = 0;
    code->first = sorted[0];
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || sorted[i]->line != line) {
            add_line(code, &capacity, sorted[i]->line - line);
            line = sorted[i]->line;
            offset_bytes += CODE_UNIT_BYTES;
            same = (uint32_t)(sorted[i] - trace->locations);
        }
        sorted[i]->same = same;
        sorted[i]->code = (uint32_t)trace->code_count;
        sorted[i]->offset_bytes = offset_bytes;
    }
    trace->code_count++;
}

void bench_trace_finish(struct bench_trace *trace)
{
    size_t count = trace->location_count;
    struct bench_location **sorted = bench_alloc(count, sizeof(struct bench_location *));
    for (size_t i = 0; i < count; i++) {
        sorted[i] = &trace->locations[i];
    }
    qsort(sorted, count, sizeof(struct bench_location *), compare_locations);
    trace->codes = bench_alloc(count, sizeof *trace->codes);
    size_t next = 0;
    for (size_t first = 0; first < count; first = next) {
        for (next = first + 1;
             next < count && compare_functions(sorted[first], sorted[next]) == 0;) {
            next++;
        }
        make_code(trace, sorted + first, next - first);
    }
    free(sorted);
}

/* ---- stacks and samples ----------------------------------------------------------------------------- */

static size_t slot_of(const struct bench_trace *trace, uint32_t parent, uint32_t location)
{
    uint64_t hash = (((uint64_t)parent << 32) | location) * UINT64_C(0x9E3779B97F4A7C15);
    size_t at = (size_t)(hash >> 20) & (trace->slot_count - 1);
    while (trace->slots[at] != 0 && (trace->nodes[trace->slots[at]].parent != parent ||
                                     trace->nodes[trace->slots[at]].location != location)) {
        at = (at + 1) & (trace->slot_count - 1);
    }
    return at;
}

static void double_slots(struct bench_trace *trace)
{
    free(trace->slots);
    trace->slot_count *= 2;
    trace->slots = bench_alloc(trace->slot_count, sizeof *trace->slots);
    for (size_t i = 1; i < trace->node_count; i++) {
        trace->slots[slot_of(trace, trace->nodes[i].parent, trace->nodes[i].location)] =
            (uint32_t)i;
    }
}

uint32_t bench_trace_child(struct bench_trace *trace, uint32_t parent, uint32_t location)
{
    size_t at = slot_of(trace, parent, location);
    if (trace->slots[at] != 0) {
        return trace->slots[at];
    }
    bench_check(trace->node_count < UINT32_MAX, "too many stacks");
    trace->nodes =
        bench_grow(trace->nodes, &trace->node_capacity, trace->node_count, sizeof *trace->nodes);
    uint32_t node = (uint32_t)trace->node_count++;
    trace->nodes[node] = (struct bench_node){
        .parent = parent, .location = location, .depth = trace->nodes[parent].depth + 1};
    trace->slots[at] = node;
    if (2 * trace->node_count > trace->slot_count) {
        double_slots(trace);
    }
    return node;
}

uint32_t bench_trace_thread(struct bench_trace *trace, uint32_t id)
{
    for (size_t i = 0; i < trace->thread_count; i++) {
        if (trace->threads[i] == id) {
            return (uint32_t)i;
        }
    }
    trace->threads = bench_grow(trace->threads, &trace->thread_capacity, trace->thread_count,
                                sizeof *trace->threads);
    trace->threads[trace->thread_count] = id;
    return (uint32_t)trace->thread_count++;
}

void bench_trace_add(struct bench_trace *trace, const struct bench_sample *sample)
{
    trace->samples = bench_grow(trace->samples, &trace->sample_capacity, trace->sample_count,
                                sizeof *trace->samples);
    trace->samples[trace->sample_count++] = *sample;
}

/* ---- facts ------------------------------------------------------------------------------------------- */

uint64_t *bench_trace_counts(const struct bench_trace *trace)
{
    uint64_t *counts = bench_alloc(trace->node_count, sizeof *counts);
    for (size_t i = 0; i < trace->sample_count; i++) {
        counts[trace->samples[i].node]++;
    }
    return counts;
}

struct bench_trace_facts bench_trace_facts(const struct bench_trace *trace)
{
    struct bench_trace_facts facts = {0};
    uint32_t *last = bench_alloc(trace->thread_count, sizeof *last);
    uint64_t *counts = bench_trace_counts(trace);
    for (size_t i = 0; i < trace->sample_count; i++) {
        const struct bench_sample *sample = &trace->samples[i];
        uint32_t depth = trace->nodes[sample->node].depth;
        facts.depth_sum += depth;
        facts.max_depth = depth > facts.max_depth ? depth : facts.max_depth;
        facts.repeats += last[sample->thread] == sample->node;
        facts.length_us = sample->time_us > facts.length_us ? sample->time_us : facts.length_us;
        last[sample->thread] = sample->node;
    }
    for (size_t i = 0; i < trace->node_count; i++) {
        facts.distinct_stacks += counts[i] > 0;
    }
    free(counts);
    free(last);
    return facts;
}
