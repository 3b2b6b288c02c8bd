/* Guarded loads: what is there is read; what is not is told, and ends nothing; and other faults go where they went before. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sampler/core/handler.h"
#include "sampler/signal/guard_sig.h"

#define PAGE_BYTES 4096u
#define FORMER_EXIT 77

static uint8_t *map_page(void)
{
    void *page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(page, MAP_FAILED);
    return page;
}

/* In the test itself: cmocka puts in handlers of its own before. */
static void begin(void)
{
    assert_int_equal(vmps_handler_install(), 0);
    assert_int_equal(vmps_handler_install_guard(), 0);
}

static void test_what_is_there(void **state)
{
    (void)state;
    begin();
    uint8_t *page = map_page();
    for (unsigned i = 0; i < PAGE_BYTES; i++) {
        page[i] = (uint8_t)(i * 7 + i / 256);
    }
    vmps_guard_begin();
    for (unsigned at = 0; at < PAGE_BYTES; at++) {
        uint64_t word;
        uint32_t half;
        assert_int_equal(vmps_guard8((uint64_t)page + at), page[at]);
        if (at % sizeof half == 0) {
            memcpy(&half, page + at, sizeof half);
            assert_true(vmps_guard32((uint64_t)page + at) == half);
        }
        if (at % sizeof word == 0) {
            memcpy(&word, page + at, sizeof word);
            assert_true(vmps_guard64((uint64_t)page + at) == word);
        }
    }
    assert_false(vmps_guard_failed());
    munmap(page, PAGE_BYTES);
    vmps_handler_remove();
}

static void test_what_is_gone(void **state)
{
    (void)state;
    begin();
    uint8_t *page = map_page();
    memset(page, 0x55, PAGE_BYTES);
    munmap(page, PAGE_BYTES);
    const uint64_t gone[] = {(uint64_t)page,    (uint64_t)page + PAGE_BYTES - 8, 0, 8,
                             UINT64_C(1) << 63, UINT64_C(0x0000800000000000)};
    for (size_t i = 0; i < sizeof gone / sizeof gone[0]; i++) {
        vmps_guard_begin();
        assert_false(vmps_guard_failed());
        assert_int_equal(vmps_guard64(gone[i]), 0);
        assert_true(vmps_guard_failed());
        vmps_guard_begin();
        assert_int_equal(vmps_guard32(gone[i]), 0);
        assert_int_equal(vmps_guard8(gone[i] + 3), 0);
        assert_true(vmps_guard_failed());
    }
    vmps_handler_remove();
}

static void *unmap_again_and_again(void *argument)
{
    _Atomic(uint8_t *) *shared = argument;
    for (int i = 0; i < 20000; i++) {
        uint8_t *page = *shared;
        munmap(page, PAGE_BYTES);
        void *back = mmap(page, PAGE_BYTES, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        assert_ptr_equal(back, page);
    }
    *shared = NULL;
    return NULL;
}

static void test_what_comes_and_goes(void **state)
{
    (void)state;
    begin();
    uint8_t *page = map_page();
    _Atomic(uint8_t *) shared = page;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, unmap_again_and_again, &shared), 0);
    while (shared != NULL) {
        vmps_guard_begin();
        assert_int_equal(vmps_guard64((uint64_t)page), 0);
    }
    pthread_join(thread, NULL);
    munmap(page, PAGE_BYTES);
    vmps_handler_remove();
}

static void leave(int number)
{
    (void)number;
    _exit(FORMER_EXIT);
}

static int status_of_fault(void (*former)(int))
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGSEGV, former);
        vmps_handler_install();
        vmps_handler_install_guard();
        uint8_t *page = map_page();
        munmap(page, PAGE_BYTES);
        *(volatile uint8_t *)page = 1;
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void test_faults_of_the_program(void **state)
{
    (void)state;
    int status = status_of_fault(leave);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), FORMER_EXIT);
    status = status_of_fault(SIG_DFL);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSEGV);
}

static void test_who_stands_there(void **state)
{
    (void)state;
    struct sigaction now;
    signal(SIGSEGV, leave);
    assert_int_equal(vmps_handler_install(), 0);
    assert_int_equal(sigaction(SIGSEGV, NULL, &now), 0);
    assert_ptr_equal(now.sa_handler, leave); /* not without guarded loads */
    assert_int_equal(vmps_handler_install_guard(), 0);
    signal(SIGSEGV, leave);
    assert_int_equal(vmps_handler_install(), 0); /* puts it back in */
    assert_int_equal(sigaction(SIGSEGV, NULL, &now), 0);
    assert_ptr_not_equal(now.sa_handler, leave);
    vmps_handler_remove();
    assert_int_equal(sigaction(SIGSEGV, NULL, &now), 0);
    assert_ptr_equal(now.sa_handler, leave);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_there),       cmocka_unit_test(test_what_is_gone),
        cmocka_unit_test(test_what_comes_and_goes), cmocka_unit_test(test_faults_of_the_program),
        cmocka_unit_test(test_who_stands_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
