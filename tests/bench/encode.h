/* encode.h: a trace becomes a profile, on the two ways into the library. */
#ifndef VMPROF_TESTS_BENCH_ENCODE_H
#define VMPROF_TESTS_BENCH_ENCODE_H

#include "tests/bench/region.h"
#include "tests/bench/trace.h"

struct bench_encoding {
    uint64_t cpu_ns;     /* of the library */
    uint64_t peak_bytes; /* of the library's heap, and of the ring */
};

/* As a recording does it: rows are put into the journal's ring, which is not measured, and the writer drains it.
 * Measured are vmpf_writer_drain() and vmpf_writer_close(), which is what the drain thread of a sampler calls. The
 * trace knows no addresses, so functions have none. */
struct bench_encoding bench_encode_journal(const struct bench_trace *trace,
                                           struct bench_region *out);

/* As an importer does it: stacks are looked up frame by frame, but for the frames that a thread's stack shares with its
 * last one. Measured is all but the walk of the trace; peak_bytes is 0. */
struct bench_encoding bench_encode_api(const struct bench_trace *trace, struct bench_region *out);

#endif
