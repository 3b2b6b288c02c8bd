#include "sampler/core/threads.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Programs name their threads after they have started them: the name is read twice. */
#define NAME_WAIT_SCANS 20
#define ASKED_THREADS 128u

int vmps_threads_init(struct vmps_threads *threads, const struct vmps_tick_source *source,
                      uint64_t period_ns, struct vmps_slot *slots)
{
    memset(threads, 0, sizeof *threads);
    pthread_mutex_init(&threads->lock, NULL);
    threads->source = source;
    threads->period_ns = period_ns;
    bool too_short = !source->true_rates && period_ns < vmps_kernel_tick_ns();
    threads->tick_ns = too_short ? vmps_kernel_tick_ns() : period_ns;
    threads->names_end = &threads->names;
    vmps_task_list_init(&threads->tasks);
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    threads->random = (uint64_t)now.tv_nsec << 20 | 1;
    if (!vmps_slots_init(&threads->slots, slots)) {
        return ENOMEM;
    }
    return source->open != NULL
               ? source->open(&threads->ticker, period_ns, &threads->own[VMPS_OWN_TICKER])
               : 0;
}

void vmps_threads_fini(struct vmps_threads *threads)
{
    for (size_t i = 0; i < threads->count && !threads->stopped; i++) {
        if (threads->source->forget != NULL) {
            threads->source->forget(&threads->threads[i].tick);
        }
    }
    if (threads->ticker != NULL) {
        threads->source->close(threads->ticker);
        threads->ticker = NULL;
    }
    vmps_slots_fini(&threads->slots);
    while (threads->names != NULL) {
        struct vmps_thread_name *next = threads->names->next;
        free(threads->names);
        threads->names = next;
    }
    vmps_task_list_fini(&threads->tasks);
    free(threads->threads);
    pthread_mutex_destroy(&threads->lock);
}

static uint64_t new_tick(uint32_t slot)
{
    uint64_t generation = atomic_fetch_add(&vmps_signal_state.generation, 1) + UINT64_C(1);
    return VMPS_TICK_MARK << VMPS_TICK_MARK_SHIFT |
           (generation & VMPS_TICK_GENERATION_MASK) << VMPS_TICK_GENERATION_SHIFT | slot;
}

/* ---- threads ---------------------------------------------------------------------------------- */

/* Ticks of threads must not march in step, with each other or with what the program does. */
static uint64_t random_below(struct vmps_threads *threads, uint64_t limit)
{
    uint64_t x = threads->random;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    threads->random = x;
    return x % limit;
}

static int grow(struct vmps_threads *threads)
{
    if (threads->count < threads->capacity) {
        return 0;
    }
    size_t capacity = threads->capacity == 0 ? 16 : 2 * threads->capacity;
    struct vmps_thread *grown = realloc(threads->threads, capacity * sizeof *grown);
    if (grown == NULL) {
        return ENOMEM;
    }
    threads->threads = grown;
    threads->capacity = capacity;
    return 0;
}

static int attach_slot(struct vmps_threads *threads, struct vmps_thread *thread)
{
    struct vmps_slot *slot = &threads->slots.all[thread->slot];
    thread->seen_cpu_ns = vmps_thread_cpu_ns(thread->id);
    slot->thread_id = (uint32_t)thread->id;
    /* A thread that was there before the recording weighs from now on, one that came later from its
     * birth. */
    slot->last_cpu_ns = threads->scanned ? 0 : thread->seen_cpu_ns;
    slot->first_weight_ns = threads->scanned ? threads->tick_ns : 0;
    slot->not_before_ns = 0;
    uint64_t tick = new_tick(thread->slot);
    atomic_store_explicit(&slot->tick, tick, memory_order_release);
    /* Where the kernel's tick is longer than the period, its phase is random enough. */
    uint64_t first_ns =
        threads->period_ns < threads->tick_ns ? 1 : 1 + random_below(threads, threads->period_ns);
    thread->tick.ticker = threads->ticker;
    int failed =
        threads->source->attach(&thread->tick, thread->id, first_ns, threads->period_ns, tick);
    if (failed != 0) {
        atomic_store(&slot->tick, 0);
    }
    thread->ticks = failed == 0;
    return failed;
}

static int attach(struct vmps_threads *threads, pid_t id)
{
    int failed = grow(threads);
    if (failed != 0) {
        return failed;
    }
    struct vmps_thread thread = {.id = id, .listed = true, .name_wait = NAME_WAIT_SCANS};
    thread.slot = vmps_slots_take(&threads->slots);
    if (thread.slot == VMPS_MAX_SLOTS) {
        return EAGAIN;
    }
    failed = threads->paused ? 0 : attach_slot(threads, &thread);
    if (failed != 0) {
        vmps_slots_give_back(&threads->slots, thread.slot);
        return failed;
    }
    threads->threads[threads->count++] = thread;
    return 0;
}

