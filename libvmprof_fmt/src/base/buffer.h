/* buffer.h: memory that grows. Private.
 *
 * Every allocation of the library goes through vmpfi_grow(), malloc or calloc, so that a test can make the
 * N-th fail. */
#ifndef VMPROF_FMT_BASE_BUFFER_H
#define VMPROF_FMT_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* vmpfi_grow() makes room for `need` elements of element_bytes in *array, whose capacity is *capacity.
 * Doubles, so that appending is linear. false: no memory, nothing changed. */
bool vmpfi_grow(void **array, size_t *capacity, size_t need, size_t element_bytes);
/* The same for what lives in the profiled process: large arrays grow by a quarter, so that less of them is unused. */
bool vmpfi_grow_lean(void **array, size_t *capacity, size_t need, size_t element_bytes);

struct vmpfi_buffer {
    uint8_t *data;
    size_t size_bytes;
    size_t capacity_bytes;
};

void vmpfi_buffer_fini(struct vmpfi_buffer *buffer);
/* Room for size_bytes more behind the end. */
bool vmpfi_buffer_reserve(struct vmpfi_buffer *buffer, size_t size_bytes);
/* data NULL appends zeros. */
bool vmpfi_buffer_append(struct vmpfi_buffer *buffer, const void *data, size_t size_bytes);

/* An arena: many small pieces with the lifetime of the whole; what it gives never moves. */
struct vmpfi_arena_block;
struct vmpfi_arena {
    struct vmpfi_arena_block *last;
    size_t total_bytes;
};

void vmpfi_arena_fini(struct vmpfi_arena *arena);
/* 8-byte aligned, not cleared; NULL: no memory. size_bytes may be 0. */
void *vmpfi_arena_alloc(struct vmpfi_arena *arena, size_t size_bytes);
/* A copy of size_bytes of data, with a NUL behind it. */
char *vmpfi_arena_copy(struct vmpfi_arena *arena, const void *data, size_t size_bytes);

#endif
