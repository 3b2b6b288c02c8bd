/* bench.h: what the bench programs share: they stop at the first thing that is wrong, and tell the time. */
#ifndef VMPROF_TESTS_BENCH_BENCH_H
#define VMPROF_TESTS_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BENCH_NS_PER_S UINT64_C(1000000000)

/* Says what is wrong and ends the process with 1. */
_Noreturn void bench_stop(const char *what);
static inline void bench_check(bool holds, const char *what)
{
    if (!holds) {
        bench_stop(what);
    }
}
/* Zero-filled memory; never NULL. The caller frees it. */
void *bench_alloc(size_t count, size_t element_bytes);
/* *array with room for one element more behind the count of them. */
void *bench_grow(void *array, size_t *capacity, size_t count, size_t element_bytes);

/* CPU time of all threads of this process, and time that passes. */
uint64_t bench_cpu_ns(void);
uint64_t bench_wall_ns(void);

/* Random numbers that are the same everywhere (xorshift64*). The state is never 0. */
struct bench_random {
    uint64_t state;
};
uint64_t bench_random_next(struct bench_random *random);
/* 0 to limit - 1; limit is at least 1. */
uint32_t bench_random_below(struct bench_random *random, uint32_t limit);
/* True once in so many times. */
bool bench_random_once_in(struct bench_random *random, uint32_t times);

#endif
