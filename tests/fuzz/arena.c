#include "tests/fuzz/arena.h"

#include <errno.h>
#include <string.h>

static int arena_write(void *ctx, uint64_t offset, const void *data, size_t size)
{
    struct arena *arena = ctx;
    if (offset > ARENA_BYTES || size > ARENA_BYTES - offset) {
        return -ENOSPC;
    }
    memcpy(arena->data + offset, data, size);
    arena->size_bytes =
        offset + size > arena->size_bytes ? (size_t)offset + size : arena->size_bytes;
    return 0;
}

static int arena_read(void *ctx, uint64_t offset, void *data, size_t size)
{
    const struct arena *arena = ctx;
    if (offset > arena->size_bytes || size > arena->size_bytes - offset) {
        return -EIO;
    }
    memcpy(data, arena->data + offset, size);
    return 0;
}

static int arena_truncate(void *ctx, uint64_t size)
{
    struct arena *arena = ctx;
    if (size > ARENA_BYTES) {
        return -ENOSPC;
    }
    arena->size_bytes = (size_t)size;
    return 0;
}

static int arena_map(void *ctx, uint64_t offset, size_t size, void **address)
{
    struct arena *arena = ctx;
    if (offset > ARENA_BYTES || size > ARENA_BYTES - offset) {
        return -ENOSPC;
    }
    memset(arena->data + offset, 0, size);
    arena->size_bytes =
        offset + size > arena->size_bytes ? (size_t)offset + size : arena->size_bytes;
    *address = arena->data + offset;
    return 0;
}

static void arena_unmap(void *ctx, void *address, size_t size)
{
    (void)ctx;
    (void)address;
    (void)size;
}

const struct vmpf_sink_ops arena_ops = {.write = arena_write,
                                        .read = arena_read,
                                        .truncate = arena_truncate,
                                        .map = arena_map,
                                        .unmap = arena_unmap};

struct vmpf_sink arena_sink(struct arena *arena)
{
    arena->size_bytes = 0;
    return (struct vmpf_sink){.ops = &arena_ops, .ctx = arena};
}
