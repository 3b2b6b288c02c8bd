/* The walk over interpreters made of plain memory: what a layout says is what is found, and garbage
 * is met without a fault. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sampler/vm/cpython_layout.h"
#include "sampler/vm/cpython_walk.h"

#define WORDS 64
#define MAX_SEEN 64
#define GARBAGE UINT64_C(0x6D6D6D6D6D68)

/* Objects large enough for each field of each layout. */
struct object {
    uint64_t words[WORDS];
};

struct world {
    struct vmps_cpython cpython;
    struct object thread, code_type, text_type, bytes_type, text, lines;
    struct object codes[4];
    struct {
        uint64_t previous, size, top;
        struct object frames[4];
    } chunk;
    struct object shims[2], cframes[3];
    size_t seen_count;
    uint64_t seen[MAX_SEEN];
    uint32_t offsets[MAX_SEEN];
};

static struct world *world;

static uint64_t at(const void *object)
{
    return (uint64_t)object;
}

static void put(void *object, size_t offset, uint64_t value)
{
    memcpy((char *)object + offset, &value, sizeof value);
}

static void put8(void *object, size_t offset, uint8_t value)
{
    memcpy((char *)object + offset, &value, sizeof value);
}

static void put32(void *object, size_t offset, uint32_t value)
{
    memcpy((char *)object + offset, &value, sizeof value);
}

static void *current_thread(void)
{
    return &world->thread;
}

static void make_object(struct object *object, const struct object *type)
{
    put(object, 0, 1);
    put(object, 8, at(type));
}

static void make_code(struct object *code, uint32_t first_line)
{
    const struct vmps_cpython_layout *layout = &world->cpython.layout;
    make_object(code, &world->code_type);
    put(code, 16, 64); /* instructions */
    put(code, layout->code_name, at(&world->text));
    put(code, layout->code_file, at(&world->text));
    put(code, layout->code_lines, at(&world->lines));
    put32(code, layout->code_first_line, first_line);
    if (layout->code_frame_words[0] != 0) {
        put32(code, layout->code_frame_words[0], WORDS - layout->frame_more_words);
    }
}

/* A chain of count frames, frames[0] the outermost. */
static void make_frames(int count)
{
    const struct vmps_cpython_layout *layout = &world->cpython.layout;
    for (int i = 0; i < count; i++) {
        struct object *frame = &world->chunk.frames[i];
        put(frame, layout->frame_code, at(&world->codes[i]));
        put(frame, layout->frame_previous, i > 0 ? at(&world->chunk.frames[i - 1]) : 0);
        if (layout->ip == VMPS_IP_POINTER) {
            put(frame, layout->frame_ip,
                at(&world->codes[i]) + layout->code_bytes + 2 * (uint64_t)i);
        } else {
            put32(frame, layout->frame_ip, (uint32_t)i * 2);
        }
    }
    world->chunk.top = at(&world->chunk.frames[count]);
    put(&world->thread, layout->thread_chunk_top, world->chunk.top);
}

static void make_world(unsigned minor)
{
    static struct world the_world;
    memset(&the_world, 0, sizeof the_world);
    world = &the_world;
    const struct vmps_cpython_layout *layout = vmps_cpython_layout_find(3, minor);
    assert_non_null(layout);
    world->cpython.layout = *layout;
    world->cpython.code_type = at(&world->code_type);
    world->cpython.text_type = at(&world->text_type);
    world->cpython.bytes_type = at(&world->bytes_type);
    world->cpython.thread_state = current_thread;
    make_object(&world->text, &world->text_type);
    put(&world->text, 16, 3);
    uint32_t state = 1u << layout->text_kind_shift | 1u << layout->text_compact_bit |
                     1u << layout->text_ascii_bit;
    put32(&world->text, 32, state);
    memcpy((char *)&world->text + layout->text_ascii, "abc", 3);
    make_object(&world->lines, &world->bytes_type);
    put(&world->lines, 16, 4);
    for (uint32_t i = 0; i < 4; i++) {
        make_code(&world->codes[i], 10 + i);
    }
    put(&world->thread, layout->thread_id, (uint64_t)pthread_self());
    world->chunk.size = sizeof world->chunk;
    put(&world->thread, layout->thread_chunk, at(&world->chunk));
}

