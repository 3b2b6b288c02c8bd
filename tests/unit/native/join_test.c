/* Two stacks become one: the native one is made here, word by word, with the interpreter's beside it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "sampler/native/join_walk.h"

/* Each function is this long and begins with a call, so that what returns into it returns behind one. */
#define FUNCTION_BYTES 64u
#define CALL_BYTES 5u
#define MAX_FRAMES 16
#define JOURNAL_BYTES 65536u

/* The functions of the world. */
enum { LOOP, INNER, SORT, COMPARE, START, OURS, SIGNAL, FUNCTIONS };

static const uint8_t marks_of[FUNCTIONS] = {
    [LOOP] = VMPS_MARK_EVAL,
    [INNER] = VMPS_MARK_INNER,
    [OURS] = VMPS_MARK_OURS,
};

struct world {
    _Alignas(64) uint8_t code[2][FUNCTIONS * FUNCTION_BYTES]; /* the second is of the runtime */
    struct vmps_unwind_row rows[2];
    struct vmps_mark_range marks[FUNCTIONS];
    struct vmps_unwind_tables *tables;
    struct vmps_native native;
    struct vmps_recording recording;
    struct vmps_slot slot;
    struct vmpf_row_frame frames[MAX_FRAMES]; /* the interpreter's */
    uint64_t stack[2 * MAX_FRAMES + 2];
    struct vmps_walk walk;
    struct vmps_joined joined;
    struct vmps_registers registers;
    size_t native_count;
};

static struct world *world;
static uint32_t next_frame; /* of the joined stack, that was not looked at yet */

/* ---- making the world --------------------------------------------------------------------------- */

static void make_ring(void)
{
    struct vmpf_journal *journal = aligned_alloc(64, sizeof *journal + JOURNAL_BYTES);
    assert_non_null(journal);
    memset(journal, 0, sizeof *journal + JOURNAL_BYTES);
    journal->header_size_bytes = sizeof *journal;
    journal->capacity_bytes = JOURNAL_BYTES;
    journal->session_id = 1;
    vmps_ring_init(&world->recording.ring, journal);
}

static void make_tables(void)
{
    world->tables = calloc(1, sizeof *world->tables + 2 * sizeof world->tables->modules[0]);
    assert_non_null(world->tables);
    world->tables->generation = 1;
    world->tables->module_count = 2;
    world->rows[0] = (struct vmps_unwind_row){.cfa = VMPS_CFA_RSP, .cfa_offset = 16};
    for (uint32_t i = 0; i < FUNCTIONS; i++) {
        world->marks[i] = (struct vmps_mark_range){
            .begin = i * FUNCTION_BYTES, .end = (i + 1) * FUNCTION_BYTES, .mark = marks_of[i]};
    }
    for (uint32_t i = 0; i < 2; i++) {
        for (size_t at = 0; at < sizeof world->code[i]; at += FUNCTION_BYTES) {
            world->code[i][at] = 0xE8;
        }
        world->tables->modules[i] = (struct vmps_unwind_module){
            .begin = (uint64_t)world->code[i],
            .end = (uint64_t)world->code[i] + sizeof world->code[i],
            .rows = world->rows,
            .row_count = 1,
            .marks = world->marks,
            .mark_count = i == 0 ? FUNCTIONS : 0,
            .is_runtime = i == 1,
            .serial = i + 1,
        };
    }
}

static void *zeroed(size_t size_bytes)
{
    void *memory = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert_true(memory != MAP_FAILED);
    return memory;
}

static int set_up(void **state)
{
    (void)state;
    next_frame = 0;
    world = aligned_alloc(64, (sizeof *world + 63) / 64 * 64);
    assert_non_null(world);
    memset(world, 0, sizeof *world);
    make_ring();
    make_tables();
    atomic_store(&world->native.tables, world->tables);
    world->recording.native = &world->native;
    world->recording.codes.entries = zeroed(VMPS_CODES_ENTRIES * sizeof(uint64_t));
    /* The interpreter's code has the numbers 1 to 1000. */
    atomic_store(&world->recording.codes.last_id, 1000);
    world->slot.tick = 7;
    world->slot.frames = world->frames;
    world->slot.native_memory = zeroed(sizeof(struct vmps_join_memory));
    world->walk.activations = vmps_join_activations(&world->slot, &world->walk.activation_capacity);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    munmap(world->slot.native_memory, sizeof(struct vmps_join_memory));
    munmap((void *)(uintptr_t)world->recording.codes.entries,
           VMPS_CODES_ENTRIES * sizeof(uint64_t));
    free(world->recording.ring.journal);
    free(world->tables);
    free(world);
    return 0;
}

static uint64_t inside(int module, int function)
{
    return (uint64_t)&world->code[module][(uint32_t)function * FUNCTION_BYTES + CALL_BYTES];
}

/* One more native frame, further out than those before. */
static void native_in(int module, int function)
{
    size_t at = world->native_count++;
    if (at == 0) {
        world->registers.pc = inside(module, function);
        world->registers.stack_pointer = (uint64_t)world->stack;
    } else {
        world->stack[2 * at - 1] = inside(module, function);
    }
}

static void native(int function)
{
    native_in(0, function);
}

/* One more frame of the interpreter. */
static void python(uint32_t code)
{
    world->frames[world->walk.frame_count++] = (struct vmpf_row_frame){.code = code, .offset = 2};
}

static void activation(uint64_t anchor, bool is_hidden)
{
    world->walk.activations[world->walk.activation_count++] = (struct vmps_activation){
        .anchor = anchor, .frame_count = world->walk.frame_count, .is_hidden = is_hidden};
}

