/* PyPy's list of activations and its map of machine code, laid out here by hand: what the walk makes of them. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "sampler/vm/pypy_walk.h"

#define MAX_FOUND 512
#define CODES 400

/* The thread's block, as PyPy lays it out: a mark, and somewhere the head of the list. */
struct block {
    uint32_t ready;
    uint64_t other[3];
    uint64_t list;
};
static _Thread_local struct block block;

struct entry {
    struct entry *next;
    uint64_t value, kind;
};

struct data {
    uint32_t code_bytes, table_words;
    const int64_t *table;
};

struct node {
    uint64_t key;
    struct data *data;
    struct node *next[8];
};

static struct node head;
static struct vmps_pypy pypy;
static struct vmps_pypy_counts counts;
static _Atomic uint32_t places[CODES];
static _Atomic uint64_t read_bytes;
static int entered, left, in_change;

struct found {
    uint64_t address[MAX_FOUND];
    struct vmps_code code[MAX_FOUND];
};

static long enter(void)
{
    entered++;
    return in_change;
}

static long leave(void)
{
    left++;
    return 0;
}

static vmps_walk_status keep(struct vmps_walk *walk, const struct vmps_walk_frame *frame)
{
    struct found *found = walk->context;
    assert_true(walk->frame_count < MAX_FOUND);
    found->address[walk->frame_count] = frame->code_address;
    struct vmps_code *code = &found->code[walk->frame_count];
    memset(code, 0, sizeof *code);
    assert_true(vmps_pypy_describe(walk, frame->code_address, code));
    assert_int_equal(frame->offset, VMPF_NO_OFFSET);
    return VMPS_WALK_OK;
}

/* A log with a name for each number: "f4" is number 4, and so on. */
static void write_names(int fd)
{
    static const uint8_t start[] =
        "\0\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
        "\5\0\6\10\4pypy"
        "\7\2\0\0\0\0\0\0\0os\5\0\0\0\0\0\0\0linux";
    assert_int_equal(write(fd, start, sizeof start - 1), sizeof start - 1);
    for (uint64_t number = 4; number < CODES; number += 4) {
        char text[64];
        uint8_t record[128] = {2};
        uint64_t length = (uint64_t)snprintf(text, sizeof text, "py:f%d:%d:/x/p.py", (int)number,
                                             (int)number * 10);
        memcpy(record + 1, &number, 8);
        memcpy(record + 9, &length, 8);
        memcpy(record + 17, text, length);
        assert_int_equal(write(fd, record, 17 + length), 17 + length);
    }
}

static int open_world(void **state)
{
    (void)state;
    memset(&pypy, 0, sizeof pypy);
    memset(&counts, 0, sizeof counts);
    memset(&head, 0, sizeof head);
    for (int i = 0; i < CODES; i++) {
        places[i] = 0;
    }
    entered = left = in_change = 0;
    read_bytes = 0;
    int fd = memfd_create("names", 0);
    assert_true(fd >= 0);
    write_names(fd);
    uint64_t pointer;
    __asm__("mov %%fs:0, %0" : "=r"(pointer));
    pypy.block_offset = (int64_t)((uint64_t)&block - pointer);
    pypy.list_offset = offsetof(struct block, list);
    pypy.enter = enter;
    pypy.leave = leave;
    pypy.counts = &counts;
    pypy.code_map = (uint64_t)&head;
    pypy.names.fd = fd;
    pypy.names.file = mmap(NULL, 1 << 20, PROT_READ, MAP_SHARED, fd, 0);
    pypy.names.places = places;
    pypy.names.read_bytes = &read_bytes;
    block.ready = VMPS_PYPY_READY;
    block.list = 0;
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    munmap((void *)(uintptr_t)pypy.names.file, 1 << 20);
    close(pypy.names.fd);
    assert_int_equal(entered, left);
    return 0;
}

static vmps_walk_status walk_it(struct vmps_walk *walk, struct found *found, const void *pc,
                                const void *stack_pointer)
{
    static uint64_t memory;
    walk->vm = &pypy;
    walk->thread_memory = &memory;
    walk->frame = keep;
    walk->context = found;
    walk->pc = (uint64_t)pc;
    walk->stack_pointer = (uint64_t)stack_pointer;
    return vmps_pypy_walk(walk);
}

