#include "tests/unit/fmt/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint64_t mix(uint64_t digest, const void *data, size_t size_bytes)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < size_bytes; i++) {
        digest = (digest ^ bytes[i]) * UINT64_C(1099511628211); /* FNV-1a */
    }
    return digest;
}

static void take_stack(const vmpf_reader *r, uint32_t node, struct reading *out)
{
    out->depth = 0;
    while (node != 0) {
        struct vmpf_stack stack = vmpf_reader_stack(r, node);
        struct vmpf_location location = vmpf_reader_location(r, stack.location);
        struct vmpf_function function = vmpf_reader_function(r, location.function);
        if (out->depth == 0) {
            (void)snprintf(out->leaf, sizeof out->leaf, "%.*s", (int)function.name.size_bytes,
                           function.name.data);
            out->leaf_line = location.line;
            out->lost_names += strcmp(out->leaf, "<lost>") == 0;
        }
        out->digest = mix(out->digest, function.name.data, function.name.size_bytes);
        out->digest = mix(out->digest, function.file.data, function.file.size_bytes);
        out->digest = mix(out->digest, &location.line, sizeof location.line);
        out->depth++;
        node = stack.parent;
    }
}

static void take_block(const vmpf_reader *r, const struct vmpf_block *block, struct reading *out)
{
    for (size_t i = 0; i < block->count; i++) {
        struct vmpf_thread thread = vmpf_reader_thread(r, block->thread[i]);
        out->samples++;
        out->weight += block->values[0][i];
        take_stack(r, block->stack[i], out);
        out->digest = mix(out->digest, &thread.thread_id, sizeof thread.thread_id);
        out->digest = mix(out->digest, &block->time_ns[i], sizeof block->time_ns[i]);
        out->digest = mix(out->digest, &block->values[0][i], sizeof block->values[0][i]);
    }
}

int unnamed_file(void)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    int fd = dup(fileno(file));
    assert_true(fd >= 0);
    assert_int_equal(fclose(file), 0);
    return fd;
}

struct reading read_all(const void *data, size_t size_bytes)
{
    struct reading out = {.digest = UINT64_C(14695981039346656037)};
    struct vmpf_source source;
    vmpf_reader *r = NULL;
    struct vmpf_block block;
    out.status = vmpf_source_open_memory(&source, data, size_bytes, &out.error);
    if (out.status == VMPF_OK) {
        out.status = vmpf_reader_open(&r, source, NULL, &out.error);
    }
    while (out.status == VMPF_OK) {
        out.status = vmpf_reader_next(r, &block, &out.error);
        if (out.status == VMPF_OK) {
            take_block(r, &block, &out);
        }
    }
    if (r != NULL) {
        out.damage = *vmpf_reader_damage(r);
        out.sessions = vmpf_reader_session_count(r);
        out.lost_samples = vmpf_reader_info(r, 0)->lost_samples;
    }
    if (out.status == VMPF_END) {
        out.status = VMPF_OK;
    }
    vmpf_reader_close(r);
    return out;
}

struct vmpf_writer_options fixed_options(uint32_t block_samples)
{
    return (struct vmpf_writer_options){.size = sizeof(struct vmpf_writer_options),
                                        .session_id = 0x1122334455667788,
                                        .start_unix_ns = 1700000000000000000,
                                        .block_samples = block_samples};
}

void write_samples(vmpf_writer *w, uint64_t sample_count)
{
    static const char *const names[] = {"main", "parse", "lex", "eval", "h\xC3\xA9"};
    for (uint64_t i = 0; i < sample_count; i++) {
        uint32_t stack = 0;
        for (uint64_t depth = 0; depth <= i % 5; depth++) {
            const char *name = names[(depth + i / 7) % 5];
            const struct vmpf_function function = {
                .name = {.data = name, .size_bytes = strlen(name)},
                .file = TEXT("prog.py"),
                .first_line = (uint32_t)(10 * depth + 1),
                .kind = VMPF_KIND_PY,
                .address = 0x7000 + 16 * depth};
            uint32_t id;
            uint32_t location;
            assert_int_equal(vmpf_writer_function(w, &function, &id, NULL), VMPF_OK);
            assert_int_equal(
                vmpf_writer_location(w, id, (uint32_t)(10 * depth + 2 + i % 3), &location, NULL),
                VMPF_OK);
            assert_int_equal(vmpf_writer_stack(w, stack, location, &stack, NULL), VMPF_OK);
        }
        const struct vmpf_thread thread = {.process_id = 42,
                                           .thread_id = 100 + i % 3,
                                           .name = i % 3 == 0 ? TEXT("main") : TEXT("worker")};
        struct vmpf_sample sample = {.stack = stack, .time_ns = i * 1000003, .values = {1000 + i}};
        assert_int_equal(vmpf_writer_thread(w, &thread, &sample.thread, NULL), VMPF_OK);
        assert_int_equal(vmpf_writer_sample(w, &sample, NULL), VMPF_OK);
    }
}

void make_profile(uint64_t sample_count, uint32_t block_samples, uint8_t **data, size_t *size_bytes)
{
    struct vmpf_sink sink;
    vmpf_writer *w;
    const struct vmpf_writer_options options = fixed_options(block_samples);
    const struct vmpf_string values[] = {TEXT("cpu:ns")};
    int fd = unnamed_file();
    assert_int_equal(vmpf_sink_open_fd(&sink, fd, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_open(&w, sink, &options, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_meta_list(w, VMPF_META_VALUES, values, 1, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_meta_string(w, VMPF_META_PROGRAM, TEXT("prog.py"), NULL), VMPF_OK);
    write_samples(w, sample_count);
    assert_int_equal(vmpf_writer_close(w, sample_count * 1000003, NULL), VMPF_OK);
    FILE *file = fdopen(fd, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    *size_bytes = (size_t)ftell(file);
    rewind(file);
    *data = malloc(*size_bytes);
    assert_non_null(*data);
    assert_int_equal(fread(*data, 1, *size_bytes, file), *size_bytes);
    assert_int_equal(fclose(file), 0);
}

uint64_t weight_of(uint64_t sample_count)
{
    return sample_count * 1000 + sample_count * (sample_count - 1) / 2;
}
