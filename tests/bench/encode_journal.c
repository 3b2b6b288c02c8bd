/* encode_journal.c: the way of a recording, see encode.h. */
#include "tests/bench/bench.h"
#include "tests/bench/encode.h"
#include "tests/bench/heap.h"
#include "tests/bench/ring.h"

#include <stdlib.h>
#include <string.h>
#include <vmprof/vmpf_journal.h>

#define RING_BYTES ((size_t)4 << 20) /* as the sampler's */
/* What is drained at once: with more, the rows that a drain reads would no longer lie in the processor's cache; those of
 * a recording do, 50 ms of them. */
#define DRAIN_BYTES ((uint64_t)64 << 10)
#define PROCESS_ID 1

/* What the journal knows by now. */
struct producer {
    const struct bench_trace *trace;
    struct vmpf_journal *journal;
    bool *known_codes;
    size_t next; /* sample */
};

static size_t padded(size_t size_bytes)
{
    return (size_bytes + 7) / 8 * 8;
}

static bool put_code(struct vmpf_journal *journal, const struct bench_code *code, uint32_t number)
{
    const struct vmpf_row_code row = {
        .code = number,
        .first_line = code->first->first_line,
        .kind = VMPF_KIND_PY,
        .line_encoding = VMPF_LINES_LNOTAB_SIGNED,
        .name_size_bytes = (uint32_t)strlen(code->first->function),
        .file_size_bytes = (uint32_t)strlen(code->first->file),
        .lines_size_bytes = (uint32_t)code->lines_size_bytes,
    };
    size_t bytes = sizeof row + padded(row.name_size_bytes) + padded(row.file_size_bytes) +
                   padded(row.lines_size_bytes);
    uint64_t *payload = bench_ring_begin(journal, (uint32_t)(bytes / 8));
    if (payload == NULL) {
        return false;
    }
    uint8_t *at = (uint8_t *)payload;
    memset(at, 0, bytes);
    memcpy(at, &row, sizeof row);
    at += sizeof row;
    memcpy(at, code->first->function, row.name_size_bytes);
    at += padded(row.name_size_bytes);
    memcpy(at, code->first->file, row.file_size_bytes);
    at += padded(row.file_size_bytes);
    memcpy(at, code->lines, row.lines_size_bytes);
    bench_ring_publish(journal, VMPF_ROW_CODE, payload, (uint32_t)(bytes / 8));
    return true;
}

/* The codes of a stack that no row has told of yet. */
static bool put_codes(struct producer *producer, uint32_t node)
{
    const struct bench_trace *trace = producer->trace;
    for (; node != 0; node = trace->nodes[node].parent) {
        uint32_t code = trace->locations[trace->nodes[node].location].code;
        if (producer->known_codes[code]) {
            continue;
        }
        if (!put_code(producer->journal, &trace->codes[code], code + 1)) {
            return false;
        }
        producer->known_codes[code] = true;
    }
    return true;
}

static bool put_sample(struct producer *producer, const struct bench_sample *sample)
{
    const struct bench_trace *trace = producer->trace;
    const struct vmpf_row_sample row = {
        .time_ns = sample->time_us * 1000,
        .thread_id = trace->threads[sample->thread],
        .frame_count = trace->nodes[sample->node].depth,
        .value_count = 1,
    };
    uint32_t words = (uint32_t)(sizeof row / 8) + 1 + row.frame_count;
    uint64_t *payload = bench_ring_begin(producer->journal, words);
    if (payload == NULL) {
        return false;
    }
    memcpy(payload, &row, sizeof row);
    payload[sizeof row / 8] = 1;
    uint64_t *frames = payload + sizeof row / 8 + 1;
    for (uint32_t node = sample->node; node != 0; node = trace->nodes[node].parent) {
        const struct bench_location *location = &trace->locations[trace->nodes[node].location];
        const struct vmpf_row_frame frame = {.code = location->code + 1,
                                             .offset = location->offset_bytes};
        memcpy(frames++, &frame, sizeof frame);
    }
    bench_ring_publish(producer->journal, VMPF_ROW_SAMPLE, payload, words);
    return true;
}

/* Rows until it is time to drain them. */
static void produce(struct producer *producer)
{
    uint64_t begin = atomic_load(&producer->journal->head);
    size_t first = producer->next;
    while (producer->next < producer->trace->sample_count &&
           atomic_load(&producer->journal->head) - begin < DRAIN_BYTES) {
        const struct bench_sample *sample = &producer->trace->samples[producer->next];
        if (!put_codes(producer, sample->node) || !put_sample(producer, sample)) {
            break;
        }
        producer->next++;
    }
    bench_check(producer->next > first, "a sample is too large for the ring");
}

static vmpf_writer *open_writer(struct bench_region *out, struct vmpf_journal **journal)
{
    const struct vmpf_writer_options options = {.size = sizeof options, .session_id = 1};
    const struct vmpf_string values[] = {{.data = "samples:count", .size_bytes = 13}};
    vmpf_writer *w;
    bench_check(vmpf_writer_open(&w, bench_region_sink(out), &options, NULL) == VMPF_OK, "open");
    bench_check(vmpf_writer_meta_list(w, VMPF_META_VALUES, values, 1, NULL) == VMPF_OK &&
                    vmpf_writer_meta_integer(w, VMPF_META_PROCESS_ID, PROCESS_ID, NULL) == VMPF_OK,
                "metadata");
    bench_check(vmpf_writer_journal_open(w, RING_BYTES, journal, NULL) == VMPF_OK, "journal");
    struct vmpf_writer_stats stats;
    vmpf_writer_stats(w, &stats);
    bench_check(stats.journal_mapped, "the journal is not mapped");
    return w;
}

struct bench_encoding bench_encode_journal(const struct bench_trace *trace,
                                           struct bench_region *out)
{
    struct bench_encoding encoding = {0};
    struct producer producer = {.trace = trace};
    producer.known_codes = bench_alloc(trace->code_count, sizeof *producer.known_codes);
    bench_heap_begin();
    vmpf_writer *w = open_writer(out, &producer.journal);
    while (producer.next < trace->sample_count) {
        produce(&producer);
        uint64_t begin = bench_cpu_ns();
        vmpf_status status = vmpf_writer_drain(w, NULL);
        encoding.cpu_ns += bench_cpu_ns() - begin;
        bench_check(status == VMPF_OK, "drain");
    }
    uint64_t end_ns = trace->samples[trace->sample_count - 1].time_us * 1000;
    uint64_t begin = bench_cpu_ns();
    vmpf_status status = vmpf_writer_close(w, end_ns, NULL);
    encoding.cpu_ns += bench_cpu_ns() - begin;
    bench_check(status == VMPF_OK, "close");
    encoding.peak_bytes = bench_heap_peak_bytes() + RING_BYTES;
    free(producer.known_codes);
    return encoding;
}
