/* peer_upstream.c: a log of upstream vmprof, version 6, with lines. */
#include "tests/bench/bench.h"
#include "tests/bench/bytes.h"
#include "tests/bench/peers.h"

#include <stdio.h>
#include <string.h>

enum marker {
    STACKTRACE = 1,
    VIRTUAL_IP = 2,
    TRAILER = 3,
    HEADER = 5,
    TIME_N_ZONE = 6,
    META = 7,
};
#define MODE_LINES 2
#define PERIOD_US 1000
#define KEPT_BYTES ((size_t)16 << 20)
#define CODE_ID(number) (UINT64_C(0x7f0000000000) + UINT64_C(256) * (number))

static void put_marker(struct bench_bytes *out, enum marker marker)
{
    *bench_bytes_add(out, 1) = (uint8_t)marker;
}

static void put_string(struct bench_bytes *out, const char *text)
{
    bench_bytes_word(out, strlen(text));
    bench_bytes_text(out, text);
}

static void put_time(struct bench_bytes *out, enum marker marker)
{
    put_marker(out, marker);
    memset(bench_bytes_add(out, 24), 0, 24);
}

static void put_meta(struct bench_bytes *out, const char *key, const char *value)
{
    put_marker(out, META);
    put_string(out, key);
    put_string(out, value);
}

static void put_start(struct bench_bytes *out)
{
    static const uint8_t header[] = {0, 6, MODE_LINES, 7};
    const uint64_t words[] = {0, 3, 0, PERIOD_US, 0};
    memcpy(bench_bytes_add(out, sizeof words), words, sizeof words);
    put_marker(out, HEADER);
    memcpy(bench_bytes_add(out, sizeof header), header, sizeof header);
    bench_bytes_text(out, "cpython");
    put_time(out, TIME_N_ZONE);
    put_meta(out, "os", "linux");
    put_meta(out, "bits", "64");
}

/* Pairs of line and code, leaf first. */
static void put_sample(struct bench_bytes *out, const struct bench_trace *trace,
                       const struct bench_sample *sample)
{
    uint32_t depth = trace->nodes[sample->node].depth;
    put_marker(out, STACKTRACE);
    bench_bytes_word(out, 1);
    bench_bytes_word(out, 2 * (uint64_t)depth);
    uint8_t *at = bench_bytes_add(out, 16 * (size_t)depth);
    for (uint32_t node = sample->node; node != 0; node = trace->nodes[node].parent) {
        const struct bench_location *location = &trace->locations[trace->nodes[node].location];
        const uint64_t pair[] = {location->line, CODE_ID(location->code)};
        memcpy(at, pair, sizeof pair);
        at += sizeof pair;
    }
    bench_bytes_word(out, trace->threads[sample->thread]);
}

static void put_codes(struct bench_bytes *out, const struct bench_trace *trace)
{
    for (size_t i = 0; i < trace->code_count; i++) {
        const struct bench_location *code = trace->codes[i].first;
        char name[1024];
        (void)snprintf(name, sizeof name, "py:%s:%u:%s", code->function, code->first_line,
                       code->file);
        put_marker(out, VIRTUAL_IP);
        bench_bytes_word(out, CODE_ID(i));
        put_string(out, name);
    }
}

struct bench_peer bench_peer_upstream(const struct bench_trace *trace)
{
    struct bench_bytes out = {0};
    uint64_t size_bytes = 0;
    uint64_t begin = bench_cpu_ns();
    put_start(&out);
    for (size_t i = 0; i < trace->sample_count; i++) {
        put_sample(&out, trace, &trace->samples[i]);
        if (out.size_bytes > KEPT_BYTES) { /* counted, as if it had been written */
            size_bytes += out.size_bytes;
            out.size_bytes = 0;
        }
    }
    put_codes(&out, trace);
    put_time(&out, TRAILER);
    return (struct bench_peer){.data = out.data,
                               .size_bytes = (size_t)size_bytes + out.size_bytes,
                               .cpu_ns = bench_cpu_ns() - begin};
}
