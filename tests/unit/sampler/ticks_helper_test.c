/* The helper thread's ticks: they come to threads that run, with their value, and to no others. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "sampler/core/ticks.h"
#include "sampler/signal/tick_sig.h"

#define PERIOD_NS UINT64_C(100000)
#define BUSY UINT64_C(0x1111)
#define IDLE UINT64_C(0x2222)
#define SOME 50
#define CROWD 200

static _Atomic uint64_t busy_ticks, idle_ticks, strange_ticks;
static _Atomic pid_t busy_id;

static void count(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)context;
    uint64_t value = (uint64_t)info->si_value.sival_ptr;
    bool ours = info->si_code == SI_TIMER && value == BUSY && gettid() == atomic_load(&busy_id);
    bool to_idle = info->si_code == SI_TIMER && value == IDLE;
    atomic_fetch_add(ours ? &busy_ticks : to_idle ? &idle_ticks : &strange_ticks, 1);
}

struct sleeper {
    pthread_t thread;
    _Atomic pid_t id;
    int pipe[2];
};

/* read() without SA_RESTART would end with EINTR if a tick came. */
static void *sleep_in_read(void *argument)
{
    struct sleeper *sleeper = argument;
    char byte;
    atomic_store(&sleeper->id, gettid());
    return (void *)(intptr_t)read(sleeper->pipe[0], &byte, 1);
}

static void start_sleeper(struct sleeper *sleeper)
{
    atomic_store(&sleeper->id, 0);
    assert_int_equal(pipe(sleeper->pipe), 0);
    assert_int_equal(pthread_create(&sleeper->thread, NULL, sleep_in_read, sleeper), 0);
    while (atomic_load(&sleeper->id) == 0) {
    }
}

static void end_sleeper(struct sleeper *sleeper)
{
    void *result;
    assert_int_equal(write(sleeper->pipe[1], "x", 1), 1);
    pthread_join(sleeper->thread, &result);
    assert_int_equal((intptr_t)result, 1);
}

static void work_until(const _Atomic uint64_t *ticks, uint64_t wanted)
{
    while (atomic_load(ticks) < wanted) {
    }
}

static void take_signal(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = count;
    action.sa_flags = SA_SIGINFO;
    assert_int_equal(sigaction(VMPS_TICK_SIGNAL, &action, NULL), 0);
}

static void test_ticks_are_for_those_that_run(void **state)
{
    (void)state;
    struct vmps_ticker *ticker;
    struct sleeper sleeper;
    pid_t own = 0;
    take_signal();
    atomic_store(&busy_id, gettid());
    start_sleeper(&sleeper);
    assert_int_equal(vmps_ticks_helper.open(&ticker, PERIOD_NS, &own), 0);
    assert_true(own != 0 && own != gettid());
    struct vmps_tick busy = {.ticker = ticker}, idle = {.ticker = ticker};
    /* Let it get into its read(): it has when its clock stands still. */
    for (uint64_t before = 0; vmps_thread_cpu_ns(sleeper.id) != before;) {
        before = vmps_thread_cpu_ns(sleeper.id);
        usleep(1000);
    }
    assert_int_equal(vmps_ticks_helper.attach(&idle, sleeper.id, 1, PERIOD_NS, IDLE), 0);
    assert_int_equal(vmps_ticks_helper.attach(&busy, gettid(), 1, PERIOD_NS, BUSY), 0);
    work_until(&busy_ticks, SOME);
    vmps_ticks_helper.detach(&busy);
    vmps_ticks_helper.detach(&idle);
    vmps_ticks_helper.close(ticker);
    assert_int_equal(idle_ticks, 0);
    assert_int_equal(strange_ticks, 0);
    end_sleeper(&sleeper);
}

/* After detach() at most the one that is pending comes, while another's still do. */
static void test_no_ticks_after_detach(void **state)
{
    (void)state;
    struct vmps_ticker *ticker;
    pid_t own = 0;
    take_signal();
    atomic_store(&busy_id, gettid());
    assert_int_equal(vmps_ticks_helper.open(&ticker, PERIOD_NS, &own), 0);
    struct vmps_tick first = {.ticker = ticker}, second = {.ticker = ticker};
    assert_int_equal(vmps_ticks_helper.attach(&first, gettid(), 1, PERIOD_NS, BUSY), 0);
    work_until(&busy_ticks, atomic_load(&busy_ticks) + SOME);
    assert_int_equal(vmps_ticks_helper.attach(&second, gettid(), 1, PERIOD_NS, IDLE), 0);
    vmps_ticks_helper.detach(&first);
    uint64_t before = atomic_load(&busy_ticks);
    work_until(&idle_ticks, SOME);
    assert_true(atomic_load(&busy_ticks) <= before + 1);
    vmps_ticks_helper.detach(&second);
    vmps_ticks_helper.close(ticker);
    assert_int_equal(strange_ticks, 0);
}

/* Threads that rest are looked at in turns, and each has its turn: one that goes on has ticks, wherever it stands. */
static void test_many_that_rest(void **state)
{
    (void)state;
    struct vmps_ticker *ticker;
    struct sleeper sleepers[CROWD];
    struct vmps_tick ticks[CROWD];
    struct vmps_tick own_tick;
    pid_t own = 0;
    take_signal();
    atomic_store(&busy_id, gettid());
    assert_int_equal(vmps_ticks_helper.open(&ticker, PERIOD_NS, &own), 0);
    for (size_t i = 0; i < CROWD; i++) {
        start_sleeper(&sleepers[i]);
        ticks[i].ticker = ticker;
    }
    usleep(20000);
    uint64_t idle_before = atomic_load(&idle_ticks);
    for (size_t i = 0; i < CROWD / 2; i++) {
        assert_int_equal(
            vmps_ticks_helper.attach(&ticks[i], sleepers[i].id, 1, PERIOD_NS, IDLE + i), 0);
    }
    own_tick.ticker = ticker;
    assert_int_equal(vmps_ticks_helper.attach(&own_tick, gettid(), 1, PERIOD_NS, BUSY), 0);
    for (size_t i = CROWD / 2; i < CROWD; i++) {
        assert_int_equal(
            vmps_ticks_helper.attach(&ticks[i], sleepers[i].id, 1, PERIOD_NS, IDLE + i), 0);
    }
    for (int i = 0; i < 5; i++) {
        usleep(20000); /* now we rest as well */
        work_until(&busy_ticks, atomic_load(&busy_ticks) + SOME);
    }
    vmps_ticks_helper.detach(&own_tick);
    for (size_t i = 0; i < CROWD; i++) {
        vmps_ticks_helper.detach(&ticks[i]);
    }
    vmps_ticks_helper.close(ticker);
    for (size_t i = 0; i < CROWD; i++) {
        end_sleeper(&sleepers[i]);
    }
    assert_int_equal(atomic_load(&idle_ticks), idle_before);
    assert_int_equal(strange_ticks, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ticks_are_for_those_that_run),
        cmocka_unit_test(test_no_ticks_after_detach),
        cmocka_unit_test(test_many_that_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
