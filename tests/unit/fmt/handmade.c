#include "tests/unit/fmt/handmade.h"

#include "tests/unit/fmt/fixture.h"

#include <string.h>
#include <zlib.h>

#define SUPERBLOCK_BYTES ((size_t)64)

static void put(uint8_t *to, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        to[i] = (uint8_t)(value >> 8 * i);
    }
}

static uint64_t get(const uint8_t *from, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = bytes; i-- > 0;) {
        value = value << 8 | from[i];
    }
    return value;
}

static uint32_t checksum(const void *data, size_t size)
{
    return (uint32_t)crc32(0, data, (unsigned)size);
}

void handmade_begin(struct handmade *file)
{
    static const uint8_t magic[8] = {0x89, 0x56, 0x4D, 0x50, 0x46, 0x0D, 0x0A, 0x1A};
    memset(file, 0, sizeof *file);
    memcpy(file->bytes, magic, sizeof magic);
    put(file->bytes + 8, 1, 2);
    put(file->bytes + 10, 1, 2);
    put(file->bytes + 12, SUPERBLOCK_BYTES, 4);
    put(file->bytes + 16, HANDMADE_SESSION, 8);
    put(file->bytes + 60, checksum(file->bytes, 60), 4);
    file->size = SUPERBLOCK_BYTES;
}

void handmade_chunk(struct handmade *file, uint16_t kind, uint16_t flags, const void *payload,
                    size_t size)
{
    static const uint8_t sync[4] = {0x9E, 0x56, 0x4D, 0x43};
    uint8_t *header = file->bytes + file->size;
    assert_true(file->size + HANDMADE_HEADER_BYTES + size <= sizeof file->bytes);
    memcpy(header, sync, sizeof sync);
    put(header + 4, kind, 2);
    put(header + 6, flags, 2);
    put(header + 8, HANDMADE_SESSION, 8);
    put(header + 16, file->sequence++, 4);
    put(header + 24, size, 4);
    put(header + 28, checksum(payload, size), 4);
    put(header + 52, checksum(header, 52), 4);
    memcpy(header + HANDMADE_HEADER_BYTES, payload, size);
    file->size += HANDMADE_HEADER_BYTES + size;
}

void handmade_columns(struct handmade *file, uint16_t kind, uint16_t flags, uint64_t first,
                      uint32_t count, const struct handmade_column *columns, uint32_t column_count)
{
    uint8_t payload[1024] = {0};
    size_t at = 32 + (size_t)16 * column_count;
    put(payload, first, 8);
    put(payload + 8, count, 4);
    put(payload + 12, column_count, 4);
    for (uint32_t i = 0; i < column_count; i++) {
        uint8_t *entry = payload + 32 + (size_t)16 * i;
        put(entry, columns[i].id, 2);
        entry[2] = columns[i].encoding;
        put(entry + 4, columns[i].size, 4);
        put(entry + 8, columns[i].size, 4);
        memcpy(payload + at, columns[i].bytes, columns[i].size);
        at += columns[i].size;
    }
    handmade_chunk(file, kind, flags, payload, at);
}

uint32_t handmade_payload_size(const uint8_t *header)
{
    return (uint32_t)get(header + 24, 4);
}

size_t handmade_find(const uint8_t *data, size_t size, uint16_t kind, unsigned nth)
{
    for (size_t at = SUPERBLOCK_BYTES; at + HANDMADE_HEADER_BYTES <= size;
         at += HANDMADE_HEADER_BYTES + handmade_payload_size(data + at)) {
        if (get(data + at + 4, 2) == kind && nth-- == 0) {
            return at;
        }
    }
    return SIZE_MAX;
}
