/* heap.c: see heap.h. Bytes are counted as the C library hands them out, rounded up. */
#include "tests/bench/heap.h"

#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *memory);

#define INSTEAD __attribute__((visibility("default")))

/* No way around it: the functions that are replaced have no argument for it. */
static _Atomic int64_t live_bytes;
static _Atomic int64_t peak_bytes;
static _Atomic int64_t begin_bytes;

static void *taken(void *memory)
{
    int64_t size = (int64_t)malloc_usable_size(memory);
    int64_t live = atomic_fetch_add(&live_bytes, size) + size;
    int64_t peak = atomic_load(&peak_bytes);
    while (live > peak && !atomic_compare_exchange_weak(&peak_bytes, &peak, live)) {
    }
    return memory;
}

static void given_back(void *memory)
{
    atomic_fetch_sub(&live_bytes, (int64_t)malloc_usable_size(memory));
}

void bench_heap_begin(void)
{
    int64_t live = atomic_load(&live_bytes);
    atomic_store(&begin_bytes, live);
    atomic_store(&peak_bytes, live);
}

uint64_t bench_heap_peak_bytes(void)
{
    return (uint64_t)(atomic_load(&peak_bytes) - atomic_load(&begin_bytes));
}

INSTEAD void *malloc(size_t size)
{
    return taken(__libc_malloc(size));
}

INSTEAD void *calloc(size_t nmemb, size_t size)
{
    return taken(__libc_calloc(nmemb, size));
}

/* The old piece counts until the new one is there: that both were in use at once does not show. */
INSTEAD void *realloc(void *ptr, size_t size)
{
    int64_t before = (int64_t)malloc_usable_size(ptr);
    void *moved = __libc_realloc(ptr, size);
    if (moved == NULL && size > 0) {
        return NULL;
    }
    atomic_fetch_sub(&live_bytes, before);
    return taken(moved);
}

INSTEAD void *aligned_alloc(size_t alignment, size_t size)
{
    return taken(__libc_memalign(alignment, size));
}

INSTEAD int posix_memalign(void **memptr, size_t alignment, size_t size)
{
    *memptr = taken(__libc_memalign(alignment, size));
    return *memptr == NULL ? ENOMEM : 0;
}

INSTEAD void free(void *ptr)
{
    given_back(ptr);
    __libc_free(ptr);
}
