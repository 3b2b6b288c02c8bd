/* Decoding by several threads: the reading is the same, sample by sample and in what it says of damage, as with one. */
#include "tests/unit/fmt/fixture.h"
#include "tests/unit/fmt/range_reading.h"

#include <stdlib.h>
#include <string.h>

static struct seen read_with(const uint8_t *data, size_t size_bytes, uint32_t threads)
{
    const struct vmpf_reader_options options = {.size = sizeof options, .threads = threads};
    struct vmpf_source source;
    assert_int_equal(vmpf_source_open_memory(&source, data, size_bytes, NULL), VMPF_OK);
    return read_source(source, &options);
}

static void check_same(const uint8_t *data, size_t size_bytes, uint32_t threads)
{
    struct seen one = read_with(data, size_bytes, 1);
    struct seen many = read_with(data, size_bytes, threads);
    assert_int_equal(many.status, one.status);
    assert_int_equal(many.count, one.count);
    assert_int_equal(many.blocks, one.blocks);
    assert_int_equal(many.sessions, one.sessions);
    assert_int_equal(many.end_ns, one.end_ns);
    if (one.count > 0) {
        assert_memory_equal(many.samples, one.samples, one.count * sizeof *one.samples);
    }
    assert_int_equal(many.damage.damaged, one.damage.damaged);
    assert_int_equal(many.damage.lost_samples, one.damage.lost_samples);
    assert_int_equal(many.damage.lost_bytes, one.damage.lost_bytes);
    assert_int_equal(many.damage.bad_chunks, one.damage.bad_chunks);
    assert_int_equal(many.damage.unknown_names, one.damage.unknown_names);
    assert_string_equal(many.damage.first.message, one.damage.first.message);
    assert_int_equal(many.damage.first.offset, one.damage.first.offset);
    seen_free(&one);
    seen_free(&many);
}

static void test_sound(void **state)
{
    (void)state;
    static const uint32_t threads[] = {2, 3, 8, 1000};
    uint8_t *data;
    size_t size_bytes;
    make_epochs(20000, 200, 40, &data, &size_bytes);
    for (size_t i = 0; i < sizeof threads / sizeof threads[0]; i++) {
        check_same(data, size_bytes, threads[i]);
    }
    free(data);
}

/* A later session may look like more of the first, and its values be others. */
static void test_sessions(void **state)
{
    (void)state;
    uint8_t *one;
    uint8_t *other;
    size_t one_bytes;
    size_t other_bytes;
    make_profile(3000, 100, &one, &one_bytes);
    make_epochs(3000, 150, 40, &other, &other_bytes);
    uint8_t *both = malloc(one_bytes + other_bytes);
    memcpy(both, one, one_bytes);
    memcpy(both + one_bytes, other, other_bytes);
    check_same(both, one_bytes + other_bytes, 4);
    free(both);
    free(one);
    free(other);
}

static void test_damaged(void **state)
{
    (void)state;
    uint8_t *data;
    size_t size_bytes;
    make_profile(2000, 64, &data, &size_bytes);
    for (size_t at = 0; at < size_bytes; at += 61) {
        struct vmpf_source source;
        vmpf_reader *r = NULL;
        data[at] ^= 0x10;
        assert_int_equal(vmpf_source_open_memory(&source, data, size_bytes, NULL), VMPF_OK);
        if (vmpf_reader_open(&r, source, NULL, NULL) == VMPF_OK) {
            vmpf_reader_close(r);
            check_same(data, size_bytes, 3);
        }
        data[at] ^= 0x10;
    }
    for (size_t size = size_bytes; size > 200; size -= 173) {
        check_same(data, size, 3);
    }
    free(data);
}

/* A reader may be closed while others still work for it. */
static void test_closed_early(void **state)
{
    (void)state;
    uint8_t *data;
    size_t size_bytes;
    make_profile(20000, 128, &data, &size_bytes);
    const struct vmpf_reader_options options = {.size = sizeof options, .threads = 4};
    for (unsigned blocks = 0; blocks < 20; blocks++) {
        struct vmpf_source source;
        struct vmpf_block block;
        vmpf_reader *r;
        assert_int_equal(vmpf_source_open_memory(&source, data, size_bytes, NULL), VMPF_OK);
        assert_int_equal(vmpf_reader_open(&r, source, &options, NULL), VMPF_OK);
        for (unsigned i = 0; i < blocks; i++) {
            assert_int_equal(vmpf_reader_next(r, &block, NULL), VMPF_OK);
        }
        vmpf_reader_close(r);
    }
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sound),
        cmocka_unit_test(test_sessions),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_closed_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
