#include "tests/bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

void bench_stop(const char *what)
{
    (void)fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

void *bench_alloc(size_t count, size_t element_bytes)
{
    void *memory = calloc(count == 0 ? 1 : count, element_bytes);
    bench_check(memory != NULL, "no memory");
    return memory;
}

void *bench_grow(void *array, size_t *capacity, size_t count, size_t element_bytes)
{
    if (count < *capacity) {
        return array;
    }
    *capacity = count < 512 ? 1024 : 2 * count;
    void *grown = realloc(array, *capacity * element_bytes);
    bench_check(grown != NULL, "no memory");
    return grown;
}

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    bench_check(clock_gettime(clock, &now) == 0, "no clock");
    return (uint64_t)now.tv_sec * BENCH_NS_PER_S + (uint64_t)now.tv_nsec;
}

uint64_t bench_cpu_ns(void)
{
    return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

uint64_t bench_wall_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

uint64_t bench_random_next(struct bench_random *random)
{
    uint64_t x = random->state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    random->state = x;
    return x * UINT64_C(0x2545F4914F6CDD1D);
}

uint32_t bench_random_below(struct bench_random *random, uint32_t limit)
{
    return (uint32_t)((bench_random_next(random) >> 32) * limit >> 32);
}

bool bench_random_once_in(struct bench_random *random, uint32_t times)
{
    return bench_random_below(random, times) == 0;
}