static void expect(const struct vmps_walk *walk, const struct found *found, size_t index,
                   uint8_t kind, const char *name)
{
    assert_true(index < walk->frame_count);
    const struct vmps_code *code = &found->code[index];
    assert_int_equal(code->kind, kind);
    assert_int_equal(code->name.size_bytes, strlen(name));
    assert_memory_equal(code->name.data, name, strlen(name));
}

/* Kinds of frames, from the spec [F-5.2-4]. */
enum { PY = 1, JIT = 2, GC = 6, INTERNAL = 7 };

static void test_interpreted_code(void **state)
{
    (void)state;
    struct entry outer = {NULL, 8, 1}, inner = {&outer, 12, 1};
    struct vmps_walk walk = {0};
    struct found found;
    block.list = (uint64_t)&inner;
    assert_int_equal(walk_it(&walk, &found, NULL, NULL), VMPS_WALK_OK);
    assert_int_equal(walk.frame_count, 2);
    expect(&walk, &found, 0, PY, "f12");
    expect(&walk, &found, 1, PY, "f8");
    assert_int_equal(found.code[0].first_line, 120);
    assert_memory_equal(found.code[0].file.data, "/x/p.py", 7);
}

static void test_what_the_vm_says_of_itself(void **state)
{
    (void)state;
    struct entry code = {NULL, 8, 1}, gc = {&code, 0, 5}, tracing = {&gc, 0, 4},
                 blackhole = {&tracing, 0, 2}, unknown = {&blackhole, 0, 99};
    struct vmps_walk walk = {0};
    struct found found;
    block.list = (uint64_t)&unknown;
    assert_int_equal(walk_it(&walk, &found, NULL, NULL), VMPS_WALK_OK);
    assert_int_equal(walk.frame_count, 4);
    expect(&walk, &found, 0, INTERNAL, "<blackhole interpreter>");
    expect(&walk, &found, 1, INTERNAL, "<tracing>");
    expect(&walk, &found, 2, GC, "<garbage collector>");
    expect(&walk, &found, 3, PY, "f8");
}

/* A block of machine code: f8 all along, f12 inlined from byte 200 to 400, f16 into that from 250 to 300; f20 from 400 on.
 * Only addresses are used of it. */
static const int64_t table[] = {8,  0,   1000, 16, 12, 200, 400, 12,
                                16, 250, 300,  12, 20, 400, 500, 16};
static uint8_t machine_code[2000];
static struct data data = {1000, 16, table};
static struct node node = {0};

static void lay_out_map(void)
{
    node = (struct node){.key = (uint64_t)machine_code, .data = &data};
    head.next[0] = head.next[1] = &node;
}

static void test_running_machine_code_is_where_its_pc_is(void **state)
{
    (void)state;
    lay_out_map();
    uint64_t stack[4] = {0};
    stack[1] = (uint64_t)machine_code + 450; /* where it returned to from its last call: stale */
    struct entry caller = {NULL, 4, 1}, interpreted = {&caller, 8, 1},
                 jitted = {&interpreted, (uint64_t)&stack[2], 3};
    struct vmps_walk walk = {0};
    struct found found;
    block.list = (uint64_t)&jitted;
    assert_int_equal(walk_it(&walk, &found, machine_code + 270, &stack[2]), VMPS_WALK_OK);
    assert_int_equal(walk.frame_count, 4);
    expect(&walk, &found, 0, JIT, "f16");
    expect(&walk, &found, 1, JIT, "f12");
    expect(&walk, &found, 2, JIT, "f8"); /* once: the interpreter went over to machine code in it */
    expect(&walk, &found, 3, PY, "f4");
    assert_int_equal(counts.machine_code, 1);
    assert_int_equal(counts.vm_differs, 1); /* it would have said f20 */
}

static void test_a_call_belongs_to_the_function_that_makes_it(void **state)
{
    (void)state;
    lay_out_map();
    uint64_t stack[4] = {0};
    stack[1] = (uint64_t)machine_code + 300; /* the byte behind f16's last: the call is its own */
    struct entry jitted = {NULL, (uint64_t)&stack[2], 3}, called = {&jitted, 24, 1};
    struct vmps_walk walk = {0};
    struct found found;
    block.list = (uint64_t)&called;
    assert_int_equal(walk_it(&walk, &found, NULL, &stack[0]), VMPS_WALK_OK);
    assert_int_equal(walk.frame_count, 4);
    expect(&walk, &found, 0, PY, "f24");
    expect(&walk, &found, 1, JIT, "f16");
    expect(&walk, &found, 2, JIT, "f12");
    expect(&walk, &found, 3, JIT, "f8");
}

