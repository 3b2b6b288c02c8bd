/* The time of threads that wait: onto which stack it is counted, how much of it, and when nothing is. The looks are made up;
 * what is published is read from the ring word by word. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "sampler/core/ticks.h"
#include "sampler/core/waiting.h"

#define CAPACITY UINT64_C(65536)
#define HEADER_BYTES 192u
#define PERIOD UINT64_C(1000000)
#define START UINT64_C(1000000000)
#define THREAD_STATE 0x5000u
#define RUNNING 0x100u
#define WAITING 0x300u

static uint32_t function; /* of which the thread's stack is */
static vmps_walk_status walk_status;

static vmps_walk_status walk(struct vmps_walk *walk)
{
    const struct vmps_walk_frame frame = {
        .code_address = function, .code_hash = (uint64_t)function << 40, .offset = 6};
    assert_int_equal(walk->thread, THREAD_STATE);
    vmps_walk_status status = walk->frame(walk, &frame);
    walk->frame_count += status == VMPS_WALK_OK;
    return status == VMPS_WALK_OK ? walk_status : status;
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
    return thread_id != 0 ? THREAD_STATE : 0;
}

static const struct vmps_vm_ops ops = {.thread_of = thread_of,
                                       .onlooker = {.walk = walk, .describe = describe}};
static const struct vmps_vm vm = {.ops = &ops};

struct bed {
    struct vmpf_journal *journal;
    struct vmps_recording recording;
    struct vmps_slot slot;
    struct vmps_waiting waiting;
    struct vmps_spell spell;
    uint64_t position;
    pthread_t sleeper;
    _Atomic pid_t sleeper_id;
    int pipe[2];
    uint64_t now_ns, ran_ns;
};

static void *sleep_in_read(void *argument)
{
    struct bed *bed = argument;
    char byte;
    atomic_store(&bed->sleeper_id, gettid());
    return (void *)(intptr_t)read(bed->pipe[0], &byte, 1);
}

/* It waits when its clock stands still. */
static void start_sleeper(struct bed *bed)
{
    assert_int_equal(pipe(bed->pipe), 0);
    assert_int_equal(pthread_create(&bed->sleeper, NULL, sleep_in_read, bed), 0);
    while (atomic_load(&bed->sleeper_id) == 0) {
    }
    for (uint64_t before = 0; vmps_thread_cpu_ns(bed->sleeper_id) != before;) {
        before = vmps_thread_cpu_ns(bed->sleeper_id);
        usleep(1000);
    }
}

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
    bed->recording.wall = true;
    bed->slot.thread_id = 77;
    vmps_waiting_init(&bed->waiting, &bed->recording, &vm, PERIOD);
    start_sleeper(bed);
    bed->now_ns = START;
    function = 1;
    walk_status = VMPS_WALK_OK;
    return bed;
}

static void end_bed(struct bed *bed)
{
    assert_int_equal(write(bed->pipe[1], "x", 1), 1);
    pthread_join(bed->sleeper, NULL);
    close(bed->pipe[0]);
    close(bed->pipe[1]);
    vmps_waiting_fini(&bed->waiting);
    free((void *)(uintptr_t)bed->recording.codes.entries);
    free(bed->journal);
    free(bed);
}

/* After passed_ns, of which the thread ran for ran_ns. The sleeper's clock really stands; only a look at one that runs may say
 * that it was elsewhere before. */
static void look(struct bed *bed, uint64_t passed_ns, uint64_t ran_ns, bool runs, bool late)
{
    bed->now_ns += passed_ns;
    bed->spell.seen_cpu_ns = vmps_thread_cpu_ns(bed->sleeper_id) - ran_ns;
    bed->spell.waits_cpu_ns -= ran_ns != 0;
    const struct vmps_look look = {
        .thread_id = bed->sleeper_id,
        .now_ns = bed->now_ns,
        .cpu_ns = vmps_thread_cpu_ns(bed->sleeper_id),
        .runs = runs,
        .late = late,
    };
    vmps_waiting_look(&bed->waiting, &bed->spell, &look);
}

struct row {
    uint64_t time_ns, cpu_ns, wall_ns;
    uint32_t flags, frames, code;
};

/* The next SAMPLE row; CODE rows before it are passed over. False: there is none. */
static bool next_row(struct bed *bed, struct row *row)
{
    for (;;) {
        const uint64_t *words =
            (const uint64_t *)(const void *)((char *)bed->journal + HEADER_BYTES + bed->position);
        uint64_t header = words[0];
        if (header == 0) {
            return false;
        }
        bed->position += (header & 0xFFFFFF) * 8;
        if ((header >> 24 & 0xFF) != 2) {
            continue;
        }
        *row = (struct row){.time_ns = words[1],
                            .frames = (uint32_t)(words[2] >> 32),
                            .flags = (uint32_t)words[3],
                            .cpu_ns = words[4],
                            .wall_ns = words[5],
                            .code = (uint32_t)words[6]};
        assert_int_equal(words[2] & 0xFFFFFFFF, 77);
        assert_int_equal(words[3] >> 32, 2);
        return true;
    }
}

