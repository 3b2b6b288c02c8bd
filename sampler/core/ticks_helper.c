#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sampler/core/descriptor.h"
#include "sampler/core/helper_looks.h"
#include "sampler/core/ticks.h"
#include "sampler/signal/fault_sig.h"
#include "sampler/signal/state_sig.h"
#include "sampler/signal/tick_sig.h"

#define NS_PER_S UINT64_C(1000000000)
#define STACK_BYTES ((size_t)128 << 10)
/* Where no thread has run for so long, rounds are this many times as far apart, and again so many when it goes on: a thread that
 * wakes is seen that late. Not after a short sleep, or what comes after short sleeps would be seen less than the rest. */
#define IDLE_FACTOR 4u
#define IDLE_NS UINT64_C(20000000)
#define LONG_IDLE_NS UINT64_C(200000000)
static uint64_t monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* Rounds must not march in step with the program: three to five quarters of a period. */
static uint64_t next_interval(struct vmps_ticker *ticker)
{
    uint64_t x = ticker->random;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    ticker->random = x;
    return ticker->period_ns * 3 / 4 + x % (ticker->period_ns / 2);
}

static uint32_t idle_factor(uint64_t idle_ns)
{
    if (idle_ns < IDLE_NS) {
        return 1;
    }
    return idle_ns < LONG_IDLE_NS ? IDLE_FACTOR : IDLE_FACTOR * IDLE_FACTOR;
}

static void *ticker_main(void *argument)
{
    struct vmps_ticker *ticker = argument;
    pthread_setname_np(pthread_self(), "vmprof");
    /* It opens files in every round: the next descriptor of a program that has just closed its
     * standard input has to be 0. */
    vmps_descriptor_leave();
    /* Else the kernel may wake us 50 microseconds late. */
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    pid_t own_id = (pid_t)syscall(SYS_gettid);
    /* Where we may: on a busy machine a round would else come as late as the kernel's next tick. */
    const struct sched_param lowest = {.sched_priority = 1};
    sched_setscheduler(own_id, SCHED_FIFO | SCHED_RESET_ON_FORK, &lowest);
    atomic_store(&ticker->thread_id, own_id);
    uint64_t next_ns = monotonic_ns();
    uint64_t before_ns = next_ns;
    uint64_t idle_ns = 0;
    while (!atomic_load(&ticker->stop)) {
        uint64_t now_ns = monotonic_ns();
        uint64_t round_ns = now_ns - before_ns;
        ticker->woken_ns = now_ns;
        idle_ns = vmps_helper_look(ticker, round_ns) ? 0 : idle_ns + round_ns;
        before_ns = now_ns;
        next_ns += next_interval(ticker) * idle_factor(idle_ns);
        now_ns = monotonic_ns();
        if (next_ns < now_ns) {
            next_ns = now_ns; /* late: rounds that were missed are not made up for */
        }
        const struct timespec until = {.tv_sec = (time_t)(next_ns / NS_PER_S),
                                       .tv_nsec = (long)(next_ns % NS_PER_S)};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
    }
    return NULL;
}

static int start_thread(struct vmps_ticker *ticker)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    int failed = pthread_attr_init(&attributes);
    if (failed != 0) {
        return failed;
    }
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    sigfillset(&all);
    sigdelset(&all, VMPS_FAULT_SIGNAL); /* one that is blocked ends the process */
    sigdelset(&all, VMPS_GUARD_SIGNAL);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    failed = pthread_create(&ticker->thread, &attributes, ticker_main, ticker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    while (failed == 0 && atomic_load(&ticker->thread_id) == 0) {
        sched_yield();
    }
    return failed;
}

