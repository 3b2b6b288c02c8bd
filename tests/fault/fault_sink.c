#include "tests/fault/fault_sink.h"

#include <errno.h>

static bool fails_now(struct fault_sink *sink, enum fault_call call)
{
    if ((sink->calls & (unsigned)call) == 0) {
        return false;
    }
    if (sink->calls_left > 0) {
        sink->calls_left--;
        return false;
    }
    if (sink->failures == 0) {
        return false;
    }
    sink->failures -= sink->failures == UINT64_MAX ? 0 : 1;
    sink->failed = true;
    return true;
}

static int fault_write(void *ctx, uint64_t offset, const void *data, size_t size)
{
    struct fault_sink *sink = ctx;
    bool fails = fails_now(sink, FAULT_WRITE);
    /* A full disk takes a part of the bytes. */
    int result = arena_ops.write(&sink->arena, offset, data, fails ? size / 2 : size);
    return fails ? -ENOSPC : result;
}

static int fault_read(void *ctx, uint64_t offset, void *data, size_t size)
{
    struct fault_sink *sink = ctx;
    return fails_now(sink, FAULT_READ) ? -EIO : arena_ops.read(&sink->arena, offset, data, size);
}

static int fault_truncate(void *ctx, uint64_t size)
{
    struct fault_sink *sink = ctx;
    return fails_now(sink, FAULT_TRUNCATE) ? -EIO : arena_ops.truncate(&sink->arena, size);
}

static int fault_map(void *ctx, uint64_t offset, size_t size, void **address)
{
    struct fault_sink *sink = ctx;
    return fails_now(sink, FAULT_MAP) ? -ENODEV
                                      : arena_ops.map(&sink->arena, offset, size, address);
}

static void fault_unmap(void *ctx, void *address, size_t size)
{
    (void)ctx;
    (void)address;
    (void)size;
}

static const struct vmpf_sink_ops media[MEDIA] = {
    [MEDIUM_FILE] = {.write = fault_write,
                     .read = fault_read,
                     .truncate = fault_truncate,
                     .map = fault_map,
                     .unmap = fault_unmap},
    [MEDIUM_UNMAPPED] = {.write = fault_write, .read = fault_read, .truncate = fault_truncate},
    [MEDIUM_STREAM] = {.write = fault_write},
};

struct vmpf_sink fault_sink(struct fault_sink *sink, enum fault_medium medium, unsigned calls,
                            uint64_t nth, uint64_t failures)
{
    sink->arena.size_bytes = 0;
    sink->calls = calls;
    sink->calls_left = nth;
    sink->failures = failures;
    sink->failed = false;
    return (struct vmpf_sink){.ops = &media[medium], .ctx = sink};
}
