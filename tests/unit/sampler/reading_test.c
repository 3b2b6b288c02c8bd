/* Samples that are taken from outside: which stacks are believed, what is published of them, and what is lost. The stacks are
 * made up, one for each reading; what is published is read from the ring word by word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sampler/core/reading.h"

#define CAPACITY UINT64_C(65536)
#define HEADER_BYTES 192u
#define START UINT64_C(1000000000)
#define STATE 0x5000u
#define MAX_STACKS 64u
#define HIDDEN 0x99u /* code that is passed over */

/* A frame: where it is, what it runs, where in it. 0 ends a stack. */
struct made {
    uint8_t frame, code, offset;
};
struct stack {
    struct made frames[5]; /* leaf first */
    bool moved, ends_in_generator, broken;
};

static const struct stack *stacks[MAX_STACKS]; /* one for each reading; the last one stays */
static size_t stack_count, readings;

static vmps_walk_status walk(struct vmps_walk *walk)
{
    const struct stack *stack = stacks[readings < stack_count ? readings : stack_count - 1];
    readings++;
    assert_int_equal(walk->thread, STATE);
    assert_true(walk->brief);
    for (size_t i = 0; i < 5 && stack->frames[i].frame != 0; i++) {
        const struct vmps_walk_frame frame = {.frame_address = stack->frames[i].frame,
                                              .code_address = stack->frames[i].code,
                                              .offset = stack->frames[i].offset};
        assert_int_equal(walk->frame(walk, &frame), VMPS_WALK_OK);
        walk->frame_count++;
    }
    walk->moved = stack->moved;
    walk->ends_in_generator = stack->ends_in_generator;
    return stack->broken ? VMPS_WALK_BROKEN : VMPS_WALK_OK;
}

static vmps_walk_status identify(struct vmps_walk *walk, struct vmps_walk_frame *frame)
{
    (void)walk;
    frame->code_hash = frame->code_address << 40;
    return frame->code_address == HIDDEN ? VMPS_WALK_STOP : VMPS_WALK_OK;
}

static bool describe(struct vmps_walk *walk, uint64_t code_address, struct vmps_code *code)
{
    static const char name[] = "f";
    (void)walk;
    code->address = code_address;
    code->name.data = code->file.data = code->lines = name;
    code->name.size_bytes = code->file.size_bytes = 1;
    return true;
}

static uint64_t thread_of(const struct vmps_vm *vm, pid_t thread_id, uint64_t known)
{
    (void)vm;
    (void)known;
    return thread_id != 0 ? STATE : 0;
}

static const struct vmps_vm_ops ops = {
    .thread_of = thread_of, .reader = {.walk = walk, .describe = describe, .identify = identify}};
static const struct vmps_vm vm = {.ops = &ops};

struct bed {
    struct vmpf_journal *journal;
    struct vmps_recording recording;
    struct vmps_slot slot;
    struct vmps_reading reading;
    struct vmps_sight sight;
};

static struct bed *make_bed(void)
{
    struct bed *bed = calloc(1, sizeof *bed);
    assert_non_null(bed);
    bed->journal = aligned_alloc(64, HEADER_BYTES + CAPACITY);
    assert_non_null(bed->journal);
    memset(bed->journal, 0, HEADER_BYTES + CAPACITY);
    bed->journal->header_size_bytes = HEADER_BYTES;
    bed->journal->capacity_bytes = CAPACITY;
    vmps_ring_init(&bed->recording.ring, bed->journal);
    bed->recording.codes.entries = calloc(VMPS_CODES_ENTRIES, sizeof(_Atomic uint64_t));
    bed->recording.slots = &bed->slot;
    bed->recording.start_ns = START;
    bed->recording.trust = VMPS_TRUST_VERIFIED;
    bed->slot.thread_id = 77;
    vmps_reading_init(&bed->reading, &bed->recording, &vm);
    return bed;
}

static void end_bed(struct bed *bed)
{
    vmps_reading_fini(&bed->reading);
    free((void *)(uintptr_t)bed->recording.codes.entries);
    free(bed->journal);
    free(bed);
}

static void sample(struct bed *bed, uint64_t cpu_ns, pid_t thread_id)
{
    const struct vmps_look look = {
        .thread_id = thread_id, .now_ns = START + 5000, .cpu_ns = cpu_ns, .runs = true};
    readings = 0;
    vmps_reading_sample(&bed->reading, &bed->sight, &look);
}

