#include "tests/bench/decode.h"

#include "tests/bench/bench.h"
#include "tests/bench/heap.h"

#include <stdlib.h>
#include <string.h>
#include <vmprof/vmpf.h>

static vmpf_reader *open_reader(const void *data, size_t size_bytes, uint32_t skip_columns)
{
    const struct vmpf_reader_options options = {.size = sizeof options,
                                                .skip_columns = skip_columns};
    struct vmpf_source source;
    vmpf_reader *r;
    bench_check(vmpf_source_open_memory(&source, data, size_bytes, NULL) == VMPF_OK, "source");
    bench_check(vmpf_reader_open(&r, source, &options, NULL) == VMPF_OK, "the profile is none");
    return r;
}

struct bench_decoding bench_decode(const void *data, size_t size_bytes)
{
    struct bench_decoding decoding = {0};
    struct vmpf_block block;
    vmpf_status status;
    bench_heap_begin();
    uint64_t begin = bench_cpu_ns();
    vmpf_reader *r = open_reader(data, size_bytes, 0);
    while ((status = vmpf_reader_next(r, &block, NULL)) == VMPF_OK) {
        decoding.samples += block.count;
    }
    decoding.cpu_ns = bench_cpu_ns() - begin;
    decoding.peak_bytes = bench_heap_peak_bytes();
    bench_check(status == VMPF_END && !vmpf_reader_damage(r)->damaged, "the profile is not whole");
    vmpf_reader_close(r);
    return decoding;
}

static void add_block(struct bench_totals *totals, const struct vmpf_block *block)
{
    for (size_t i = 0; i < block->count; i++) {
        totals->samples[block->stack[i]] += block->values[0][i];
    }
}

static void make_room(struct bench_totals *totals, size_t stacks)
{
    while (totals->capacity < stacks) {
        totals->samples = bench_grow(totals->samples, &totals->capacity, totals->capacity,
                                     sizeof *totals->samples);
    }
    if (stacks > totals->count) {
        memset(totals->samples + totals->count, 0,
               (stacks - totals->count) * sizeof *totals->samples);
        totals->count = stacks;
    }
}

struct bench_decoding bench_aggregate(const void *data, size_t size_bytes,
                                      struct bench_totals *totals)
{
    struct bench_decoding decoding = {0};
    struct vmpf_block block;
    vmpf_status status;
    bench_heap_begin();
    uint64_t begin = bench_cpu_ns();
    vmpf_reader *r = open_reader(data, size_bytes, VMPF_COLUMN_TIME | VMPF_COLUMN_FLAGS);
    while ((status = vmpf_reader_next(r, &block, NULL)) == VMPF_OK) {
        make_room(totals, vmpf_reader_stack_count(r));
        add_block(totals, &block);
        decoding.samples += block.count;
    }
    decoding.cpu_ns = bench_cpu_ns() - begin;
    decoding.peak_bytes = bench_heap_peak_bytes();
    bench_check(status == VMPF_END, "the profile cannot be read");
    vmpf_reader_close(r);
    return decoding;
}
