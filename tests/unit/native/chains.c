/* One file, compiled once for each function of chains.h: CHAINS is its name. */
#include "tests/unit/native/chains.h"

#include <alloca.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOINLINE __attribute__((noinline))
#define DEPTH 6
#define COUNT 12

/* Seven and more arguments go over the stack. */
static NOINLINE long many(long a, long b, long c, long d, long e, long f, long g, long h)
{
    volatile long sum = a + b + c + d + e + f;
    return sum + g * h;
}

static NOINLINE long recursive(long n)
{
    volatile long kept = n;
    return n > 0 ? recursive(n - 1) + kept : many(1, 2, 3, 4, 5, 6, 7, kept);
}

static NOINLINE long with_alloca(long n)
{
    volatile char *room = alloca((size_t)(16 + n % 64));
    room[0] = (char)n;
    long inner = n > 0 ? with_alloca(n - 1) : recursive(3);
    return inner + room[0];
}

/* Compilers realign the stack, and find the caller's frame through a copy of what was there. */
static NOINLINE long realigned(long n)
{
    _Alignas(64) volatile char line[64];
    volatile char *room = alloca((size_t)(8 + n));
    room[0] = line[0] = (char)n;
    long inner = n > 0 ? realigned(n - 1) : recursive(2);
    return inner + room[0] + line[0] + (long)((uintptr_t)line % 64);
}

static NOINLINE int compare(const void *left, const void *right)
{
    const int *a = left, *b = right;
    return (int)many(*a, 0, 0, 0, 0, 0, 0, 0) - *b;
}

/* Through the procedure linkage table, and back through a pointer. */
static NOINLINE long sorting(long seed)
{
    int numbers[COUNT];
    for (int i = 0; i < COUNT; i++) {
        numbers[i] = (int)(seed * (i + 7) % 101);
    }
    qsort(numbers, COUNT, sizeof numbers[0], compare);
    return numbers[0];
}

static NOINLINE long printing(long n)
{
    char text[64];
    snprintf(text, sizeof text, "%ld %s %.3f", n, "text", (double)n / 3);
    return strtol(text, NULL, 10) + (long)strlen(text);
}

/* A call in the last place may become a jump. */
static NOINLINE long in_last_place(long n)
{
    return n % 2 == 0 ? recursive(n % DEPTH) : printing(n);
}

struct large {
    long words[20];
};

static NOINLINE struct large large_result(long n)
{
    struct large large;
    memset(&large, (int)(n & 1), sizeof large);
    large.words[3] = in_last_place(n);
    return large;
}

static NOINLINE long many_registers(long a, long b, long c)
{
    long d = a * b, e = b * c, f = c * a, g = d + e, h = e + f, i = f + g, j = g + h, k = h + i;
    long inner = recursive(2);
    return inner + a * k + b * j + c * i + d * h + e * g + f;
}

long CHAINS(long seed)
{
    void *memory = malloc((size_t)(seed % 1000 + 1));
    long sum = memory != NULL;
    free(memory);
    sum += recursive(DEPTH) + with_alloca(DEPTH) + sorting(seed) + printing(seed);
    sum += seed % 2 != 0 ? realigned(3) : 0;
    sum += in_last_place(seed) + in_last_place(seed + 1) + large_result(seed).words[3];
    return sum + many_registers(seed, seed + 1, seed + 2);
}
