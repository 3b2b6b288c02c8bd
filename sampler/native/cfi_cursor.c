#include "sampler/native/cfi_cursor.h"

#define MAX_SHIFT 63u

uint64_t vmps_cfi_uleb(struct vmps_cfi_cursor *cursor)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift <= MAX_SHIFT; shift += 7) {
        uint64_t byte = vmps_cfi_fixed(cursor, 1);
        value |= (byte & 0x7F) << shift;
        if ((byte & 0x80) == 0) {
            return value;
        }
    }
    cursor->bad = true;
    return 0;
}

int64_t vmps_cfi_sleb(struct vmps_cfi_cursor *cursor)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift <= MAX_SHIFT; shift += 7) {
        uint64_t byte = vmps_cfi_fixed(cursor, 1);
        value |= (byte & 0x7F) << shift;
        if ((byte & 0x80) == 0) {
            bool negative = (byte & 0x40) != 0 && shift + 7 <= MAX_SHIFT;
            return (int64_t)(negative ? value | UINT64_MAX << (shift + 7) : value);
        }
    }
    cursor->bad = true;
    return 0;
}

uint64_t vmps_cfi_pointer(struct vmps_cfi_cursor *cursor, uint8_t encoding)
{
    uint64_t base = 0;
    uint64_t value;
    switch (encoding & 0xF0) {
    case 0x00: break;
    case 0x10: base = cursor->address; break;
    default: cursor->bad = true; return 0;
    }
    switch (encoding & 0x0F) {
    case 0x00:
    case 0x04:
    case 0x0C: value = vmps_cfi_fixed(cursor, 8); break;
    case 0x01: value = vmps_cfi_uleb(cursor); break;
    case 0x02: value = vmps_cfi_fixed(cursor, 2); break;
    case 0x03: value = vmps_cfi_fixed(cursor, 4); break;
    case 0x09: value = (uint64_t)vmps_cfi_sleb(cursor); break;
    case 0x0A: value = (uint64_t)vmps_cfi_signed(cursor, 2); break;
    case 0x0B: value = (uint64_t)vmps_cfi_signed(cursor, 4); break;
    default: cursor->bad = true; return 0;
    }
    return base + value;
}
