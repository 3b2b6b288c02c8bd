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
#include "sampler/core/ticks.h"
#include "sampler/core/waiting.h"
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
/* A look at a thread is a call to the kernel. Those that were found resting this often are looked at as seldom as keeps all such
 * looks in this part of a period: two hundred threads that wait, asked every 100 microseconds, would take a core. */
#define LOOK_NS UINT64_C(400)
#define RESTED_LOOKS 4u
#define RESTED_PARTS 8u
/* From the interrupt that wakes us until we know what time it is. */
#define WAKE_NS UINT64_C(20000)

/* A thread that gets ticks. */
struct target {
    pid_t id;
    uint64_t value;
    uint64_t period_ns;
    uint64_t last_ns;   /* its CPU clock at its last tick */
    uint64_t seen_ns;   /* and in the last round */
    uint32_t rested;    /* looks since it was found to have run */
    bool unsure;        /* in this round: it could run, and does not */
    uint64_t queued_ns; /* when unsure: how long it has waited for cores */
    struct vmps_spell spell;
};

struct vmps_ticker {
    pthread_t thread;
    pthread_mutex_t lock; /* guards targets */
    struct target *targets;
    size_t count, capacity;
    uint64_t period_ns;
    uint64_t random;
    uint64_t woken_ns; /* when this round began */
    cpu_set_t allowed; /* cores that the process may use */
    int cores;
    bool unsure; /* of some thread in this round */
    size_t round;
    size_t rested_count;          /* threads that rested in the last round */
    struct vmps_waiting *waiting; /* NULL: nobody wants to know who waits */
    pid_t process_id;
    _Atomic pid_t thread_id; /* 0: it does not run yet */
    _Atomic bool stop;
};

static uint64_t monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static void send_tick(const struct vmps_ticker *ticker, const struct target *target)
{
    siginfo_t info;
    memset(&info, 0, sizeof info);
    info.si_signo = VMPS_TICK_SIGNAL;
    info.si_code = SI_TIMER; /* to its own process one may send any */
    info.si_value.sival_ptr = (void *)target->value;
    syscall(SYS_rt_tgsigqueueinfo, ticker->process_id, target->id, VMPS_TICK_SIGNAL, &info);
}

static void look_for_waiting(const struct vmps_ticker *ticker, struct target *target,
                             const struct vmps_look *look)
{
    if (ticker->waiting != NULL && look->cpu_ns != 0) {
        vmps_waiting_look(ticker->waiting, &target->spell, look);
    }
}

/* Of a thread that went on when we had left: whether it had waited for its core for longer than we were there. */
static bool was_queued(const struct vmps_ticker *ticker, const struct target *target)
{
    if (!target->unsure || ticker->cores == 1) {
        return false;
    }
    uint64_t here_ns = monotonic_ns() - ticker->woken_ns;
    return vmps_thread_queued_ns(target->id) - target->queued_ns > here_ns + WAKE_NS;
}

/* The clock of a thread that is on a core moves on between two looks. Others are left alone: a tick for one that sleeps would
 * interrupt its sleep, and one that waits for a core has mostly left it at a system call, which is not where
 * its time goes. */
static void look_again(const struct vmps_ticker *ticker, struct target *target,
                       struct vmps_look *look)
{
    uint64_t cpu_ns = vmps_thread_cpu_ns(target->id);
    look->runs = cpu_ns > look->cpu_ns || (cpu_ns != 0 && ticker->cores == 1 && target->unsure);
    /* Half a period: rounds are a period apart, more or less. */
    if (look->runs && !was_queued(ticker, target) &&
        cpu_ns - target->last_ns >= target->period_ns / 2) {
        target->last_ns = cpu_ns;
        send_tick(ticker, target);
    }
}

static struct vmps_look begin_look(const struct vmps_ticker *ticker, const struct target *target,
                                   uint64_t round_ns)
{
    uint64_t now_ns = ticker->waiting != NULL ? monotonic_ns() : 0;
    return (struct vmps_look){
        .thread_id = target->id,
        .slot = (uint32_t)(target->value & VMPS_TICK_SLOT_MASK),
        .now_ns = now_ns,
        .cpu_ns = vmps_thread_cpu_ns(target->id),
        .late = round_ns > 2 * ticker->period_ns,
    };
}

