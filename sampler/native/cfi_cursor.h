/* cfi_cursor.h: reads DWARF's numbers from bytes that are not trusted. After a read beyond the end `bad` is set,
 * and all further reads give 0. Private to cfi*.c. */
#ifndef VMPROF_SAMPLER_NATIVE_CFI_CURSOR_H
#define VMPROF_SAMPLER_NATIVE_CFI_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct vmps_cfi_cursor {
    const uint8_t *at, *end;
    uint64_t address; /* of `at`, in the process */
    bool bad;
};

static inline uint64_t vmps_cfi_fixed(struct vmps_cfi_cursor *cursor, size_t size_bytes)
{
    uint64_t value = 0;
    if (cursor->bad || (size_t)(cursor->end - cursor->at) < size_bytes) {
        cursor->bad = true;
        return 0;
    }
    memcpy(&value, cursor->at, size_bytes);
    cursor->at += size_bytes;
    cursor->address += size_bytes;
    return value;
}

static inline int64_t vmps_cfi_signed(struct vmps_cfi_cursor *cursor, size_t size_bytes)
{
    unsigned shift = (unsigned)(64 - 8 * size_bytes);
    return (int64_t)(vmps_cfi_fixed(cursor, size_bytes) << shift) >> shift;
}

static inline void vmps_cfi_skip(struct vmps_cfi_cursor *cursor, uint64_t size_bytes)
{
    if (cursor->bad || (uint64_t)(cursor->end - cursor->at) < size_bytes) {
        cursor->bad = true;
        return;
    }
    cursor->at += size_bytes;
    cursor->address += size_bytes;
}

uint64_t vmps_cfi_uleb(struct vmps_cfi_cursor *cursor);
int64_t vmps_cfi_sleb(struct vmps_cfi_cursor *cursor);

/* A pointer in one of the encodings of .eh_frame (the LSB's DW_EH_PE_*): absolute, or relative to its own
 * address. Others are `bad`. */
uint64_t vmps_cfi_pointer(struct vmps_cfi_cursor *cursor, uint8_t encoding);

#endif
