#include "libvmprof_fmt/src/wire/cursor.h"

#include <libdeflate.h>
#include <string.h>

static void store(uint8_t *to, uint64_t value, unsigned width)
{
    for (unsigned i = 0; i < width; i++) {
        to[i] = (uint8_t)(value >> (8 * i));
    }
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
