/* The unwinder against what was really called: at each instruction of chains of calls, by an oracle that counts
 * calls and returns; over signals, on stacks of the program's own, and with registers that mean nothing. */
#include <execinfo.h>
#include <link.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <cmocka.h>

#include "sampler/native/images.h"
#include "tests/unit/native/chains.h"
#include "tests/unit/native/stepping.h"

#define MAX_WALK 400
#define STACK_BYTES ((size_t)256 << 10)
#define PAGE_BYTES ((size_t)4096)

static struct vmps_images images;
static struct vmps_unwind_tables *tables;
static struct vmps_unwind_memory memory;

static int set_up(void **state)
{
    bool changed;
    (void)state;
    vmps_images_init(&images, 0);
    if (vmps_images_refresh(&images, &changed) != 0 || !changed) {
        return -1;
    }
    tables = vmps_images_tables(&images);
    return tables != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    free(tables);
    vmps_images_fini(&images);
    return 0;
}

/* The end of this thread's stack, as the C library knows it. */
static uint64_t stack_end(void)
{
    pthread_attr_t attributes;
    void *lowest;
    size_t size;
    assert_int_equal(pthread_getattr_np(pthread_self(), &attributes), 0);
    pthread_attr_getstack(&attributes, &lowest, &size);
    pthread_attr_destroy(&attributes);
    return (uint64_t)lowest + size;
}

static size_t walk(const ucontext_t *context, uint64_t end, uint64_t *found, size_t room,
                   enum vmps_unwind_status *status)
{
    struct vmps_probe probe;
    memset(&probe, 0, sizeof probe);
    const greg_t *registers = context->uc_mcontext.gregs;
    struct vmps_unwind unwind = {
        .tables = tables,
        .memory = &memory,
        .probe = &probe,
        .stack_end = end,
        .pc = (uint64_t)registers[REG_RIP],
        .sp = (uint64_t)registers[REG_RSP],
        .bp = (uint64_t)registers[REG_RBP],
        .bp_known = true,
        .is_exact = true,
    };
    size_t count = 0;
    do {
        found[count++] = unwind.pc;
        vmps_unwind_look(&unwind);
        *status = vmps_unwind_step(&unwind);
    } while (*status == VMPS_UNWIND_FRAME && count < room);
    return count;
}

/* ---- single steps ----------------------------------------------------------------------------- */

static void step_through(long (*work)(long), uint64_t end)
{
    struct stepping result;
    memset(&memory, 0, sizeof memory);
    (void)work(3); /* so that the linker has bound what it calls */
    stepping_run(tables, &memory, end, work, 3, &result);
    print_message("%lu steps, %lu frames, cut %lu\n", result.steps, result.frames, result.cut);
    assert_true(result.steps > 3000);
    assert_true(result.frames > 3 * result.steps);
    assert_int_equal(result.wrong_pc, 0);
    assert_int_equal(result.wrong, 0);
    /* While a stack is realigned its end stands in a register that is not followed. */
    assert_true(result.cut * 100 < result.steps);
}

static void test_with_frame_pointer(void **state)
{
    (void)state;
    step_through(chains_with_frame_pointer, stack_end());
}

static void test_without_frame_pointer(void **state)
{
    (void)state;
    step_through(chains_without_frame_pointer, stack_end());
}

static void test_unoptimised(void **state)
{
    (void)state;
    step_through(chains_unoptimised, stack_end());
}

/* Where the end of the stack is not known, or this is another stack, each page is asked for. */
static void test_unknown_stack(void **state)
{
    (void)state;
    step_through(chains_without_frame_pointer, 0);
    assert_int_equal(memory.high, 0);
}

static void *in_thread(void *argument)
{
    (void)argument;
    step_through(chains_without_frame_pointer, (uint64_t)pthread_self() & ~UINT64_C(15));
    assert_true(memory.high != 0);
    return NULL;
}

static void test_thread(void **state)
{
    pthread_t thread;
    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, in_thread, NULL), 0);
    pthread_join(thread, NULL);
}

static ucontext_t outside, inside;

static void on_own_stack(void)
{
    step_through(chains_without_frame_pointer, stack_end());
}