static void test_a_prologue_is_of_the_next_activation(void **state)
{
    (void)state;
    lay_out_map();
    uint64_t stack[64] = {0};
    stack[61] = (uint64_t)machine_code + 260;
    struct entry jitted = {NULL, (uint64_t)&stack[62], 3};
    struct vmps_walk walk = {0};
    struct found found;
    block.list = (uint64_t)&jitted;
    assert_int_equal(walk_it(&walk, &found, machine_code + 4, &stack[61]), VMPS_WALK_OK);
    assert_int_equal(walk.frame_count, 4);
    expect(&walk, &found, 0, JIT, "f8"); /* f16 calls f8 anew */
    expect(&walk, &found, 1, JIT, "f16");
    expect(&walk, &found, 2, JIT, "f12");
    expect(&walk, &found, 3, JIT, "f8");
}

/* Machine code of f8 has entered f8 anew, and calls f8's machine code for that: two levels each, which share one. */
static void test_machine_code_that_calls_its_own_kind(void **state)
{
    (void)state;
    static const int64_t twice[] = {8, 0, 1109, 8, 8, 245, 995, 8};
    static struct data recursive = {2000, 8, twice};
    lay_out_map();
    node.data = &recursive;
    enum { LEVELS = 20 };
    uint64_t stack[4 * LEVELS] = {0};
    struct entry interpreted = {NULL, 8, 1}, jitted[LEVELS];
    for (int i = 0; i < LEVELS; i++) {
        uint64_t *frame = &stack[4 * (LEVELS - i) - 1];
        jitted[i] = (struct entry){i == 0 ? &interpreted : &jitted[i - 1], (uint64_t)frame, 3};
        frame[-1] = (uint64_t)machine_code + 844;
    }
    struct vmps_walk walk = {0};
    struct found found;
    block.list = (uint64_t)&jitted[LEVELS - 1];
    assert_int_equal(walk_it(&walk, &found, machine_code + 100, &stack[3]), VMPS_WALK_OK);
    assert_int_equal(walk.frame_count, LEVELS);
    struct vmps_walk calling = {0};
    assert_int_equal(walk_it(&calling, &found, NULL, &stack[0]), VMPS_WALK_OK);
    assert_int_equal(calling.frame_count, LEVELS + 1);
}

static void test_recursion_stays(void **state)
{
    (void)state;
    lay_out_map();
    uint64_t stack[2] = {0};
    struct entry first = {NULL, 8, 1}, second = {&first, 8, 1},
                 jitted = {&second, (uint64_t)&stack[1], 3};
    struct vmps_walk walk = {0};
    struct found found;
    block.list = (uint64_t)&jitted;
    assert_int_equal(walk_it(&walk, &found, machine_code + 10, &stack[1]), VMPS_WALK_OK);
    assert_int_equal(walk.frame_count, 2);
    expect(&walk, &found, 0, JIT, "f8");
    expect(&walk, &found, 1, PY, "f8");
}

static void test_what_cannot_be_told_is_marked(void **state)
{
    (void)state;
    lay_out_map();
    uint64_t stack[4] = {0};
    stack[1] = (uint64_t)machine_code + 270;
    struct entry code = {NULL, 8, 1}, jitted = {&code, (uint64_t)&stack[2], 3};
    struct vmps_walk walk = {0};
    struct found found;
    block.list = (uint64_t)&jitted;
    /* Not in the block, and nothing was called: the word is stale. */
    assert_int_equal(walk_it(&walk, &found, &walk, &stack[2]), VMPS_WALK_OK);
    assert_int_equal(walk.frame_count, 2);
    expect(&walk, &found, 0, INTERNAL, "<machine code>");
    expect(&walk, &found, 1, PY, "f8");
    assert_int_equal(counts.unresolved, 1);
    /* Called from outside of every block. */
    struct vmps_walk again = {0};
    stack[1] = (uint64_t)machine_code + 1500;
    assert_int_equal(walk_it(&again, &found, &walk, &stack[0]), VMPS_WALK_OK);
    expect(&again, &found, 0, INTERNAL, "<machine code>");
}

