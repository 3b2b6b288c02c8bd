/* native_bench: what a native frame costs to unwind, in ns: by our tables, warm and cold, by the C library's backtrace(), and by
 * libunwind where it is installed. Prints a line a depth: depth, ours warm, ours cold, backtrace, unw_backtrace (0: there
 * is none), and one line: rows, ms to make all tables, ns to look whether anything was loaded. */
#include <dlfcn.h>
#include <execinfo.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include "sampler/native/images.h"
#include "tests/bench/bench.h"

#define MAX_WALK 512
#define ROUNDS 2000
#define BATCHES 15

typedef int (*backtrace_fn)(void **, int);

static struct vmps_images images;
static struct vmps_unwind_tables *tables;
static struct vmps_unwind_memory memory;
static uint64_t stack_end;

static size_t walk(const ucontext_t *context)
{
    struct vmps_probe probe;
    memset(&probe, 0, sizeof probe);
    const greg_t *registers = context->uc_mcontext.gregs;
    struct vmps_unwind unwind = {
        .tables = tables,
        .memory = &memory,
        .probe = &probe,
        .stack_end = stack_end,
        .pc = (uint64_t)registers[REG_RIP],
        .sp = (uint64_t)registers[REG_RSP],
        .bp = (uint64_t)registers[REG_RBP],
        .bp_known = true,
        .is_exact = true,
    };
    size_t count = 0;
    do {
        count++;
        vmps_unwind_look(&unwind);
    } while (vmps_unwind_step(&unwind) == VMPS_UNWIND_FRAME && count < MAX_WALK);
    return count;
}

static double least(double a, double b)
{
    return a < b ? a : b;
}

static double ours(const ucontext_t *context, bool is_cold)
{
    double best = 1e9;
    for (int batch = 0; batch < BATCHES; batch++) {
        size_t frames = 0;
        uint64_t begin = bench_wall_ns();
        for (int i = 0; i < (is_cold ? 20 : ROUNDS); i++) {
            /* Another generation: nothing that was kept is of these tables. */
            tables->generation += is_cold;
            frames += walk(context);
        }
        best = least(best, (double)(bench_wall_ns() - begin) / (double)frames);
    }
    return best;
}

static double theirs(backtrace_fn unwind)
{
    void *found[MAX_WALK];
    double best = 1e9;
    for (int batch = 0; unwind != NULL && batch < BATCHES; batch++) {
        size_t frames = 0;
        uint64_t begin = bench_wall_ns();
        for (int i = 0; i < ROUNDS / 20; i++) {
            frames += (size_t)unwind(found, MAX_WALK);
        }
        best = least(best, (double)(bench_wall_ns() - begin) / (double)frames);
    }
    return unwind != NULL ? best : 0;
}

static backtrace_fn find_libunwind(void)
{
    void *library = dlopen("libunwind.so.8", RTLD_NOW);
    void *function = library != NULL ? dlsym(library, "unw_backtrace") : NULL;
    backtrace_fn unwind;
    memcpy(&unwind, &function, sizeof unwind);
    return unwind;
}

static void measure(backtrace_fn libunwind)
{
    ucontext_t context;
    bench_check(getcontext(&context) == 0, "no context");
    size_t depth = walk(&context);
    printf("%zu %.2f %.2f %.2f %.2f\n", depth, ours(&context, false), ours(&context, true),
           theirs(backtrace), theirs(libunwind));
}

/* Of no one size: each frame keeps what it is called with. */
static __attribute__((noinline)) int deeper(int levels, backtrace_fn libunwind)
{
    volatile char kept[48];
    kept[0] = (char)levels;
    if (levels == 0) {
        measure(libunwind);
        return 0;
    }
    return deeper(levels - 1, libunwind) + kept[0];
}

int main(void)
{
    static const int depths[] = {5, 25, 100, 400};
    bool changed;
    backtrace_fn libunwind = find_libunwind();
    void *const *end = dlsym(RTLD_DEFAULT, "__libc_stack_end");
    bench_check(end != NULL, "the end of the stack is not known");
    stack_end = (uint64_t)*end & ~UINT64_C(15);
    vmps_images_init(&images, 0);
    uint64_t begin = bench_wall_ns();
    bench_check(vmps_images_refresh(&images, &changed) == 0, "no tables");
    uint64_t made = bench_wall_ns();
    for (int i = 0; i < ROUNDS; i++) {
        vmps_images_refresh(&images, &changed);
    }
    uint64_t looked = bench_wall_ns();
    tables = vmps_images_tables(&images);
    bench_check(tables != NULL, "no memory");
    uint64_t rows = 0;
    for (size_t i = 0; i < images.count; i++) {
        rows += images.images[i].row_count;
    }
    for (size_t i = 0; i < sizeof depths / sizeof depths[0]; i++) {
        deeper(depths[i], libunwind);
    }
    printf("tables %" PRIu64 " %.3f %.1f\n", rows, (double)(made - begin) / 1e6,
           (double)(looked - made) / ROUNDS);
    free(tables);
    vmps_images_fini(&images);
    return 0;
}