/* True: the thread has used time since the last round, which was round_ns ago. */
static bool look_at(struct vmps_ticker *ticker, struct target *target, uint64_t round_ns)
{
    struct vmps_look look = begin_look(ticker, target, round_ns);
    /* A clock that goes back, or stands at 0, is that of another thread with the same number, or of none. */
    bool moved = look.cpu_ns > target->seen_ns;
    target->unsure = false;
    target->rested = moved ? 0 : target->rested + 1;
    if (moved) {
        look_again(ticker, target, &look);
        target->unsure = !look.runs && vmps_thread_is_runnable(target->id);
        target->seen_ns = look.cpu_ns;
    }
    if (target->unsure) {
        target->queued_ns = vmps_thread_queued_ns(target->id);
    }
    ticker->unsure = ticker->unsure || target->unsure;
    if (!target->unsure) {
        look_for_waiting(ticker, target, &look);
    }
    return moved;
}

/* A thread that could run and does not may have had to leave its core for us. Gone to another one, we see whether it goes
 * on. We stay there: it is not in its way any more. */
static void step_aside(const struct vmps_ticker *ticker)
{
    cpu_set_t others = ticker->allowed;
    int core = sched_getcpu();
    if (core >= 0 && core < CPU_SETSIZE) {
        CPU_CLR((size_t)core, &others);
    }
    if (ticker->cores > 1 && sched_setaffinity(0, sizeof others, &others) == 0) {
        sched_setaffinity(0, sizeof ticker->allowed, &ticker->allowed);
    }
}

/* In every so many rounds a thread that rests is looked at, such that all of them take a part of a period and no more. Where
 * somebody wants to know who waits, it is in each. */
static size_t rounds_of_rest(const struct vmps_ticker *ticker)
{
    uint64_t looks_ns = ticker->rested_count * LOOK_NS;
    return ticker->waiting != NULL ? 1 : 1 + looks_ns / (ticker->period_ns / RESTED_PARTS);
}

static bool look_at_each(struct vmps_ticker *ticker, uint64_t round_ns)
{
    bool any = false;
    size_t rounds = rounds_of_rest(ticker);
    ticker->round++;
    ticker->rested_count = 0;
    for (size_t i = 0; i < ticker->count; i++) {
        struct target *target = &ticker->targets[i];
        bool rests = target->rested >= RESTED_LOOKS;
        ticker->rested_count += rests;
        if (!rests || (ticker->round + i) % rounds == 0) {
            any = look_at(ticker, target, round_ns) || any;
        }
    }
    return any;
}

static bool look_at_all(struct vmps_ticker *ticker, uint64_t round_ns)
{
    pthread_mutex_lock(&ticker->lock);
    ticker->unsure = false;
    bool any = look_at_each(ticker, round_ns);
    if (ticker->unsure) {
        step_aside(ticker);
    }
    for (size_t i = 0; ticker->unsure && i < ticker->count; i++) {
        struct target *target = &ticker->targets[i];
        if (target->unsure) {
            struct vmps_look look = begin_look(ticker, target, round_ns);
            /* Against the first look: it may have gone on since. */
            const uint64_t cpu_ns = look.cpu_ns;
            look.cpu_ns = target->seen_ns;
            look_again(ticker, target, &look);
            look.cpu_ns = cpu_ns;
            look_for_waiting(ticker, target, &look);
            target->seen_ns = cpu_ns;
        }
    }
    pthread_mutex_unlock(&ticker->lock);
    return any;
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
        idle_ns = look_at_all(ticker, round_ns) ? 0 : idle_ns + round_ns;
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
    struct target *grown = realloc(ticker->targets, capacity * sizeof *grown);
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
        ticker->targets[ticker->count++] = (struct target){
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

static void end_waiting(const struct vmps_ticker *ticker, struct target *target)
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

const struct vmps_tick_source vmps_ticks_helper = {
    .name = "helper",
    .clock = "thread-cpu",
    .true_rates = true,
    .open = open_ticker,
    .close = close_ticker,
    .attach = attach,
    .detach = detach,
};