static void test_the_way_out_of_a_function_is_its_own(void **state)
{
    (void)state;
    static const int64_t left_early[] = {12, 0, 69, 4};
    static struct data bridge = {438, 4, left_early};
    lay_out_map();
    node.data = &bridge;
    uint64_t stack[2] = {0};
    struct entry jitted = {NULL, (uint64_t)&stack[1], 3};
    struct vmps_walk walk = {0};
    struct found found;
    block.list = (uint64_t)&jitted;
    assert_int_equal(walk_it(&walk, &found, machine_code + 116, &stack[1]), VMPS_WALK_OK);
    assert_int_equal(walk.frame_count, 1);
    expect(&walk, &found, 0, JIT, "f12");
    assert_int_equal(counts.uncovered, 1);
}

static void test_many_functions_in_one_another(void **state)
{
    (void)state;
    enum { DEPTH = 99 };
    static int64_t deep[4 * DEPTH];
    static struct data deep_data = {1000, 4 * DEPTH, deep};
    for (int i = 0; i < DEPTH; i++) {
        const int64_t row[] = {INT64_C(4) * (i + 1), i, 1000 - i, INT64_C(4) * DEPTH};
        memcpy(&deep[(size_t)4 * (size_t)i], row, sizeof row);
    }
    lay_out_map();
    node.data = &deep_data;
    uint64_t stack[2] = {0};
    struct entry jitted = {NULL, (uint64_t)&stack[1], 3};
    struct vmps_walk walk = {0};
    struct found found;
    block.list = (uint64_t)&jitted;
    assert_int_equal(walk_it(&walk, &found, machine_code + 500, &stack[1]), VMPS_WALK_OK);
    assert_int_equal(walk.frame_count, DEPTH);
    for (uint64_t i = 0; i < DEPTH; i++) {
        assert_int_equal(found.address[i] & ~UINT64_C(3), 4 * (DEPTH - i));
    }
}

/* Each address is found in its block, whatever the heights of the nodes. */
static void test_blocks_are_found(void **state)
{
    (void)state;
    enum { BLOCKS = 50 };
    static struct node nodes[BLOCKS];
    static struct data blocks[BLOCKS];
    static int64_t tables[BLOCKS][4];
    struct node **last[8];
    for (int level = 0; level < 8; level++) {
        last[level] = &head.next[level];
    }
    for (int i = 0; i < BLOCKS; i++) {
        const int64_t row[] = {INT64_C(4) * (i + 1), 0, 30, 4};
        memcpy(tables[i], row, sizeof row);
        blocks[i] = (struct data){30, 4, tables[i]};
        nodes[i] =
            (struct node){.key = (uint64_t)machine_code + 40ul * (uint64_t)i, .data = &blocks[i]};
        for (int level = 0; level < 8 && i % (1 << level) == 0; level++) {
            *last[level] = &nodes[i];
            last[level] = &nodes[i].next[level];
        }
    }
    for (uint64_t at = 0; at < sizeof machine_code; at++) {
        struct vmps_walk walk = {0};
        struct found found;
        walk_it(&walk, &found, machine_code + at, NULL);
        if (at % 40 < 30) {
            assert_int_equal(walk.frame_count, 1);
            assert_int_equal(found.address[0] & ~UINT64_C(3), 4 * (at / 40 + 1));
        } else {
            assert_int_equal(walk.frame_count, 0);
        }
    }
}

static void test_a_map_in_change_is_left_alone(void **state)
{
    (void)state;
    struct entry code = {NULL, 8, 1};
    struct vmps_walk walk = {0};
    struct found found;
    block.list = (uint64_t)&code;
    in_change = 1;
    assert_int_equal(walk_it(&walk, &found, NULL, NULL), VMPS_WALK_LOST);
    assert_int_equal(walk.frame_count, 0);
    assert_int_equal(entered, 1);
}

