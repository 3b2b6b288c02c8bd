/* witness_read.c: the oracle of damage: which witnesses are in what is left of a file, see witness.h. */
#include "tests/bench/bench.h"
#include "tests/bench/witness_law.h"

#include <stdlib.h>
#include <string.h>

#define LOST UINT64_C(0xFFFFFFFFFFFFFFFF) /* of a digest: <lost> is on the path */
#define UNKNOWN UINT64_C(0)               /* of a digest: not made yet */
#define FOREIGN UINT64_C(1)               /* a frame that no witness has */

struct witness_oracle {
    uint64_t limit;
    uint64_t *expected; /* digest of each sample's stack */
    uint8_t *seen;      /* of each sample */
    char (*names)[WITNESS_NAME_BYTES];
    char (*files)[WITNESS_FILE_BYTES];
    const vmpf_reader *r; /* of the input that is read */
    uint64_t *of_stack;   /* oracle of its stacks */
    size_t capacity;
};

static uint64_t next_digest(uint64_t outer, uint32_t function)
{
    return witness_mix(outer * 3 + function + 5) | 2; /* none of the special ones */
}

static uint64_t expected_digest(uint64_t i)
{
    uint64_t digest = 2;
    for (uint32_t k = 0; k < witness_depth(i); k++) {
        digest = next_digest(digest, witness_function(i, k));
    }
    return digest;
}

struct witness_oracle *witness_oracle_open(uint64_t limit)
{
    struct witness_oracle *oracle = bench_alloc(1, sizeof *oracle);
    oracle->limit = limit;
    oracle->expected = bench_alloc(limit, sizeof *oracle->expected);
    oracle->seen = bench_alloc(limit, 1);
    oracle->names = bench_alloc(WITNESS_FUNCTIONS, sizeof *oracle->names);
    oracle->files = bench_alloc(WITNESS_FUNCTIONS, sizeof *oracle->files);
    for (uint64_t i = 0; i < limit; i++) {
        oracle->expected[i] = expected_digest(i);
    }
    for (uint32_t i = 0; i < WITNESS_FUNCTIONS; i++) {
        witness_name(i, oracle->names[i]);
        witness_file(i, oracle->files[i]);
    }
    return oracle;
}

void witness_oracle_close(struct witness_oracle *oracle)
{
    free(oracle->expected);
    free(oracle->seen);
    free(oracle->names);
    free(oracle->files);
    free(oracle->of_stack);
    free(oracle);
}

bool witness_was_there(const struct witness_oracle *oracle, uint64_t i)
{
    return oracle->seen[i] != 0;
}

static bool is_lost(struct vmpf_string name)
{
    return name.size_bytes == 6 && memcmp(name.data, "<lost>", 6) == 0;
}

static bool is_function(const struct witness_oracle *oracle, const struct vmpf_function *here,
                        uint32_t number)
{
    return number < WITNESS_FUNCTIONS && here->first_line == witness_line(number) &&
           memcmp(oracle->names[number], here->name.data, WITNESS_NAME_BYTES) == 0 &&
           memcmp(oracle->files[number], here->file.data, WITNESS_FILE_BYTES) == 0;
}

/* A string that was lost alone is shown as <lost>, the rest must be right. */
static uint64_t frame_digest(const struct witness_oracle *oracle, uint32_t location, uint64_t outer)
{
    struct vmpf_location here = vmpf_reader_location(oracle->r, location);
    struct vmpf_function there = vmpf_reader_function(oracle->r, here.function);
    if (outer == LOST || is_lost(there.name) || is_lost(there.file)) {
        return LOST;
    }
    if (outer == FOREIGN || there.name.size_bytes != WITNESS_NAME_BYTES ||
        there.file.size_bytes != WITNESS_FILE_BYTES || here.line != there.first_line) {
        return FOREIGN;
    }
    uint32_t number = 0;
    for (uint32_t at = 4; at-- > 0;) {
        number = number * 16 + (uint32_t)(there.name.data[at] - 'a');
    }
    return is_function(oracle, &there, number) ? next_digest(outer, number) : FOREIGN;
}

static void make_room(struct witness_oracle *oracle, size_t count)
{
    while (oracle->capacity < count) {
        size_t before = oracle->capacity;
        oracle->of_stack =
            bench_grow(oracle->of_stack, &oracle->capacity, before, sizeof *oracle->of_stack);
        memset(oracle->of_stack + before, 0,
               (oracle->capacity - before) * sizeof *oracle->of_stack);
    }
}

/* Parents come before their children, so that one pass over the new nodes is enough. */
static uint64_t stack_digest(struct witness_oracle *oracle, uint32_t stack)
{
    if (stack == 0) {
        return 2;
    }
    uint64_t *slot = &oracle->of_stack[stack];
    if (*slot == UNKNOWN) {
        struct vmpf_stack entry = vmpf_reader_stack(oracle->r, stack);
        uint64_t outer = stack_digest(oracle, entry.parent);
        *slot = frame_digest(oracle, entry.location, outer);
    }
    return *slot;
}

static void read_block(struct witness_oracle *oracle, const struct vmpf_block *block,
                       struct witness_report *report)
{
    make_room(oracle, vmpf_reader_stack_count(oracle->r));
    for (size_t at = 0; at < block->count; at++) {
        uint64_t i = block->values[0][at] - WITNESS_WEIGHT;
        uint64_t thread = vmpf_reader_thread(oracle->r, block->thread[at]).thread_id;
        uint64_t digest =
            block->stack[at] < oracle->capacity ? stack_digest(oracle, block->stack[at]) : LOST;
        bool lost = digest == LOST || thread == 0;
        if (i >= oracle->limit || oracle->seen[i] != 0 ||
            block->time_ns[at] != witness_time_ns(i) ||
            (thread != witness_thread(i) && thread != 0) ||
            (digest != LOST && digest != oracle->expected[i])) {
            report->invented++;
            continue;
        }
        oracle->seen[i] = 1;
        report->samples++;
        report->lost_names += lost;
    }
}

static void begin(struct witness_oracle *oracle, const vmpf_reader *r)
{
    oracle->r = r;
    memset(oracle->seen, 0, oracle->limit);
    if (oracle->capacity > 0) {
        memset(oracle->of_stack, 0, oracle->capacity * sizeof *oracle->of_stack);
    }
}

struct witness_report witness_read(struct witness_oracle *oracle, const void *data,
                                   size_t size_bytes)
{
    struct witness_report report = {0};
    struct vmpf_source source;
    vmpf_reader *r;
    struct vmpf_block block;
    bench_check(vmpf_source_open_memory(&source, data, size_bytes, NULL) == VMPF_OK, "source");
    report.opened = vmpf_reader_open(&r, source, NULL, NULL) == VMPF_OK;
    if (!report.opened) {
        return report;
    }
    begin(oracle, r);
    while (vmpf_reader_next(r, &block, NULL) == VMPF_OK) {
        read_block(oracle, &block, &report);
    }
    const struct vmpf_damage *damage = vmpf_reader_damage(r);
    report.damaged = damage->damaged;
    report.unfinished = damage->unfinished;
    report.lost_samples = damage->lost_samples;
    vmpf_reader_close(r);
    return report;
}
