/* decode.h: a profile is read, and held against the trace that it was made of. */
#ifndef VMPROF_TESTS_BENCH_DECODE_H
#define VMPROF_TESTS_BENCH_DECODE_H

#include "tests/bench/trace.h"

#include <stddef.h>
#include <stdint.h>

struct bench_decoding {
    uint64_t cpu_ns;
    uint64_t peak_bytes; /* of the library's heap */
    uint64_t samples;
};

/* All columns of all samples, and all tables. */
struct bench_decoding bench_decode(const void *data, size_t size_bytes);

/* Samples of each stack, by the reader's id. */
struct bench_totals {
    uint64_t *samples;
    size_t count, capacity;
};

/* What `top` needs: the totals of the stacks, and the tables. Adds to totals, which begins as {0}. */
struct bench_decoding bench_aggregate(const void *data, size_t size_bytes,
                                      struct bench_totals *totals);

/* Checks each sample of the profile against the trace: time, thread, value, and its stack frame by frame: function,
 * file, first line and line; and that totals has the right sum for each stack. Ends the process where they differ. */
void bench_verify(const struct bench_trace *trace, const void *data, size_t size_bytes,
                  const struct bench_totals *totals);

#endif
