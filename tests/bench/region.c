#include "tests/bench/region.h"

#include "tests/bench/bench.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

static int region_write(void *ctx, uint64_t offset, const void *buffer, size_t size)
{
    struct bench_region *region = ctx;
    if (offset > region->capacity_bytes || size > region->capacity_bytes - offset) {
        return -EFBIG;
    }
    memcpy(region->data + offset, buffer, size);
    size_t end = (size_t)offset + size;
    region->size_bytes = end > region->size_bytes ? end : region->size_bytes;
    return 0;
}

static int region_read(void *ctx, uint64_t offset, void *buffer, size_t size)
{
    const struct bench_region *region = ctx;
    if (offset > region->size_bytes || size > region->size_bytes - offset) {
        return -EINVAL;
    }
    memcpy(buffer, region->data + offset, size);
    return 0;
}

static int region_truncate(void *ctx, uint64_t size)
{
    struct bench_region *region = ctx;
    region->size_bytes = size < region->size_bytes ? (size_t)size : region->size_bytes;
    return 0;
}

static int region_map(void *ctx, uint64_t offset, size_t size, void **address)
{
    struct bench_region *region = ctx;
    if (offset > region->capacity_bytes || size > region->capacity_bytes - offset) {
        return -EFBIG;
    }
    memset(region->data + offset, 0, size);
    size_t end = (size_t)offset + size;
    region->size_bytes = end > region->size_bytes ? end : region->size_bytes;
    *address = region->data + offset;
    return 0;
}

static void region_unmap(void *ctx, void *address, size_t size)
{
    (void)ctx;
    (void)address;
    (void)size;
}

void bench_region_open(struct bench_region *region, size_t capacity_bytes)
{
    *region = (struct bench_region){.capacity_bytes = capacity_bytes};
    region->data = mmap(NULL, capacity_bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    bench_check(region->data != MAP_FAILED, "no memory for the output");
}

void bench_region_close(struct bench_region *region)
{
    (void)munmap(region->data, region->capacity_bytes);
}

struct vmpf_sink bench_region_sink(struct bench_region *region)
{
    static const struct vmpf_sink_ops ops = {.write = region_write,
                                             .read = region_read,
                                             .truncate = region_truncate,
                                             .map = region_map,
                                             .unmap = region_unmap};
    region->size_bytes = 0;
    return (struct vmpf_sink){.ops = &ops, .ctx = region};
}
