/* Two stacks become one: the native one is made here, word by word, with the interpreter's beside it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/native/join_world.h"

static void a_callback(bool has_places)
{
    native(COMPARE);
    native(LOOP);
    python(1);
    python(2); /* called within the same loop */
    activation(has_places ? here() : 0, false);
    native(INNER);
    native(SORT);
    native(LOOP);
    python(3);
    activation(has_places ? here() : 0, false);
    native(INNER);
    native_in(1, START);
}

static void expect_callback(void)
{
    EXPECT(~COMPARE, 1, 2, ~SORT, 3);
    expect_end(0);
    assert_int_equal(world->native.counts.whole, 1);
}

static void test_by_number(void **state)
{
    (void)state;
    a_callback(false);
    join(0);
    expect_callback();
}

static void test_by_place(void **state)
{
    (void)state;
    a_callback(true);
    join(0);
    expect_callback();
}

static void test_raw(void **state)
{
    (void)state;
    world->native.raw = true;
    a_callback(true);
    join(0);
    EXPECT(~COMPARE, 1, 2, ~LOOP, ~INNER, ~SORT, 3, ~LOOP, ~INNER);
    expect_native_at(inside(1, START));
    expect_end(0);
}

/* A call in a function's last place returns to where the next function begins. */
static void test_last_call(void **state)
{
    (void)state;
    world->code[0][INNER * FUNCTION_BYTES - CALL_BYTES] = 0xE8;
    native(COMPARE);
    native(LOOP);
    world->stack[1] = (uint64_t)&world->code[0][INNER * FUNCTION_BYTES];
    python(1);
    activation(0, false);
    join(0);
    EXPECT(~COMPARE, 1);
    expect_end(0);
}

/* A loop that has just been entered has no activation yet. */
static void test_entered(void **state)
{
    (void)state;
    native(LOOP);
    native(INNER);
    native(SORT);
    native(LOOP);
    python(3);
    activation(0, false);
    join(0);
    /* The innermost that is told is a caller: the byte of its call. */
    expect_native_at(inside(0, SORT) - 1);
    expect_python(3);
    expect_end(0);
}

static void test_one_too_many(void **state)
{
    (void)state;
    native(LOOP);
    native(LOOP);
    native(LOOP);
    python(3);
    activation(0, false);
    join(0);
    expect_unplaced();
}

static void test_one_too_few(void **state)
{
    (void)state;
    native(LOOP);
    python(1);
    activation(0, false);
    python(2);
    activation(0, false);
    join(0);
    expect_unplaced();
}

/* As many of the one as of the other, but not in the same places. */
static void test_other_place(void **state)
{
    (void)state;
    native(SORT);
    python(1);
    activation(here(), false);
    native(LOOP);
    join(0);
    expect_unplaced();
}

/* An outer loop without an activation is no loop that has just been entered. */
static void test_outer_without(void **state)
{
    (void)state;
    native(LOOP);
    python(1);
    activation(here(), false);
    native(LOOP);
    join(0);
    expect_unplaced();
}

/* 3.15 keeps a last shim in the thread state. */
static void test_base_shim(void **state)
{
    (void)state;
    native(LOOP);
    python(1);
    activation(here(), false);
    activation((uint64_t)world, false);
    native_in(1, START);
    join(0);
    expect_python(1);
    expect_end(0);
}

/* From the recorder's frame on outwards nothing is told. */
static void test_root(void **state)
{
    (void)state;
    native(LOOP);
    python(1);
    activation(0, false);
    native(SORT);
    native(LOOP);
    python(2);
    activation(0, true);
    native(SORT);
    native(LOOP);
    activation(0, true);
    join(0);
    EXPECT(1, ~SORT, 2);
    expect_end(0);
}

static void cut_stack(bool has_places)
{
    native(LOOP);
    python(1);
    activation(has_places ? here() : 0, false);
    native(SORT);
    python(2);
    activation(has_places ? (uint64_t)&world->stack[(size_t)2 * MAX_FRAMES] : 0, false);
    world->stack[2 * world->native_count - 1] = 8; /* no module's */
    join(0);
}

/* Where places are known the rest of the interpreter's frames is put behind; else nobody can tell. */
static void test_cut_by_place(void **state)
{
    (void)state;
    cut_stack(true);
    EXPECT(1, ~SORT);
    expect_native_at(8);
    expect_python(2);
    expect_end(VMPS_SAMPLE_NATIVE_MISSING);
    assert_int_equal(world->native.counts.cut, 1);
}

static void test_cut_by_number(void **state)
{
    (void)state;
    native(LOOP); /* may just have been entered */
    cut_stack(false);
    expect_unplaced();
}

/* A stack of the interpreter that was cut itself has activations that nobody told of. */
static void test_cut_walk(void **state)
{
    (void)state;
    native(LOOP);
    python(1);
    activation(0, false);
    join(VMPS_SAMPLE_TRUNCATED);
    assert_ptr_equal(world->joined.frames, world->frames);
    assert_int_equal(world->joined.flags, VMPS_SAMPLE_TRUNCATED | VMPS_SAMPLE_NATIVE_MISSING);
}

/* Without an interpreter all is told, but for what is ours. */
static void test_native_only(void **state)
{
    (void)state;
    native(COMPARE);
    native(SORT);
    native(OURS);
    native_in(1, START);
    join(0);
    EXPECT(~COMPARE, ~SORT);
    expect_native_at(inside(1, START));
    expect_end(0);
}

/* What embeds an interpreter is no start of it. */
static void test_embedded(void **state)
{
    (void)state;
    native(LOOP);
    python(1);
    activation(0, false);
    native(INNER);
    native(SORT);
    native_in(1, START);
    join(0);
    EXPECT(1, ~SORT);
    expect_native_at(inside(1, START));
    expect_end(0);
}

/* The same place has the same number, in each sample; after the file was loaded anew it has another. */
static void test_numbers(void **state)
{
    (void)state;
    native(SORT);
    native(COMPARE);
    join(0);
    uint32_t first = world->joined.frames[1].code;
    join(0);
    assert_int_equal(world->joined.frames[1].code, first);
    world->tables->generation++;
    world->tables->modules[0].serial = 9;
    join(0);
    assert_int_not_equal(world->joined.frames[1].code, first);
    assert_int_equal(address_of(world->joined.frames[1].code), inside(0, COMPARE));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_by_number),     CASE(test_by_place),      CASE(test_raw),
        CASE(test_entered),       CASE(test_one_too_many),  CASE(test_one_too_few),
        CASE(test_other_place),   CASE(test_outer_without), CASE(test_base_shim),
        CASE(test_root),          CASE(test_last_call),     CASE(test_cut_by_place),
        CASE(test_cut_by_number), CASE(test_cut_walk),      CASE(test_native_only),
        CASE(test_embedded),      CASE(test_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
