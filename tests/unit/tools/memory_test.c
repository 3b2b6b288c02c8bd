#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/analysis/functions.h"
#include "tools/analysis/memory.h"
#include "tools/analysis/nodes.h"
#include "tools/analysis/utf8.h"

static void arena_gives_aligned_zeroed_memory(void **state)
{
    struct vmpt_arena arena;
    (void)state;
    vmpt_arena_init(&arena);
    for (size_t size = 0; size < 300000; size = size * 3 + 1) {
        unsigned char *memory = vmpt_arena_alloc(&arena, size);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++) {
            assert_int_equal(memory[i], 0);
        }
        memset(memory, 0xFF, size);
    }
    assert_null(vmpt_arena_alloc(&arena, SIZE_MAX));
    assert_null(vmpt_arena_copy(&arena, "", SIZE_MAX));
    assert_string_equal(vmpt_arena_copy(&arena, "abc", 2), "ab");
    vmpt_arena_fini(&arena);
}

static void reserve_grows_and_refuses(void **state)
{
    uint64_t *items = NULL;
    size_t capacity = 0;
    (void)state;
    assert_true(vmpt_reserve(&items, &capacity, 5, sizeof(*items)));
    assert_true(capacity >= 5);
    items[4] = 7;
    size_t before = capacity;
    assert_true(vmpt_reserve(&items, &capacity, before + 1, sizeof(*items)));
    assert_true(capacity >= 2 * before);
    assert_int_equal(items[4], 7);
    assert_int_equal(items[capacity - 1], 0);
    before = capacity;
    assert_false(vmpt_reserve(&items, &capacity, SIZE_MAX / 4, sizeof(*items)));
    assert_false(vmpt_reserve(&items, &capacity, SIZE_MAX, sizeof(*items)));
    assert_int_equal(capacity, before);
    free(items);
}

/* Others beside them too: an array shares its first and its last page. */
static void large_arrays_keep_what_they_hold(void **state)
{
    uint64_t *items = NULL;
    size_t capacity = 0;
    (void)state;
    for (size_t size = 1000; size < 4000000; size = size * 3 / 2) {
        size_t known = capacity;
        unsigned char *array = vmpt_array(size, 7);
        unsigned char *beside = malloc(100);
        assert_true(array && beside);
        memset(beside, 0x5A, 100);
        memset(array, 0xA5, size * 7);
        assert_true(vmpt_reserve(&items, &capacity, size, sizeof(*items)));
        for (size_t i = 0; i < capacity; i++) {
            assert_int_equal(items[i], i < known ? i + 1 : 0);
            items[i] = i + 1;
        }
        unsigned char *next = vmpt_array(size, 9);
        assert_non_null(next);
        for (size_t i = 0; i < size; i++) {
            assert_true(next[i * 9] == 0 && next[i * 9 + 8] == 0 && array[i * 7 + 6] == 0xA5);
        }
        for (size_t i = 0; i < 100; i++) {
            assert_int_equal(beside[i], 0x5A);
        }
        free(next);
        free(beside);
        free(array);
    }
    free(items);
}

static uint32_t intern(struct vmpt_functions *functions, const char *name, uint32_t line,
                       vmpf_kind kind, uint64_t address)
{
    struct vmpf_function function = {.name = {name, strlen(name)},
                                     .file = {"a.py", 4},
                                     .first_line = line,
                                     .kind = kind,
                                     .address = address};
    return vmpt_functions_intern(functions, &function);
}

static void functions_are_their_name_file_and_line(void **state)
{
    struct vmpt_functions functions;
    (void)state;
    vmpt_functions_init(&functions);
    uint32_t f = intern(&functions, "f", 1, VMPF_KIND_PY, 0x20);
    assert_int_equal(intern(&functions, "f", 1, VMPF_KIND_PY, 0x10), f);
    assert_int_equal(intern(&functions, "f", 1, VMPF_KIND_JIT, 0), f);
    assert_int_equal(functions.items[f].address, 0x10);
    assert_int_not_equal(intern(&functions, "f", 2, VMPF_KIND_PY, 0x10), f);
    assert_int_not_equal(intern(&functions, "g", 1, VMPF_KIND_PY, 0x10), f);
    assert_int_not_equal(intern(&functions, "f", 1, VMPF_KIND_NATIVE, 0x10), f);
    assert_int_not_equal(intern(&functions, "f", 1, VMPF_KIND_GC, 0x10), f);
    assert_int_equal(functions.count, 5);
    vmpt_functions_fini(&functions);
}

