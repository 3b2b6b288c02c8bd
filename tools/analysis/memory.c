#include "tools/analysis/memory.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/huge_pages.h"

#define CHUNK_BYTES ((size_t)64 * 1024)
#define ALIGNMENT alignof(max_align_t)

struct vmpt_arena_chunk {
    struct vmpt_arena_chunk *older;
    size_t used;
    size_t size;
    alignas(max_align_t) unsigned char bytes[];
};

void vmpt_arena_init(struct vmpt_arena *arena)
{
    arena->newest = NULL;
}

void vmpt_arena_fini(struct vmpt_arena *arena)
{
    while (arena->newest) {
        struct vmpt_arena_chunk *older = arena->newest->older;
        free(arena->newest);
        arena->newest = older;
    }
}

void *vmpt_arena_alloc(struct vmpt_arena *arena, size_t size_bytes)
{
    if (size_bytes > SIZE_MAX / 2) {
        return NULL;
    }
    size_t size = (size_bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct vmpt_arena_chunk *chunk = arena->newest;
    if (!chunk || chunk->size - chunk->used < size) {
        size_t room = size > CHUNK_BYTES ? size : CHUNK_BYTES;
        chunk = calloc(1, sizeof(*chunk) + room);
        if (!chunk) {
            return NULL;
        }
        chunk->size = room;
        chunk->older = arena->newest;
        arena->newest = chunk;
    }
    void *result = chunk->bytes + chunk->used;
    chunk->used += size;
    return result;
}

const char *vmpt_arena_copy(struct vmpt_arena *arena, const char *data, size_t size_bytes)
{
    if (size_bytes == SIZE_MAX) {
        return NULL;
    }
    char *copy = vmpt_arena_alloc(arena, size_bytes + 1);
    if (copy && size_bytes) {
        memcpy(copy, data, size_bytes);
    }
    return copy;
}

/* Of a larger array the room that is not used would cost more than growing it more often: the kernel moves its pages
 * without copying them. */
#define DOUBLED_BYTES ((size_t)4 << 20)

bool vmpt_grow(void *items, size_t *capacity, size_t needed, size_t item_size)
{
    size_t room = *capacity < 16 ? 16 : *capacity;
    while (room < needed) {
        if (room > SIZE_MAX / 2) {
            return false;
        }
        room += room < DOUBLED_BYTES / item_size ? room : room / 4;
    }
    if (room > SIZE_MAX / item_size) {
        return false;
    }
    void *old;
    memcpy(&old, items, sizeof(old));
    unsigned char *grown = realloc(old, room * item_size);
    if (!grown) {
        return false;
    }
    vmpt_huge_pages(grown, room * item_size);
    memset(grown + *capacity * item_size, 0, (room - *capacity) * item_size);
    memcpy(items, &grown, sizeof(grown));
    *capacity = room;
    return true;
}

void *vmpt_array(size_t count, size_t item_size)
{
    void *array = calloc(count ? count : 1, item_size);
    if (array) {
        vmpt_huge_pages(array, count * item_size);
    }
    return array;
}
