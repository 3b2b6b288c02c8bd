#include "tests/unit/native/join_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#define JOURNAL_BYTES 65536u

static const uint8_t marks_of[FUNCTIONS] = {
    [LOOP] = VMPS_MARK_EVAL,
    [INNER] = VMPS_MARK_INNER,
    [OURS] = VMPS_MARK_OURS,
};

struct world *world;
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

int set_up(void **state)
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

int tear_down(void **state)
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

uint64_t inside(int module, int function)
{
    return (uint64_t)&world->code[module][(uint32_t)function * FUNCTION_BYTES + CALL_BYTES];
}

/* One more native frame, further out than those before. */
void native_in(int module, int function)
{
    size_t at = world->native_count++;
    if (at == 0) {
        world->registers.pc = inside(module, function);
        world->registers.stack_pointer = (uint64_t)world->stack;
    } else {
        world->stack[2 * at - 1] = inside(module, function);
    }
}

void native(int function)
{
    native_in(0, function);
}

/* One more frame of the interpreter. */
void python(uint32_t code)
{
    world->frames[world->walk.frame_count++] = (struct vmpf_row_frame){.code = code, .offset = 2};
}

void activation(uint64_t anchor, bool is_hidden)
{
    world->walk.activations[world->walk.activation_count++] = (struct vmps_activation){
        .anchor = anchor, .frame_count = world->walk.frame_count, .is_hidden = is_hidden};
}

/* An address inside the native frame that was added last. */
uint64_t here(void)
{
    return (uint64_t)&world->stack[2 * (world->native_count - 1)];
}

void join(uint32_t flags)
{
    world->joined = (struct vmps_joined){
        .frames = world->frames, .frame_count = world->walk.frame_count, .flags = flags};
    vmps_join(&world->recording, &world->slot, &world->registers, &world->walk, &world->joined);
}

/* ---- what came of it ---------------------------------------------------------------------------- */

/* The address that a number was published with; 0: it is the interpreter's. */
uint64_t address_of(uint32_t code)
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

void expect_python(uint32_t code)
{
    assert_true(next_frame < world->joined.frame_count);
    assert_int_equal(world->joined.frames[next_frame].code, code);
    assert_int_equal(world->joined.frames[next_frame++].offset, 2);
}

void expect_native_at(uint64_t address)
{
    assert_true(next_frame < world->joined.frame_count);
    assert_int_equal(address_of(world->joined.frames[next_frame].code), address);
    assert_int_equal(world->joined.frames[next_frame++].offset, VMPF_NO_OFFSET);
}

void expect_native(int function)
{
    expect_native_at(inside(0, function));
}

/* The interpreter's code by its number, the functions of the world as ~NAME. */
void expect(const int *frames, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (frames[i] < 0) {
            expect_native(~frames[i]);
        } else {
            expect_python((uint32_t)frames[i]);
        }
    }
}

#define EXPECT(...) expect((const int[]){__VA_ARGS__}, sizeof(int[]){__VA_ARGS__} / sizeof(int))

void expect_end(uint32_t flags)
{
    assert_int_equal(world->joined.frame_count, next_frame);
    assert_int_equal(world->joined.flags, flags);
    next_frame = 0;
}

void expect_unplaced(void)
{
    assert_ptr_equal(world->joined.frames, world->frames);
    assert_int_equal(world->joined.frame_count, world->walk.frame_count);
    assert_int_equal(world->joined.flags, VMPS_SAMPLE_NATIVE_MISSING);
    assert_int_equal(world->native.counts.unplaced, 1);
}
