/* The inspector: every byte of an input belongs to one item, what it calls sound is what the reader takes as whole,
 * and no source, cut or damage brings it down (spec sections 2, 3, 4.1).
 *
 * The oracle is the reader of vmpf.h, which goes over the same bytes by other code, and the fixture's knowledge of
 * what it wrote. tests/unit/tools/info_test.py takes the same bytes apart on its own. */
#include "tests/unit/fmt/fixture.h"

#include <vmprof/vmpf_inspect.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLES 60u
#define BLOCK 20u

struct inspection {
    vmpf_status status; /* VMPF_OK: to the end */
    uint64_t size_bytes;
    uint64_t problems;
    uint64_t lost;
    uint64_t copies;
    uint64_t samples;
    uint64_t columns;
    bool ended;
    struct vmpf_end_info end;
};

static void take(struct inspection *out, const struct vmpf_item *item)
{
    const struct vmpf_chunk_info *chunk = &item->chunk;
    assert_int_equal(item->offset, out->size_bytes); /* no gap, no overlap */
    assert_true(item->size_bytes > 0);
    out->size_bytes += item->size_bytes;
    out->problems += item->problem.status != VMPF_OK;
    out->lost += item->type == VMPF_ITEM_LOST;
    out->copies += chunk->order == VMPF_ORDER_COPY;
    if (chunk->content == VMPF_CONTENT_COLUMNS) {
        uint64_t stored_bytes = 32 + 16 * (uint64_t)chunk->columns.column_count;
        for (size_t i = 0; i < chunk->columns.column_count; i++) {
            stored_bytes += chunk->columns.columns[i].stored_bytes;
        }
        assert_int_equal(stored_bytes, chunk->payload_bytes);
        out->columns += chunk->columns.column_count;
    }
    if (chunk->kind == 7 && chunk->order != VMPF_ORDER_COPY) {
        out->samples += chunk->columns.count;
    }
    if (chunk->content == VMPF_CONTENT_END) {
        out->ended = true;
        out->end = chunk->end;
    }
}

static struct inspection inspect_source(struct vmpf_source source, struct vmpf_error *err)
{
    struct inspection out = {0};
    vmpf_inspector *i = NULL;
    struct vmpf_item item;
    out.status = vmpf_inspect_open(&i, source, err);
    if (out.status != VMPF_OK) {
        return out;
    }
    while ((out.status = vmpf_inspect_next(i, &item, err)) == VMPF_OK) {
        take(&out, &item);
    }
    assert_int_equal(vmpf_inspect_next(i, &item, NULL),
                     out.status); /* the end, and failure, are final */
    out.status = out.status == VMPF_END ? VMPF_OK : out.status;
    vmpf_inspect_close(i);
    return out;
}

static struct inspection inspect(const uint8_t *data, size_t size_bytes)
{
    struct vmpf_source source;
    assert_int_equal(vmpf_source_open_memory(&source, data, size_bytes, NULL), VMPF_OK);
    return inspect_source(source, NULL);
}

static void whole_profile(void **state)
{
    uint8_t *data;
    size_t size;
    (void)state;
    make_profile(SAMPLES, BLOCK, &data, &size);
    struct inspection all = inspect(data, size);
    assert_int_equal(all.status, VMPF_OK);
    assert_int_equal(all.size_bytes, size);
    assert_int_equal(all.problems, 0);
    assert_int_equal(all.samples, SAMPLES);
    assert_true(all.columns > 10);
    assert_true(all.ended);
    assert_int_equal(all.end.samples, SAMPLES);
    assert_int_equal(all.end.value_count, 1);
    assert_int_equal(all.end.sums[0], weight_of(SAMPLES));
    free(data);
}

/* The inspector and the reader open the same inputs, and agree on whether all is well. */
static void agree(const uint8_t *data, size_t size, const char *what, size_t at)
{
    struct inspection all = inspect(data, size);
    struct reading reading = read_all(data, size);
    bool opened = all.size_bytes > 0;
    if (opened != (reading.sessions > 0)) {
        fail_msg("%s %zu: only one of them opens it", what, at);
    }
    if (opened && all.size_bytes != size) {
        fail_msg("%s %zu: %llu of %zu bytes", what, at, (unsigned long long)all.size_bytes, size);
    }
    bool sound = opened && all.problems == 0 && all.ended;
    bool whole = opened && !reading.damage.damaged;
    if (sound != whole) {
        fail_msg("%s %zu: the inspector says %d, the reader %d", what, at, sound, whole);
    }
    if (opened && all.samples != reading.samples) {
        fail_msg("%s %zu: %llu samples, the reader has %llu", what, at,
                 (unsigned long long)all.samples, (unsigned long long)reading.samples);
    }
}

static void cut_at_every_byte(void **state)
{
    uint8_t *data;
    size_t size;
    (void)state;
    make_profile(SAMPLES, BLOCK, &data, &size);
    for (size_t cut = 0; cut < size; cut++) {
        agree(data, cut, "cut at", cut);
        assert_false(inspect(data, cut).ended);
    }
    free(data);
}

static void every_byte_damaged(void **state)
{
    uint8_t *data;
    size_t size;
    (void)state;
    make_profile(SAMPLES, BLOCK, &data, &size);
    for (size_t at = 0; at < size; at++) {
        data[at] ^= 0x40;
        agree(data, size, "damaged at", at);
        struct inspection all = inspect(data, size);
        assert_true(all.size_bytes == 0 || all.problems > 0);
        data[at] ^= 0x40;
    }
    free(data);
}

