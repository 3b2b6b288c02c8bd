/* peers.h: the same trace in the formats of others, for comparison. */
#ifndef VMPROF_TESTS_BENCH_PEERS_H
#define VMPROF_TESTS_BENCH_PEERS_H

#include "tests/bench/trace.h"

#include <stddef.h>
#include <stdint.h>

struct bench_peer {
    uint8_t *data; /* the caller frees it */
    size_t size_bytes;
    uint64_t cpu_ns;
};

/* A pprof profile, through gzip: one sample a distinct stack, with its count. It keeps neither time nor
 * thread: pprof is an aggregate. Measured is the count of each sample under its stack (the look-up of a stack by its
 * frames), and the making of the file. */
struct bench_peer bench_peer_pprof(const struct bench_trace *trace);

/* A log of upstream vmprof with lines, version 6, plain: each sample with its whole stack and its thread, without a time.
 * Measured is the making of the records. Of a log of more than 16 MiB only the size is right: data is its end. */
struct bench_peer bench_peer_upstream(const struct bench_trace *trace);

#endif
