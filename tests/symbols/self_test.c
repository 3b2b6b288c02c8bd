/* self_test.c: this program's own functions, named by tools/symbols: needs neither compilers nor other tools at run time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <link.h>
#include <string.h>

#include "tools/symbols/demangle.h"
#include "tools/symbols/jit_map.h"
#include "tools/symbols/symbols.h"

#define SELF "/proc/self/exe"

/* Where a call of this returns to. */
static __attribute__((noinline)) uintptr_t here(void)
{
    return (uintptr_t)__builtin_return_address(0);
}

static int inner_line;
static int middle_line;

static inline __attribute__((always_inline)) uintptr_t self_inner(void)
{
    inner_line = __LINE__ + 1;
    uintptr_t at = here();
    __asm__ volatile("" : : : "memory"); /* no tail call */
    return at;
}

static inline __attribute__((always_inline)) uintptr_t self_middle(void)
{
    middle_line = __LINE__ + 1;
    return self_inner();
}

static __attribute__((noinline)) uintptr_t self_outer(void)
{
    uintptr_t at = self_middle();
    __asm__ volatile("" : : : "memory");
    return at;
}

/* The offset in the program's file: its segments say. */
static int find_offset(struct dl_phdr_info *info, size_t size, void *ctx)
{
    uintptr_t *place = ctx;
    (void)size;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        uintptr_t begin = info->dlpi_addr + segment->p_vaddr;
        if (segment->p_type == PT_LOAD && *place >= begin && *place - begin < segment->p_filesz) {
            *place = *place - begin + segment->p_offset;
            return 1;
        }
    }
    return 1;
}

static struct vmpt_sym_result resolve(struct vmpt_arena *arena, uintptr_t address)
{
    struct vmpt_sym_search search = {.no_system = true, .trust_paths = true};
    struct vmpt_sym_module module = {.path = SELF};
    struct vmpt_sym_result result;
    struct vmpt_sym_report report;
    (void)dl_iterate_phdr(find_offset, &address);
    uint64_t offset = address;
    assert_true(vmpt_sym_resolve(&search, &module, &offset, 1, arena, &result, &report));
    assert_int_equal(report.verdict, VMPT_SYM_MATCHED);
    return result;
}

static void test_inlined_frames_and_lines(void **state)
{
    struct vmpt_arena arena;
    (void)state;
    vmpt_arena_init(&arena);
    struct vmpt_sym_result result = resolve(&arena, self_outer() - 1);
    assert_int_equal(result.frame_count, 3);
    assert_string_equal(result.frames[0].name, "self_inner");
    assert_string_equal(result.frames[1].name, "self_middle");
    assert_string_equal(result.frames[2].name, "self_outer");
    assert_int_equal(result.frames[0].line, inner_line);
    assert_int_equal(result.frames[1].line, middle_line);
    const char *file = strrchr(result.frames[0].file, '/');
    assert_string_equal(file ? file + 1 : result.frames[0].file, "self_test.c");
    vmpt_arena_fini(&arena);
}

static void test_what_is_outside_has_no_name(void **state)
{
    struct vmpt_sym_search search = {.no_system = true, .trust_paths = true};
    struct vmpt_sym_module module = {.path = SELF};
    uint64_t offsets[2] = {0, UINT64_MAX / 2};
    struct vmpt_sym_result results[2];
    struct vmpt_sym_report report;
    struct vmpt_arena arena;
    (void)state;
    vmpt_arena_init(&arena);
    assert_true(vmpt_sym_resolve(&search, &module, offsets, 2, &arena, results, &report));
    assert_int_equal(results[0].frame_count, 0);
    assert_int_equal(results[1].frame_count, 0);
    vmpt_arena_fini(&arena);
}

static void test_wrong_build_id_is_refused(void **state)
{
    struct vmpt_sym_search search = {.no_system = true, .trust_paths = true};
    struct vmpt_sym_module module = {
        .path = SELF, .build_id = (const uint8_t *)"12345678901234567890", .build_id_size = 20};
    uint64_t offset = 0;
    struct vmpt_sym_result result;
    struct vmpt_sym_report report;
    struct vmpt_arena arena;
    (void)state;
    vmpt_arena_init(&arena);
    assert_true(vmpt_sym_resolve(&search, &module, &offset, 1, &arena, &result, &report));
    assert_int_equal(report.verdict, VMPT_SYM_MISMATCHED);
    assert_int_equal(result.frame_count, 0);
    vmpt_arena_fini(&arena);
}

/* Expected names are written by hand from the two schemes. */
static void test_names_are_readable(void **state)
{
    static const char *const pairs[][2] = {
        {"_ZN6shapes4walkEi", "shapes::walk(int)"},
        {"_ZN6shapes4walkEi.cold", "shapes::walk(int)"},
        {"_ZN4core3fmt5write17h0123456789abcdefE", "core::fmt::write"},
        {"_RNvCs1234_7mycrate3foo", "mycrate::foo"},
        {"memcpy@@GLIBC_2.14", "memcpy"},
        {"plain", "plain"},
        {"work.cold.3", "work"},
        {"_Znot a name", "_Znot a name"},
        {"", ""},
        {"@", "@"},
        {".cold", ".cold"},
    };
    struct vmpt_arena arena;
    (void)state;
    vmpt_arena_init(&arena);
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        assert_string_equal(sym_demangle(&arena, pairs[i][0]), pairs[i][1]);
    }
    vmpt_arena_fini(&arena);
}

/* Each substitution names the pair of all before it twice: thirty letters more double the name thirty times. */
static void test_a_name_that_explodes_is_cut_off(void **state)
{
    static const char seeds[] = "0123456789ABCDEFGHIJKLMN";
    char name[512] = "_Z1fP1AIiiES_IS0_S0_E";
    struct vmpt_arena arena;
    (void)state;
    vmpt_arena_init(&arena);
    for (size_t i = 1; i + 1 < sizeof(seeds); i++) {
        char piece[] = {'S', '_', 'I', 'S', seeds[i], '_', 'S', seeds[i], '_', 'E', '\0'};
        strcat(name, piece);
    }
    const char *shown = sym_demangle(&arena, name);
    assert_non_null(shown);
    assert_true(strlen(shown) <= 65536);
    vmpt_arena_fini(&arena);
}

static void test_jit_maps(void **state)
{
    static const char text[] =
        "1000 10 first\n1010 10 second name\nzz 10 bad\n1018 4 again\n2000 10 cut";
    struct vmpt_jit_map map;
    uint64_t begin = 0;
    (void)state;
    vmpt_jit_map_init(&map);
    assert_true(vmpt_jit_map_add(&map, text, sizeof(text) - 1));
    assert_true(vmpt_jit_map_finish(&map));
    assert_string_equal(vmpt_jit_map_find(&map, 0x100f, &begin), "first");
    assert_string_equal(vmpt_jit_map_find(&map, 0x1010, &begin), "second name");
    assert_int_equal(begin, 0x1010);
    assert_null(vmpt_jit_map_find(&map, 0x1019, &begin)); /* two names */
    assert_null(vmpt_jit_map_find(&map, 0x2001, &begin)); /* a line without an end */
    assert_null(vmpt_jit_map_find(&map, 0xfff, &begin));
    assert_true(map.is_damaged);
    vmpt_jit_map_fini(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inlined_frames_and_lines),
        cmocka_unit_test(test_what_is_outside_has_no_name),
        cmocka_unit_test(test_wrong_build_id_is_refused),
        cmocka_unit_test(test_names_are_readable),
        cmocka_unit_test(test_a_name_that_explodes_is_cut_off),
        cmocka_unit_test(test_jit_maps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
