/* arena.h: a file in memory, of a fixed size, that can be mapped: what a regular file is to the writer. */
#ifndef VMPROF_TESTS_FUZZ_ARENA_H
#define VMPROF_TESTS_FUZZ_ARENA_H

#include <stdint.h>
#include <vmprof/vmpf.h>

#define ARENA_BYTES ((size_t)1 << 18)

struct arena {
    _Alignas(64) uint8_t data[ARENA_BYTES];
    size_t size_bytes;
};

/* What a sink does whose ctx is an arena. */
extern const struct vmpf_sink_ops arena_ops;
/* A sink over arena, which is empty then and must outlive it. */
struct vmpf_sink arena_sink(struct arena *arena);

#endif
