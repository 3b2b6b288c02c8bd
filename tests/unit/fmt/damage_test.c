/* Damage: a file cut at every byte, and every single bit flipped. Never a crash, never a sample that was not
 * written, never "whole" said of what is not; at most one block lost (spec [F-2-7], [F-3-1], [F-3-2]).
 *
 * The oracle knows what write_samples() of the fixture writes, not how it is stored: sample i weighs 1000 + i, so a
 * sample names itself. */
#include "tests/unit/fmt/fixture.h"
#include "tests/unit/fmt/producer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SAMPLES 60u
#define BLOCK 20u

/* The stacks of all samples of the sound file, by their names. */
static char *expected_stack[SAMPLES];

static char *stack_text(const vmpf_reader *r, uint32_t node)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    while (node != 0) {
        struct vmpf_stack stack = vmpf_reader_stack(r, node);
        struct vmpf_location location = vmpf_reader_location(r, stack.location);
        struct vmpf_function function = vmpf_reader_function(r, location.function);
        (void)fprintf(out, "%.*s:%u;", (int)function.name.size_bytes, function.name.data,
                      (unsigned)location.line);
        node = stack.parent;
    }
    assert_int_equal(fclose(out), 0);
    return text;
}

static void check_sample(const vmpf_reader *r, const struct vmpf_block *block, size_t at,
                         uint8_t *seen)
{
    uint64_t index = block->values[0][at] - 1000;
    assert_true(index < SAMPLES);
    assert_false(seen[index]); /* nothing twice */
    seen[index] = 1;
    assert_int_equal(block->time_ns[at], index * 1000003);
    uint64_t thread = vmpf_reader_thread(r, block->thread[at]).thread_id;
    assert_true(thread == 100 + index % 3 || thread == 0);
    char *text = stack_text(r, block->stack[at]);
    assert_true(strstr(text, "<lost>") != NULL || strcmp(text, expected_stack[index]) == 0);
    free(text);
}

/* Reads all and checks each sample; returns how many there are, *damage and *opened say what the reader says. */
static uint64_t check_reading(const uint8_t *data, size_t size, struct vmpf_damage *damage,
                              bool *opened)
{
    struct vmpf_source source;
    vmpf_reader *r;
    struct vmpf_block block;
    uint8_t seen[SAMPLES] = {0};
    uint64_t samples = 0;
    memset(damage, 0, sizeof *damage);
    assert_int_equal(vmpf_source_open_memory(&source, data, size, NULL), VMPF_OK);
    *opened = vmpf_reader_open(&r, source, NULL, NULL) == VMPF_OK;
    if (!*opened) {
        return 0;
    }
    while (vmpf_reader_next(r, &block, NULL) == VMPF_OK) {
        for (size_t i = 0; i < block.count; i++) {
            check_sample(r, &block, i, seen);
        }
        samples += block.count;
    }
    *damage = *vmpf_reader_damage(r);
    vmpf_reader_close(r);
    return samples;
}

static void learn(const uint8_t *data, size_t size)
{
    struct vmpf_source source;
    vmpf_reader *r;
    struct vmpf_block block;
    uint64_t samples = 0;
    assert_int_equal(vmpf_source_open_memory(&source, data, size, NULL), VMPF_OK);
    assert_int_equal(vmpf_reader_open(&r, source, NULL, NULL), VMPF_OK);
    while (vmpf_reader_next(r, &block, NULL) == VMPF_OK) {
        for (size_t i = 0; i < block.count; i++) {
            free(expected_stack[samples]);
            expected_stack[samples++] = stack_text(r, block.stack[i]);
        }
    }
    assert_int_equal(samples, SAMPLES);
    vmpf_reader_close(r);
}

static void test_cut_at_every_byte(void **state)
{
    (void)state;
    uint8_t *data;
    size_t size;
    uint64_t most = 0;
    make_profile(SAMPLES, BLOCK, &data, &size);
    learn(data, size);
    for (size_t cut = 0; cut < size; cut++) {
        struct vmpf_damage damage;
        bool opened;
        /* A copy of exactly that size, so that a sanitizer sees the first byte too many. */
        uint8_t *copy = malloc(cut + 1);
        assert_non_null(copy);
        memcpy(copy, data, cut);
        uint64_t samples = check_reading(copy, cut, &damage, &opened);
        free(copy);
        assert_int_equal(opened, cut >= 64);
        assert_true(!opened || damage.unfinished);
        assert_true(samples >= most); /* more bytes never give less */
        assert_true(samples % BLOCK == 0);
        most = samples;
    }
    assert_int_equal(most, SAMPLES);
    free(data);
}

