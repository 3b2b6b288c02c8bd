#include "libvmprof_fmt/src/base/buffer.h"

#include <stdlib.h>
#include <string.h>

#define LARGE_BYTES ((size_t)128 * 1024)

/* Grows to at least `need`; what is larger than small_bytes grows by a quarter only. */
static bool grow(void **array, size_t *capacity, size_t need, size_t element_bytes,
                 size_t small_bytes)
{
    if (need <= *capacity) {
        return true;
    }
    size_t wanted = *capacity < 16 ? 16 : *capacity;
    while (wanted < need) {
        if (wanted > SIZE_MAX / 2 / element_bytes) {
            return false;
        }
        wanted += wanted * element_bytes < small_bytes ? wanted : wanted / 4;
    }
    if (wanted > SIZE_MAX / element_bytes) {
        return false;
    }
    void *moved = realloc(*array, wanted * element_bytes);
    if (moved == NULL) {
        return false;
    }
    *array = moved;
    *capacity = wanted;
    return true;
}

bool vmpfi_grow(void **array, size_t *capacity, size_t need, size_t element_bytes)
{
    return grow(array, capacity, need, element_bytes, SIZE_MAX);
}

bool vmpfi_grow_lean(void **array, size_t *capacity, size_t need, size_t element_bytes)
{
    return grow(array, capacity, need, element_bytes, LARGE_BYTES);
}

void vmpfi_buffer_fini(struct vmpfi_buffer *buffer)
{
    free(buffer->data);
    memset(buffer, 0, sizeof *buffer);
}

bool vmpfi_buffer_reserve(struct vmpfi_buffer *buffer, size_t size_bytes)
{
    if (size_bytes > SIZE_MAX - buffer->size_bytes) {
        return false;
    }
    void *data = buffer->data;
    bool grown =
        vmpfi_grow_lean(&data, &buffer->capacity_bytes, buffer->size_bytes + size_bytes, 1);
    buffer->data = data;
    return grown;
}

bool vmpfi_buffer_append(struct vmpfi_buffer *buffer, const void *data, size_t size_bytes)
{
    if (size_bytes == 0) {
        return true;
    }
    if (!vmpfi_buffer_reserve(buffer, size_bytes)) {
        return false;
    }
    if (data == NULL) {
        memset(buffer->data + buffer->size_bytes, 0, size_bytes);
    } else {
        memcpy(buffer->data + buffer->size_bytes, data, size_bytes);
    }
    buffer->size_bytes += size_bytes;
    return true;
}

#define ARENA_BLOCK_BYTES ((size_t)65536)

struct vmpfi_arena_block {
    struct vmpfi_arena_block *previous;
    size_t used_bytes;
    size_t size_bytes;
    uint64_t data[];
};

void vmpfi_arena_fini(struct vmpfi_arena *arena)
{
    struct vmpfi_arena_block *block = arena->last;
    while (block != NULL) {
        struct vmpfi_arena_block *previous = block->previous;
        free(block);
        block = previous;
    }
    memset(arena, 0, sizeof *arena);
}

void *vmpfi_arena_alloc(struct vmpfi_arena *arena, size_t size_bytes)
{
    if (size_bytes > SIZE_MAX / 2) {
        return NULL;
    }
    size_t rounded = (size_bytes + 7) & ~(size_t)7;
    struct vmpfi_arena_block *block = arena->last;
    if (block == NULL || block->size_bytes - block->used_bytes < rounded) {
        size_t room = rounded > ARENA_BLOCK_BYTES ? rounded : ARENA_BLOCK_BYTES;
        block = malloc(sizeof *block + room);
        if (block == NULL) {
            return NULL;
        }
        block->previous = arena->last;
        block->used_bytes = 0;
        block->size_bytes = room;
        arena->last = block;
        arena->total_bytes += room;
    }
    void *piece = (uint8_t *)block->data + block->used_bytes;
    block->used_bytes += rounded;
    return piece;
}

char *vmpfi_arena_copy(struct vmpfi_arena *arena, const void *data, size_t size_bytes)
{
    if (size_bytes == SIZE_MAX) {
        return NULL;
    }
    char *copy = vmpfi_arena_alloc(arena, size_bytes + 1);
    if (copy == NULL) {
        return NULL;
    }
    if (size_bytes > 0) {
        memcpy(copy, data, size_bytes);
    }
    copy[size_bytes] = '\0';
    return copy;
}
