/* Logs that are cut, damaged, compressed or of others: what is whole is given, what is not is said, nothing is invented. */
#include "tests/unit/fmt/fixture.h"
#include "tests/unit/fmt/made_log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The stacks that made_ten() has end before this. */
static uint64_t stacks_before(const struct made_log *log, size_t size_bytes)
{
    uint64_t count = 0;
    while (count < log->stacks && log->stack_ends[count] <= size_bytes) {
        count++;
    }
    return count;
}

/* ---- cuts and flips ---------------------------------------------------------------------------------------- */

/* [L-2-4], [L-3.1-2], [L-3.3-4]: exactly the samples whose records are whole. */
static void check_cuts(const struct made_log *log)
{
    for (size_t size = 1; size <= log->size_bytes; size++) {
        uint8_t *cut = malloc(size); /* of its own: a sanitizer sees a byte too far */
        assert_non_null(cut);
        memcpy(cut, log->data, size);
        const struct reading reading = read_all(cut, size);
        free(cut);
        bool head = size < log->records && size != 5 * (size_t)log->word;
        assert_int_equal(reading.status, head ? VMPF_E_TRUNCATED : VMPF_OK);
        if (!head) {
            assert_int_equal(reading.samples, stacks_before(log, size));
            assert_int_equal(reading.damage.damaged, size < log->size_bytes);
            assert_true(reading.damage.lost_samples <= 1);
            assert_true(reading.damage.lost_bytes < 80);
        }
    }
}

static void test_a_cut_at_every_byte(void **state)
{
    (void)state;
    for (unsigned version = 0; version <= 6; version++) {
        /* Samples of 3 stand without their last word, too [L-4-5], those of 1 may [L-4-6]. */
        if (version != 3 && version != 1) {
            struct made_log log = made_ten(MADE_64, version, 0, "cpython");
            check_cuts(&log);
            made_free(&log);
        }
    }
    struct made_log windows = made_ten(MADE_WINDOWS, 6, 2, "cpython");
    check_cuts(&windows);
    made_free(&windows);
    struct made_log pypy = made_ten(MADE_32, 6, 8, "pypy");
    check_cuts(&pypy);
    made_free(&pypy);
}

/* One bit makes no sample out of nothing. (A depth, or a length, that grows may end where another record does: what lies
 * between is gone then, and a log has no checksum that says so.) */
static void check_flips(struct made_log *log)
{
    for (size_t bit = 8 * log->records; bit < 8 * log->size_bytes; bit++) {
        uint8_t mask = (uint8_t)(1u << bit % 8);
        log->data[bit / 8] ^= mask;
        const struct reading reading = read_all(log->data, log->size_bytes);
        log->data[bit / 8] ^= mask;
        /* What begins the second record tells whether the first one stands [L-3.1-2]. */
        if (reading.status == VMPF_E_CORRUPT && bit / 8 <= log->records + 2 * (size_t)log->word) {
            assert_string_equal(reading.error.rule, "L-3.1-2");
            continue;
        }
        assert_int_equal(reading.status, VMPF_OK);
        assert_true(reading.samples <= 10);
        assert_true(reading.samples + reading.damage.lost_samples <= 10 || reading.samples == 10);
        assert_int_equal(reading.weight, reading.samples);
    }
}

static void test_every_bit_flips(void **state)
{
    (void)state;
    for (int machine = MADE_64; machine <= MADE_WINDOWS; machine++) {
        for (unsigned version = 2; version <= 6; version++) {
            struct made_log log =
                made_ten((enum made_machine)machine, version, version == 4 ? 3 : 0, "cpython");
            check_flips(&log);
            made_free(&log);
        }
    }
}

