/* convert_bench FILE SAMPLES STACKS: a profile for exports: so many samples over so many distinct stacks.
 *
 * 5,000 functions; stacks are at most 51 frames deep, some 35 in the mean. A stack shares all but some of its
 * innermost frames with one that was made shortly before it, as those of a program do. Eight threads stay in their stack
 * nine times in ten, and else go to any.
 */
#include "tests/bench/bench.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmprof/vmpf.h>

#define THREADS 8u
#define FUNCTIONS 5000u
#define LEAST_DEPTH 10u
#define DEPTHS 41u
#define MAX_DEPTH (LEAST_DEPTH + DEPTHS)
#define FRESH 1000u /* so many are made anew; a later one is like one of so many before it */
#define MEAN_OWN 4u /* innermost frames that a stack shares with none */
#define PERIOD_NS UINT64_C(1000000)

struct stack {
    uint32_t depth;
    uint32_t functions[MAX_DEPTH]; /* root first */
};

static void make_stacks(struct stack *stacks, uint32_t count)
{
    struct bench_random random = {.state = 4242};
    for (uint32_t i = 0; i < count; i++) {
        struct stack *stack = &stacks[i];
        uint32_t shared = 0;
        uint32_t own = 1 + bench_random_below(&random, 2 * MEAN_OWN);
        stack->depth = LEAST_DEPTH + bench_random_below(&random, DEPTHS);
        if (i >= FRESH) {
            const struct stack *other = &stacks[i - 1 - bench_random_below(&random, FRESH)];
            /* As deep as the other, more or less. */
            uint32_t left = bench_random_below(&random, 2 * MEAN_OWN + 1);
            shared = other->depth > left ? other->depth - left : 0;
            shared = shared + own > MAX_DEPTH ? MAX_DEPTH - own : shared;
            stack->depth = shared + own;
            memcpy(stack->functions, other->functions, shared * sizeof(uint32_t));
        }
        for (uint32_t depth = shared; depth < stack->depth; depth++) {
            stack->functions[depth] = depth < 2 ? depth : bench_random_below(&random, FUNCTIONS);
        }
    }
}

static uint32_t location_id(vmpf_writer *w, uint32_t number)
{
    char name[48];
    char file[48];
    int name_bytes = snprintf(name, sizeof name, "function_%u", number);
    int file_bytes = snprintf(file, sizeof file, "srv/module_%u.py", number / 50);
    const struct vmpf_function function = {
        .name = {name, (size_t)name_bytes},
        .file = {file, (size_t)file_bytes},
        .first_line = 10 + number % 50 * 20,
        .kind = VMPF_KIND_PY,
        .address = 0x10000 + 16 * (uint64_t)number,
    };
    uint32_t id;
    bench_check(vmpf_writer_function(w, &function, &id, NULL) == VMPF_OK &&
                    vmpf_writer_location(w, id, function.first_line + 3, &id, NULL) == VMPF_OK,
                "a location");
    return id;
}

static uint32_t stack_id(vmpf_writer *w, const struct stack *stack)
{
    uint32_t id = 0;
    for (uint32_t i = 0; i < stack->depth; i++) {
        uint32_t location = location_id(w, stack->functions[i]);
        bench_check(vmpf_writer_stack(w, id, location, &id, NULL) == VMPF_OK, "a stack");
    }
    return id;
}

static uint64_t write_samples(vmpf_writer *w, const struct stack *stacks, uint32_t count,
                              uint64_t samples)
{
    struct bench_random random = {.state = 99};
    uint32_t *ids = bench_alloc(count, sizeof *ids);
    uint32_t epoch = vmpf_writer_epoch(w);
    uint32_t now[THREADS] = {0};
    uint64_t time_ns = 0;
    for (uint64_t i = 0; i < samples; i++) {
        uint32_t thread = (uint32_t)(i % THREADS);
        time_ns += thread == 0 ? PERIOD_NS : 0;
        /* One of each first, so that all of them are there. */
        if (i < count) {
            now[thread] = (uint32_t)i;
        } else if (bench_random_below(&random, 10) == 0) {
            now[thread] = bench_random_below(&random, count);
        }
        if (vmpf_writer_epoch(w) != epoch) {
            epoch = vmpf_writer_epoch(w);
            memset(ids, 0, count * sizeof *ids);
        }
        uint32_t *id = &ids[now[thread]];
        *id = *id ? *id : stack_id(w, &stacks[now[thread]]);
        const struct vmpf_sample sample = {
            .stack = *id, .thread = thread, .time_ns = time_ns, .values = {PERIOD_NS}};
        bench_check(vmpf_writer_sample(w, &sample, NULL) == VMPF_OK, "a sample");
    }
    free(ids);
    return time_ns;
}

int main(int argc, char **argv)
{
    static const char cpu[] = "cpu:ns";
    const struct vmpf_string values = {cpu, sizeof cpu - 1};
    const struct vmpf_writer_options options = {.size = sizeof options, .session_id = 1};
    struct vmpf_sink sink;
    vmpf_writer *w;
    bench_check(argc == 4, "usage: convert_bench FILE SAMPLES STACKS");
    uint32_t count = (uint32_t)strtoul(argv[3], NULL, 10);
    int fd = open(argv[1], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bench_check(count > 0 && fd >= 0 && vmpf_sink_open_fd(&sink, fd, NULL) == VMPF_OK &&
                    vmpf_writer_open(&w, sink, &options, NULL) == VMPF_OK &&
                    vmpf_writer_meta_list(w, VMPF_META_VALUES, &values, 1, NULL) == VMPF_OK,
                "cannot open the output");
    for (uint32_t i = 0; i < THREADS; i++) {
        const struct vmpf_thread thread = {.process_id = 1, .thread_id = 100 + i};
        uint32_t id;
        bench_check(vmpf_writer_thread(w, &thread, &id, NULL) == VMPF_OK && id == i, "a thread");
    }
    struct stack *stacks = bench_alloc(count, sizeof *stacks);
    make_stacks(stacks, count);
    uint64_t end_ns = write_samples(w, stacks, count, strtoull(argv[2], NULL, 10));
    bench_check(vmpf_writer_close(w, end_ns, NULL) == VMPF_OK, "the end");
    free(stacks);
    return 0;
}