static void test_every_bit_flipped(void **state)
{
    (void)state;
    uint8_t *data;
    size_t size;
    make_profile(SAMPLES, BLOCK, &data, &size);
    learn(data, size);
    for (size_t bit = 0; bit < 8 * size; bit++) {
        struct vmpf_damage damage;
        bool opened;
        data[bit / 8] ^= (uint8_t)(1U << bit % 8);
        uint64_t samples = check_reading(data, size, &damage, &opened);
        data[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_true(opened);
        assert_true(damage.damaged);
        assert_true(samples + BLOCK >= SAMPLES);
        assert_true(samples == SAMPLES || damage.lost_samples + samples == SAMPLES ||
                    damage.unfinished);
    }
    free(data);
}

static void test_bytes_missing_or_inserted(void **state)
{
    (void)state;
    uint8_t *data;
    size_t size;
    make_profile(SAMPLES, BLOCK, &data, &size);
    learn(data, size);
    uint8_t *changed = malloc(size + 7);
    assert_non_null(changed);
    for (size_t at = 64; at < size; at++) {
        struct vmpf_damage damage;
        bool opened;
        memcpy(changed, data, at);
        memcpy(changed + at, data + at + 1, size - at - 1);
        uint64_t samples = check_reading(changed, size - 1, &damage, &opened);
        assert_true(opened && damage.damaged && samples + BLOCK >= SAMPLES);
        memset(changed + at, 0x9E, 7);
        memcpy(changed + at + 7, data + at, size - at);
        samples = check_reading(changed, size + 7, &damage, &opened);
        assert_true(opened && damage.damaged && samples + BLOCK >= SAMPLES);
    }
    free(changed);
    free(data);
}

/* ---- the file of a process that was killed -------------------------------------------------------- */

#define CAPACITY ((size_t)65536)

/* The bytes of a file whose samples are partly in chunks and partly in the journal. */
static uint8_t *killed_file(size_t *size)
{
    int fd = unnamed_file();
    struct vmpf_sink sink;
    vmpf_writer *w;
    struct vmpf_journal *journal;
    struct stat info;
    const struct vmpf_writer_options options = fixed_options(BLOCK);
    const struct vmpf_string values[] = {TEXT("cpu:ns")};
    const uint32_t codes[] = {1, 2};
    assert_int_equal(vmpf_sink_open_fd(&sink, fd, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_open(&w, sink, &options, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_meta_list(w, VMPF_META_VALUES, values, 1, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_journal_open(w, CAPACITY, &journal, NULL), VMPF_OK);
    assert_true(produce_code(journal, 1, "leaf", "prog.py", 5, 0x1000));
    assert_true(produce_code(journal, 2, "root", "prog.py", 1, 0x2000));
    for (uint32_t i = 0; i < SAMPLES; i++) {
        assert_true(produce_sample(journal, (uint64_t)i * 1000003, 100 + i % 3, 1000 + i, codes, 2,
                                   PUBLISH_WHOLE));
        if (i == SAMPLES / 2) {
            assert_int_equal(vmpf_writer_drain(w, NULL), VMPF_OK);
        }
    }
    assert_int_equal(fstat(fd, &info), 0);
    *size = (size_t)info.st_size;
    uint8_t *data = malloc(*size);
    assert_non_null(data);
    assert_int_equal(pread(fd, data, *size, 0), *size);
    vmpf_writer_abandon(w);
    assert_int_equal(close(fd), 0);
    return data;
}

static void test_killed_file_damaged(void **state)
{
    (void)state;
    size_t size;
    uint8_t *data = killed_file(&size);
    struct vmpf_damage damage;
    bool opened;
    for (uint32_t i = 0; i < SAMPLES; i++) {
        free(expected_stack[i]);
        expected_stack[i] = strdup("leaf:5;root:1;");
    }
    assert_int_equal(check_reading(data, size, &damage, &opened), SAMPLES);
    /* Rows lie in the first few thousand bytes of the ring, chunks behind it. */
    for (size_t byte = 0; byte<size; byte += byte> 12000 && byte < CAPACITY ? 997 : 1) {
        unsigned bit = (unsigned)(byte % 8);
        data[byte] ^= (uint8_t)(1U << bit);
        (void)check_reading(data, size, &damage, &opened);
        data[byte] ^= (uint8_t)(1U << bit);
        assert_true(!opened || damage.damaged);
    }
    for (size_t cut = 64; cut<size; cut += cut> 12000 && cut < CAPACITY ? 997 : 1) {
        (void)check_reading(data, cut, &damage, &opened);
        assert_true(opened && damage.unfinished);
    }
    free(data);
}

static int forget(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < SAMPLES; i++) {
        free(expected_stack[i]);
        expected_stack[i] = NULL;
    }
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_cut_at_every_byte, forget),
        cmocka_unit_test_teardown(test_every_bit_flipped, forget),
        cmocka_unit_test_teardown(test_bytes_missing_or_inserted, forget),
        cmocka_unit_test_teardown(test_killed_file_damaged, forget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