static void functions_can_be_their_address(void **state)
{
    struct vmpt_functions functions;
    (void)state;
    vmpt_functions_init(&functions);
    functions.split_addresses = true;
    uint32_t f = intern(&functions, "f", 1, VMPF_KIND_PY, 0x20);
    assert_int_equal(intern(&functions, "f", 1, VMPF_KIND_PY, 0x20), f);
    assert_int_not_equal(intern(&functions, "f", 1, VMPF_KIND_PY, 0x10), f);
    vmpt_functions_fini(&functions);
}

static void many_functions_are_found_again(void **state)
{
    struct vmpt_functions functions;
    (void)state;
    vmpt_functions_init(&functions);
    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t line = 0; line < 5000; line++) {
            assert_int_equal(intern(&functions, "lambda", line, VMPF_KIND_PY, line), line);
        }
    }
    assert_int_equal(functions.count, 5000);
    vmpt_functions_fini(&functions);
}

static void kinds_have_names(void **state)
{
    (void)state;
    for (int kind = 0; kind <= VMPF_KIND_JIT_INTERNAL; kind++) {
        const char *name = vmpt_kind_name((uint8_t)kind);
        assert_int_equal(vmpt_kind_from_name(name, strlen(name)), kind);
    }
    assert_int_equal(vmpt_kind_from_name("p", 1), -1);
    assert_string_equal(vmpt_kind_name(200), "unknown");
}

static void nodes_are_found_again(void **state)
{
    struct vmpt_nodes nodes;
    (void)state;
    assert_true(vmpt_nodes_init(&nodes));
    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < 20000; i++) {
            struct vmpt_node_key key = {.parent = i / 3, .function = i % 3, .line = 0, .kind = 1};
            assert_int_equal(vmpt_nodes_intern(&nodes, &key), i + 1);
        }
    }
    struct vmpt_node_key other = {.parent = 0, .function = 0, .line = 0, .kind = 2};
    assert_int_equal(vmpt_nodes_intern(&nodes, &other), 20001);
    other.line = 1;
    assert_int_equal(vmpt_nodes_intern(&nodes, &other), 20002);
    vmpt_nodes_fini(&nodes);
}

static void utf8_is_checked(void **state)
{
    static const struct {
        const char *in;
        const char *out;
    } cases[] = {
        {"plain", "plain"},
        {"", ""},
        {"\xC3\xA9", "\xC3\xA9"},
        {"\xE6\x97\xA5", "\xE6\x97\xA5"},
        {"\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80"},
        {"\xFF", "\xEF\xBF\xBD"},
        {"a\xC3", "a\xEF\xBF\xBD"},                                               /* cut */
        {"\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD"},                                 /* overlong */
        {"\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},                 /* surrogate */
        {"\xF4\x90\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"}, /* too big */
        {"\xE2\x28\xA1", "\xEF\xBF\xBD(\xEF\xBF\xBD"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char out[64] = {0};
        size_t size = vmpt_utf8_repair(cases[i].in, strlen(cases[i].in), NULL);
        assert_int_equal(size, strlen(cases[i].out));
        assert_int_equal(vmpt_utf8_repair(cases[i].in, strlen(cases[i].in), out), size);
        assert_string_equal(out, cases[i].out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena_gives_aligned_zeroed_memory),
        cmocka_unit_test(reserve_grows_and_refuses),
        cmocka_unit_test(large_arrays_keep_what_they_hold),
        cmocka_unit_test(functions_are_their_name_file_and_line),
        cmocka_unit_test(functions_can_be_their_address),
        cmocka_unit_test(many_functions_are_found_again),
        cmocka_unit_test(kinds_have_names),
        cmocka_unit_test(nodes_are_found_again),
        cmocka_unit_test(utf8_is_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
