/* log_fuzz.c: any bytes as a log of upstream vmprof: no crash, no more samples than there is room for, and the same reading
 * whether the input can seek or not, and whether its tables are kept or not. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <vmprof/vmpf.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MEMORY_LIMIT_BYTES (UINT64_C(64) << 20)
#define LEAST_STACK_BYTES 9u /* of version 0, 32-bit, without words */
#define GZIP_RATIO 1100u     /* no more comes out of deflate */

static void must(int holds)
{
    if (!holds) {
        abort();
    }
}

/* A pipe that gives a few bytes a time. */
struct pipe {
    const uint8_t *data;
    size_t size_bytes, position;
};

static int64_t pipe_read(void *ctx, void *buffer, size_t size)
{
    struct pipe *pipe = ctx;
    size_t left = pipe->size_bytes - pipe->position;
    size_t count = left < 61 ? left : 61;
    count = count < size ? count : size;
    if (count > 0) {
        memcpy(buffer, pipe->data + pipe->position, count);
    }
    pipe->position += count;
    return (int64_t)count;
}

static const struct vmpf_source_ops pipe_ops = {.read = pipe_read};

/* What a reading comes to. */
struct outcome {
    vmpf_status status;
    uint64_t samples, digest, lost_bytes, lost_samples, bad_chunks;
};

static uint64_t mix(uint64_t digest, uint64_t value)
{
    return (digest ^ value) * UINT64_C(0x100000001B3) + (digest >> 47);
}

static uint64_t mix_string(uint64_t digest, struct vmpf_string text)
{
    for (size_t i = 0; i < text.size_bytes; i++) {
        digest = mix(digest, (uint8_t)text.data[i]);
    }
    return mix(digest, text.size_bytes);
}

static void add_sample(struct outcome *out, const vmpf_reader *r, const struct vmpf_block *block,
                       size_t i)
{
    uint64_t digest = mix(out->digest, block->flags[i] + block->values[0][i]);
    digest = mix(digest, vmpf_reader_thread(r, block->thread[i]).thread_id);
    for (uint32_t node = block->stack[i]; node != 0;) {
        struct vmpf_stack stack = vmpf_reader_stack(r, node);
        struct vmpf_location at = vmpf_reader_location(r, stack.location);
        struct vmpf_function function = vmpf_reader_function(r, at.function);
        must(stack.parent < node);
        must(node < vmpf_reader_stack_count(r) && at.function > 1);
        digest = mix_string(mix_string(mix(digest, at.line), function.name), function.file);
        digest = mix(digest, function.address + function.first_line + (uint64_t)function.kind);
        node = stack.parent;
    }
    out->digest = digest;
    out->samples++;
}

static struct outcome read_log(struct vmpf_source source, bool one_epoch)
{
    struct outcome out = {.status = VMPF_E_ARG};
    vmpf_reader *r = NULL;
    struct vmpf_block block;
    const struct vmpf_reader_options options = {
        .size = sizeof options, .memory_limit_bytes = MEMORY_LIMIT_BYTES, .one_epoch = one_epoch};
    out.status = vmpf_reader_open(&r, source, &options, NULL);
    while (out.status == VMPF_OK && (out.status = vmpf_reader_next(r, &block, NULL)) == VMPF_OK) {
        for (size_t i = 0; i < block.count; i++) {
            add_sample(&out, r, &block, i);
        }
    }
    if (r != NULL) {
        const struct vmpf_damage *damage = vmpf_reader_damage(r);
        out.lost_bytes = damage->lost_bytes;
        out.lost_samples = damage->lost_samples;
        out.bad_chunks = damage->bad_chunks;
    }
    vmpf_reader_close(r);
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool gzip = size >= 2 && data[0] == 0x1F && data[1] == 0x8B;
    if (!gzip && (size == 0 || data[0] != 0)) {
        return 0; /* reader_fuzz has those */
    }
    struct vmpf_source source;
    struct pipe pipe = {.data = data, .size_bytes = size};
    must(vmpf_source_open_memory(&source, data, size, NULL) == VMPF_OK);
    const struct outcome seeking = read_log(source, false);
    const struct outcome piped =
        read_log((struct vmpf_source){.ops = &pipe_ops, .ctx = &pipe}, true);
    uint64_t log_bytes = size * (gzip ? GZIP_RATIO : 1);
    must(seeking.samples <= log_bytes / LEAST_STACK_BYTES && seeking.lost_bytes <= log_bytes);
    if (seeking.status != VMPF_E_LIMIT) {
        must(seeking.status == piped.status && seeking.samples == piped.samples);
        must(seeking.digest == piped.digest && seeking.lost_bytes == piped.lost_bytes);
        must(seeking.lost_samples == piped.lost_samples && seeking.bad_chunks == piped.bad_chunks);
    }
    return 0;
}
