/* perf's ticks: they come to the thread that they were asked for, and a descriptor that the program closed is no longer
 * ours. And which source comes first. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "sampler/core/ticks.h"
#include "sampler/signal/state_sig.h"
#include "sampler/signal/tick_sig.h"

#define PERIOD_NS UINT64_C(100000)
#define VALUE (UINT64_C(0x7670) << 48 | 0x1234)
#define SOME 50

static _Atomic uint64_t ours, strange;
static _Atomic pid_t busy_id;

static void count(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)context;
    bool expected =
        info->si_code == POLL_IN && info->si_fd > 2 && gettid() == atomic_load(&busy_id);
    uint64_t value = expected ? atomic_load(&vmps_signal_state.fd_ticks[info->si_fd]) : 0;
    if (value == VMPS_TICK_DEAD) {
        return; /* it was on its way when its source ended */
    }
    atomic_fetch_add(value == VALUE ? &ours : &strange, 1);
}

static void start(struct vmps_tick *tick)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = count;
    action.sa_flags = SA_SIGINFO;
    assert_int_equal(sigaction(VMPS_TICK_SIGNAL, &action, NULL), 0);
    atomic_store(&ours, 0);
    atomic_store(&strange, 0);
    atomic_store(&busy_id, gettid());
    struct vmps_ticker *ticker;
    pid_t own_thread = 0;
    int failed = vmps_ticks_perf.open(&ticker, PERIOD_NS, &own_thread);
    if (failed != 0) {
        print_message("perf events are not to be had here: %s\n", strerror(failed));
        skip();
    }
    assert_int_equal(own_thread, 0);
    tick->ticker = ticker;
    assert_int_equal(vmps_ticks_perf.attach(tick, gettid(), 1, PERIOD_NS, VALUE), 0);
}

static void work_until(uint64_t wanted)
{
    while (atomic_load(&ours) < wanted) {
    }
}

static void test_ticks_come_and_end(void **state)
{
    (void)state;
    struct vmps_tick tick = {0};
    start(&tick);
    work_until(SOME);
    vmps_ticks_perf.vary(&tick, PERIOD_NS / 2);
    work_until((uint64_t)2 * SOME);
    int fd = tick.fd;
    vmps_ticks_perf.detach(&tick);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    assert_int_equal(atomic_load(&vmps_signal_state.fd_ticks[fd]), VMPS_TICK_DEAD);
    assert_int_equal(atomic_load(&strange), 0);
}

static void test_a_descriptor_of_the_program_stays(void **state)
{
    (void)state;
    struct vmps_tick tick = {0};
    start(&tick);
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_true(null >= 0);
    assert_int_equal(dup2(null, tick.fd), tick.fd); /* closes ours */
    vmps_ticks_perf.vary(&tick, PERIOD_NS);
    vmps_ticks_perf.detach(&tick);
    assert_int_equal(fcntl(tick.fd, F_GETFD), 0);
    close(tick.fd);
    close(null);
}

static const char *first_choice(uint64_t period_ns)
{
    return vmps_ticks_choice(period_ns, 0)->name;
}

static void test_choice(void **state)
{
    (void)state;
    cpu_set_t before, one;
    uint64_t kernel_ns = vmps_kernel_tick_ns();
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    assert_true(kernel_ns >= 1000000 && kernel_ns <= 10000000); /* CONFIG_HZ is 100 to 1000 */
    assert_string_equal(first_choice(kernel_ns), "cpu-timer");
    assert_string_equal(first_choice(kernel_ns - 1), CPU_COUNT(&before) > 1 ? "helper" : "perf");
    CPU_ZERO(&one);
    for (size_t i = 0; CPU_COUNT(&one) == 0; i++) {
        if (CPU_ISSET(i, &before)) {
            CPU_SET(i, &one);
        }
    }
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_string_equal(first_choice(kernel_ns - 1), "perf");
    assert_string_equal(first_choice(kernel_ns), "cpu-timer");
    assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
    size_t choices = 0;
    for (; vmps_ticks_choice(1, choices) != NULL; choices++) {
        const struct vmps_tick_source *source = vmps_ticks_choice(1, choices);
        assert_ptr_equal(vmps_ticks_named(source->name), source);
    }
    assert_int_equal(choices, 3);
    assert_null(vmps_ticks_named("clockwork"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ticks_come_and_end),
        cmocka_unit_test(test_a_descriptor_of_the_program_stays),
        cmocka_unit_test(test_choice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