/* Bytes missing and bytes too many, within chunks and between them. */
static void shifted(void **state)
{
    uint8_t *data;
    size_t size;
    (void)state;
    make_profile(SAMPLES, BLOCK, &data, &size);
    uint8_t *other = malloc(size + 16);
    assert_non_null(other);
    for (size_t at = 64; at < size; at++) {
        memcpy(other, data, at);
        memcpy(other + at, data + at + 1, size - at - 1);
        agree(other, size - 1, "without byte", at);
        memset(other + at, 0x9E, 5);
        memcpy(other + at + 5, data + at, size - at);
        agree(other, size + 5, "with bytes at", at);
    }
    free(other);
    free(data);
}

/* The same chunks again, as a writer that was killed leaves them. */
static void copies_and_two_sessions(void **state)
{
    uint8_t *data;
    size_t size;
    (void)state;
    make_profile(SAMPLES, BLOCK, &data, &size);
    uint8_t *twice = malloc(2 * size);
    assert_non_null(twice);
    memcpy(twice, data, size);
    memcpy(twice + size, data, size);
    struct inspection two = inspect(twice, 2 * size);
    assert_int_equal(two.problems, 0);
    assert_int_equal(two.samples, 2 * SAMPLES);
    memcpy(twice + size, data + 64, size - 64);
    struct inspection copies = inspect(twice, 2 * size - 64);
    assert_int_equal(copies.problems, 0);
    assert_int_equal(copies.samples, SAMPLES);
    assert_true(copies.copies > 5);
    free(twice);
    free(data);
}

/* ---- sources --------------------------------------------------------------------------------------------- */

struct slow {
    const uint8_t *data;
    size_t size;
    size_t at;
    size_t piece;
    size_t fails_at; /* SIZE_MAX: never */
    bool closed;
};

static int64_t slow_read(void *ctx, void *buffer, size_t size)
{
    struct slow *slow = ctx;
    size_t count = slow->size - slow->at < slow->piece ? slow->size - slow->at : slow->piece;
    if (slow->at >= slow->fails_at) {
        return -EIO;
    }
    count = count < size ? count : size;
    memcpy(buffer, slow->data + slow->at, count);
    slow->at += count;
    return (int64_t)count;
}

static void slow_close(void *ctx)
{
    struct slow *slow = ctx;
    assert_false(slow->closed);
    slow->closed = true;
}

static const struct vmpf_source_ops slow_ops = {.read = slow_read, .close = slow_close};

static void slow_and_failing_sources(void **state)
{
    uint8_t *data;
    size_t size;
    (void)state;
    make_profile(SAMPLES, BLOCK, &data, &size);
    struct inspection expected = inspect(data, size);
    for (size_t piece = 1; piece < 200; piece += 7) {
        struct slow slow = {.data = data, .size = size, .piece = piece, .fails_at = SIZE_MAX};
        struct inspection got = inspect_source((struct vmpf_source){&slow_ops, &slow}, NULL);
        assert_int_equal(got.size_bytes, size);
        assert_int_equal(got.columns, expected.columns);
        assert_int_equal(got.problems, 0);
        assert_true(slow.closed);
    }
    for (size_t at = 0; at <= size; at += 13) {
        struct slow slow = {.data = data, .size = size, .piece = 13, .fails_at = at};
        struct vmpf_error err = {0};
        struct inspection got = inspect_source((struct vmpf_source){&slow_ops, &slow}, &err);
        assert_int_equal(got.status, VMPF_E_IO);
        assert_int_equal(err.sys_errno, EIO);
        assert_true(slow.closed);
    }
    free(data);
}

static void misuse(void **state)
{
    struct slow slow = {.piece = 1, .fails_at = SIZE_MAX};
    vmpf_inspector *i = NULL;
    struct vmpf_item item;
    (void)state;
    assert_int_equal(vmpf_inspect_open(NULL, (struct vmpf_source){&slow_ops, &slow}, NULL),
                     VMPF_E_ARG);
    assert_true(slow.closed);
    assert_int_equal(vmpf_inspect_open(&i, (struct vmpf_source){0}, NULL), VMPF_E_ARG);
    assert_null(i);
    assert_int_equal(vmpf_inspect_next(NULL, &item, NULL), VMPF_E_ARG);
    vmpf_inspect_close(NULL);
}

/* The spec's own tables, read by eye. */
static void names(void **state)
{
    (void)state;
    assert_string_equal(vmpf_chunk_kind_name(1), "META");
    assert_string_equal(vmpf_chunk_kind_name(10), "END");
    assert_string_equal(vmpf_chunk_kind_name(11), "TOTALS");
    assert_string_equal(vmpf_chunk_kind_name(15), "LABELS");
    assert_null(vmpf_chunk_kind_name(0));
    assert_null(vmpf_chunk_kind_name(16));
    assert_string_equal(vmpf_column_name(5, 5), "outer locations");
    assert_string_equal(vmpf_column_name(7, 8), "run node");
    assert_string_equal(vmpf_column_name(7, 16), "value 0");
    assert_string_equal(vmpf_column_name(11, 23), "value 7");
    assert_string_equal(vmpf_column_name(3, 0x8006), "module");
    assert_null(vmpf_column_name(7, 24));
    assert_null(vmpf_column_name(3, 16));
    assert_null(vmpf_column_name(9, 1));
    assert_string_equal(vmpf_encoding_name(5), "coded");
    assert_null(vmpf_encoding_name(6));
    assert_string_equal(vmpf_codec_name(2), "zlib+tail");
    assert_null(vmpf_codec_name(3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_profile),
        cmocka_unit_test(cut_at_every_byte),
        cmocka_unit_test(every_byte_damaged),
        cmocka_unit_test(shifted),
        cmocka_unit_test(copies_and_two_sessions),
        cmocka_unit_test(slow_and_failing_sources),
        cmocka_unit_test(misuse),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