/* Its neighbours cannot be read. */
static void test_own_stack(void **state)
{
    (void)state;
    char *stack = mmap(NULL, STACK_BYTES + 2 * PAGE_BYTES, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(stack != MAP_FAILED);
    assert_int_equal(mprotect(stack, PAGE_BYTES, PROT_NONE), 0);
    assert_int_equal(mprotect(stack + PAGE_BYTES + STACK_BYTES, PAGE_BYTES, PROT_NONE), 0);
    getcontext(&inside);
    inside.uc_stack.ss_sp = stack + PAGE_BYTES;
    inside.uc_stack.ss_size = STACK_BYTES;
    inside.uc_link = &outside;
    makecontext(&inside, on_own_stack, 0);
    swapcontext(&outside, &inside);
    assert_int_equal(memory.high, 0);
    munmap(stack, STACK_BYTES + 2 * PAGE_BYTES);
}

/* ---- signals ---------------------------------------------------------------------------------- */

static struct {
    uint64_t end;
    ucontext_t *first;
    unsigned compared, cut, wrong;
    pthread_t target;
    volatile bool done;
} signals;

static void judge(bool is_whole, bool is_same)
{
    signals.compared++;
    signals.cut += !is_whole;
    signals.wrong += is_whole && !is_same;
}

/* The second signal comes in the first one's handler: what was interrupted is below it on the stack. */
static void on_second(int number, siginfo_t *info, void *context)
{
    uint64_t all[MAX_WALK], outer[MAX_WALK];
    enum vmps_unwind_status status, outer_status;
    (void)number;
    (void)info;
    size_t count = walk(context, signals.end, all, MAX_WALK, &status);
    size_t outer_count = walk(signals.first, signals.end, outer, MAX_WALK, &outer_status);
    judge(status == VMPS_UNWIND_END && outer_status == VMPS_UNWIND_END,
          count > outer_count + 1 &&
              memcmp(all + count - outer_count, outer, outer_count * sizeof outer[0]) == 0);
}

static void on_first(int number, siginfo_t *info, void *context)
{
    void *known[MAX_WALK];
    uint64_t found[MAX_WALK];
    enum vmps_unwind_status status;
    (void)number;
    (void)info;
    /* The C library's own unwinder reads the same tables by another program. */
    int known_count = backtrace(known, MAX_WALK);
    size_t count = walk(context, signals.end, found, MAX_WALK, &status);
    int skipped = 0;
    while (skipped < known_count && (uint64_t)known[skipped] != found[0]) {
        skipped++;
    }
    judge(status == VMPS_UNWIND_END,
          (size_t)(known_count - skipped) == count &&
              memcmp(known + skipped, found, count * sizeof found[0]) == 0);
    signals.first = context;
    raise(SIGUSR2);
}

static void *disturb(void *argument)
{
    (void)argument;
    while (!signals.done) {
        pthread_kill(signals.target, SIGUSR1);
        usleep(50);
    }
    return NULL;
}

static void handle(int number, void (*handler)(int, siginfo_t *, void *), int flags)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = handler;
    action.sa_flags = SA_SIGINFO | SA_RESTART | flags;
    sigaction(number, &action, NULL);
}

/* Hits malloc(), qsort(), the linker's stubs: wherever a signal finds the thread. */
static void interrupt(int flags)
{
    pthread_t thread;
    void *warm[2];
    (void)backtrace(warm, 2); /* loads what it needs */
    memset(&signals, 0, sizeof signals);
    memset(&memory, 0, sizeof memory);
    signals.end = stack_end();
    signals.target = pthread_self();
    handle(SIGUSR1, on_first, flags);
    handle(SIGUSR2, on_second, flags);
    assert_int_equal(pthread_create(&thread, NULL, disturb, NULL), 0);
    long sum = 0;
    for (long i = 0; signals.compared < 4000; i += 2) {
        sum += chains_without_frame_pointer(i) + chains_with_frame_pointer(i);
    }
    signals.done = true;
    pthread_join(thread, NULL);
    assert_true(sum != 0);
    print_message("%u compared, cut %u\n", signals.compared, signals.cut);
    assert_int_equal(signals.wrong, 0);
    assert_true(signals.cut * 500 <= signals.compared);
}

static void test_signals(void **state)
{
    (void)state;
    interrupt(0);
}

static void test_signal_stack(void **state)
{
    (void)state;
    stack_t other = {.ss_sp = malloc(STACK_BYTES), .ss_size = STACK_BYTES};
    assert_int_equal(sigaltstack(&other, NULL), 0);
    interrupt(SA_ONSTACK);
    const stack_t none = {.ss_flags = SS_DISABLE};
    assert_int_equal(sigaltstack(&none, NULL), 0);
    free(other.ss_sp);
}

/* ---- one step ------------------------------------------------------------------------------------ */

