/* verify.c: the oracle: a profile against the trace that it was made of, see decode.h. */
#include "tests/bench/bench.h"
#include "tests/bench/decode.h"

#include <stdlib.h>
#include <string.h>
#include <vmprof/vmpf.h>

struct verifier {
    const struct bench_trace *trace;
    const vmpf_reader *r;
    uint32_t *node_of; /* of the reader's stack: the trace's node that it was found equal to */
    size_t capacity;
};

static bool is_text(struct vmpf_string string, const char *text)
{
    return string.size_bytes == strlen(text) && memcmp(string.data, text, string.size_bytes) == 0;
}

static bool same_frame(const struct verifier *v, uint32_t location, uint32_t expected)
{
    const struct bench_location *there = &v->trace->locations[expected];
    struct vmpf_location here = vmpf_reader_location(v->r, location);
    struct vmpf_function function = vmpf_reader_function(v->r, here.function);
    return here.line == there->line && function.first_line == there->first_line &&
           function.kind == VMPF_KIND_PY && is_text(function.name, there->function) &&
           is_text(function.file, there->file);
}

static void remember(struct verifier *v, uint32_t stack, uint32_t node)
{
    while (stack >= v->capacity) {
        size_t before = v->capacity;
        v->node_of = bench_grow(v->node_of, &v->capacity, before, sizeof *v->node_of);
        memset(v->node_of + before, 0, (v->capacity - before) * sizeof *v->node_of);
    }
    v->node_of[stack] = node;
}

static bool is_known(const struct verifier *v, uint32_t stack, uint32_t node)
{
    return stack < v->capacity && v->node_of[stack] == node;
}

/* From the leaf to the root, or to what was compared before. */
static void check_stack(struct verifier *v, uint32_t stack, uint32_t node)
{
    while (stack != 0 && node != 0 && !is_known(v, stack, node)) {
        struct vmpf_stack entry = vmpf_reader_stack(v->r, stack);
        bench_check(same_frame(v, entry.location, v->trace->nodes[node].location),
                    "a frame came back different");
        remember(v, stack, node);
        stack = entry.parent;
        node = v->trace->nodes[node].parent;
    }
    bench_check((stack == 0) == (node == 0), "a stack came back with another depth");
}

static void check_block(struct verifier *v, const struct vmpf_block *block, size_t first)
{
    bench_check(first + block->count <= v->trace->sample_count, "samples were invented");
    for (size_t i = 0; i < block->count; i++) {
        const struct bench_sample *expected = &v->trace->samples[first + i];
        uint64_t thread = vmpf_reader_thread(v->r, block->thread[i]).thread_id;
        bench_check(block->time_ns[i] == expected->time_us * 1000, "a time came back different");
        bench_check(thread == v->trace->threads[expected->thread], "a thread came back different");
        bench_check(block->values[0][i] == 1, "a value came back different");
        bench_check(block->flags[i] == 0, "a flag came from nowhere");
        check_stack(v, block->stack[i], expected->node);
    }
}

/* An equal stack of a later epoch has another id, and totals of its own. */
static void check_totals(const struct verifier *v, const struct bench_totals *totals)
{
    uint64_t *counts = bench_trace_counts(v->trace);
    for (size_t i = 0; i < totals->count; i++) {
        if (totals->samples[i] > 0) {
            uint32_t node = i < v->capacity ? v->node_of[i] : 0;
            bench_check(counts[node] >= totals->samples[i], "the total of a stack is too large");
            counts[node] -= totals->samples[i];
        }
    }
    for (size_t i = 0; i < v->trace->node_count; i++) {
        bench_check(counts[i] == 0, "the total of a stack is too small");
    }
    free(counts);
}

void bench_verify(const struct bench_trace *trace, const void *data, size_t size_bytes,
                  const struct bench_totals *totals)
{
    struct verifier v = {.trace = trace};
    struct vmpf_source source;
    struct vmpf_block block;
    vmpf_reader *r;
    size_t samples = 0;
    bench_check(vmpf_source_open_memory(&source, data, size_bytes, NULL) == VMPF_OK, "source");
    bench_check(vmpf_reader_open(&r, source, NULL, NULL) == VMPF_OK, "the profile is none");
    v.r = r;
    while (vmpf_reader_next(r, &block, NULL) == VMPF_OK) {
        check_block(&v, &block, samples);
        samples += block.count;
    }
    bench_check(samples == trace->sample_count, "samples are missing");
    bench_check(!vmpf_reader_damage(r)->damaged && vmpf_reader_info(r, 0)->finished &&
                    vmpf_reader_info(r, 0)->lost_samples == 0,
                "the profile is not whole");
    check_totals(&v, totals);
    vmpf_reader_close(r);
    free(v.node_of);
}
