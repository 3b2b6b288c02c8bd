/* peer_pprof.c: a pprof profile (profile.proto), through gzip. */
#include "tests/bench/bench.h"
#include "tests/bench/bytes.h"
#include "tests/bench/peers.h"

#include <stdlib.h>
#include <string.h>

#include <zlib.h>

/* Field numbers of profile.proto. */
enum profile_field {
    PROFILE_SAMPLE_TYPE = 1,
    PROFILE_SAMPLE = 2,
    PROFILE_LOCATION = 4,
    PROFILE_FUNCTION = 5,
    PROFILE_STRING = 6,
    PROFILE_PERIOD_TYPE = 11,
    PROFILE_PERIOD = 12,
};
enum value_type_field { TYPE_NAME = 1, TYPE_UNIT = 2 };
enum sample_field { SAMPLE_LOCATION = 1, SAMPLE_VALUE = 2 };
enum location_field { LOCATION_ID = 1, LOCATION_LINE = 4 };
enum line_field { LINE_FUNCTION = 1, LINE_LINE = 2 };
enum function_field { FUNCTION_ID = 1, FUNCTION_NAME = 2, FUNCTION_FILE = 4, FUNCTION_LINE = 5 };

/* The first strings; behind them each code has its name and its file, equal files only once. */
enum string { STRING_NONE, STRING_SAMPLES, STRING_COUNT, STRING_FIRST };
#define GZIP_WINDOW_BITS (15 + 16)

static void put_varint(struct bench_bytes *out, uint64_t value)
{
    for (; value >= 0x80; value >>= 7) {
        *bench_bytes_add(out, 1) = (uint8_t)(value | 0x80);
    }
    *bench_bytes_add(out, 1) = (uint8_t)value;
}

static void put_number(struct bench_bytes *out, uint32_t field, uint64_t value)
{
    put_varint(out, field << 3);
    put_varint(out, value);
}

static void put_bytes(struct bench_bytes *out, uint32_t field, const void *data, size_t size)
{
    put_varint(out, field << 3 | 2);
    put_varint(out, size);
    if (size > 0) {
        memcpy(bench_bytes_add(out, size), data, size);
    }
}

/* Puts a message that was made, and empties it. */
static void put_message(struct bench_bytes *out, uint32_t field, struct bench_bytes *message)
{
    put_bytes(out, field, message->data, message->size_bytes);
    message->size_bytes = 0;
}

/* ---- the count of each stack ------------------------------------------------------------------------------ */

struct counts {
    uint64_t *hashes;
    uint32_t *nodes; /* of the trace; 0: free, or the empty stack */
    uint64_t *samples;
    size_t slots, used;
};

static void counts_init(struct counts *counts, size_t slots)
{
    *counts = (struct counts){.slots = slots};
    counts->hashes = bench_alloc(slots, sizeof *counts->hashes);
    counts->nodes = bench_alloc(slots, sizeof *counts->nodes);
    counts->samples = bench_alloc(slots, sizeof *counts->samples);
}

static void counts_free(struct counts *counts)
{
    free(counts->hashes);
    free(counts->nodes);
    free(counts->samples);
}

static void count(struct counts *counts, uint64_t hash, uint32_t node, uint64_t samples)
{
    size_t at = (size_t)(hash >> 24) & (counts->slots - 1);
    while (counts->samples[at] > 0 && (counts->hashes[at] != hash || counts->nodes[at] != node)) {
        at = (at + 1) & (counts->slots - 1);
    }
    counts->used += counts->samples[at] == 0;
    counts->hashes[at] = hash;
    counts->nodes[at] = node;
    counts->samples[at] += samples;
}

static void grow(struct counts *counts)
{
    struct counts larger;
    counts_init(&larger, 2 * counts->slots);
    for (size_t i = 0; i < counts->slots; i++) {
        if (counts->samples[i] > 0) {
            count(&larger, counts->hashes[i], counts->nodes[i], counts->samples[i]);
        }
    }
    counts_free(counts);
    *counts = larger;
}

/* A profiler has frames, not nodes: the stack is found by a hash of all its frames. That equal hashes are compared
 * by the node only, and not frame by frame, is to pprof's advantage. */
static void count_samples(struct counts *counts, const struct bench_trace *trace)
{
    counts_init(counts, 1024);
    for (size_t i = 0; i < trace->sample_count; i++) {
        uint64_t hash = 0;
        uint32_t leaf = trace->samples[i].node;
        for (uint32_t node = leaf; node != 0; node = trace->nodes[node].parent) {
            hash = (hash ^ trace->nodes[node].location) * UINT64_C(0x9E3779B97F4A7C15);
            hash ^= hash >> 32;
        }
        count(counts, hash, leaf, 1);
        if (2 * counts->used > counts->slots) {
            grow(counts);
        }
    }
}

