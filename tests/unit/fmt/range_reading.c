#include "tests/unit/fmt/range_reading.h"

#include "tests/unit/fmt/fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void make_epochs(uint64_t samples, uint32_t block_samples, uint32_t epoch_max_nodes, uint8_t **data,
                 size_t *size_bytes)
{
    struct vmpf_sink sink;
    vmpf_writer *w;
    struct vmpf_writer_options options = fixed_options(block_samples);
    const struct vmpf_string values[] = {TEXT("cpu:ns")};
    int fd = unnamed_file();
    options.epoch_max_nodes = epoch_max_nodes;
    assert_int_equal(vmpf_sink_open_fd(&sink, fd, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_open(&w, sink, &options, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_meta_list(w, VMPF_META_VALUES, values, 1, NULL), VMPF_OK);
    write_samples(w, samples);
    assert_int_equal(vmpf_writer_meta_string(w, VMPF_META_NOTE, TEXT("late"), NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_close(w, samples * 1000003, NULL), VMPF_OK);
    off_t size = lseek(fd, 0, SEEK_END);
    *size_bytes = (size_t)size;
    *data = malloc(*size_bytes);
    assert_non_null(*data);
    assert_int_equal(pread(fd, *data, *size_bytes, 0), size);
    assert_int_equal(close(fd), 0);
}

/* ---- the source ------------------------------------------------------------------------------------ */

static int64_t copy_at(const struct counting *counting, uint64_t offset, void *buffer, size_t size)
{
    size_t left = offset < counting->size_bytes ? counting->size_bytes - (size_t)offset : 0;
    size_t count = size < left ? size : left;
    memcpy(buffer, counting->data + (left > 0 ? offset : 0), count);
    return (int64_t)count;
}

static int64_t counting_read(void *ctx, void *buffer, size_t size)
{
    struct counting *counting = ctx;
    int64_t got = copy_at(counting, counting->position, buffer, size);
    counting->position += (size_t)got;
    counting->reads++;
    counting->read_bytes += (uint64_t)got;
    return got;
}

static int64_t counting_read_at(void *ctx, uint64_t offset, void *buffer, size_t size)
{
    struct counting *counting = ctx;
    if (counting->refuses_read_at) {
        return -EIO;
    }
    int64_t got = copy_at(counting, offset, buffer, size);
    counting->reads_at++;
    counting->read_at_bytes += (uint64_t)got;
    return got;
}

static int64_t counting_size(void *ctx)
{
    return (int64_t)((const struct counting *)ctx)->size_bytes;
}

/* ---- the reading ------------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t digest, const void *data, size_t size_bytes)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < size_bytes; i++) {
        digest = (digest ^ bytes[i]) * UINT64_C(1099511628211);
    }
    return digest;
}

static uint64_t stack_digest(const vmpf_reader *r, uint32_t node)
{
    uint64_t digest = UINT64_C(14695981039346656037);
    while (node != 0) {
        struct vmpf_stack stack = vmpf_reader_stack(r, node);
        struct vmpf_location location = vmpf_reader_location(r, stack.location);
        struct vmpf_function function = vmpf_reader_function(r, location.function);
        digest = mix(digest, function.name.data, function.name.size_bytes);
        digest = mix(digest, function.file.data, function.file.size_bytes);
        digest = mix(digest, &location.line, sizeof location.line);
        node = stack.parent;
    }
    return digest;
}

static void take_block(const vmpf_reader *r, const struct vmpf_block *block, struct seen *seen)
{
    assert_true(block->count > 0);
    while (seen->count + block->count > seen->capacity) {
        seen->capacity = seen->capacity == 0 ? 4096 : 2 * seen->capacity;
        seen->samples = realloc(seen->samples, seen->capacity * sizeof *seen->samples);
        assert_non_null(seen->samples);
    }
    for (size_t i = 0; i < block->count; i++) {
        struct vmpf_thread thread = vmpf_reader_thread(r, block->thread[i]);
        seen->samples[seen->count++] = (struct seen_sample){
            .session = vmpf_reader_session(r),
            .time_ns = block->time_ns == NULL ? 0 : block->time_ns[i],
            .value = block->values[0][i],
            .thread_id = thread.thread_id,
            .thread_digest = mix(thread.process_id, thread.name.data, thread.name.size_bytes),
            .stack_digest = stack_digest(r, block->stack[i]),
        };
    }
    uint32_t stacks = vmpf_reader_stack_count(r);
    seen->most_stacks = stacks > seen->most_stacks ? stacks : seen->most_stacks;
    seen->blocks++;
}

struct seen read_source(struct vmpf_source source, const struct vmpf_reader_options *options)
{
    struct seen seen = {0};
    struct vmpf_block block;
    vmpf_reader *r;
    assert_int_equal(vmpf_reader_open(&r, source, options, NULL), VMPF_OK);
    while ((seen.status = vmpf_reader_next(r, &block, NULL)) == VMPF_OK) {
        take_block(r, &block, &seen);
    }
    seen.damage = *vmpf_reader_damage(r);
    seen.sessions = vmpf_reader_session_count(r);
    for (size_t i = 0; i < seen.sessions; i++) {
        seen.end_ns += vmpf_reader_info(r, i)->end_ns;
        seen.meta_count += vmpf_reader_info(r, i)->meta_count;
    }
    seen.epochs = vmpf_reader_epoch(r);
    vmpf_reader_close(r);
    return seen;
}

struct seen read_counting(struct counting *counting, const struct vmpf_reader_options *options)
{
    static const struct vmpf_source_ops ops = {
        .read = counting_read, .size = counting_size, .read_at = counting_read_at};
    return read_source((struct vmpf_source){.ops = &ops, .ctx = counting}, options);
}

void seen_free(struct seen *seen)
{
    free(seen->samples);
    memset(seen, 0, sizeof *seen);
}

/* ---- the range --------------------------------------------------------------------------------------- */

struct vmpf_reader_options range_options(uint64_t from_ns, uint64_t to_ns)
{
    return (struct vmpf_reader_options){
        .size = sizeof(struct vmpf_reader_options), .from_ns = from_ns, .to_ns = to_ns};
}

size_t check_range(const struct seen *whole, const struct seen *got, uint64_t from_ns,
                   uint64_t to_ns)
{
    size_t count = 0;
    for (size_t i = 0; i < whole->count; i++) {
        const struct seen_sample *sample = &whole->samples[i];
        if (sample->time_ns < from_ns || (to_ns != 0 && sample->time_ns >= to_ns)) {
            continue;
        }
        assert_true(count < got->count);
        assert_memory_equal(&got->samples[count], sample, sizeof *sample);
        count++;
    }
    assert_int_equal(count, got->count);
    assert_int_equal(whole->status, got->status);
    assert_int_equal(whole->sessions, got->sessions);
    assert_int_equal(whole->end_ns, got->end_ns);
    assert_int_equal(whole->meta_count, got->meta_count);
    assert_int_equal(whole->damage.unfinished, got->damage.unfinished);
    return count;
}

bool reads_by_index(const uint8_t *data, size_t size_bytes, const struct seen *whole,
                    uint64_t from_ns, uint64_t to_ns)
{
    struct counting counting = {.data = data, .size_bytes = size_bytes};
    const struct vmpf_reader_options options = range_options(from_ns, to_ns);
    struct seen got = read_counting(&counting, &options);
    check_range(whole, &got, from_ns, to_ns);
    assert_int_equal(got.damage.lost_samples, whole->damage.lost_samples);
    bool used = counting.reads == 1; /* who reads everything has to be told of the end too */
    assert_true(!used || got.damage.bad_chunks == whole->damage.bad_chunks);
    assert_true(!used || got.damage.damaged == whole->damage.damaged);
    seen_free(&got);
    return used;
}
