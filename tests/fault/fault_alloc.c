#include "tests/fault/fault_alloc.h"

#include <stdlib.h>

static bool armed;
static bool fired;
static uint64_t countdown;
static int64_t live;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void __real_free(void *memory);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void __wrap_free(void *memory);

void fault_alloc_arm(uint64_t nth)
{
    armed = true;
    fired = false;
    countdown = nth;
    live = 0;
}

bool fault_alloc_disarm(void)
{
    armed = false;
    return fired;
}

int64_t fault_alloc_live(void)
{
    return live;
}

static bool fails_now(void)
{
    if (!armed || fired) {
        return false;
    }
    if (countdown > 0) {
        countdown--;
        return false;
    }
    fired = true;
    return true;
}

static void *counted(void *memory)
{
    if (armed && memory != NULL) {
        live++;
    }
    return memory;
}

void *__wrap_malloc(size_t size)
{
    return fails_now() ? NULL : counted(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails_now() ? NULL : counted(__real_calloc(count, size));
}

void *__wrap_realloc(void *memory, size_t size)
{
    if (fails_now()) {
        return NULL;
    }
    return memory == NULL ? counted(__real_realloc(NULL, size)) : __real_realloc(memory, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return fails_now() ? NULL : counted(__real_aligned_alloc(alignment, size));
}

void __wrap_free(void *memory)
{
    if (armed && memory != NULL) {
        live--;
    }
    __real_free(memory);
}