/* An address inside the native frame that was added last. */
static uint64_t here(void)
{
    return (uint64_t)&world->stack[2 * (world->native_count - 1)];
}

static void join(uint32_t flags)
{
    world->joined = (struct vmps_joined){
        .frames = world->frames, .frame_count = world->walk.frame_count, .flags = flags};
    vmps_join(&world->recording, &world->slot, &world->registers, &world->walk, &world->joined);
}

/* What the outermost frame of a stack returns to: nothing. */
static void join_whole(void)
{
    join(0);
}

/* ---- what came of it ---------------------------------------------------------------------------- */

/* The address that a number was published with; 0: it is the interpreter's. */
static uint64_t address_of(uint32_t code)
{
    const struct vmpf_journal *journal = world->recording.ring.journal;
    const uint64_t *ring = (const uint64_t *)(const void *)world->recording.ring.bytes;
    for (uint64_t at = 0; at < journal->head / sizeof *ring;) {
        struct vmpf_row_code row;
        memcpy(&row, &ring[at + 1], sizeof row);
        if (row.code == code) {
            assert_int_equal(row.kind, 4);
            return row.address;
        }
        at += ring[at] & VMPF_ROW_MAX_WORDS;
    }
    return 0;
}

static void expect_python(uint32_t code)
{
    assert_true(next_frame < world->joined.frame_count);
    assert_int_equal(world->joined.frames[next_frame].code, code);
    assert_int_equal(world->joined.frames[next_frame++].offset, 2);
}

static void expect_native_at(uint64_t address)
{
    assert_true(next_frame < world->joined.frame_count);
    assert_int_equal(address_of(world->joined.frames[next_frame].code), address);
    assert_int_equal(world->joined.frames[next_frame++].offset, VMPF_NO_OFFSET);
}

static void expect_native(int function)
{
    expect_native_at(inside(0, function));
}

static void expect_end(uint32_t flags)
{
    assert_int_equal(world->joined.frame_count, next_frame);
    assert_int_equal(world->joined.flags, flags);
    next_frame = 0;
}

static void expect_unplaced(void)
{
    assert_ptr_equal(world->joined.frames, world->frames);
    assert_int_equal(world->joined.frame_count, world->walk.frame_count);
    assert_int_equal(world->joined.flags, VMPS_SAMPLE_NATIVE_MISSING);
    assert_int_equal(world->native.counts.unplaced, 1);
}

/* ---- cases -------------------------------------------------------------------------------------- */

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
    expect_native(COMPARE);
    expect_python(1);
    expect_python(2);
    expect_native(SORT);
    expect_python(3);
    expect_end(0);
    assert_int_equal(world->native.counts.whole, 1);
}

static void test_by_number(void **state)
{
    (void)state;
    a_callback(false);
    join_whole();
    expect_callback();
}

static void test_by_place(void **state)
{
    (void)state;
    a_callback(true);
    join_whole();
    expect_callback();
}

static void test_raw(void **state)
{
    (void)state;
    world->native.raw = true;
    a_callback(true);
    join_whole();
    expect_native(COMPARE);
    expect_python(1);
    expect_python(2);
    expect_native(LOOP);
    expect_native(INNER);
    expect_native(SORT);
    expect_python(3);
    expect_native(LOOP);
    expect_native(INNER);
    expect_native_at(inside(1, START));
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
    join_whole();
    /* The innermost that is told is a caller: the byte of its call. */
    expect_native_at(inside(0, SORT) - 1);
    expect_python(3);
    expect_end(0);
}

static void test_entered_by_place(void **state)
{
    (void)state;
    native(LOOP);
    native(SORT);
    native(LOOP);
    python(3);
    activation(here(), false);
    join_whole();
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
    join_whole();
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
    join_whole();
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
    join_whole();
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
    join_whole();
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
    join_whole();
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
    join_whole();
    expect_python(1);
    expect_native(SORT);
    expect_python(2);
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
    join_whole();
}

/* Where places are known the rest of the interpreter's frames is put behind; else nobody can tell. */
static void test_cut_by_place(void **state)
{
    (void)state;
    cut_stack(true);
    expect_python(1);
    expect_native(SORT);
    expect_native_at(8);
    expect_python(2);
    expect_end(VMPS_SAMPLE_NATIVE_MISSING);
    assert_int_equal(world->native.counts.cut, 1);
}

static void test_cut_by_number(void **state)
{
    (void)state;
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
    join_whole();
    expect_native(COMPARE);
    expect_native(SORT);
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
    join_whole();
    expect_python(1);
    expect_native(SORT);
    expect_native_at(inside(1, START));
    expect_end(0);
}

/* The same place has the same number, in each sample; after the file was loaded anew it has another. */
static void test_numbers(void **state)
{
    (void)state;
    native(SORT);
    native(COMPARE);
    join_whole();
    uint32_t first = world->joined.frames[1].code;
    join_whole();
    assert_int_equal(world->joined.frames[1].code, first);
    world->tables->generation++;
    world->tables->modules[0].serial = 9;
    join_whole();
    assert_int_not_equal(world->joined.frames[1].code, first);
    assert_int_equal(address_of(world->joined.frames[1].code), inside(0, COMPARE));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_by_number),     CASE(test_by_place),     CASE(test_raw),
        CASE(test_entered),       CASE(test_one_too_many), CASE(test_entered_by_place),
        CASE(test_one_too_few),   CASE(test_other_place),  CASE(test_outer_without),
        CASE(test_base_shim),     CASE(test_root),         CASE(test_cut_by_place),
        CASE(test_cut_by_number), CASE(test_cut_walk),     CASE(test_native_only),
        CASE(test_embedded),      CASE(test_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
