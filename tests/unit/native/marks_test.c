/* The parts of a loop are found by their jumps: its name is none that symbols are searched for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sampler/native/elf_symbols.h"
#include "sampler/native/images.h"
#include "tests/unit/native/cold_loop.h"

static uint64_t cold_begin;

/* The oracle: where the linker says that the other part is. */
static void look(void *context, const char *name, uint64_t address, uint64_t size_bytes)
{
    (void)context;
    (void)size_bytes;
    if (strcmp(name, "cold_loop.cold") == 0) {
        cold_begin = address;
    }
}

static void test_cold_part(void **state)
{
    const int words[] = {1, 2, 3};
    int (*loop)(const int *, int) = cold_loop;
    struct vmps_images images;
    uint64_t address;
    bool changed, has_entry = false, has_cold = false;
    (void)state;
    assert_int_equal(cold_loop(words, 3), 1 + 4 + 9);
    memcpy(&address, &loop, sizeof address);
    vmps_images_init(&images, address);
    assert_int_equal(vmps_images_refresh(&images, &changed), 0);
    const struct vmps_image *image = vmps_images_find(&images, address);
    assert_non_null(image);
    assert_true(vmps_elf_symbols(image->path, image->begin, look, NULL));
    for (uint32_t i = 0; i < image->mark_count; i++) {
        const struct vmps_mark_range *mark = &image->marks[i];
        has_entry |= mark->begin == address - image->begin && mark->mark == VMPS_MARK_EVAL;
        has_cold |= mark->begin == cold_begin - image->begin && mark->mark == VMPS_MARK_EVAL;
    }
    assert_true(has_entry);
    /* Other compilers leave it in one piece. */
    assert_true(has_cold || cold_begin == 0);
    assert_int_equal(image->mark_count, cold_begin != 0 ? 2 : 1);
    vmps_images_fini(&images);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cold_part)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