static vmps_walk_status keep(struct vmps_walk *walk, const struct vmps_walk_frame *frame)
{
    (void)walk;
    if (world->seen_count == MAX_SEEN) {
        return VMPS_WALK_STOP;
    }
    world->offsets[world->seen_count] = frame->offset;
    world->seen[world->seen_count++] = frame->code_address;
    return VMPS_WALK_OK;
}

static vmps_walk_status walk_world(struct vmps_walk *walk, bool checked, uint64_t root)
{
    static uint64_t memory;
    memset(walk, 0, sizeof *walk);
    memory = 0;
    world->seen_count = 0;
    walk->vm = &world->cpython;
    walk->thread_memory = &memory;
    walk->checked = checked;
    walk->root_code = root;
    walk->frame = keep;
    return vmps_cpython_walk(walk);
}

static void expect(vmps_walk_status status, size_t count, int leaf)
{
    for (int checked = 0; checked < 2; checked++) {
        struct vmps_walk walk;
        assert_int_equal(walk_world(&walk, checked != 0, 0), status);
        if (status != VMPS_WALK_OK) {
            assert_non_null(walk.failure);
            continue;
        }
        assert_int_equal(world->seen_count, count);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(world->seen[i], at(&world->codes[leaf - (int)i]));
        }
    }
}

static void set_top(uint64_t frame)
{
    put(&world->thread, world->cpython.layout.thread_frame, frame);
}

static void test_plain_chains(void **state)
{
    (void)state;
    static const unsigned minors[] = {6, 7, 8, 9, 10, 13, 14, 15};
    for (size_t i = 0; i < sizeof minors / sizeof minors[0]; i++) {
        make_world(minors[i]);
        make_frames(3);
        set_top(0);
        expect(VMPS_WALK_OK, 0, 0);
        set_top(at(&world->chunk.frames[2]));
        expect(VMPS_WALK_OK, 3, 2);
        assert_int_equal(world->offsets[0], minors[i] == 10 ? 8 : 4);
        set_top(GARBAGE);
        expect(VMPS_WALK_BROKEN, 0, 0);
        set_top(at(&world->chunk.frames[2]) + 1);
        expect(VMPS_WALK_BROKEN, 0, 0);
        set_top(at(&world->text));
        expect(VMPS_WALK_BROKEN, 0, 0);
    }
}

static void test_another_threads_state(void **state)
{
    (void)state;
    make_world(13);
    make_frames(3);
    set_top(at(&world->chunk.frames[2]));
    put(&world->thread, world->cpython.layout.thread_id, 12345);
    expect(VMPS_WALK_OK, 0, 0);
}

static void test_the_root_ends_the_walk(void **state)
{
    (void)state;
    make_world(10);
    make_frames(3);
    set_top(at(&world->chunk.frames[2]));
    struct vmps_walk walk;
    assert_int_equal(walk_world(&walk, false, at(&world->codes[0])), VMPS_WALK_OK);
    assert_int_equal(walk.frame_count, 2);
    assert_true(walk.met_root);
    assert_int_equal(walk_world(&walk, false, at(&world->codes[2])), VMPS_WALK_OK);
    assert_int_equal(walk.frame_count, 0);
    assert_true(walk.met_root);
}

static void test_shims_are_skipped(void **state)
{
    (void)state;
    make_world(14);
    const struct vmps_cpython_layout *layout = &world->cpython.layout;
    make_frames(2);
    put8(&world->shims[0], layout->frame_owner, layout->shim_owner);
    put(&world->shims[0], layout->frame_previous, at(&world->chunk.frames[0]));
    put(&world->chunk.frames[1], layout->frame_previous, at(&world->shims[0]));
    /* The code is a tagged reference. */
    put(&world->chunk.frames[1], layout->frame_code, at(&world->codes[1]) | 1);
    set_top(at(&world->chunk.frames[1]));
    expect(VMPS_WALK_OK, 2, 1);
}