static void test_roots_and_recorders(void **state)
{
    (void)state;
    struct entry outermost = {NULL, 4, 1}, root = {&outermost, 8, 1}, code = {&root, 12, 1};
    struct vmps_walk walk = {.root_code = 8};
    struct found found;
    block.list = (uint64_t)&code;
    assert_int_equal(walk_it(&walk, &found, NULL, NULL), VMPS_WALK_OK);
    assert_int_equal(walk.frame_count, 1);
    assert_true(walk.met_root);
    const uint64_t recorder = 4;
    struct vmps_walk own = {.recorder_codes = &recorder, .recorder_code_count = 1};
    assert_int_equal(walk_it(&own, &found, NULL, NULL), VMPS_WALK_OK);
    assert_int_equal(own.frame_count, 0);
    assert_true(own.met_root);
}

static void test_starters_are_left_out(void **state)
{
    (void)state;
    struct entry outermost = {NULL, 4, 1}, starter = {&outermost, 8, 1}, code = {&starter, 12, 1};
    struct vmps_walk walk = {0};
    struct found found;
    block.list = (uint64_t)&code;
    pypy.starters[0] = 4;
    pypy.starters[1] = 8;
    pypy.starter_count = 2;
    assert_int_equal(walk_it(&walk, &found, NULL, NULL), VMPS_WALK_OK);
    assert_int_equal(walk.frame_count, 1);
    expect(&walk, &found, 0, PY, "f12");
}

static void test_threads_that_are_not_of_pypy(void **state)
{
    (void)state;
    struct entry code = {NULL, 8, 1};
    struct vmps_walk walk = {0};
    struct found found;
    block.list = (uint64_t)&code;
    block.ready = 0;
    assert_int_equal(walk_it(&walk, &found, NULL, NULL), VMPS_WALK_OK);
    assert_int_equal(walk.frame_count, 0);
}

/* A name that PyPy has not written out yet is in one of its buffers. */
static void test_names_in_buffers(void **state)
{
    (void)state;
    enum { BUFFERS = 20 };
    uint8_t *buffers =
        mmap(NULL, BUFFERS * 8192ul, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(buffers != MAP_FAILED);
    static const char text[] = "py:late:7:/y.py";
    uint8_t *record = buffers + 5ul * 8192 + 8;
    uint64_t number = 1596, length = sizeof text - 1;
    uint32_t used = (uint32_t)(17 + length);
    record[0] = 2;
    memcpy(record + 1, &number, 8);
    memcpy(record + 9, &length, 8);
    memcpy(record + 17, text, length);
    memcpy(record - 8, &used, 4);
    pypy.names.buffers = (uint64_t)buffers;
    struct vmps_probe probe = {0};
    struct vmps_pypy_name name;
    assert_true(vmps_pypy_name_find(&pypy.names, &probe, number, &name));
    assert_int_equal(name.size_bytes, length);
    assert_memory_equal(name.text, text, length);
    /* Not whole yet. */
    used--;
    memcpy(record - 8, &used, 4);
    assert_false(vmps_pypy_name_find(&pypy.names, &probe, number, &name));
    munmap(buffers, BUFFERS * 8192ul);
}

static void test_names_that_are_none(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "py", "py:f", "py:f:1", "py:f:x:/y", ":::"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct vmps_pypy_name name = {bad[i], (uint32_t)strlen(bad[i])};
        struct vmps_code code = {0};
        bool good = vmps_pypy_name_split(&name, &code);
        assert_int_equal(good, i == 5); /* empty parts are parts */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
        TEST(test_interpreted_code),
        TEST(test_what_the_vm_says_of_itself),
        TEST(test_running_machine_code_is_where_its_pc_is),
        TEST(test_a_call_belongs_to_the_function_that_makes_it),
        TEST(test_a_prologue_is_of_the_next_activation),
        TEST(test_machine_code_that_calls_its_own_kind),
        TEST(test_recursion_stays),
        TEST(test_what_cannot_be_told_is_marked),
        TEST(test_the_way_out_of_a_function_is_its_own),
        TEST(test_many_functions_in_one_another),
        TEST(test_blocks_are_found),
        TEST(test_a_map_in_change_is_left_alone),
        TEST(test_roots_and_recorders),
        TEST(test_starters_are_left_out),
        TEST(test_threads_that_are_not_of_pypy),
        TEST(test_names_in_buffers),
        TEST(test_names_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
