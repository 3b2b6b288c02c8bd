/* memory.h: growing arrays and an arena for what lives as long as a profile.
 *
 * Ownership: an arena owns all that it gave; nothing is freed one by one. Every function says by its
 * result when memory is short, and has then changed nothing.
 */
#ifndef VMPROF_TOOLS_ANALYSIS_MEMORY_H
#define VMPROF_TOOLS_ANALYSIS_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

struct vmpt_arena_chunk;

struct vmpt_arena {
    struct vmpt_arena_chunk *newest;
};

void vmpt_arena_init(struct vmpt_arena *arena);
void vmpt_arena_fini(struct vmpt_arena *arena);
/* Returns size_bytes of zeroed memory aligned for any type, or NULL. */
void *vmpt_arena_alloc(struct vmpt_arena *arena, size_t size_bytes);
/* A copy of size_bytes of data with a NUL behind it, or NULL. */
const char *vmpt_arena_copy(struct vmpt_arena *arena, const char *data, size_t size_bytes);

/* Makes room for at least `needed` items in *items, more than what there was by a part of it, so that items may come one
 * by one; what is new is zeroed. items: the address of a pointer that malloc gave, or of NULL with *capacity 0. */
bool vmpt_grow(void *items, size_t *capacity, size_t needed, size_t item_size);
/* Asked for every item, and nearly always there is room. */
static inline bool vmpt_reserve(void *items, size_t *capacity, size_t needed, size_t item_size)
{
    return needed <= *capacity || vmpt_grow(items, capacity, needed, item_size);
}

/* calloc() that never returns NULL for a count of 0. */
void *vmpt_array(size_t count, size_t item_size);

#endif
