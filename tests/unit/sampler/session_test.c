/* Recordings of this process, which has no interpreter, begun, nested, turned off and on and ended from several of its threads
 * while others work, begin and end. For the thread sanitizer as much as for what it asserts. */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <vmprof/vmpf.h>

#include <vmprof/vmps.h>

#define WORKERS 3
#define ROUNDS 12
#define PERIOD_NS UINT64_C(200000)
#define TOGGLES 6

static _Atomic bool stop;
static _Atomic uint64_t worked;

static void *work(void *argument)
{
    (void)argument;
    while (!atomic_load(&stop)) {
        for (volatile int i = 0; i < 1000; i++) {
        }
        atomic_fetch_add(&worked, 1);
    }
    return NULL;
}

static void *work_a_little(void *argument)
{
    (void)argument;
    for (volatile int i = 0; i < 100000; i++) {
    }
    return NULL;
}

/* Threads that come and go. */
static void *breed(void *argument)
{
    (void)argument;
    while (!atomic_load(&stop)) {
        pthread_t child;
        assert_int_equal(pthread_create(&child, NULL, work_a_little, NULL), 0);
        assert_int_equal(pthread_join(child, NULL), 0);
    }
    return NULL;
}

static vmps_status begin(int fd, int toggle_signal)
{
    struct vmps_error err = {0};
    const struct vmps_options options = {
        .size = sizeof options,
        .fd = fd,
        .period_ns = PERIOD_NS,
        .native = VMPS_NATIVE_FOLDED | VMPS_NATIVE_ONLY,
        .toggle_signal = toggle_signal,
        .wall = toggle_signal == 0,
        .memory = 1,
    };
    vmps_status status = vmps_start(&options, &err);
    if (status != VMPS_OK) {
        print_message("%s\n", err.message);
    }
    return status;
}

static int new_output(void)
{
    int fd = memfd_create("profile", MFD_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

/* What the file has, read by who has written none of it. */
static uint64_t samples_in(int fd)
{
    char path[64];
    struct vmpf_source source;
    struct vmpf_error err = {0};
    vmpf_reader *reader = NULL;
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    assert_int_equal(vmpf_source_open_file(&source, path, &err), VMPF_OK);
    assert_int_equal(vmpf_reader_open(&reader, source, NULL, &err), VMPF_OK);
    uint64_t count = 0;
    struct vmpf_block block;
    vmpf_status status;
    while ((status = vmpf_reader_next(reader, &block, &err)) == VMPF_OK) {
        for (size_t i = 0; i < block.count; i++) {
            count += block.values[0][i] != 0; /* those of waiting threads have no CPU time */
        }
    }
    assert_int_equal(status, VMPF_END);
    assert_true(vmpf_reader_info(reader, 0)->finished);
    vmpf_reader_close(reader);
    return count;
}

static void wait_for_work(uint64_t amount)
{
    uint64_t from = atomic_load(&worked);
    const struct timespec little = {.tv_nsec = 1000000};
    while (atomic_load(&worked) < from + amount) {
        nanosleep(&little, NULL);
    }
}

struct crew {
    pthread_t workers[WORKERS], breeder;
};

static int start_crew(void **state)
{
    static struct crew crew;
    atomic_store(&stop, false);
    for (int i = 0; i < WORKERS; i++) {
        assert_int_equal(pthread_create(&crew.workers[i], NULL, work, NULL), 0);
    }
    assert_int_equal(pthread_create(&crew.breeder, NULL, breed, NULL), 0);
    *state = &crew;
    return 0;
}

static int end_crew(void **state)
{
    struct crew *crew = *state;
    atomic_store(&stop, true);
    for (int i = 0; i < WORKERS; i++) {
        pthread_join(crew->workers[i], NULL);
    }
    pthread_join(crew->breeder, NULL);
    return 0;
}

static void test_begin_and_end(void **state)
{
    (void)state;
    uint64_t all = 0;
    for (int round = 0; round < ROUNDS; round++) {
        int fd = new_output();
        struct vmps_summary summary = {.size = sizeof summary};
        struct vmps_error err = {0};
        assert_int_equal(begin(fd, 0), VMPS_OK);
        wait_for_work(200);
        assert_int_equal(vmps_stop(&summary, &err), VMPS_OK);
        assert_false(vmps_is_running());
        assert_int_equal(samples_in(fd), summary.samples);
        all += summary.samples;
        close(fd);
    }
    assert_true(all > ROUNDS);
}

static void *nest(void *argument)
{
    const int *fd = argument;
    struct vmps_error err = {0};
    for (int i = 0; i < ROUNDS; i++) {
        if (begin(*fd, 0) == VMPS_OK) {
            wait_for_work(20);
            assert_int_equal(vmps_stop(NULL, &err), VMPS_OK);
        }
    }
    return NULL;
}

/* Two threads that begin and end as they like, inside of what a third began. */
static void test_nested_from_threads(void **state)
{
    (void)state;
    int fd = new_output();
    pthread_t threads[2];
    struct vmps_summary summary = {.size = sizeof summary};
    struct vmps_error err = {0};
    assert_int_equal(begin(fd, 0), VMPS_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, nest, &fd), 0);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_true(vmps_is_running());
    assert_false(vmps_is_paused());
    assert_int_equal(vmps_stop(&summary, &err), VMPS_OK);
    assert_int_equal(samples_in(fd), summary.samples);
    close(fd);
}

/* The signal is followed by a thread of the sampler's, whenever that gets to run. */
static void toggle(bool is_off_then)
{
    const struct timespec little = {.tv_nsec = 1000000};
    kill(getpid(), SIGUSR2);
    while ((vmps_is_paused() != 0) != is_off_then) {
        nanosleep(&little, NULL);
    }
}

static void test_turned_off_and_on(void **state)
{
    (void)state;
    int fd = new_output();
    struct vmps_summary summary = {.size = sizeof summary};
    struct vmps_error err = {0};
    assert_int_equal(begin(fd, SIGUSR2), VMPS_OK);
    for (int i = 0; i < TOGGLES; i++) {
        toggle(i % 2 != 0);
        wait_for_work(5000);
    }
    assert_int_equal(vmps_stop(&summary, &err), VMPS_OK);
    assert_true(summary.samples > 0);
    assert_int_equal(samples_in(fd), summary.samples);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_begin_and_end),
        cmocka_unit_test(test_nested_from_threads),
        cmocka_unit_test(test_turned_off_and_on),
    };
    return cmocka_run_group_tests(tests, start_crew, end_crew);
}
