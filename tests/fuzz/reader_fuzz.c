/* reader_fuzz.c: any bytes are read to their end, or refused, without a crash; what was read can be written
 * again, and reads the same then. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <vmprof/vmpf.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A small limit: a fuzzer that asks for gigabytes finds nothing else. */
#define MEMORY_LIMIT_BYTES (UINT64_C(64) << 20)

static void must(int holds)
{
    if (!holds) {
        abort();
    }
}

static vmpf_reader *open_reader(const void *data, size_t size)
{
    struct vmpf_source source;
    vmpf_reader *r = NULL;
    const struct vmpf_reader_options options = {
        .size = sizeof options, .verify = size % 2 != 0, .memory_limit_bytes = MEMORY_LIMIT_BYTES};
    if (vmpf_source_open_memory(&source, data, size, NULL) == VMPF_OK &&
        vmpf_reader_open(&r, source, &options, NULL) != VMPF_OK) {
        return NULL;
    }
    return r;
}

static uint32_t copy_function(const vmpf_reader *r, vmpf_writer *w, uint32_t id)
{
    struct vmpf_function function = vmpf_reader_function(r, id);
    if (function.module != 0) {
        struct vmpf_module module = vmpf_reader_module(r, function.module);
        must(vmpf_writer_module(w, &module, &function.module, NULL) == VMPF_OK);
    }
    must(vmpf_writer_function(w, &function, &id, NULL) == VMPF_OK);
    return id;
}

/* The 64 innermost labels of a set. */
static uint32_t copy_label(const vmpf_reader *r, vmpf_writer *w, uint32_t set)
{
    struct vmpf_label path[64];
    size_t depth = 0;
    for (; set != 0; set = vmpf_reader_label(r, set).parent) {
        must(vmpf_reader_label(r, set).parent < set);
        if (depth < sizeof path / sizeof path[0]) {
            path[depth++] = vmpf_reader_label(r, set);
        }
    }
    uint32_t copy = 0;
    while (depth > 0) {
        const struct vmpf_label *label = &path[--depth];
        must(vmpf_writer_label(w, copy, label->key, label->text, label->number, &copy, NULL) ==
             VMPF_OK);
    }
    return copy;
}

/* The stack of a sample of r as a stack of w. */
static uint32_t copy_stack(const vmpf_reader *r, vmpf_writer *w, uint32_t node)
{
    uint32_t path[64];
    size_t depth = 0;
    for (; node != 0; node = vmpf_reader_stack(r, node).parent) {
        must(vmpf_reader_stack(r, node).parent < node);
        if (depth < sizeof path / sizeof path[0]) {
            path[depth++] = node;
        }
    }
    uint32_t copy = 0;
    while (depth > 0) {
        struct vmpf_location location =
            vmpf_reader_location(r, vmpf_reader_stack(r, path[--depth]).location);
        uint32_t id = copy_function(r, w, location.function);
        must(vmpf_writer_location(w, id, location.line, &id, NULL) == VMPF_OK);
        must(vmpf_writer_stack(w, copy, id, &copy, NULL) == VMPF_OK);
    }
    return copy;
}

/* Sessions behind one that is refused are read too. */
static bool next_block(vmpf_reader *r, struct vmpf_block *block)
{
    vmpf_status status;
    do {
        status = vmpf_reader_next(r, block, NULL);
    } while (status == VMPF_E_UNSUPPORTED || status == VMPF_E_VERSION);
    return status == VMPF_OK;
}

/* *sum grows by the values that were written. */
static void copy_block(const vmpf_reader *r, vmpf_writer *w, const struct vmpf_block *block,
                       uint64_t *sum)
{
    for (size_t i = 0; i < block->count; i++) {
        struct vmpf_thread thread = vmpf_reader_thread(r, block->thread[i]);
        struct vmpf_sample sample = {.time_ns = block->time_ns[i], .flags = block->flags[i]};
        sample.values[0] = block->values[0] == NULL ? 1 : block->values[0][i];
        if (sample.values[0] > (uint64_t)INT64_MAX - *sum) {
            sample.values[0] = 0; /* several sessions become one, whose sum is limited [F-5.6-4] */
        }
        *sum += sample.values[0];
        sample.stack = copy_stack(r, w, block->stack[i]);
        sample.label = copy_label(r, w, block->label[i]);
        must(vmpf_writer_thread(w, &thread, &sample.thread, NULL) == VMPF_OK);
        must(vmpf_writer_sample(w, &sample, NULL) == VMPF_OK);
    }
}

/* The copy is still being written: that, and nothing else, is wrong with it. */
static void check_copy(const struct vmpf_sink *sink, uint64_t samples, uint64_t sum)
{
    size_t size;
    const void *data = vmpf_sink_memory(sink, &size);
    vmpf_reader *r = open_reader(data, size);
    struct vmpf_block block;
    must(r != NULL);
    while (vmpf_reader_next(r, &block, NULL) == VMPF_OK) {
        samples -= block.count;
        for (size_t i = 0; i < block.count; i++) {
            sum -= block.values[0][i];
        }
    }
    const struct vmpf_damage *damage = vmpf_reader_damage(r);
    must(samples == 0 && sum == 0 && damage->unfinished && damage->lost_bytes == 0 &&
         damage->bad_chunks == 0);
    vmpf_reader_close(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vmpf_reader *r = open_reader(data, size);
    struct vmpf_sink sink;
    vmpf_writer *w;
    struct vmpf_block block;
    uint64_t samples = 0;
    uint64_t sum = 0;
    if (r == NULL) {
        return 0;
    }
    const struct vmpf_writer_options options = {
        .size = sizeof options, .session_id = 1, .block_samples = 64, .epoch_max_nodes = 256};
    must(vmpf_sink_open_memory(&sink, NULL) == VMPF_OK);
    must(vmpf_writer_open(&w, sink, &options, NULL) == VMPF_OK);
    while (next_block(r, &block)) {
        samples += block.count;
        copy_block(r, w, &block, &sum);
    }
    must(vmpf_writer_flush(w, NULL) == VMPF_OK);
    check_copy(&sink, samples, sum);
    must(vmpf_writer_close(w, 1, NULL) == VMPF_OK);
    vmpf_reader_close(r);
    return 0;
}