static void take_ticks(struct vmps_threads *threads, struct vmps_thread *thread)
{
    atomic_store(&threads->slots.all[thread->slot].tick, 0);
    if (thread->ticks) {
        threads->source->detach(&thread->tick);
    }
    thread->ticks = false;
}

static void detach(struct vmps_threads *threads, struct vmps_thread *thread)
{
    take_ticks(threads, thread);
    vmps_slots_give_back(&threads->slots, thread->slot);
}

/* The kernel lists threads in one order, so the one after the last found is nearly always it. */
static struct vmps_thread *find(struct vmps_threads *threads, pid_t id, size_t *hint)
{
    for (size_t step = 0; step < threads->count; step++) {
        size_t i = (*hint + step) % threads->count;
        if (threads->threads[i].id == id) {
            *hint = i + 1;
            return &threads->threads[i];
        }
    }
    return NULL;
}

static int queue_name(struct vmps_threads *threads, pid_t id, const char *name)
{
    size_t size = strlen(name) + 1;
    struct vmps_thread_name *entry = malloc(sizeof *entry + size);
    if (entry == NULL) {
        return ENOMEM;
    }
    entry->next = NULL;
    entry->id = id;
    memcpy(entry->name, name, size);
    *threads->names_end = entry;
    threads->names_end = &entry->next;
    return 0;
}

static void read_name(struct vmps_threads *threads, struct vmps_thread *thread)
{
    bool first = thread->name_wait == NAME_WAIT_SCANS;
    if (thread->name_wait == 0 || thread->named) {
        return;
    }
    thread->name_wait--;
    char name[VMPS_TASK_NAME_BYTES];
    if ((first || thread->name_wait == 0) && vmps_task_name(thread->id, name) == 0) {
        queue_name(threads, thread->id, name);
    }
}

/* A thread whose clock went backwards is another one, under the number of one that ended. Where there are
 * many, a scan asks some of them only. */
static bool is_reborn(const struct vmps_threads *threads, struct vmps_thread *thread)
{
    size_t index = (size_t)(thread - threads->threads);
    if (index % (threads->count / ASKED_THREADS + 1) !=
        threads->scans % (threads->count / ASKED_THREADS + 1)) {
        return false;
    }
    uint64_t cpu_ns = vmps_thread_cpu_ns(thread->id);
    bool reborn = cpu_ns < thread->seen_cpu_ns;
    thread->seen_cpu_ns = cpu_ns;
    return reborn;
}

static void detach_unlisted(struct vmps_threads *threads)
{
    size_t kept = 0;
    for (size_t i = 0; i < threads->count; i++) {
        if (threads->threads[i].listed) {
            threads->threads[kept++] = threads->threads[i];
        } else {
            detach(threads, &threads->threads[i]);
        }
    }
    threads->count = kept;
}

static bool is_own(const struct vmps_threads *threads, pid_t id)
{
    for (size_t i = 0; i < VMPS_OWN_THREADS; i++) {
        if (threads->own[i] == id) {
            return true;
        }
    }
    return false;
}

static void scan_listed(struct vmps_threads *threads)
{
    size_t hint = 0;
    for (size_t i = 0; i < threads->tasks.count; i++) {
        pid_t id = threads->tasks.ids[i];
        if (is_own(threads, id)) {
            continue;
        }
        struct vmps_thread *thread = find(threads, id, &hint);
        if (thread != NULL && !is_reborn(threads, thread)) {
            thread->listed = true;
            continue;
        }
        int failed = attach(threads, id);
        if (failed != 0 && failed != ESRCH && failed != EINVAL && threads->failure == 0) {
            threads->failure = failed;
        }
    }
}

/* Three to five quarters of the period. */
static void vary(struct vmps_threads *threads, struct vmps_thread *thread)
{
    if (threads->source->vary != NULL) {
        uint64_t period_ns = threads->period_ns;
        threads->source->vary(&thread->tick,
                              period_ns * 3 / 4 + random_below(threads, period_ns / 2));
    }
}