/* ---- the file ----------------------------------------------------------------------------------------------- */

static void put_type(struct bench_bytes *out, struct bench_bytes *message, uint32_t field)
{
    put_number(message, TYPE_NAME, STRING_SAMPLES);
    put_number(message, TYPE_UNIT, STRING_COUNT);
    put_message(out, field, message);
}

static void put_samples(struct bench_bytes *out, struct bench_bytes *message,
                        const struct counts *counts, const struct bench_trace *trace)
{
    struct bench_bytes packed = {0};
    for (size_t i = 0; i < counts->slots; i++) {
        if (counts->samples[i] == 0) {
            continue;
        }
        for (uint32_t node = counts->nodes[i]; node != 0; node = trace->nodes[node].parent) {
            put_varint(&packed, trace->nodes[node].location + UINT64_C(1));
        }
        put_message(message, SAMPLE_LOCATION, &packed);
        put_varint(&packed, counts->samples[i]);
        put_message(message, SAMPLE_VALUE, &packed);
        put_message(out, PROFILE_SAMPLE, message);
    }
    free(packed.data);
}

static void put_locations(struct bench_bytes *out, struct bench_bytes *message,
                          const struct bench_trace *trace)
{
    struct bench_bytes line = {0};
    for (size_t i = 0; i < trace->location_count; i++) {
        put_number(message, LOCATION_ID, i + 1);
        put_number(&line, LINE_FUNCTION, trace->locations[i].code + UINT64_C(1));
        put_number(&line, LINE_LINE, trace->locations[i].line);
        put_message(message, LOCATION_LINE, &line);
        put_message(out, PROFILE_LOCATION, message);
    }
    free(line.data);
}

static void put_functions(struct bench_bytes *out, struct bench_bytes *message,
                          const struct bench_trace *trace)
{
    struct bench_bytes strings = {0};
    uint64_t string = STRING_FIRST;
    uint64_t file_string = STRING_NONE;
    put_bytes(&strings, PROFILE_STRING, "", 0);
    put_bytes(&strings, PROFILE_STRING, "samples", 7);
    put_bytes(&strings, PROFILE_STRING, "count", 5);
    for (size_t i = 0; i < trace->code_count; i++) {
        const struct bench_location *code = trace->codes[i].first;
        /* Codes are sorted by file. */
        if (i == 0 || strcmp(code->file, trace->codes[i - 1].first->file) != 0) {
            put_bytes(&strings, PROFILE_STRING, code->file, strlen(code->file));
            file_string = string++;
        }
        put_bytes(&strings, PROFILE_STRING, code->function, strlen(code->function));
        put_number(message, FUNCTION_ID, i + 1);
        put_number(message, FUNCTION_NAME, string++);
        put_number(message, FUNCTION_FILE, file_string);
        put_number(message, FUNCTION_LINE, code->first_line);
        put_message(out, PROFILE_FUNCTION, message);
    }
    memcpy(bench_bytes_add(out, strings.size_bytes), strings.data, strings.size_bytes);
    free(strings.data);
}

static void gzip(struct bench_bytes *out, const struct bench_bytes *in)
{
    z_stream stream = {0};
    bench_check(deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW_BITS, 8,
                             Z_DEFAULT_STRATEGY) == Z_OK,
                "zlib");
    size_t bound = deflateBound(&stream, in->size_bytes);
    bench_check(in->size_bytes <= UINT32_MAX && bound <= UINT32_MAX, "the profile is too large");
    stream.next_in = in->data;
    stream.avail_in = (uInt)in->size_bytes;
    stream.next_out = bench_bytes_add(out, bound);
    stream.avail_out = (uInt)bound;
    bench_check(deflate(&stream, Z_FINISH) == Z_STREAM_END, "zlib");
    out->size_bytes = stream.total_out;
    (void)deflateEnd(&stream);
}

struct bench_peer bench_peer_pprof(const struct bench_trace *trace)
{
    struct bench_bytes plain = {0};
    struct bench_bytes message = {0};
    struct bench_bytes packed = {0};
    struct counts counts;
    uint64_t begin = bench_cpu_ns();
    count_samples(&counts, trace);
    put_type(&plain, &message, PROFILE_SAMPLE_TYPE);
    put_samples(&plain, &message, &counts, trace);
    put_locations(&plain, &message, trace);
    put_functions(&plain, &message, trace);
    put_type(&plain, &message, PROFILE_PERIOD_TYPE);
    put_number(&plain, PROFILE_PERIOD, 1);
    gzip(&packed, &plain);
    uint64_t cpu_ns = bench_cpu_ns() - begin;
    counts_free(&counts);
    free(plain.data);
    free(message.data);
    return (struct bench_peer){
        .data = packed.data, .size_bytes = packed.size_bytes, .cpu_ns = cpu_ns};
}