/* 3.11: frames 0 and 1 in an outer activation, 2 and 3 in the inner one. */
static void make_activations(unsigned minor)
{
    make_world(minor);
    const struct vmps_cpython_layout *layout = &world->cpython.layout;
    make_frames(4);
    world->chunk.top = at(&world->chunk) + sizeof world->chunk;
    put(&world->thread, layout->thread_chunk_top, world->chunk.top);
    /* The outermost C frame is part of the thread state. */
    uint64_t root = at(&world->thread) + 400;
    for (int i = 0; i < 2; i++) {
        uint64_t below = i == 0 ? 0 : at(&world->chunk.frames[1]);
        put(&world->cframes[i], layout->cframe_previous, i == 0 ? root : at(&world->cframes[0]));
        put(&world->cframes[i], layout->cframe_frame, at(&world->chunk.frames[2 * i + 1]));
        if (layout->entry == VMPS_ENTRY_FLAG) {
            put8(&world->chunk.frames[(ptrdiff_t)2 * i], layout->frame_is_entry, 1);
            continue;
        }
        put8(&world->shims[i], layout->frame_owner, layout->shim_owner);
        put(&world->shims[i], layout->frame_previous, below);
        put(&world->chunk.frames[(ptrdiff_t)2 * i], layout->frame_previous, at(&world->shims[i]));
    }
    put(&world->thread, layout->thread_frame, at(&world->cframes[1]));
}

static void test_activations(void **state)
{
    (void)state;
    for (unsigned minor = 11; minor <= 12; minor++) {
        make_activations(minor);
        expect(VMPS_WALK_OK, 4, 3);
    }
}

/* The C frame is published, its first frame is not in it yet. */
static void test_an_activation_that_has_not_begun(void **state)
{
    (void)state;
    for (unsigned minor = 11; minor <= 12; minor++) {
        make_activations(minor);
        const struct vmps_cpython_layout *layout = &world->cpython.layout;
        const uint64_t stale[] = {GARBAGE, 8, at(&world->text), at(&world->chunk.frames[0]) + 4,
                                  at(&world->shims[1])};
        put(&world->cframes[2], layout->cframe_previous, at(&world->cframes[1]));
        put(&world->thread, layout->thread_frame, at(&world->cframes[2]));
        for (size_t i = 0; i < sizeof stale / sizeof stale[0]; i++) {
            put(&world->cframes[2], layout->cframe_frame, stale[i]);
            expect(VMPS_WALK_OK, 4, 3);
        }
        /* A frame of this very stack, left there by an earlier activation. */
        put(&world->cframes[2], layout->cframe_frame, at(&world->chunk.frames[0]));
        expect(VMPS_WALK_OK, 4, 3);
        put(&world->cframes[2], layout->cframe_previous, GARBAGE);
        expect(VMPS_WALK_BROKEN, 0, 0);
        put(&world->cframes[2], layout->cframe_previous, 0);
        expect(VMPS_WALK_BROKEN, 0, 0);
    }
}

static void test_popped_frames_are_left_out(void **state)
{
    (void)state;
    for (unsigned minor = 11; minor <= 12; minor++) {
        make_activations(minor);
        put(&world->thread, world->cpython.layout.thread_chunk_top, at(&world->chunk.frames[3]));
        expect(VMPS_WALK_OK, 3, 2);
        put(&world->thread, world->cpython.layout.thread_chunk_top, at(&world->chunk.frames[2]));
        if (minor == 11) {
            expect(VMPS_WALK_OK, 2, 1);
        }
    }
}