/* The head too: refused, or read, but never a crash. */
static void test_bits_of_the_head_flip(void **state)
{
    struct made_log log = made_ten(MADE_64, 6, 1, "cpython");
    (void)state;
    for (size_t bit = 0; bit < 8 * log.records; bit++) {
        log.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        const struct reading reading = read_all(log.data, log.size_bytes);
        assert_true(reading.status != VMPF_OK || reading.samples <= 10);
        log.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    made_free(&log);
}

/* [L-3.3-3], [L-3.1-5]: a stretch that is nothing, before each record; a second HEADER. */
static void test_garbage_is_passed_over(void **state)
{
    static const uint8_t garbage[] = {5, 0, 6, 0, 3, 'x', 'y', 'z'};
    struct made_log log = made_log(MADE_64, 6, 0, "cpython");
    const uint64_t words[] = {0x2000, 0x1000};
    (void)state;
    made_stack(&log, words, 2, 1, MADE_NO_MEMORY);
    for (unsigned i = 0; i < 3; i++) {
        made_bytes(&log, garbage, sizeof garbage);
        made_stack(&log, words, 2, 1, MADE_NO_MEMORY);
        made_stack(&log, words, 2, 1, MADE_NO_MEMORY);
    }
    const struct reading reading = read_all(log.data, log.size_bytes);
    assert_int_equal(reading.status, VMPF_OK);
    /* The record before such a stretch is not followed by one: it does not stand. */
    assert_int_equal(reading.samples, 4);
    assert_int_equal(reading.damage.bad_chunks, 3);
    assert_int_equal(reading.damage.lost_samples, 3);
    assert_string_equal(reading.damage.first.rule, "L-3.3-3");
    assert_int_equal(reading.damage.first.offset, log.records);
    made_free(&log);
}

/* ---- what is refused --------------------------------------------------------------------------------------- */

static void check_refused(const void *data, size_t size_bytes, vmpf_status status, const char *rule)
{
    const struct reading reading = read_all(data, size_bytes);
    assert_int_equal(reading.status, status);
    assert_string_equal(reading.error.rule, rule);
}

static void test_what_is_refused(void **state)
{
    struct made_log log = made_ten(MADE_64, 6, 0, "cpython");
    (void)state;
    log.data[42] = 7;
    check_refused(log.data, log.size_bytes, VMPF_E_VERSION, "L-3.1-3");
    log.data[42] = 6;
    log.data[43] = 0x20;
    check_refused(log.data, log.size_bytes, VMPF_E_UNSUPPORTED, "L-3.1-4");
    log.data[43] = 0;
    log.data[32] = 1; /* the fifth word: Windows has no words of 8 bytes */
    check_refused(log.data, log.size_bytes, VMPF_E_NOT_VMPROF, "F-2-1");
    log.data[32] = 0;
    log.data[44] = 200; /* a name that goes into the records, and ends in none */
    check_refused(log.data, log.size_bytes, VMPF_E_CORRUPT, "L-3.1-2");
    log.data[44] = 7;
    log.data[8] = 0;
    log.data[15] = 3;
    check_refused(log.data, log.size_bytes, VMPF_E_UNSUPPORTED, "L-2-3");
    log.data[15] = 0;
    log.data[8] = 3;
    check_refused(log.data, 39, VMPF_E_TRUNCATED, "L-2-4");
    check_refused(log.data, 41, VMPF_E_TRUNCATED, "L-3.1-2");
    made_free(&log);
}

/* ---- gzip ---------------------------------------------------------------------------------------------------- */

static void test_gzip(void **state)
{
    struct made_log log = made_ten(MADE_64, 6, 1, "cpython");
    const struct reading plain = read_all(log.data, log.size_bytes);
    uint8_t *packed = NULL;
    size_t size_bytes = 0;
    (void)state;
    made_gzip(&packed, &size_bytes, log.data, 100);
    made_gzip(&packed, &size_bytes, log.data + 100, log.size_bytes - 100);
    struct reading reading = read_all(packed, size_bytes);
    assert_int_equal(reading.status, VMPF_OK);
    assert_int_equal(reading.digest, plain.digest);
    assert_int_equal(reading.samples, 10);
    assert_false(reading.damage.damaged);
    /* Behind the last member zeros are nothing, other bytes are lost. */
    packed = realloc(packed, size_bytes + 20);
    assert_non_null(packed);
    memset(packed + size_bytes, 0, 20);
    assert_false(read_all(packed, size_bytes + 20).damage.damaged);
    packed[size_bytes + 19] = 1;
    reading = read_all(packed, size_bytes + 20);
    assert_int_equal(reading.samples, 10);
    assert_int_equal(reading.damage.lost_bytes, 20);
    assert_string_equal(reading.damage.first.rule, "L-1-3");
    free(packed);
    made_free(&log);
}

static void test_gzip_that_is_cut_or_damaged(void **state)
{
    struct made_log log = made_ten(MADE_64, 6, 0, "cpython");
    uint8_t *packed = NULL;
    size_t size_bytes = 0;
    uint64_t most = 0;
    (void)state;
    made_gzip(&packed, &size_bytes, log.data, log.size_bytes);
    for (size_t size = 2; size < size_bytes; size++) {
        const struct reading reading = read_all(packed, size);
        assert_true(reading.status != VMPF_OK || reading.damage.damaged);
        assert_true(reading.samples >= most && reading.samples <= 10); /* more bytes, no fewer */
        most = reading.samples;
    }
    assert_int_equal(most, 10); /* only the checksum is missing */
    for (size_t bit = 16; bit < 8 * size_bytes; bit++) {
        packed[bit / 8] ^= (uint8_t)(1u << bit % 8);
        (void)read_all(packed, size_bytes);
        packed[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    free(packed);
    made_free(&log);
}

static void test_gzip_of_something_else(void **state)
{
    uint8_t *packed = NULL;
    size_t size_bytes = 0;
    (void)state;
    made_gzip(&packed, &size_bytes, "some text", 9);
    check_refused(packed, size_bytes, VMPF_E_NOT_VMPROF, "L-2-1");
    size_bytes = 0;
    made_gzip(&packed, &size_bytes, "", 0);
    check_refused(packed, size_bytes, VMPF_E_NOT_VMPROF, "L-1-3");
    check_refused(packed, 5, VMPF_E_NOT_VMPROF, "L-1-3");
    free(packed);
}

/* ---- sources --------------------------------------------------------------------------------------------------- */

/* A source that gives a few bytes a time, and fails at the N-th call. */
struct slow {
    const uint8_t *data;
    size_t size_bytes, position;
    size_t calls_left;
};

static int64_t slow_read_at(void *ctx, uint64_t offset, void *buffer, size_t size)
{
    struct slow *slow = ctx;
    size_t left = offset < slow->size_bytes ? slow->size_bytes - (size_t)offset : 0;
    size_t count = left < 7 ? left : 7;
    if (slow->calls_left-- == 0) {
        return -EIO;
    }
    count = count < size ? count : size;
    memcpy(buffer, slow->data + slow->size_bytes - left, count);
    return (int64_t)count;
}

static int64_t slow_read(void *ctx, void *buffer, size_t size)
{
    struct slow *slow = ctx;
    int64_t count = slow_read_at(ctx, slow->position, buffer, size);
    slow->position += count > 0 ? (size_t)count : 0;
    return count;
}

static int64_t slow_size(void *ctx)
{
    return (int64_t)((struct slow *)ctx)->size_bytes;
}

static const struct vmpf_source_ops pipe_ops = {.read = slow_read};
static const struct vmpf_source_ops file_ops = {
    .read = slow_read, .size = slow_size, .read_at = slow_read_at};

/* How many samples come; *status is what ends them. */
static uint64_t read_slowly(const struct made_log *log, const struct vmpf_source_ops *ops,
                            size_t calls, vmpf_status *status)
{
    struct slow slow = {.data = log->data, .size_bytes = log->size_bytes, .calls_left = calls};
    vmpf_reader *r = NULL;
    struct vmpf_block block;
    uint64_t samples = 0;
    *status = vmpf_reader_open(&r, (struct vmpf_source){.ops = ops, .ctx = &slow}, NULL, NULL);
    while (*status == VMPF_OK) {
        *status = vmpf_reader_next(r, &block, NULL);
        samples += *status == VMPF_OK ? block.count : 0;
    }
    vmpf_reader_close(r);
    return samples;
}

static void test_every_call_of_a_source_fails(void **state)
{
    static const struct vmpf_source_ops *const kinds[] = {&pipe_ops, &file_ops};
    struct made_log log = made_ten(MADE_64, 6, 0, "cpython");
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        vmpf_status status = VMPF_E_IO;
        size_t calls = 0;
        for (; status == VMPF_E_IO; calls++) {
            uint64_t samples = read_slowly(&log, kinds[i], calls, &status);
            assert_int_equal(samples, status == VMPF_END ? 10 : 0);
            assert_true(status == VMPF_END || status == VMPF_E_IO);
        }
        assert_true(calls > log.size_bytes / 7); /* it did fail */
    }
    made_free(&log);
}

/* ---- more than memory may be used -------------------------------------------------------------------------- */

#define LIMIT_BYTES ((uint64_t)1 << 20)
#define LONG_TEXT_BYTES ((size_t)60000)
#define LONG_TEXTS 40u /* more than twice the limit */

/* What is left of a log of one sample of `kept` whose other records are over a limit [L-8-8]. */
static struct vmpf_damage read_limited(const struct made_log *log)
{
    struct vmpf_source source;
    struct vmpf_block block;
    vmpf_reader *r = NULL;
    const struct vmpf_reader_options options = {.size = sizeof options,
                                                .memory_limit_bytes = LIMIT_BYTES};
    assert_int_equal(vmpf_source_open_memory(&source, log->data, log->size_bytes, NULL), VMPF_OK);
    assert_int_equal(vmpf_reader_open(&r, source, &options, NULL), VMPF_OK);
    assert_int_equal(vmpf_reader_next(r, &block, NULL), VMPF_OK);
    assert_int_equal(block.count, 1);
    struct vmpf_location at =
        vmpf_reader_location(r, vmpf_reader_stack(r, block.stack[0]).location);
    struct vmpf_function function = vmpf_reader_function(r, at.function);
    assert_int_equal(function.name.size_bytes, 4);
    assert_memory_equal(function.name.data, "kept", 4);
    assert_int_equal(vmpf_reader_next(r, &block, NULL), VMPF_END);
    struct vmpf_damage damage = *vmpf_reader_damage(r);
    vmpf_reader_close(r);
    assert_string_equal(damage.first.rule, "L-8-8");
    assert_int_equal(damage.lost_samples, 0);
    return damage;
}

static struct made_log one_sample(unsigned version)
{
    const uint64_t id = 0x7000000000001000;
    struct made_log log = made_log(MADE_64, version, 0, "cpython");
    made_stack(&log, &id, 1, 7, MADE_NO_MEMORY);
    made_name(&log, 2, id, "py:kept:1:a.py");
    return log;
}

static void test_more_names_than_memory(void **state)
{
    char *text = malloc(LONG_TEXT_BYTES + 1);
    struct made_log log = one_sample(6);
    (void)state;
    assert_non_null(text);
    memset(text, 'x', LONG_TEXT_BYTES);
    memcpy(text, "py:", 3);
    text[LONG_TEXT_BYTES] = '\0';
    for (unsigned i = 0; i < LONG_TEXTS; i++) {
        made_name(&log, i % 2 ? 2 : 8, 0x10000 + i, text);
    }
    made_time(&log, 3, 1, 0);
    struct vmpf_damage damage = read_limited(&log);
    assert_in_range(damage.bad_chunks, LONG_TEXTS - LIMIT_BYTES / LONG_TEXT_BYTES, LONG_TEXTS - 1);
    assert_int_equal(damage.lost_bytes, damage.bad_chunks * (LONG_TEXT_BYTES + 17));
    made_free(&log);
    free(text);
}

static void test_more_metadata_than_memory(void **state)
{
    char *text = malloc(LONG_TEXT_BYTES + 1);
    struct made_log log = one_sample(6);
    const uint64_t kept = LIMIT_BYTES / (LONG_TEXT_BYTES + 1);
    (void)state;
    assert_non_null(text);
    memset(text, 'x', LONG_TEXT_BYTES);
    text[LONG_TEXT_BYTES] = '\0';
    for (unsigned i = 0; i < LONG_TEXTS; i++) {
        const char key[] = {(char)('A' + i), '\0'};
        made_meta(&log, key, text);
    }
    made_meta(&log, "A", "instead of a long one");
    made_meta(&log, "z", text);
    made_time(&log, 3, 1, 0);
    struct vmpf_damage damage = read_limited(&log);
    assert_int_equal(damage.bad_chunks, LONG_TEXTS - kept);
    assert_int_equal(damage.lost_bytes, (LONG_TEXTS - kept) * (LONG_TEXT_BYTES + 1 + 17));
    made_free(&log);
    free(text);
}

static void test_more_modules_than_memory(void **state)
{
    static const char line[] = "1000-2000 r-xp 00000000 08:01 1 /lib/library.so\n";
    struct made_log log = one_sample(0);
    (void)state;
    made_u8(&log, 3);
    for (size_t i = 0; i < LIMIT_BYTES / 64; i++) {
        made_bytes(&log, line, sizeof line - 1);
    }
    struct vmpf_damage damage = read_limited(&log);
    assert_int_equal(damage.bad_chunks, 1);
    assert_int_equal(damage.lost_bytes, 0);
    made_free(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_cut_at_every_byte),
        cmocka_unit_test(test_every_bit_flips),
        cmocka_unit_test(test_bits_of_the_head_flip),
        cmocka_unit_test(test_garbage_is_passed_over),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_gzip),
        cmocka_unit_test(test_gzip_that_is_cut_or_damaged),
        cmocka_unit_test(test_gzip_of_something_else),
        cmocka_unit_test(test_every_call_of_a_source_fails),
        cmocka_unit_test(test_more_names_than_memory),
        cmocka_unit_test(test_more_metadata_than_memory),
        cmocka_unit_test(test_more_modules_than_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
