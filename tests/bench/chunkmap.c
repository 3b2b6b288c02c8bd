#include "tests/bench/chunkmap.h"

#include "tests/bench/bench.h"

#include <string.h>

#define SUPERBLOCK_BYTES 64u
#define HEADER_BYTES 56u
#define KIND_AT 4u
#define PAYLOAD_SIZE_AT 24u
#define COUNT_AT 8u /* in a column set */
#define KIND_SAMPLES 7u

static uint32_t u32_at(const uint8_t *data)
{
    return data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 | (uint32_t)data[3] << 24;
}

void chunkmap_read(struct chunkmap *map, const uint8_t *data, size_t size_bytes)
{
    static const uint8_t sync[] = {0x9E, 0x56, 0x4D, 0x43};
    *map = (struct chunkmap){0};
    for (size_t at = SUPERBLOCK_BYTES; at < size_bytes;) {
        bench_check(size_bytes - at >= HEADER_BYTES && memcmp(data + at, sync, sizeof sync) == 0,
                    "the sound file has no chunk where one begins");
        size_t payload = u32_at(data + at + PAYLOAD_SIZE_AT);
        bench_check(payload <= size_bytes - at - HEADER_BYTES, "a chunk of the sound file is cut");
        struct chunkmap_entry entry = {.offset = at, .end = at + HEADER_BYTES + payload};
        if (data[at + KIND_AT] == KIND_SAMPLES) {
            entry.samples = u32_at(data + at + HEADER_BYTES + COUNT_AT);
        }
        map->entries = bench_grow(map->entries, &map->capacity, map->count, sizeof entry);
        map->entries[map->count++] = entry;
        at = entry.end;
    }
}

uint64_t chunkmap_samples_before(const struct chunkmap *map, size_t offset)
{
    uint64_t samples = 0;
    for (size_t i = 0; i < map->count && map->entries[i].end <= offset; i++) {
        samples += map->entries[i].samples;
    }
    return samples;
}

uint64_t chunkmap_samples_around(const struct chunkmap *map, size_t offset)
{
    for (size_t i = 0; i < map->count; i++) {
        if (map->entries[i].offset <= offset && offset < map->entries[i].end) {
            return map->entries[i].samples;
        }
    }
    return 0;
}
