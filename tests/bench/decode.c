#include "tests/bench/decode.h"

#include "tests/bench/bench.h"
#include "tests/bench/heap.h"

#include <stdlib.h>
#include <string.h>
#include <vmprof/vmpf.h>

static vmpf_reader *open_reader(const void *data, size_t size_bytes,
                                const struct vmpf_reader_options *options)
{
    struct vmpf_source source;
    vmpf_reader *r;
    bench_check(vmpf_source_open_memory(&source, data, size_bytes, NULL) == VMPF_OK, "source");
    bench_check(vmpf_reader_open(&r, source, options, NULL) == VMPF_OK, "the profile is none");
    return r;
}

struct bench_decoding bench_decode(const void *data, size_t size_bytes)
{
    struct bench_decoding decoding = {0};
    struct vmpf_block block;
    vmpf_status status;
    bench_heap_begin();
    uint64_t begin = bench_cpu_ns();
    vmpf_reader *r = open_reader(data, size_bytes, NULL);
    while ((status = vmpf_reader_next(r, &block, NULL)) == VMPF_OK) {
        decoding.samples += block.count;
    }
    decoding.cpu_ns = bench_cpu_ns() - begin;
    decoding.peak_bytes = bench_heap_peak_bytes();
    bench_check(status == VMPF_END && !vmpf_reader_damage(r)->damaged, "the profile is not whole");
    vmpf_reader_close(r);
    return decoding;
}

static void add_piece(struct bench_totals *totals, const struct vmpf_totals *piece)
{
    for (size_t i = 0; i < piece->count; i++) {
        totals->samples[piece->stack[i]] += piece->values[0][i];
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
    const struct vmpf_reader_options options = {.size = sizeof options, .totals = true};
    struct vmpf_totals piece;
    vmpf_status status;
    bench_heap_begin();
    uint64_t begin = bench_cpu_ns();
    vmpf_reader *r = open_reader(data, size_bytes, &options);
    while ((status = vmpf_reader_next_totals(r, &piece, NULL)) == VMPF_OK) {
        make_room(totals, vmpf_reader_stack_count(r));
        add_piece(totals, &piece);
        for (size_t i = 0; i < piece.count; i++) {
            decoding.samples += piece.samples[i];
        }
    }
    decoding.cpu_ns = bench_cpu_ns() - begin;
    decoding.peak_bytes = bench_heap_peak_bytes();
    bench_check(status == VMPF_END, "the profile cannot be read");
    vmpf_reader_close(r);
    return decoding;
}