static int open_ticker(struct vmps_ticker **out, uint64_t period_ns, pid_t *own_thread)
{
    struct vmps_ticker *ticker = calloc(1, sizeof *ticker);
    if (ticker == NULL) {
        return ENOMEM;
    }
    ticker->period_ns = period_ns;
    ticker->process_id = getpid();
    ticker->random = monotonic_ns() << 1 | 1;
    bool known = sched_getaffinity(0, sizeof ticker->allowed, &ticker->allowed) == 0;
    ticker->cores = known ? CPU_COUNT(&ticker->allowed) : 0;
    pthread_mutex_init(&ticker->lock, NULL);
    int failed = start_thread(ticker);
    if (failed != 0) {
        pthread_mutex_destroy(&ticker->lock);
        free(ticker);
        return failed;
    }
    *out = ticker;
    *own_thread = atomic_load(&ticker->thread_id);
    return 0;
}

/* A child made by fork has the memory, but not the thread. */
static void close_ticker(struct vmps_ticker *ticker)
{
    if (ticker->process_id == getpid()) {
        atomic_store(&ticker->stop, true);
        pthread_join(ticker->thread, NULL);
        pthread_mutex_destroy(&ticker->lock);
    }
    for (size_t i = 0; i < ticker->count; i++) {
        free(ticker->targets[i].spell.frames);
    }
    free(ticker->targets);
    free(ticker);
}

static int make_room(struct vmps_ticker *ticker)
{
    if (ticker->count < ticker->capacity) {
        return 0;
    }
    size_t capacity = ticker->capacity == 0 ? 16 : 2 * ticker->capacity;
    struct vmps_target *grown = realloc(ticker->targets, capacity * sizeof *grown);
    if (grown == NULL) {
        return ENOMEM;
    }
    ticker->targets = grown;
    ticker->capacity = capacity;
    return 0;
}

static int attach(struct vmps_tick *tick, pid_t thread_id, uint64_t first_ns, uint64_t period_ns,
                  uint64_t value)
{
    struct vmps_ticker *ticker = tick->ticker;
    uint64_t now_ns = vmps_thread_cpu_ns(thread_id);
    (void)first_ns; /* the rounds' own phase is as random */
    tick->value = value;
    pthread_mutex_lock(&ticker->lock);
    int failed = make_room(ticker);
    if (failed == 0) {
        ticker->targets[ticker->count++] = (struct vmps_target){
            .id = thread_id,
            .value = value,
            .period_ns = period_ns,
            .last_ns = now_ns,
            .seen_ns = now_ns,
        };
    }
    pthread_mutex_unlock(&ticker->lock);
    return failed;
}

static void end_waiting(const struct vmps_ticker *ticker, struct vmps_target *target)
{
    if (ticker->waiting != NULL) {
        vmps_waiting_end(ticker->waiting, &target->spell,
                         (uint32_t)(target->value & VMPS_TICK_SLOT_MASK));
    }
}

static void detach(struct vmps_tick *tick)
{
    struct vmps_ticker *ticker = tick->ticker;
    pthread_mutex_lock(&ticker->lock);
    for (size_t i = 0; i < ticker->count; i++) {
        if (ticker->targets[i].value == tick->value) {
            end_waiting(ticker, &ticker->targets[i]);
            ticker->targets[i] = ticker->targets[--ticker->count];
            break;
        }
    }
    pthread_mutex_unlock(&ticker->lock);
}

void vmps_ticks_helper_wait(struct vmps_ticker *ticker, struct vmps_waiting *waiting)
{
    pthread_mutex_lock(&ticker->lock);
    ticker->waiting = waiting;
    pthread_mutex_unlock(&ticker->lock);
}

void vmps_ticks_helper_read(struct vmps_ticker *ticker, struct vmps_reading *reading)
{
    pthread_mutex_lock(&ticker->lock);
    ticker->reading = reading;
    pthread_mutex_unlock(&ticker->lock);
}

const struct vmps_tick_source vmps_ticks_helper = {
    .name = "helper",
    .clock = "thread-cpu",
    .true_rates = true,
    .open = open_ticker,
    .close = close_ticker,
    .attach = attach,
    .detach = detach,
};

const struct vmps_tick_source vmps_ticks_reader = {
    .name = "reader",
    .clock = "thread-cpu",
    .true_rates = true,
    .reads = true,
    .open = open_ticker,
    .close = close_ticker,
    .attach = attach,
    .detach = detach,
};