/* A frame that has just been linked, with the code of the call before it: its instruction is of other code. */
static void test_a_frame_with_the_code_of_another(void **state)
{
    (void)state;
    for (unsigned minor = 11; minor <= 12; minor++) {
        make_activations(minor);
        struct vmps_walk walk;
        assert_int_equal(walk_world(&walk, false, 0), VMPS_WALK_OK);
        const struct vmps_cpython_layout *layout = &world->cpython.layout;
        struct object *top = &world->chunk.frames[3];
        put(top, layout->frame_ip, at(&world->codes[1]) + layout->code_bytes);
        assert_int_equal(walk_world(&walk, false, 0), VMPS_WALK_LOST);
        put(top, layout->frame_ip,
            at(&world->codes[3]) + layout->code_bytes + 128); /* behind its end */
        assert_int_equal(walk_world(&walk, false, 0), VMPS_WALK_LOST);
        put(top, layout->frame_ip, at(&world->codes[3]) + layout->code_bytes - 2);
        assert_int_equal(walk_world(&walk, false, 0), VMPS_WALK_OK);
    }
}

/* A frame that is on top, but not linked to its caller yet: the link is one of another call, whose caller was further out. */
static void test_a_frame_with_the_link_of_another(void **state)
{
    (void)state;
    for (unsigned minor = 11; minor <= 12; minor++) {
        make_activations(minor);
        const struct vmps_cpython_layout *layout = &world->cpython.layout;
        struct object *top = &world->chunk.frames[3], *caller = &world->chunk.frames[2];
        struct vmps_walk walk;
        assert_int_equal(walk_world(&walk, false, 0), VMPS_WALK_OK);
        /* A generator stands elsewhere: what is below it is looked at. */
        put8(caller, layout->frame_owner, 1);
        assert_int_equal(walk_world(&walk, false, 0), VMPS_WALK_LOST);
        put8(caller, layout->frame_owner, 0);
        put32(&world->codes[2], layout->code_frame_words[0], WORDS - layout->frame_more_words - 1);
        assert_int_equal(walk_world(&walk, false, 0), VMPS_WALK_LOST);
        put8(top, layout->frame_owner, 1);
        assert_int_equal(walk_world(&walk, false, 0), VMPS_WALK_OK);
    }
}

static void test_code_that_was_freed(void **state)
{
    (void)state;
    make_activations(11);
    put(&world->codes[3], 0, 0);
    expect(VMPS_WALK_OK, 3, 2);
    put(&world->codes[3], 0, at(&world->text));
    expect(VMPS_WALK_OK, 3, 2);
    put(&world->codes[3], 0, 1);
    expect(VMPS_WALK_OK, 4, 3);
}

static void test_code_is_described(void **state)
{
    (void)state;
    make_world(13);
    make_frames(1);
    set_top(at(&world->chunk.frames[0]));
    struct vmps_walk walk;
    assert_int_equal(walk_world(&walk, true, 0), VMPS_WALK_OK);
    struct vmps_code code;
    memset(&code, 0, sizeof code);
    assert_true(vmps_cpython_describe(&walk, at(&world->codes[0]), &code));
    assert_int_equal(code.name.size_bytes, 3);
    assert_memory_equal(code.name.data, "abc", 3);
    assert_int_equal(code.first_line, 10);
    assert_int_equal(code.lines_size_bytes, 4);
    put(&world->text, 8, at(&world->bytes_type));
    assert_false(vmps_cpython_describe(&walk, at(&world->codes[0]), &code));
    assert_non_null(walk.failure);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_chains),
        cmocka_unit_test(test_another_threads_state),
        cmocka_unit_test(test_the_root_ends_the_walk),
        cmocka_unit_test(test_shims_are_skipped),
        cmocka_unit_test(test_activations),
        cmocka_unit_test(test_an_activation_that_has_not_begun),
        cmocka_unit_test(test_popped_frames_are_left_out),
        cmocka_unit_test(test_a_frame_with_the_code_of_another),
        cmocka_unit_test(test_a_frame_with_the_link_of_another),
        cmocka_unit_test(test_code_that_was_freed),
        cmocka_unit_test(test_code_is_described),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
