#include "libvmprof_fmt/src/wire/cursor.h"

#include <libdeflate.h>
#include <string.h>

static void store(uint8_t *to, uint64_t value, unsigned width)
{
    for (unsigned i = 0; i < width; i++) {
        to[i] = (uint8_t)(value >> (8 * i));
    }
}

bool vmpfi_read_bytes(struct vmpfi_cursor *cursor, size_t size_bytes, const uint8_t **data)
{
    if (vmpfi_cursor_left(cursor) < size_bytes) {
        return false;
    }
    *data = cursor->at;
    cursor->at += size_bytes;
    return true;
}

bool vmpfi_skip(struct vmpfi_cursor *cursor, size_t size_bytes)
{
    const uint8_t *ignored;
    return vmpfi_read_bytes(cursor, size_bytes, &ignored);
}

bool vmpfi_read_u8(struct vmpfi_cursor *cursor, uint8_t *value)
{
    const uint8_t *data;
    bool read = vmpfi_read_bytes(cursor, sizeof *value, &data);
    *value = read ? data[0] : 0;
    return read;
}

bool vmpfi_read_u16(struct vmpfi_cursor *cursor, uint16_t *value)
{
    const uint8_t *data;
    bool read = vmpfi_read_bytes(cursor, sizeof *value, &data);
    *value = read ? vmpfi_load_u16(data) : 0;
    return read;
}

bool vmpfi_read_u32(struct vmpfi_cursor *cursor, uint32_t *value)
{
    const uint8_t *data;
    bool read = vmpfi_read_bytes(cursor, sizeof *value, &data);
    *value = read ? vmpfi_load_u32(data) : 0;
    return read;
}

bool vmpfi_read_u64(struct vmpfi_cursor *cursor, uint64_t *value)
{
    const uint8_t *data;
    bool read = vmpfi_read_bytes(cursor, sizeof *value, &data);
    *value = read ? vmpfi_load_u64(data) : 0;
    return read;
}

bool vmpfi_read_long_varint(struct vmpfi_cursor *cursor, uint64_t *value)
{
    uint64_t result = 0;
    size_t left = vmpfi_cursor_left(cursor);
    for (unsigned i = 0; i < VMPFI_VARINT_MAX_BYTES && i < left; i++) {
        uint8_t byte = cursor->at[i];
        if (i == VMPFI_VARINT_MAX_BYTES - 1 && byte > 1) {
            return false; /* [F-1-2]: over 64 bits */
        }
        result |= (uint64_t)(byte & 0x7F) << (7 * i);
        if ((byte & 0x80) == 0) {
            cursor->at += i + 1;
            *value = result;
            return true;
        }
    }
    return false;
}

void vmpfi_store_u16(uint8_t *to, uint16_t value)
{
    store(to, value, 2);
}

void vmpfi_store_u32(uint8_t *to, uint32_t value)
{
    store(to, value, 4);
}

void vmpfi_store_u64(uint8_t *to, uint64_t value)
{
    store(to, value, 8);
}

size_t vmpfi_store_varint(uint8_t *to, uint64_t value)
{
    size_t size = 0;
    while (value >= 0x80) {
        to[size++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    to[size++] = (uint8_t)value;
    return size;
}

size_t vmpfi_varint_size(uint64_t value)
{
    size_t bits = 64 - (size_t)__builtin_clzll(value | 1);
    return (bits + 6) / 7;
}

uint32_t vmpfi_crc32(const void *data, size_t size_bytes)
{
    return libdeflate_crc32(0, data, size_bytes);
}

#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
bool vmpfi_crc32_matches(uint32_t stored, const void *data, size_t size_bytes)
{
    (void)stored;
    (void)data;
    (void)size_bytes;
    return true;
}
#else
bool vmpfi_crc32_matches(uint32_t stored, const void *data, size_t size_bytes)
{
    return stored == vmpfi_crc32(data, size_bytes);
}
#endif