struct row {
    uint64_t cpu_ns;
    uint32_t count;
    struct vmpf_row_frame frames[5];
};

/* The last SAMPLE row of the ring; CODE rows are passed over. False: there is none. */
static bool last_row(const struct bed *bed, struct row *row)
{
    const uint64_t *words =
        (const uint64_t *)(const void *)((const char *)bed->journal + HEADER_BYTES);
    bool found = false;
    for (; words[0] != 0; words += words[0] & 0xFFFFFF) {
        if ((words[0] >> 24 & 0xFF) != 2) {
            continue;
        }
        found = true;
        assert_int_equal(words[1], 5000);
        assert_int_equal(words[2] & 0xFFFFFFFF, 77);
        assert_int_equal(words[3] >> 32, 1);
        *row = (struct row){.cpu_ns = words[4], .count = (uint32_t)(words[2] >> 32)};
        memcpy(row->frames, words + 5, row->count * sizeof row->frames[0]);
    }
    return found;
}

/* Reads the stacks, one after the other. Codes get numbers as they are met, which no test cares for: the offsets tell frames apart. */
static void read_stacks(struct bed *bed, uint64_t cpu_ns, size_t count, const struct stack *given)
{
    for (size_t i = 0; i < count; i++) {
        stacks[i] = &given[i];
    }
    stack_count = count;
    sample(bed, cpu_ns, 1);
}

static void expect(const struct bed *bed, uint64_t cpu_ns, uint32_t count, const uint8_t *offsets)
{
    struct row row = {0};
    assert_true(last_row(bed, &row));
    assert_int_equal(row.cpu_ns, cpu_ns);
    assert_int_equal(row.count, count);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(row.frames[i].offset, offsets[i]);
        assert_int_not_equal(row.frames[i].code, 0);
    }
}

static void test_a_stack_that_stays(void **state)
{
    (void)state;
    struct bed *bed = make_bed();
    read_stacks(bed, 1000, 1,
                &(const struct stack){.frames = {{3, 30, 5}, {2, 20, 6}, {1, 10, 7}}});
    expect(bed, 1000, 3, (const uint8_t[]){5, 6, 7});
    read_stacks(bed, 1700, 1, &(const struct stack){.frames = {{2, 20, 8}, {1, 10, 9}}});
    expect(bed, 700, 2, (const uint8_t[]){8, 9});
    assert_int_equal(atomic_load(&bed->slot.samples), 2);
    assert_int_equal(atomic_load(&bed->slot.cpu_ns), 1700);
    end_bed(bed);
}

/* What counts is the first of two readings that agree, but for the leaf and where it is. */
static void test_what_may_change(void **state)
{
    (void)state;
    struct bed *bed = make_bed();
    const struct stack goes_on[] = {{.frames = {{3, 30, 1}, {2, 20, 6}, {1, 10, 7}}},
                                    {.frames = {{3, 30, 2}, {2, 20, 6}, {1, 10, 7}}}};
    read_stacks(bed, 100, 2, goes_on);
    expect(bed, 100, 3, (const uint8_t[]){1, 6, 7});
    const struct stack returns[] = {{.frames = {{3, 30, 1}, {2, 20, 6}, {1, 10, 7}}},
                                    {.frames = {{2, 20, 8}, {1, 10, 7}}}};
    read_stacks(bed, 200, 2, returns);
    expect(bed, 100, 3, (const uint8_t[]){1, 6, 7});
    const struct stack calls[] = {{.frames = {{2, 20, 8}, {1, 10, 7}}},
                                  {.frames = {{4, 40, 0}, {3, 30, 1}, {2, 20, 6}, {1, 10, 7}}}};
    read_stacks(bed, 300, 2, calls);
    expect(bed, 100, 2, (const uint8_t[]){8, 7});
    const struct stack calls_another[] = {{.frames = {{3, 30, 1}, {2, 20, 6}, {1, 10, 7}}},
                                          {.frames = {{3, 31, 1}, {2, 20, 8}, {1, 10, 7}}}};
    read_stacks(bed, 400, 2, calls_another);
    expect(bed, 100, 3, (const uint8_t[]){1, 6, 7});
    assert_int_equal(atomic_load(&bed->slot.lost), 0);
    end_bed(bed);
}

static const struct stack sound = {.frames = {{2, 20, 88}, {1, 10, 77}}};

