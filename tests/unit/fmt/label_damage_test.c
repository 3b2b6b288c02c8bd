/* Labels and modules in files that are damaged: samples survive, and what they show is right or <lost>. Sample i
 * weighs 1000 + i and has the label number i / 2 of its parity, so that a sample names what it must have. */
#include "tests/unit/fmt/fixture.h"
#include "tests/unit/fmt/handmade.h"
#include "tests/unit/fmt/producer.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SAMPLES 40u
#define BLOCK 10u
#define STRINGS 2
#define MODULES 13
#define LABELS 15

static void write_one(vmpf_writer *w, uint32_t i)
{
    const struct vmpf_thread thread = {.thread_id = 7};
    const struct vmpf_module module = {.path = i % 2 ? TEXT("/odd.so") : TEXT("/even.so"),
                                       .address = i / BLOCK};
    struct vmpf_function function = {.name = TEXT("f"), .first_line = i};
    struct vmpf_sample sample = {.time_ns = i, .values = {1000 + i}};
    uint32_t id;
    assert_int_equal(vmpf_writer_module(w, &module, &function.module, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_function(w, &function, &id, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_location(w, id, i, &id, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_stack(w, 0, id, &sample.stack, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_label(w, 0, TEXT("parity"), i % 2 ? TEXT("odd") : TEXT("even"), 0,
                                       &sample.label, NULL),
                     VMPF_OK);
    assert_int_equal(
        vmpf_writer_label(w, sample.label, TEXT("half"), TEXT(""), i / 2, &sample.label, NULL),
        VMPF_OK);
    assert_int_equal(vmpf_writer_thread(w, &thread, &sample.thread, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_sample(w, &sample, NULL), VMPF_OK);
}

static vmpf_writer *begin(struct vmpf_sink sink)
{
    vmpf_writer *w;
    const struct vmpf_writer_options options = fixed_options(BLOCK);
    const struct vmpf_string values[] = {TEXT("cpu:ns")};
    assert_int_equal(vmpf_writer_open(&w, sink, &options, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_meta_list(w, VMPF_META_VALUES, values, 1, NULL), VMPF_OK);
    for (uint32_t i = 0; i < SAMPLES; i++) {
        write_one(w, i);
    }
    return w;
}

static uint8_t *labelled_file(size_t *size)
{
    struct vmpf_sink sink;
    int fd = unnamed_file();
    assert_int_equal(vmpf_sink_open_fd(&sink, fd, NULL), VMPF_OK);
    assert_int_equal(vmpf_writer_close(begin(sink), SAMPLES, NULL), VMPF_OK);
    *size = (size_t)lseek(fd, 0, SEEK_END);
    uint8_t *data = malloc(*size);
    assert_non_null(data);
    assert_int_equal(pread(fd, data, *size, 0), *size);
    assert_int_equal(close(fd), 0);
    return data;
}

struct seen {
    bool opened;
    uint64_t samples, lost_labels, lost_modules;
    struct vmpf_damage damage;
};

static bool is_text(struct vmpf_string have, const char *text)
{
    return have.size_bytes == strlen(text) && memcmp(have.data, text, have.size_bytes) == 0;
}

/* What is not lost must be right. */
static void check_label(const vmpf_reader *r, uint32_t id, uint64_t i, struct seen *seen)
{
    const struct vmpf_label half = vmpf_reader_label(r, id);
    const struct vmpf_label parity = vmpf_reader_label(r, half.parent);
    bool lost = is_text(half.key, "<lost>") || is_text(half.text, "<lost>") ||
                is_text(parity.key, "<lost>") || is_text(parity.text, "<lost>");
    seen->lost_labels += lost;
    if (!lost) {
        assert_true(is_text(half.key, "half") && half.text.size_bytes == 0);
        assert_int_equal(half.number, i / 2);
        assert_true(is_text(parity.key, "parity"));
        assert_true(is_text(parity.text, i % 2 ? "odd" : "even"));
        assert_int_equal(parity.parent, 0);
    }
}

static void check_module(const vmpf_reader *r, uint32_t stack, uint64_t i, struct seen *seen)
{
    const struct vmpf_location location =
        vmpf_reader_location(r, vmpf_reader_stack(r, stack).location);
    const struct vmpf_function function = vmpf_reader_function(r, location.function);
    const struct vmpf_module module = vmpf_reader_module(r, function.module);
    bool lost = is_text(module.path, "<lost>") || is_text(function.name, "<lost>");
    seen->lost_modules += lost;
    if (!lost) {
        assert_true(is_text(module.path, i % 2 ? "/odd.so" : "/even.so"));
        assert_int_equal(module.address, i / BLOCK);
    }
}

static struct seen check_reading(const uint8_t *data, size_t size)
{
    struct seen seen = {0};
    struct vmpf_source source;
    vmpf_reader *r;
    struct vmpf_block block;
    assert_int_equal(vmpf_source_open_memory(&source, data, size, NULL), VMPF_OK);
    seen.opened = vmpf_reader_open(&r, source, NULL, NULL) == VMPF_OK;
    if (!seen.opened) {
        return seen;
    }
    while (vmpf_reader_next(r, &block, NULL) == VMPF_OK) {
        for (size_t at = 0; at < block.count; at++) {
            uint64_t i = block.values[0][at] - 1000;
            assert_int_equal(i, block.time_ns[at]);
            check_label(r, block.label[at], i, &seen);
            check_module(r, block.stack[at], i, &seen);
        }
        seen.samples += block.count;
    }
    seen.damage = *vmpf_reader_damage(r);
    vmpf_reader_close(r);
    return seen;
}

static struct seen read_without(uint16_t kind, unsigned nth)
{
    size_t size;
    uint8_t *data = labelled_file(&size);
    size_t at = handmade_find(data, size, kind, nth);
    assert_true(at != SIZE_MAX);
    data[at + HANDMADE_HEADER_BYTES + 40] ^= 1;
    struct seen seen = check_reading(data, size);
    free(data);
    assert_int_equal(seen.samples, SAMPLES);
    assert_int_equal(seen.damage.bad_chunks, 1);
    assert_int_equal(seen.damage.lost_samples, 0);
    assert_true(seen.damage.damaged && !seen.damage.unfinished);
    return seen;
}

static void test_a_lost_chunk_of_labels(void **state)
{
    (void)state;
    /* All sets hang from the two of the first chunk. */
    struct seen seen = read_without(LABELS, 0);
    assert_int_equal(seen.lost_labels, SAMPLES);
    assert_int_equal(seen.lost_modules, 0);
    assert_true(seen.damage.unknown_names > 0);
    seen = read_without(LABELS, 1);
    assert_int_equal(seen.lost_labels, BLOCK);
    seen = read_without(LABELS, 3); /* no chunk comes behind it that says how many are missing */
    assert_int_equal(seen.lost_labels, BLOCK);
    assert_int_equal(seen.damage.unknown_names, BLOCK);
}

static void test_a_lost_chunk_of_modules(void **state)
{
    (void)state;
    for (unsigned nth = 0; nth < 4; nth++) {
        struct seen seen = read_without(MODULES, nth);
        assert_int_equal(seen.lost_modules, BLOCK);
        assert_int_equal(seen.lost_labels, 0);
        assert_true(seen.damage.unknown_names > 0);
    }
}

static void test_lost_strings_of_labels(void **state)
{
    (void)state;
    struct seen seen = read_without(STRINGS, 0);
    assert_int_equal(seen.lost_labels, SAMPLES);
    assert_int_equal(seen.lost_modules, SAMPLES);
}

static void test_cut_at_every_byte(void **state)
{
    (void)state;
    size_t size;
    uint8_t *data = labelled_file(&size);
    struct seen seen = check_reading(data, size);
    assert_int_equal(seen.samples, SAMPLES);
    assert_false(seen.damage.damaged);
    for (size_t cut = 0; cut < size; cut++) {
        seen = check_reading(data, cut);
        assert_int_equal(seen.lost_labels, 0); /* a definition comes before its use [F-3-7] */
        assert_int_equal(seen.lost_modules, 0);
        assert_true(seen.samples % BLOCK == 0);
    }
    free(data);
}

static void test_every_bit_flipped(void **state)
{
    (void)state;
    size_t size;
    uint8_t *data = labelled_file(&size);
    for (size_t bit = 0; bit < 8 * size; bit++) {
        data[bit / 8] ^= (uint8_t)(1U << bit % 8);
        struct seen seen = check_reading(data, size);
        data[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_true(seen.opened && seen.damage.damaged);
        assert_true(seen.samples + BLOCK >= SAMPLES);
    }
    free(data);
}

/* What the journal still has was taken by a handler, which knows of no labels. */
static void test_rows_of_the_journal_have_none(void **state)
{
    (void)state;
    struct vmpf_sink sink;
    struct vmpf_source source;
    struct vmpf_journal *journal;
    struct vmpf_block block;
    vmpf_reader *r;
    const uint32_t codes[] = {1};
    uint64_t labelled = 0;
    uint64_t samples = 0;
    int fd = unnamed_file();
    assert_int_equal(vmpf_sink_open_fd(&sink, fd, NULL), VMPF_OK);
    vmpf_writer *w = begin(sink);
    assert_int_equal(vmpf_writer_journal_open(w, 65536, &journal, NULL), VMPF_OK);
    assert_true(produce_code(journal, 1, "leaf", "prog.py", 5, 0x1000));
    for (uint32_t i = 0; i < 5; i++) {
        assert_true(produce_sample(journal, SAMPLES + i, 7, 1, codes, 1, PUBLISH_WHOLE));
    }
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_int_equal(vmpf_source_open_fd(&source, fd, NULL), VMPF_OK);
    assert_int_equal(vmpf_reader_open(&r, source, NULL, NULL), VMPF_OK);
    while (vmpf_reader_next(r, &block, NULL) == VMPF_OK) {
        for (size_t i = 0; i < block.count; i++) {
            labelled += block.label[i] != 0;
            assert_true((block.label[i] != 0) == (block.time_ns[i] < SAMPLES));
        }
        samples += block.count;
    }
    assert_int_equal(samples, SAMPLES + 5);
    assert_int_equal(labelled, SAMPLES);
    vmpf_reader_close(r);
    vmpf_writer_abandon(w);
    assert_int_equal(close(fd), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_lost_chunk_of_labels),
        cmocka_unit_test(test_a_lost_chunk_of_modules),
        cmocka_unit_test(test_lost_strings_of_labels),
        cmocka_unit_test(test_cut_at_every_byte),
        cmocka_unit_test(test_every_bit_flipped),
        cmocka_unit_test(test_rows_of_the_journal_have_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
