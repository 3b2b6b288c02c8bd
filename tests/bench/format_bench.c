/* format_bench NAME TRACE [FOLDER]: what the format makes of a trace: bytes, time and memory; and what two other formats
 * make of it. Prints one JSON object on one line.
 *
 * TRACE is BASE (BASE.bin and BASE.loc, see trace.h) or synthetic:SAMPLES:SEED. With FOLDER the three files are put there:
 * NAME.prof, NAME.pb.gz and NAME.log. Times are the best of some runs, in CPU time of the process.
 */
#include "tests/bench/bench.h"
#include "tests/bench/decode.h"
#include "tests/bench/encode.h"
#include "tests/bench/peers.h"
#include "tests/bench/synthetic.h"
#include "tests/bench/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REGION_BYTES ((size_t)4 << 30)
/* A short trace takes many runs: what else the machine does lasts longer than one of them. */
#define RUN_SAMPLES 4000000u
#define LEAST_RUNS 5
#define DECODES_PER_RUN 4

struct results {
    struct bench_encoding journal, api;
    struct bench_decoding decode, aggregate;
    struct bench_peer pprof, upstream;
    size_t size_bytes;
};

static void load(struct bench_trace *trace, const char *text)
{
    static const char prefix[] = "synthetic:";
    if (strncmp(text, prefix, strlen(prefix)) != 0) {
        bench_trace_load(trace, text);
        return;
    }
    char *rest;
    unsigned long long samples = strtoull(text + strlen(prefix), &rest, 10);
    bench_check(samples > 0 && *rest == ':', "synthetic:SAMPLES:SEED");
    unsigned long long seed = strtoull(rest + 1, &rest, 10);
    bench_check(*rest == '\0', "synthetic:SAMPLES:SEED");
    bench_synthetic(trace, samples, seed);
}

static void keep_least(uint64_t *least, uint64_t value, int run)
{
    *least = run == 0 || value < *least ? value : *least;
}

static int runs_of(const struct bench_trace *trace)
{
    int runs = (int)(RUN_SAMPLES / (trace->sample_count + 1));
    return runs > LEAST_RUNS ? runs : LEAST_RUNS;
}

static void measure_encoding(struct results *results, const struct bench_trace *trace,
                             struct bench_region *out)
{
    for (int i = 0; i < runs_of(trace); i++) {
        struct bench_encoding api = bench_encode_api(trace, out);
        keep_least(&results->api.cpu_ns, api.cpu_ns, i);
        struct bench_encoding journal = bench_encode_journal(trace, out);
        keep_least(&results->journal.cpu_ns, journal.cpu_ns, i);
        results->journal.peak_bytes = journal.peak_bytes;
    }
    results->size_bytes = out->size_bytes;
}

static void measure_decoding(struct results *results, const struct bench_trace *trace,
                             const struct bench_region *profile)
{
    struct bench_totals totals = {0};
    for (int i = 0; i < DECODES_PER_RUN * runs_of(trace); i++) {
        struct bench_decoding decode = bench_decode(profile->data, profile->size_bytes);
        bench_check(decode.samples == trace->sample_count, "samples are missing");
        keep_least(&results->decode.cpu_ns, decode.cpu_ns, i);
        results->decode.peak_bytes = decode.peak_bytes;
        for (size_t stack = 0; stack < totals.count; stack++) {
            totals.samples[stack] = 0;
        }
        struct bench_decoding aggregate =
            bench_aggregate(profile->data, profile->size_bytes, &totals);
        keep_least(&results->aggregate.cpu_ns, aggregate.cpu_ns, i);
    }
    bench_verify(trace, profile->data, profile->size_bytes, &totals);
    free(totals.samples);
}

static void keep(const char *folder, const char *name, const char *suffix, const uint8_t *data,
                 size_t size_bytes)
{
    char path[4096];
    if (folder == NULL) {
        return;
    }
    int length = snprintf(path, sizeof path, "%s/%s%s", folder, name, suffix);
    bench_check(length > 0 && (size_t)length < sizeof path, "the name is too long");
    FILE *out = fopen(path, "wbe");
    bench_check(out != NULL && fwrite(data, 1, size_bytes, out) == size_bytes && fclose(out) == 0,
                "cannot write to the folder");
}

static void print_number(const char *key, double number, int decimals, char behind)
{
    (void)printf("\"%s\": %.*f%c ", key, decimals, number, behind);
}

static void print_facts(const char *name, const struct bench_trace *trace)
{
    struct bench_trace_facts facts = bench_trace_facts(trace);
    double samples = (double)trace->sample_count;
    (void)printf("{\"trace\": \"%s\", ", name);
    print_number("samples", samples, 0, ',');
    print_number("threads", (double)trace->thread_count, 0, ',');
    print_number("seconds", (double)facts.length_us / 1e6, 3, ',');
    print_number("distinct_stacks", (double)facts.distinct_stacks, 0, ',');
    print_number("stack_nodes", (double)trace->node_count - 1, 0, ',');
    print_number("repeats_percent", 100 * (double)facts.repeats / samples, 2, ',');
    print_number("mean_depth", (double)facts.depth_sum / samples, 2, ',');
    print_number("max_depth", (double)facts.max_depth, 0, ',');
}

static void print_results(const struct results *results, double samples)
{
    print_number("bytes_per_sample", (double)results->size_bytes / samples, 4, ',');
    print_number("encode_ns_per_sample", (double)results->journal.cpu_ns / samples, 1, ',');
    print_number("encode_api_ns_per_sample", (double)results->api.cpu_ns / samples, 1, ',');
    print_number("decode_samples_per_s", samples * 1e9 / (double)results->decode.cpu_ns, 0, ',');
    print_number("aggregate_samples_per_s", samples * 1e9 / (double)results->aggregate.cpu_ns, 0,
                 ',');
    print_number("writer_peak_bytes", (double)results->journal.peak_bytes, 0, ',');
    print_number("reader_peak_bytes", (double)results->decode.peak_bytes, 0, ',');
    print_number("pprof_bytes_per_sample", (double)results->pprof.size_bytes / samples, 4, ',');
    print_number("pprof_encode_ns_per_sample", (double)results->pprof.cpu_ns / samples, 1, ',');
    print_number("upstream_bytes_per_sample", (double)results->upstream.size_bytes / samples, 4,
                 ',');
    print_number("upstream_encode_ns_per_sample", (double)results->upstream.cpu_ns / samples, 1,
                 '}');
    (void)printf("\n");
}

int main(int argc, char **argv)
{
    struct bench_trace trace;
    struct bench_region region;
    struct results results = {0};
    bench_check(argc == 3 || argc == 4, "usage: format_bench NAME TRACE [FOLDER]");
    const char *folder = argc > 3 ? argv[3] : NULL;
    load(&trace, argv[2]);
    bench_region_open(&region, REGION_BYTES);
    measure_encoding(&results, &trace, &region);
    measure_decoding(&results, &trace, &region);
    keep(folder, argv[1], ".prof", region.data, region.size_bytes);
    bench_region_close(&region);
    results.pprof = bench_peer_pprof(&trace);
    keep(folder, argv[1], ".pb.gz", results.pprof.data, results.pprof.size_bytes);
    free(results.pprof.data);
    results.upstream = bench_peer_upstream(&trace);
    keep(folder, argv[1], ".log", results.upstream.data, results.upstream.size_bytes);
    free(results.upstream.data);
    print_facts(argv[1], &trace);
    print_results(&results, (double)trace.sample_count);
    bench_trace_free(&trace);
    return 0;
}
