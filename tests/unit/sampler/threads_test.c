/* Threads come and go: slots, ticks and names follow them. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "sampler/core/threads.h"

#define SOME 40

static int attached, detached, refuse;

static int attach(struct vmps_tick *tick, pid_t id, uint64_t first_ns, uint64_t period_ns,
                  uint64_t value)
{
    (void)id;
    memset(tick, 0, sizeof *tick);
    assert_true(first_ns >= 1 && first_ns <= period_ns);
    assert_int_equal(value >> VMPS_TICK_MARK_SHIFT, VMPS_TICK_MARK);
    if (refuse != 0) {
        return refuse;
    }
    attached++;
    return 0;
}

static void detach(struct vmps_tick *tick)
{
    (void)tick;
    detached++;
}

static uint64_t varied_least = UINT64_MAX, varied_most;

static void vary(struct vmps_tick *tick, uint64_t period_ns)
{
    (void)tick;
    varied_least = period_ns < varied_least ? period_ns : varied_least;
    varied_most = period_ns > varied_most ? period_ns : varied_most;
}

static const struct vmps_tick_source source = {
    .clock = "test",
    .vary = vary,
    .attach = attach,
    .detach = detach,
};

static pthread_barrier_t running, leaving;

static void *wait_to_leave(void *argument)
{
    (void)argument;
    pthread_setname_np(pthread_self(), "waiter");
    pthread_barrier_wait(&running);
    pthread_barrier_wait(&leaving);
    return NULL;
}

static void start_some(pthread_t threads[SOME])
{
    pthread_barrier_init(&running, NULL, SOME + 1);
    pthread_barrier_init(&leaving, NULL, SOME + 1);
    for (int i = 0; i < SOME; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, wait_to_leave, NULL), 0);
    }
    pthread_barrier_wait(&running);
}

/* pthread_join() returns before the kernel has taken the thread off its list. */
static void end_some(pthread_t threads[SOME])
{
    pthread_barrier_wait(&leaving);
    for (int i = 0; i < SOME; i++) {
        pthread_join(threads[i], NULL);
    }
    pthread_barrier_destroy(&running);
    pthread_barrier_destroy(&leaving);
    usleep(20000);
}

static size_t count_names(struct vmps_threads *threads, const char *name)
{
    size_t count = 0;
    struct vmps_thread_name *entry = vmps_threads_take_names(threads);
    while (entry != NULL) {
        struct vmps_thread_name *next = entry->next;
        count += strcmp(entry->name, name) == 0;
        free(entry);
        entry = next;
    }
    return count;
}

static void open_threads(struct vmps_threads *threads)
{
    attached = detached = refuse = 0;
    struct vmps_slot *slots = calloc(VMPS_MAX_SLOTS, sizeof *slots);
    assert_non_null(slots);
    assert_int_equal(vmps_threads_init(threads, &source, 1000, slots), 0);
}

static void close_threads(struct vmps_threads *threads)
{
    struct vmps_slot *slots = threads->slots.all;
    vmps_threads_stop(threads);
    assert_int_equal(attached, detached);
    vmps_threads_fini(threads);
    free(slots);
}

static void test_threads_come_and_go(void **state)
{
    (void)state;
    struct vmps_threads threads;
    pthread_t some[SOME];
    /* A sanitizer has a thread of its own from the first one on. */
    start_some(some);
    end_some(some);
    open_threads(&threads);
    assert_int_equal(vmps_threads_scan(&threads), 0);
    int before = attached;
    for (int round = 0; round < 5; round++) {
        start_some(some);
        assert_int_equal(vmps_threads_scan(&threads), 0);
        assert_int_equal(vmps_threads_scan(&threads), 0);
        assert_int_equal(attached - detached, before + SOME);
        assert_int_equal(count_names(&threads, "waiter"), SOME);
        end_some(some);
        assert_int_equal(vmps_threads_scan(&threads), 0);
        assert_int_equal(attached - detached, before);
    }
    assert_in_range(varied_least, 750, 1000);
    assert_in_range(varied_most, 1000, 1250);
    assert_true(varied_least + 100 < varied_most);
    /* Slots, and with them the scratch, are used again. */
    assert_true(threads.slots.fresh <= (uint32_t)(before + SOME));
    close_threads(&threads);
}

static void test_the_totals_outlive_the_threads(void **state)
{
    (void)state;
    struct vmps_threads threads;
    struct vmps_thread_totals totals;
    pthread_t some[SOME];
    open_threads(&threads);
    start_some(some);
    assert_int_equal(vmps_threads_scan(&threads), 0);
    for (size_t i = 0; i < threads.count; i++) {
        threads.slots.all[threads.threads[i].slot].samples = 2;
        threads.slots.all[threads.threads[i].slot].cpu_ns = 10;
    }
    uint64_t count = threads.count;
    end_some(some);
    assert_int_equal(vmps_threads_scan(&threads), 0);
    vmps_threads_totals(&threads, &totals);
    assert_int_equal(totals.samples, 2 * count);
    assert_int_equal(totals.cpu_ns, 10 * count);
    close_threads(&threads);
}

static void test_names(void **state)
{
    (void)state;
    struct vmps_threads threads;
    open_threads(&threads);
    pid_t self = (pid_t)syscall(SYS_gettid);
    assert_int_equal(vmps_threads_scan(&threads), 0);
    assert_int_equal(vmps_threads_set_name(&threads, self, "mine"), 0);
    /* It is known now, and its system's name is not asked for any more. */
    assert_int_equal(attached >= 1, 1);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(vmps_threads_scan(&threads), 0);
    }
    assert_int_equal(count_names(&threads, "mine"), 1);
    /* One that has ended may still be named. */
    assert_int_equal(vmps_threads_set_name(&threads, 1 << 22, "ended"), 0);
    assert_int_equal(count_names(&threads, "ended"), 1);
    close_threads(&threads);
}

static void test_a_source_that_refuses(void **state)
{
    (void)state;
    struct vmps_threads threads;
    open_threads(&threads);
    refuse = EAGAIN;
    assert_int_equal(vmps_threads_scan(&threads), 0);
    assert_int_equal(threads.count, 0);
    assert_int_equal(threads.failure, EAGAIN);
    refuse = 0;
    assert_int_equal(vmps_threads_scan(&threads), 0);
    assert_true(threads.count >= 1);
    close_threads(&threads);
}

static void test_a_closed_descriptor(void **state)
{
    (void)state;
    struct vmps_threads threads;
    open_threads(&threads);
    assert_int_equal(vmps_threads_scan(&threads), 0);
    /* What a program does that closes all, and opens a file of its own. */
    int own[2];
    assert_int_equal(close(threads.tasks.fd), 0);
    assert_int_equal(pipe(own), 0);
    assert_int_equal(dup2(own[0], threads.tasks.fd), threads.tasks.fd);
    int taken = threads.tasks.fd;
    assert_int_equal(vmps_threads_scan(&threads), 0);
    assert_int_not_equal(threads.tasks.fd, taken);
    close_threads(&threads);
    assert_int_equal(close(taken), 0);
    close(own[0]);
    close(own[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads_come_and_go),
        cmocka_unit_test(test_the_totals_outlive_the_threads),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_a_source_that_refuses),
        cmocka_unit_test(test_a_closed_descriptor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
