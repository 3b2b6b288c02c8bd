/* Our signal handler among others: who gets which signal, and who stands there afterwards. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "sampler/core/handler.h"
#include "sampler/core/ticks.h"
#include "sampler/signal/state_sig.h"
#include "sampler/signal/tick_sig.h"

static volatile sig_atomic_t plain_calls, info_calls, passed_value;
static struct sigaction before_us;

static void plain(int number)
{
    (void)number;
    plain_calls++;
}

static void with_info(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)context;
    info_calls++;
    passed_value = info->si_value.sival_int;
    errno = EDOM;
}

/* A handler that hands on to the one before it: to ours. */
static void to_former(int number, siginfo_t *info, void *context)
{
    info_calls++;
    before_us.sa_sigaction(number, info, context);
}

static void set(void (*handler)(int), void (*action)(int, siginfo_t *, void *))
{
    struct sigaction sa;
    memset(&sa, 0, sizeof sa);
    if (action != NULL) {
        sa.sa_sigaction = action;
        sa.sa_flags = SA_SIGINFO;
    } else {
        sa.sa_handler = handler;
    }
    assert_int_equal(sigaction(VMPS_TICK_SIGNAL, &sa, &before_us), 0);
}

static struct sigaction now(void)
{
    struct sigaction sa;
    assert_int_equal(sigaction(VMPS_TICK_SIGNAL, NULL, &sa), 0);
    return sa;
}

static int reset(void **state)
{
    (void)state;
    set(SIG_DFL, NULL);
    plain_calls = info_calls = passed_value = 0;
    return 0;
}

static void test_others_signals_go_on(void **state)
{
    (void)state;
    set(plain, NULL);
    assert_int_equal(vmps_handler_install(), 0);
    assert_int_equal(vmps_handler_install(), 0);
    raise(VMPS_TICK_SIGNAL);
    assert_int_equal(plain_calls, 1);
    vmps_handler_remove();
    assert_true(now().sa_handler == plain);
}

static void test_information_is_kept_and_errno_too(void **state)
{
    (void)state;
    set(NULL, with_info);
    assert_int_equal(vmps_handler_install(), 0);
    const union sigval value = {.sival_int = 77};
    errno = EXDEV;
    assert_int_equal(pthread_sigqueue(pthread_self(), VMPS_TICK_SIGNAL, value), 0);
    /* A sanitizer delivers it at the next system call only. */
    for (int i = 0; i < 1000 && info_calls == 0; i++) {
        usleep(1000);
    }
    assert_int_equal(errno, EXDEV);
    assert_int_equal(info_calls, 1);
    assert_int_equal(passed_value, 77);
    vmps_handler_remove();
}

static void test_ignored_stays_ignored(void **state)
{
    (void)state;
    set(SIG_IGN, NULL);
    assert_int_equal(vmps_handler_install(), 0);
    raise(VMPS_TICK_SIGNAL);
    vmps_handler_remove();
    assert_true(now().sa_handler == SIG_IGN);
}

static void test_a_later_handler_is_chained_and_stays(void **state)
{
    (void)state;
    assert_int_equal(vmps_handler_install(), 0);
    set(plain, NULL);
    assert_int_equal(vmps_handler_install(), 0);
    raise(VMPS_TICK_SIGNAL);
    assert_int_equal(plain_calls, 1);
    set(NULL, with_info);
    vmps_handler_remove();
    assert_true(now().sa_sigaction == with_info);
}

static void test_two_that_hand_on_to_each_other(void **state)
{
    (void)state;
    assert_int_equal(vmps_handler_install(), 0);
    set(NULL, to_former);
    assert_true(before_us.sa_sigaction == vmps_tick_handler);
    assert_int_equal(vmps_handler_install(), 0);
    raise(VMPS_TICK_SIGNAL);
    assert_int_equal(info_calls, 1);
    vmps_handler_remove();
}

/* With no recording, and with an old one's value, a tick is nobody's. */
static void test_ticks_stay_with_us(void **state)
{
    (void)state;
    set(plain, NULL);
    assert_int_equal(vmps_handler_install(), 0);
    struct vmps_tick tick;
    pid_t self = (pid_t)syscall(SYS_gettid);
    uint64_t value = VMPS_TICK_MARK << VMPS_TICK_MARK_SHIFT | 1;
    assert_int_equal(vmps_ticks_cpu_timer.attach(&tick, self, 1, 1000000, value), 0);
    uint64_t until = vmps_thread_cpu_ns(self) + 50000000;
    while (vmps_thread_cpu_ns(self) < until) {
        ;
    }
    vmps_ticks_cpu_timer.detach(&tick);
    assert_int_equal(plain_calls, 0);
    /* One of the program's own timers, for which the value is its own. */
    assert_int_equal(vmps_ticks_cpu_timer.attach(&tick, self, 1, 1000000, 5), 0);
    until = vmps_thread_cpu_ns(self) + 50000000;
    while (vmps_thread_cpu_ns(self) < until) {
        ;
    }
    vmps_ticks_cpu_timer.detach(&tick);
    assert_true(plain_calls > 0);
    vmps_handler_remove();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_others_signals_go_on, reset),
        cmocka_unit_test_setup(test_information_is_kept_and_errno_too, reset),
        cmocka_unit_test_setup(test_ignored_stays_ignored, reset),
        cmocka_unit_test_setup(test_a_later_handler_is_chained_and_stays, reset),
        cmocka_unit_test_setup(test_two_that_hand_on_to_each_other, reset),
        cmocka_unit_test_setup(test_ticks_stay_with_us, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
