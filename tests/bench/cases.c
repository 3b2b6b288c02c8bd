#include "tests/bench/cases.h"

#include "tests/bench/bench.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_WORKERS 64
#define STEP_SECONDS 10u
#define ALARM_EVERY 64u /* cases: one limit for so many, each in a hundredth of a second at most */
#define POLL_NS 100000000
#define POLLS_A_LINE 50

/* In shared memory. A worker judges the cases that are its number, plus a multiple of the count of workers. */
struct worker {
    _Atomic uint64_t next; /* the case that it judges now */
    struct cases_result result;
};

struct crowd {
    struct worker *workers;
    pid_t pids[MAX_WORKERS];
    uint64_t worker_count;
    uint64_t case_count;
    enum cases_verdict (*judge)(const void *ctx, uint64_t number);
    const void *ctx;
};

static void note_verdict(struct cases_result *result, enum cases_verdict verdict, uint64_t number)
{
    if (result->count[verdict] == 0 || number < result->first_bad[verdict]) {
        result->first_bad[verdict] = number;
    }
    result->count[verdict]++;
}

static _Noreturn void work(const struct crowd *crowd, struct worker *worker)
{
    const struct itimerval limit = {.it_value.tv_sec = STEP_SECONDS};
    uint64_t number = atomic_load(&worker->next);
    for (uint64_t done = 0; number < crowd->case_count; done++) {
        if (done % ALARM_EVERY == 0) {
            /* SIGPROF's default is to end the process. Its own time: on a busy machine others take theirs from it. */
            (void)setitimer(ITIMER_PROF, &limit, NULL);
        }
        note_verdict(&worker->result, crowd->judge(crowd->ctx, number), number);
        number += crowd->worker_count;
        atomic_store(&worker->next, number);
    }
    _exit(0);
}

static void start(struct crowd *crowd, uint64_t at)
{
    pid_t pid = fork();
    bench_check(pid >= 0, "cannot fork");
    if (pid == 0) {
        work(crowd, &crowd->workers[at]);
    }
    crowd->pids[at] = pid;
}

/* Sees to a worker; true when it has done all that it has to. */
static bool attend(struct crowd *crowd, uint64_t at)
{
    int status;
    if (crowd->pids[at] == 0) {
        return true;
    }
    if (waitpid(crowd->pids[at], &status, WNOHANG) != crowd->pids[at]) {
        return false;
    }
    crowd->pids[at] = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        return true;
    }
    struct worker *worker = &crowd->workers[at];
    uint64_t number = atomic_load(&worker->next);
    note_verdict(&worker->result, CASE_CRASHED, number);
    atomic_store(&worker->next, number + crowd->worker_count);
    start(crowd, at);
    return false;
}

static void say_progress(const struct crowd *crowd, const char *title)
{
    uint64_t done = 0;
    for (uint64_t i = 0; i < crowd->worker_count; i++) {
        done += atomic_load(&crowd->workers[i].next) / crowd->worker_count;
    }
    (void)fprintf(stderr, "%s: %llu of %llu\n", title, (unsigned long long)done,
                  (unsigned long long)crowd->case_count);
}

static void wait_for_all(struct crowd *crowd, const char *title)
{
    const struct timespec pause = {.tv_nsec = POLL_NS};
    bool busy = true;
    for (unsigned polls = 1; busy; polls++) {
        (void)nanosleep(&pause, NULL);
        busy = false;
        for (uint64_t i = 0; i < crowd->worker_count; i++) {
            busy = !attend(crowd, i) || busy;
        }
        if (polls % POLLS_A_LINE == 0) {
            say_progress(crowd, title);
        }
    }
}

static struct cases_result sum(const struct crowd *crowd)
{
    struct cases_result all = {0};
    for (uint64_t i = 0; i < crowd->worker_count; i++) {
        const struct cases_result *one = &crowd->workers[i].result;
        for (int verdict = 0; verdict < CASE_VERDICTS; verdict++) {
            if (one->count[verdict] > 0 &&
                (all.count[verdict] == 0 || one->first_bad[verdict] < all.first_bad[verdict])) {
                all.first_bad[verdict] = one->first_bad[verdict];
            }
            all.count[verdict] += one->count[verdict];
        }
    }
    return all;
}

struct cases_result cases_run(uint64_t count,
                              enum cases_verdict (*judge)(const void *ctx, uint64_t number),
                              const void *ctx, const char *title)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    struct crowd crowd = {.worker_count = processors < 1 ? 1 : (uint64_t)processors,
                          .case_count = count,
                          .judge = judge,
                          .ctx = ctx};
    crowd.worker_count = crowd.worker_count > MAX_WORKERS ? MAX_WORKERS : crowd.worker_count;
    size_t size = MAX_WORKERS * sizeof *crowd.workers;
    crowd.workers = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    bench_check(crowd.workers != MAP_FAILED, "no shared memory");
    for (uint64_t i = 0; i < crowd.worker_count; i++) {
        atomic_store(&crowd.workers[i].next, i);
        start(&crowd, i);
    }
    wait_for_all(&crowd, title);
    struct cases_result result = sum(&crowd);
    (void)munmap(crowd.workers, size);
    return result;
}
