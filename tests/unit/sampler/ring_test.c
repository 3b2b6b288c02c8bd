/* The journal's rows: publishing, the ring's end, no room, many threads at once. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sampler/signal/ring_sig.h"

#define CAPACITY UINT64_C(65536)
#define HEADER_BYTES 192u

static struct vmpf_journal *new_journal(void)
{
    struct vmpf_journal *journal = aligned_alloc(64, HEADER_BYTES + CAPACITY);
    assert_non_null(journal);
    memset(journal, 0, HEADER_BYTES + CAPACITY);
    journal->header_size_bytes = HEADER_BYTES;
    journal->capacity_bytes = CAPACITY;
    journal->session_id = UINT64_C(0x123456789ABCDEF);
    return journal;
}

static uint64_t *word_at(struct vmpf_journal *journal, uint64_t position)
{
    return (uint64_t *)(void *)((char *)journal + HEADER_BYTES + position % CAPACITY);
}

/* What the writer does with rows: checks each, zeroes it, moves tail. Returns the rows but pads. */
static size_t drain(struct vmpf_journal *journal)
{
    size_t rows = 0;
    while (journal->tail != journal->head) {
        uint64_t *row = word_at(journal, journal->tail);
        uint32_t words = (uint32_t)(row[0] & VMPF_ROW_MAX_WORDS), kind = row[0] >> 24 & 0xFF;
        bool pad = kind == VMPF_ROW_PAD;
        assert_true((row[0] & VMPF_ROW_COMMITTED) != 0);
        assert_true(words >= 1);
        assert_true(journal->tail % CAPACITY + words * UINT64_C(8) <= CAPACITY);
        uint64_t check =
            vmpf_row_check(journal->session_id, journal->tail, kind, row + 1, pad ? 0 : words - 1);
        assert_int_equal(row[0] >> 32 & 0x7FFFFFFF, check);
        rows += !pad;
        memset(row, 0, words * UINT64_C(8));
        journal->tail += words * UINT64_C(8);
    }
    return rows;
}

static bool publish(struct vmps_ring *ring, uint32_t words, uint64_t fill)
{
    struct vmps_row row;
    if (!vmps_ring_reserve(ring, VMPF_ROW_SAMPLE, words, &row)) {
        return false;
    }
    for (uint32_t i = 1; i <= words; i++) {
        row.words[i] = fill + i;
    }
    vmps_ring_commit(ring, &row);
    return true;
}

static void test_a_reserved_row_is_not_committed(void **state)
{
    (void)state;
    struct vmpf_journal *journal = new_journal();
    struct vmps_ring ring;
    struct vmps_row row;
    vmps_ring_init(&ring, journal);
    assert_true(vmps_ring_reserve(&ring, VMPF_ROW_SAMPLE, 4, &row));
    assert_int_equal(*word_at(journal, 0), vmpf_row_header(VMPF_ROW_SAMPLE, 5, 0, 0));
    vmps_ring_commit(&ring, &row);
    assert_int_equal(drain(journal), 1);
    free(journal);
}

static void test_rows_do_not_wrap(void **state)
{
    (void)state;
    struct vmpf_journal *journal = new_journal();
    struct vmps_ring ring;
    vmps_ring_init(&ring, journal);
    size_t rows = 0;
    for (uint32_t i = 0; i < 20000; i++) {
        assert_true(publish(&ring, i % 97, i));
        if (i % 50 == 0) {
            rows += drain(journal);
        }
    }
    rows += drain(journal);
    assert_int_equal(rows, 20000);
    free(journal);
}

static void test_no_room_changes_nothing(void **state)
{
    (void)state;
    struct vmpf_journal *journal = new_journal();
    struct vmps_ring ring;
    vmps_ring_init(&ring, journal);
    assert_false(publish(&ring, CAPACITY / 8, 0));
    assert_int_equal(journal->head, 0);
    while (publish(&ring, 99, 1)) {
        ;
    }
    uint64_t head = journal->head;
    assert_true(CAPACITY - head < 800);
    assert_false(publish(&ring, 99, 1));
    assert_int_equal(journal->head, head);
    assert_int_equal(drain(journal), CAPACITY / 800);
    assert_true(publish(&ring, 99, 1));
    assert_int_equal(drain(journal), 1);
    free(journal);
}

static void test_a_scribbled_journal_is_left_alone(void **state)
{
    (void)state;
    struct vmpf_journal *journal = new_journal();
    struct vmps_ring ring;
    vmps_ring_init(&ring, journal);
    journal->tail = 8;
    assert_false(publish(&ring, 1, 0));
    journal->tail = 0;
    journal->head = 3;
    assert_false(publish(&ring, 1, 0));
    free(journal);
}

#define THREADS 4
#define ROWS_A_THREAD 40u

static void *publish_many(void *argument)
{
    struct vmps_ring *ring = argument;
    for (uint32_t i = 0; i < ROWS_A_THREAD; i++) {
        publish(ring, 1 + i, i);
    }
    return NULL;
}

static void test_threads_do_not_overlap(void **state)
{
    (void)state;
    struct vmpf_journal *journal = new_journal();
    struct vmps_ring ring;
    vmps_ring_init(&ring, journal);
    pthread_t threads[THREADS];
    for (int round = 0; round < 100; round++) {
        for (int i = 0; i < THREADS; i++) {
            assert_int_equal(pthread_create(&threads[i], NULL, publish_many, &ring), 0);
        }
        for (int i = 0; i < THREADS; i++) {
            pthread_join(threads[i], NULL);
        }
        assert_int_equal(drain(journal), THREADS * ROWS_A_THREAD);
    }
    free(journal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_reserved_row_is_not_committed),
        cmocka_unit_test(test_rows_do_not_wrap),
        cmocka_unit_test(test_no_room_changes_nothing),
        cmocka_unit_test(test_a_scribbled_journal_is_left_alone),
        cmocka_unit_test(test_threads_do_not_overlap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
