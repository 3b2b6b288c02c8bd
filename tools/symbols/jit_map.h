/* jit_map.h: the names of code that a JIT made, as it wrote them down for profilers: a perf map (lines of address, size and
 * name) or a jitdump (binary, with times).
 */
#ifndef VMPROF_TOOLS_SYMBOLS_JIT_MAP_H
#define VMPROF_TOOLS_SYMBOLS_JIT_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/analysis/memory.h"

struct vmpt_jit_code {
    uint64_t begin;
    uint64_t end;
    const char *name;
};

struct vmpt_jit_map {
    struct vmpt_arena arena;
    struct vmpt_jit_code *codes; /* by their beginning */
    uint64_t *reach;             /* by index: the greatest end up to it */
    size_t count;
    size_t capacity;
    bool is_damaged; /* part of it could not be read */
};

void vmpt_jit_map_init(struct vmpt_jit_map *map);
void vmpt_jit_map_fini(struct vmpt_jit_map *map);
/* Adds what the bytes of a file say, whichever of the two it is. False: memory is short. */
bool vmpt_jit_map_add(struct vmpt_jit_map *map, const void *data, size_t size_bytes);
/* Behind the last one that is added. False: memory is short. */
bool vmpt_jit_map_finish(struct vmpt_jit_map *map);
/* The one name that code at address had, or NULL: none, or several, of which nobody knows which it was then. *begin: where
 * the code begins. */
const char *vmpt_jit_map_find(const struct vmpt_jit_map *map, uint64_t address, uint64_t *begin);

#endif