static void expect_row(struct bed *bed, uint32_t code, uint64_t wall_ns)
{
    struct row row = {0};
    assert_true(next_row(bed, &row));
    assert_int_equal(row.code, code);
    assert_int_equal(row.frames, 1);
    assert_int_equal(row.cpu_ns, 0);
    assert_int_equal(row.wall_ns, wall_ns);
    assert_int_equal(row.flags, WAITING);
    assert_int_equal(row.time_ns, bed->now_ns - START);
}

static void expect_nothing(struct bed *bed)
{
    struct row row = {0};
    assert_false(next_row(bed, &row));
}

static void test_a_wait_is_one_row(void **state)
{
    (void)state;
    struct bed *bed = make_bed();
    look(bed, 0, 0, true, false);
    for (int i = 0; i < 20; i++) {
        look(bed, PERIOD, 0, false, false);
    }
    expect_nothing(bed);
    /* It ran for a part of the last period; what is left of that goes to what is found next. */
    look(bed, PERIOD, PERIOD / 4, true, false);
    expect_row(bed, 1, 20 * PERIOD);
    function = 2;
    look(bed, PERIOD, PERIOD / 2, false, false);
    look(bed, PERIOD, PERIOD, true, false);
    expect_row(bed, 2, 3 * PERIOD / 4 + PERIOD / 2);
    expect_nothing(bed);
    vmps_waiting_end(&bed->waiting, &bed->spell, 0);
    assert_int_equal(atomic_load(&bed->slot.waited_ns), 20 * PERIOD + 3 * PERIOD / 4 + PERIOD / 2);
    end_bed(bed);
}

static void test_a_long_wait_comes_in_pieces(void **state)
{
    (void)state;
    struct bed *bed = make_bed();
    look(bed, 0, 0, true, false);
    for (int i = 0; i < 250; i++) {
        look(bed, PERIOD, 0, false, false);
        if (i % 100 == 99) {
            expect_row(bed, 1, 100 * PERIOD);
        }
    }
    vmps_waiting_end(&bed->waiting, &bed->spell, 0);
    expect_row(bed, 1, 50 * PERIOD);
    end_bed(bed);
}

/* Where looks come seldom, the wait gets all of the time before the last but a part of one period. */
static void test_late_looks(void **state)
{
    (void)state;
    struct bed *bed = make_bed();
    struct row row = {0};
    look(bed, 0, 0, true, false);
    look(bed, PERIOD, 0, false, false);
    look(bed, 16 * PERIOD, 0, false, true);
    look(bed, 16 * PERIOD, PERIOD, true, true);
    assert_true(next_row(bed, &row));
    assert_in_range(row.wall_ns, 31 * PERIOD, 32 * PERIOD);
    assert_int_equal(row.wall_ns + bed->spell.pending_ns, 32 * PERIOD);
    expect_nothing(bed);
    vmps_waiting_end(&bed->waiting, &bed->spell, 0);
    end_bed(bed);
}

/* A walk that fails, and one during which the thread ran, give nothing; the time is not lost. */
static void test_what_was_read_in_vain(void **state)
{
    (void)state;
    struct bed *bed = make_bed();
    look(bed, 0, 0, true, false);
    walk_status = VMPS_WALK_BROKEN;
    look(bed, PERIOD, 0, false, false);
    assert_false(bed->spell.waits);
    walk_status = VMPS_WALK_OK;
    const struct vmps_look of_one_that_runs = {
        .thread_id = gettid(), .now_ns = bed->now_ns + PERIOD, .cpu_ns = bed->spell.seen_cpu_ns};
    vmps_waiting_look(&bed->waiting, &bed->spell, &of_one_that_runs);
    assert_false(bed->spell.waits);
    bed->now_ns += PERIOD;
    look(bed, PERIOD, 0, false, false);
    assert_true(bed->spell.waits);
    vmps_waiting_end(&bed->waiting, &bed->spell, 0);
    expect_row(bed, 1, 3 * PERIOD);
    end_bed(bed);
}

/* Without a way to walk another thread's stack, the last sample's stands for it. */
static void test_the_last_sample_stands_in(void **state)
{
    (void)state;
    static const struct vmps_vm_ops none = {0};
    static const struct vmps_vm other = {.ops = &none};
    struct vmpf_row_frame frames[] = {{.code = 9}};
    struct bed *bed = make_bed();
    bed->waiting.onlook.vm = &other;
    bed->slot.frames = frames;
    bed->slot.last_frames = 1;
    bed->slot.sequence = 4;
    look(bed, 0, 0, true, false);
    look(bed, PERIOD, 0, false, false);
    vmps_waiting_end(&bed->waiting, &bed->spell, 0);
    expect_row(bed, 9, PERIOD);
    /* It changes right now: no frames rather than wrong ones. */
    struct row row = {0};
    bed->slot.sequence = 5;
    look(bed, PERIOD, 0, false, false);
    look(bed, PERIOD, 0, false, false);
    vmps_waiting_end(&bed->waiting, &bed->spell, 0);
    assert_true(next_row(bed, &row));
    assert_int_equal(row.frames, 0);
    end_bed(bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_wait_is_one_row),
        cmocka_unit_test(test_a_long_wait_comes_in_pieces),
        cmocka_unit_test(test_late_looks),
        cmocka_unit_test(test_what_was_read_in_vain),
        cmocka_unit_test(test_the_last_sample_stands_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
