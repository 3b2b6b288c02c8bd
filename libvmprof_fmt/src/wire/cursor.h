/* cursor.h: bounds-checked reading, and writing, of little-endian bytes (spec section 1). Private.
 *
 * Bytes from a file are never a struct. No allocation, no I/O. */
#ifndef VMPROF_FMT_WIRE_CURSOR_H
#define VMPROF_FMT_WIRE_CURSOR_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A view of bytes that are still to be read. A failed read changes nothing and returns false. */
struct vmpfi_cursor {
    const uint8_t *at;
    const uint8_t *end;
};

static inline struct vmpfi_cursor vmpfi_cursor_of(const void *data, size_t size_bytes)
{
    const uint8_t *bytes = data;
    return (struct vmpfi_cursor){.at = bytes, .end = size_bytes == 0 ? bytes : bytes + size_bytes};
}

static inline size_t vmpfi_cursor_left(const struct vmpfi_cursor *cursor)
{
    return (size_t)(cursor->end - cursor->at);
}

/* Fixed-width loads from memory that the caller knows to be there; any alignment. */
static inline uint16_t vmpfi_load_u16(const uint8_t *from)
{
    uint16_t value;
    memcpy(&value, from, sizeof value);
    return le16toh(value);
}

static inline uint32_t vmpfi_load_u32(const uint8_t *from)
{
    uint32_t value;
    memcpy(&value, from, sizeof value);
    return le32toh(value);
}

static inline uint64_t vmpfi_load_u64(const uint8_t *from)
{
    uint64_t value;
    memcpy(&value, from, sizeof value);
    return le64toh(value);
}

/* A piece of size_bytes; *data points into the view. */
static inline bool vmpfi_read_bytes(struct vmpfi_cursor *cursor, size_t size_bytes,
                                    const uint8_t **data)
{
    if (vmpfi_cursor_left(cursor) < size_bytes) {
        return false;
    }
    *data = cursor->at;
    cursor->at += size_bytes;
    return true;
}

static inline bool vmpfi_skip(struct vmpfi_cursor *cursor, size_t size_bytes)
{
    const uint8_t *ignored;
    return vmpfi_read_bytes(cursor, size_bytes, &ignored);
}

static inline bool vmpfi_read_u8(struct vmpfi_cursor *cursor, uint8_t *value)
{
    const uint8_t *data;
    bool read = vmpfi_read_bytes(cursor, sizeof *value, &data);
    *value = read ? data[0] : 0;
    return read;
}

static inline bool vmpfi_read_u16(struct vmpfi_cursor *cursor, uint16_t *value)
{
    const uint8_t *data;
    bool read = vmpfi_read_bytes(cursor, sizeof *value, &data);
    *value = read ? vmpfi_load_u16(data) : 0;
    return read;
}

static inline bool vmpfi_read_u32(struct vmpfi_cursor *cursor, uint32_t *value)
{
    const uint8_t *data;
    bool read = vmpfi_read_bytes(cursor, sizeof *value, &data);
    *value = read ? vmpfi_load_u32(data) : 0;
    return read;
}

static inline bool vmpfi_read_u64(struct vmpfi_cursor *cursor, uint64_t *value)
{
    const uint8_t *data;
    bool read = vmpfi_read_bytes(cursor, sizeof *value, &data);
    *value = read ? vmpfi_load_u64(data) : 0;
    return read;
}

/* [F-1-2]; false also for a value over 64 bits. Most are of one byte. */
bool vmpfi_read_long_varint(struct vmpfi_cursor *cursor, uint64_t *value);
static inline bool vmpfi_read_varint(struct vmpfi_cursor *cursor, uint64_t *value)
{
    if (cursor->at < cursor->end && *cursor->at < 0x80) {
        *value = *cursor->at++;
        return true;
    }
    return vmpfi_read_long_varint(cursor, value);
}

/* Fixed-width stores to memory that the caller knows to be large enough. */
void vmpfi_store_u16(uint8_t *to, uint16_t value);
void vmpfi_store_u32(uint8_t *to, uint32_t value);
static inline void vmpfi_store_u64(uint8_t *to, uint64_t value)
{
    value = htole64(value);
    memcpy(to, &value, sizeof value);
}

#define VMPFI_VARINT_MAX_BYTES ((size_t)10)

/* Writes at most VMPFI_VARINT_MAX_BYTES bytes, returns how many. */
static inline size_t vmpfi_store_varint(uint8_t *to, uint64_t value)
{
    size_t size = 0;
    while (value >= 0x80) {
        to[size++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    to[size++] = (uint8_t)value;
    return size;
}

static inline size_t vmpfi_varint_size(uint64_t value)
{
    size_t bits = 64 - (size_t)__builtin_clzll(value | 1);
    return (bits + 6) / 7;
}

static inline uint64_t vmpfi_zigzag(uint64_t step)
{
    return (step << 1) ^ (0 - (step >> 63));
}

static inline uint64_t vmpfi_unzigzag(uint64_t value)
{
    return (value >> 1) ^ (0 - (value & 1));
}

/* CRC-32 of [F-1-3]. */
uint32_t vmpfi_crc32(const void *data, size_t size_bytes);
/* Whether the stored checksum is that of data. A fuzzer's build says always yes, so that it gets past checksums. */
bool vmpfi_crc32_matches(uint32_t stored, const void *data, size_t size_bytes);

#endif