static int scan_locked(struct vmps_threads *threads)
{
    int failed = threads->stopped ? 0 : vmps_task_list_read(&threads->tasks);
    if (failed != 0 || threads->stopped) {
        return failed;
    }
    for (size_t i = 0; i < threads->count; i++) {
        threads->threads[i].listed = false;
    }
    scan_listed(threads);
    detach_unlisted(threads);
    for (size_t i = 0; i < threads->count; i++) {
        read_name(threads, &threads->threads[i]);
        vary(threads, &threads->threads[i]);
    }
    threads->scanned = true;
    threads->scans++;
    return 0;
}

int vmps_threads_begin(struct vmps_threads *threads)
{
    pthread_mutex_lock(&threads->lock);
    int failed = scan_locked(threads);
    if (failed == 0 && threads->count == 0) {
        failed = threads->failure;
    }
    pthread_mutex_unlock(&threads->lock);
    return failed;
}

int vmps_threads_scan(struct vmps_threads *threads)
{
    pthread_mutex_lock(&threads->lock);
    int failed = scan_locked(threads);
    pthread_mutex_unlock(&threads->lock);
    return failed;
}

void vmps_threads_stop(struct vmps_threads *threads)
{
    pthread_mutex_lock(&threads->lock);
    for (size_t i = 0; i < threads->count; i++) {
        take_ticks(threads, &threads->threads[i]);
    }
    threads->stopped = true;
    pthread_mutex_unlock(&threads->lock);
}

void vmps_threads_pause(struct vmps_threads *threads)
{
    pthread_mutex_lock(&threads->lock);
    threads->paused = true;
    for (size_t i = 0; i < threads->count; i++) {
        take_ticks(threads, &threads->threads[i]);
    }
    pthread_mutex_unlock(&threads->lock);
}

/* Gives each thread ticks; one that has just ended gets none, and goes with the next scan. */
static void give_ticks(struct vmps_threads *threads)
{
    threads->scanned = false; /* none of them is taken for one that was born since */
    for (size_t i = 0; i < threads->count; i++) {
        int failed = attach_slot(threads, &threads->threads[i]);
        if (failed != 0 && failed != ESRCH && failed != EINVAL && threads->failure == 0) {
            threads->failure = failed;
        }
    }
    threads->scanned = true;
}

void vmps_threads_resume(struct vmps_threads *threads)
{
    pthread_mutex_lock(&threads->lock);
    if (threads->paused && !threads->stopped) {
        (void)scan_locked(threads);
        threads->paused = false;
        give_ticks(threads);
    }
    pthread_mutex_unlock(&threads->lock);
}

/* A thread that has just begun need not wait for the next scan, which would miss a short one. */
static struct vmps_thread *attach_self(struct vmps_threads *threads, pid_t id)
{
    bool attached = !threads->stopped && threads->scanned && attach(threads, id) == 0;
    return attached ? &threads->threads[threads->count - 1] : NULL;
}

void vmps_threads_born(struct vmps_threads *threads)
{
    pid_t id = (pid_t)syscall(SYS_gettid);
    pthread_mutex_lock(&threads->lock);
    /* Its number may be that of a thread that ended since the last scan. */
    size_t hint = 0;
    struct vmps_thread *former = find(threads, id, &hint);
    if (former != NULL) {
        former->listed = false;
        detach(threads, former);
        *former = threads->threads[--threads->count];
    }
    attach_self(threads, id);
    pthread_mutex_unlock(&threads->lock);
}

/* ---- names and totals ------------------------------------------------------------------------- */

int vmps_threads_set_name(struct vmps_threads *threads, pid_t id, const char *name)
{
    pthread_mutex_lock(&threads->lock);
    size_t hint = 0;
    struct vmps_thread *thread = find(threads, id, &hint);
    if (thread == NULL && id == (pid_t)syscall(SYS_gettid)) {
        thread = attach_self(threads, id);
    }
    if (thread != NULL) {
        thread->named = true;
    }
    int failed = queue_name(threads, id, name);
    pthread_mutex_unlock(&threads->lock);
    return failed;
}

struct vmps_thread_name *vmps_threads_take_names(struct vmps_threads *threads)
{
    pthread_mutex_lock(&threads->lock);
    struct vmps_thread_name *names = threads->names;
    threads->names = NULL;
    threads->names_end = &threads->names;
    pthread_mutex_unlock(&threads->lock);
    return names;
}

void vmps_threads_totals(struct vmps_threads *threads, struct vmps_thread_totals *totals)
{
    pthread_mutex_lock(&threads->lock);
    *totals = threads->slots.ended;
    for (size_t i = 0; i < threads->count; i++) {
        vmps_slots_add_totals(totals, &threads->slots.all[threads->threads[i].slot]);
    }
    pthread_mutex_unlock(&threads->lock);
}