/* Of each pair the first must not be believed; then comes one that is sound. */
static void test_what_is_read_again(void **state)
{
    (void)state;
    static const struct stack pairs[][2] = {
        /* two frames left */
        {{.frames = {{4, 40, 1}, {3, 30, 1}, {2, 20, 6}, {1, 10, 7}}},
         {.frames = {{2, 20, 8}, {1, 10, 7}}}},
        /* the same function called from another line */
        {{.frames = {{3, 30, 1}, {2, 20, 6}, {1, 10, 7}}},
         {.frames = {{3, 30, 1}, {2, 20, 8}, {1, 10, 7}}}},
        /* another caller's call in between */
        {{.frames = {{4, 40, 1}, {3, 30, 1}, {2, 20, 6}}},
         {.frames = {{4, 40, 1}, {3, 30, 1}, {2, 20, 7}}}},
        /* other code in the same frames */
        {{.frames = {{3, 30, 1}, {2, 20, 6}, {1, 10, 7}}},
         {.frames = {{3, 31, 1}, {2, 21, 6}, {1, 10, 7}}}},
        /* nothing in common */
        {{.frames = {{3, 30, 1}}}, {.frames = {{2, 20, 6}}}},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct bed *bed = make_bed();
        const struct stack given[] = {pairs[i][0], pairs[i][1], sound};
        read_stacks(bed, 100, 3, given);
        expect(bed, 100, 2, (const uint8_t[]){88, 77});
        end_bed(bed);
    }
    struct stack moved = sound, broken = sound;
    moved.moved = true;
    moved.frames[0].offset = broken.frames[0].offset = 1;
    broken.broken = true;
    struct bed *bed = make_bed();
    const struct stack given[] = {moved, broken, sound};
    read_stacks(bed, 100, 3, given);
    expect(bed, 100, 2, (const uint8_t[]){88, 77});
    end_bed(bed);
}

/* The time of what could not be read goes to the next sample. */
static void test_what_is_lost(void **state)
{
    (void)state;
    struct bed *bed = make_bed();
    struct row row = {0};
    struct stack changes = sound;
    changes.moved = true;
    read_stacks(bed, 100, 1, &changes);
    assert_false(last_row(bed, &row));
    assert_int_equal(atomic_load(&bed->slot.lost), 1);
    read_stacks(bed, 250, 1, &sound);
    expect(bed, 250, 2, (const uint8_t[]){88, 77});
    assert_int_equal(atomic_load(&bed->slot.samples), 1);
    end_bed(bed);
}

/* A generator that was left just then has no caller. One that really is a thread's root is believed after some times. */
static void test_a_stack_that_begins_with_a_generator(void **state)
{
    (void)state;
    struct bed *bed = make_bed();
    struct stack generator = {.frames = {{5, 50, 3}, {4, 40, 4}}, .ends_in_generator = true};
    const struct stack left_just_then[] = {generator, generator, generator, generator, sound};
    read_stacks(bed, 100, 5, left_just_then);
    expect(bed, 100, 2, (const uint8_t[]){88, 77});
    read_stacks(bed, 200, 1, &generator);
    expect(bed, 100, 2, (const uint8_t[]){3, 4});
    /* Now it is known. */
    const struct stack again[] = {generator, generator, sound};
    read_stacks(bed, 300, 3, again);
    expect(bed, 100, 2, (const uint8_t[]){3, 4});
    end_bed(bed);
}

static void test_frames_that_are_passed_over(void **state)
{
    (void)state;
    struct bed *bed = make_bed();
    read_stacks(bed, 100, 1,
                &(const struct stack){.frames = {{3, 30, 5}, {2, HIDDEN, 6}, {1, 10, 7}}});
    expect(bed, 100, 2, (const uint8_t[]){5, 7});
    end_bed(bed);
}

static void test_a_thread_without_python(void **state)
{
    (void)state;
    struct bed *bed = make_bed();
    sample(bed, 100, 0);
    expect(bed, 100, 0, NULL);
    atomic_store(&bed->recording.trust, VMPS_TRUST_OFF);
    stack_count = 0; /* no walk may ask */
    sample(bed, 300, 1);
    expect(bed, 200, 0, NULL);
    end_bed(bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_stack_that_stays),
        cmocka_unit_test(test_what_may_change),
        cmocka_unit_test(test_what_is_read_again),
        cmocka_unit_test(test_what_is_lost),
        cmocka_unit_test(test_a_stack_that_begins_with_a_generator),
        cmocka_unit_test(test_frames_that_are_passed_over),
        cmocka_unit_test(test_a_thread_without_python),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
