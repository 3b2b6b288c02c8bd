/* Importers, each of whose allocations is made to fail, one after the other: each time memory is said to be short, and none is
 * lost (the sanitizer's build of this test sees that). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/import/from_callgrind.h"
#include "tools/import/from_gperftools.h"

static bool counting;
static size_t until_failure;

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker's names */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

static bool fails(void)
{
    return counting && until_failure-- == 0;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}
/* NOLINTEND(bugprone-reserved-identifier) */

typedef vmpf_status open_function(struct vmpt_feed *, struct vmpf_source, uint32_t,
                                  struct vmpf_error *);

/* How many samples there are; SIZE_MAX: memory was short. */
static size_t read_all(open_function *open, const void *data, size_t size_bytes)
{
    struct vmpf_source source;
    struct vmpt_feed feed;
    struct vmpf_block block;
    struct vmpf_error err;
    size_t samples = 0;
    vmpf_status status = vmpf_source_open_memory(&source, data, size_bytes, NULL);
    if (status == VMPF_OK) {
        status = open(&feed, source, 0, &err);
    }
    if (status != VMPF_OK) {
        assert_int_equal(status, VMPF_E_NOMEM);
        return SIZE_MAX;
    }
    while ((status = feed.ops->next(feed.ctx, &block, &err)) == VMPF_OK) {
        samples += block.count;
    }
    feed.ops->close(feed.ctx);
    assert_true(status == VMPF_END || status == VMPF_E_NOMEM);
    return status == VMPF_END ? samples : SIZE_MAX;
}

static void sweep(open_function *open, const void *data, size_t size_bytes, size_t samples)
{
    size_t found = SIZE_MAX;
    size_t failures = 0;
    for (; found == SIZE_MAX; failures++) {
        until_failure = failures;
        counting = true;
        found = read_all(open, data, size_bytes);
        counting = false;
        assert_true(failures < 10000);
    }
    assert_int_equal(found, samples);
    assert_true(failures > 10);
}

static void gperftools_survives_each_failure(void **state)
{
    static const char text[] = "--- symbol\nbinary=a\n0x20010 f--g (x)\n---\n--- profile\n";
    static const char maps[] = "build=/b\n20000-30000 r-xp 0 08:01 7 $build/x\n";
    const uint64_t words[] = {0, 3, 0, 4000, 0, 3, 2, 0x20010, 0x20020, 1, 1, 0x52, 0, 1, 0};
    uint8_t data[sizeof(text) + sizeof(words) + sizeof(maps)];
    const size_t words_at = sizeof(text) - 1;
    const size_t maps_at = words_at + sizeof(words);
    (void)state;
    memcpy(data, text, sizeof(text));
    memcpy(data + words_at, words, sizeof(words));
    memcpy(data + maps_at, maps, sizeof(maps));
    sweep(import_open_gperftools, data, maps_at + sizeof(maps) - 1, 2);
}

static void callgrind_survives_each_failure(void **state)
{
    static const char text[] =
        "# callgrind format\ncmd: x\nevents: a b\nob=/x\nfl=(1) x.c\nfn=(1) f\n1 2 3\nfi=y.h\n1 2\n"
        "cfi=z.c\ncfn=(2) g\ncalls=1 1\n1 9\ncfn=(3) h\ncalls=1 1\n1 1\nfl=z.c\nfn=(2)\n1 "
        "9\nfn=(3)\n1 1\n"
        "2 0 5\n";
    (void)state;
    sweep(import_open_callgrind, text, sizeof(text) - 1, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(callgrind_survives_each_failure),
        cmocka_unit_test(gperftools_survives_each_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
