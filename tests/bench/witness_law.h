/* witness_law.h: what sample i of the witnesses is. Private to the witness files. */
#ifndef VMPROF_TESTS_BENCH_WITNESS_LAW_H
#define VMPROF_TESTS_BENCH_WITNESS_LAW_H

#include "tests/bench/witness.h"

#define WITNESS_FUNCTIONS 2000u
#define WITNESS_WEIGHT UINT64_C(1000)
#define WITNESS_NAME_BYTES 48u /* multiples of 8 */
#define WITNESS_FILE_BYTES 16u
#define WITNESS_TICK_NS UINT64_C(1000000)

static inline uint64_t witness_mix(uint64_t x)
{
    x = (x ^ (x >> 31)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 29)) * UINT64_C(0x94D049BB133111EB);
    return x ^ (x >> 32);
}

static inline uint64_t witness_time_ns(uint64_t i)
{
    return i * WITNESS_TICK_NS + witness_mix(i) % 1000 * 1000;
}

static inline uint32_t witness_thread(uint64_t i)
{
    return (uint32_t)(100 + i % 3);
}

static inline uint32_t witness_depth(uint64_t i)
{
    return (uint32_t)(3 + witness_mix(i / 2) % 12);
}

/* Of frame k, the outermost being 0: the nearer to it, the fewer there are. */
static inline uint32_t witness_function(uint64_t i, uint32_t k)
{
    uint64_t kept = k < 4 ? i / 64 : k < 8 ? i / 16 : i / 2;
    return (uint32_t)(witness_mix(kept * 64 + k) % WITNESS_FUNCTIONS);
}

static inline uint32_t witness_line(uint32_t function)
{
    return 1 + (uint32_t)(witness_mix(function) % 2000);
}

/* size letters that no compressor can foresee. */
static inline void witness_letters(uint64_t seed, char *to, uint32_t size)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEF";
    for (uint32_t at = 0; at < size; at++) {
        to[at] = letters[witness_mix(seed * 64 + at) % 32];
    }
}

/* The function's number, then letters. */
static inline void witness_name(uint32_t function, char *to)
{
    static const char digits[] = "abcdefghijklmnop";
    witness_letters(function + UINT64_C(77), to, WITNESS_NAME_BYTES);
    for (uint32_t at = 0; at < 4; at++, function /= 16) {
        to[at] = digits[function % 16];
    }
}

static inline void witness_file(uint32_t function, char *to)
{
    witness_letters(function / 16 + UINT64_C(99999), to, WITNESS_FILE_BYTES);
    to[0] = '/';
}

#endif
