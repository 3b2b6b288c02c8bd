#include "sampler/core/helper_looks.h"

#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "sampler/core/ticks.h"
#include "sampler/signal/state_sig.h"
#include "sampler/signal/tick_sig.h"

#define NS_PER_S UINT64_C(1000000000)
/* A look at a thread is a call to the kernel. Those that were found resting this often are looked at as seldom as keeps all such
 * looks in this part of a period: two hundred threads that wait, asked every 100 microseconds, would take a core. */
#define LOOK_NS UINT64_C(400)
#define RESTED_LOOKS 4u
#define RESTED_PARTS 8u
/* From the interrupt that wakes us until we know what time it is. */
#define WAKE_NS UINT64_C(20000)

static uint64_t monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static void send_tick(const struct vmps_ticker *ticker, const struct vmps_target *target)
{
    siginfo_t info;
    memset(&info, 0, sizeof info);
    info.si_signo = VMPS_TICK_SIGNAL;
    info.si_code = SI_TIMER; /* to its own process one may send any */
    info.si_value.sival_ptr = (void *)target->value;
    syscall(SYS_rt_tgsigqueueinfo, ticker->process_id, target->id, VMPS_TICK_SIGNAL, &info);
}

static void read_sample(const struct vmps_ticker *ticker, struct vmps_target *target,
                        uint64_t cpu_ns)
{
    const struct vmps_look look = {
        .thread_id = target->id,
        .slot = (uint32_t)(target->value & VMPS_TICK_SLOT_MASK),
        .now_ns = monotonic_ns(),
        .cpu_ns = cpu_ns,
        .runs = true,
    };
    vmps_reading_sample(ticker->reading, &target->sight, &look);
}

static void look_for_waiting(const struct vmps_ticker *ticker, struct vmps_target *target,
                             const struct vmps_look *look)
{
    if (ticker->waiting != NULL && look->cpu_ns != 0) {
        vmps_waiting_look(ticker->waiting, &target->spell, look);
    }
}

/* Of a thread that went on when we had left: whether it had waited for its core for longer than we were there. */
static bool was_queued(const struct vmps_ticker *ticker, const struct vmps_target *target)
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
static void look_again(const struct vmps_ticker *ticker, struct vmps_target *target,
                       struct vmps_look *look)
{
    uint64_t cpu_ns = vmps_thread_cpu_ns(target->id);
    look->runs = cpu_ns > look->cpu_ns || (cpu_ns != 0 && ticker->cores == 1 && target->unsure);
    /* Half a period: rounds are a period apart, more or less. */
    if (look->runs && !was_queued(ticker, target) &&
        cpu_ns - target->last_ns >= target->period_ns / 2) {
        target->last_ns = cpu_ns;
        if (ticker->reading != NULL) {
            read_sample(ticker, target, cpu_ns);
        } else {
            send_tick(ticker, target);
        }
    }
}

static struct vmps_look begin_look(const struct vmps_ticker *ticker,
                                   const struct vmps_target *target, uint64_t round_ns)
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
static bool look_at(struct vmps_ticker *ticker, struct vmps_target *target, uint64_t round_ns)
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
        struct vmps_target *target = &ticker->targets[i];
        bool rests = target->rested >= RESTED_LOOKS;
        ticker->rested_count += rests;
        if (!rests || (ticker->round + i) % rounds == 0) {
            any = look_at(ticker, target, round_ns) || any;
        }
    }
    return any;
}

bool vmps_helper_look(struct vmps_ticker *ticker, uint64_t round_ns)
{
    pthread_mutex_lock(&ticker->lock);
    ticker->unsure = false;
    bool any = look_at_each(ticker, round_ns);
    if (ticker->unsure) {
        step_aside(ticker);
    }
    for (size_t i = 0; ticker->unsure && i < ticker->count; i++) {
        struct vmps_target *target = &ticker->targets[i];
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