static enum vmps_unwind_status step_by(const struct vmps_unwind_row *row, uint64_t pc, uint64_t bp,
                                       const uint64_t *stack, uint64_t *caller)
{
    struct vmps_probe probe;
    memset(&probe, 0, sizeof probe);
    memset(&memory, 0, sizeof memory);
    struct vmps_unwind_entry entry = {.row = *row};
    struct vmps_unwind unwind = {
        .memory = &memory,
        .probe = &probe,
        .stack_end = stack_end(),
        .pc = pc,
        .sp = (uint64_t)stack,
        .bp = bp,
        .bp_known = true,
        .entry = &entry,
    };
    enum vmps_unwind_status status = vmps_unwind_step(&unwind);
    *caller = unwind.pc;
    return status;
}

/* In the last five bytes of each sixteen something was pushed. */
static void test_linkage_table(void **state)
{
    const struct vmps_unwind_row row = {.cfa = VMPS_CFA_PLT, .rbp_offset = 11};
    const uint64_t stack[] = {100, 101};
    (void)state;
    for (uint64_t byte = 0; byte < 16; byte++) {
        uint64_t caller;
        assert_int_equal(step_by(&row, 4096 + byte, 0, stack, &caller), VMPS_UNWIND_FRAME);
        assert_int_equal(caller, byte < 11 ? 100 : 101);
    }
}

/* About 0 addresses go round. */
static void test_about_zero(void **state)
{
    const uint64_t stack[] = {100, 101};
    (void)state;
    for (int offset = -16; offset <= 16; offset += 8) {
        const struct vmps_unwind_row by_word = {.cfa = VMPS_CFA_AT_RBP, .cfa_offset = offset};
        const struct vmps_unwind_row saved = {.cfa = VMPS_CFA_RSP,
                                              .cfa_offset = 8,
                                              .rbp = VMPS_RBP_AT_RBP,
                                              .rbp_offset = (int16_t)offset};
        uint64_t caller;
        assert_int_equal(step_by(&by_word, 4096, 0, stack, &caller), VMPS_UNWIND_CUT);
        assert_int_equal(step_by(&saved, 4096, 0, stack, &caller), VMPS_UNWIND_CUT);
    }
}

/* ---- nonsense --------------------------------------------------------------------------------- */

static uint64_t random_word(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* An address that could be one: in code, on the stack, near their ends, or anywhere. */
static uint64_t random_address(uint64_t *seed, uint64_t end)
{
    const struct vmps_image *image = &images.images[random_word(seed) % images.count];
    switch (random_word(seed) % 5) {
    case 0: return image->begin + random_word(seed) % (image->end - image->begin);
    case 1: return end - random_word(seed) % 65536;
    case 2: return (end + 4096 - random_word(seed) % 8192) & ~UINT64_C(7);
    case 3: return (random_word(seed) % 16 - 8) * 8; /* about 0, from both sides */
    default: return random_word(seed) >> (random_word(seed) % 64);
    }
}

static size_t walk_here(uint64_t end)
{
    ucontext_t context;
    uint64_t found[MAX_WALK];
    enum vmps_unwind_status status;
    assert_int_equal(getcontext(&context), 0);
    return walk(&context, end, found, MAX_WALK, &status);
}

static void test_nonsense(void **state)
{
    uint64_t seed = 88172645463325252U;
    uint64_t end = stack_end();
    unsigned ended = 0;
    (void)state;
    memset(&memory, 0, sizeof memory);
    /* So that the thread's own stack is known, and the rest is not. */
    (void)walk_here(end);
    assert_true(memory.high == end);
    for (int i = 0; i < 200000; i++) {
        ucontext_t context;
        uint64_t found[MAX_WALK];
        enum vmps_unwind_status status;
        memset(&context, 0, sizeof context);
        context.uc_mcontext.gregs[REG_RIP] = (greg_t)random_address(&seed, end);
        context.uc_mcontext.gregs[REG_RSP] = (greg_t)random_address(&seed, end);
        context.uc_mcontext.gregs[REG_RBP] = (greg_t)random_address(&seed, end);
        size_t count = walk(&context, end, found, MAX_WALK, &status);
        ended += status != VMPS_UNWIND_FRAME && count < MAX_WALK;
    }
    assert_int_equal(ended, 200000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_with_frame_pointer),
        cmocka_unit_test(test_without_frame_pointer),
        cmocka_unit_test(test_unoptimised),
        cmocka_unit_test(test_unknown_stack),
        cmocka_unit_test(test_thread),
        cmocka_unit_test(test_own_stack),
        cmocka_unit_test(test_signals),
        cmocka_unit_test(test_signal_stack),
        cmocka_unit_test(test_nonsense),
        cmocka_unit_test(test_linkage_table),
        cmocka_unit_test(test_about_zero),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
