#include "libvmprof_fmt/src/journal/lines.h"

#include "libvmprof_fmt/src/wire/cursor.h"

#include <vmprof/vmpf_journal.h>

/* Lines are summed in 64 bits, so that no table can overflow them; what is not a line becomes the first one. */
static uint32_t clamp(int64_t line, uint32_t first_line)
{
    return line >= 0 && line <= UINT32_MAX ? (uint32_t)line : first_line;
}

/* CPython's Objects/lnotab_notes.txt: an entry (offset step, line step) says where the next line begins. */
static int64_t lnotab_line(struct vmpfi_cursor table, bool line_steps_signed, int64_t line,
                           uint32_t offset)
{
    uint64_t at = 0;
    uint8_t offset_step;
    uint8_t line_step;
    while (vmpfi_read_u8(&table, &offset_step) && vmpfi_read_u8(&table, &line_step)) {
        at += offset_step;
        if (at > offset) {
            break;
        }
        line += line_steps_signed ? (int8_t)line_step : line_step;
    }
    return line;
}

/* PEP 626: entries cover half-open ranges, -128 marks a range without a line. */
static int64_t linetable_310_line(struct vmpfi_cursor table, int64_t line, uint32_t offset)
{
    const int no_line = -128;
    uint64_t end = 0;
    uint8_t offset_step;
    uint8_t line_step;
    while (vmpfi_read_u8(&table, &offset_step) && vmpfi_read_u8(&table, &line_step)) {
        end += offset_step;
        if ((int8_t)line_step != no_line) {
            line += (int8_t)line_step;
        }
        if (offset < end) {
            break;
        }
    }
    return line;
}

/* Six bits a byte, lowest first; bit 6 says that more follow (CPython's Objects/locations.md). */
static bool read_varint6(struct vmpfi_cursor *table, uint64_t *value)
{
    uint8_t byte;
    unsigned shift = 0;
    *value = 0;
    do {
        if (shift > 30 || !vmpfi_read_u8(table, &byte)) {
            return false;
        }
        *value |= (uint64_t)(byte & 0x3F) << shift;
        shift += 6;
    } while ((byte & 0x40) != 0);
    return true;
}

/* The line step of an entry with this code; reads past all that the entry holds. */
static bool read_location(struct vmpfi_cursor *table, unsigned code, int64_t *line_step)
{
    uint64_t number;
    *line_step = 0;
    if (code <= 9) {
        return vmpfi_skip(table, 1);
    }
    if (code <= 12) {
        *line_step = code - 10;
        return vmpfi_skip(table, 2);
    }
    if (code == 15) {
        return true;
    }
    if (!read_varint6(table, &number)) {
        return false;
    }
    *line_step = (number & 1) != 0 ? -(int64_t)(number >> 1) : (int64_t)(number >> 1);
    bool whole = true;
    for (int i = 0; code == 14 && whole && i < 3; i++) {
        whole = read_varint6(table, &number);
    }
    return whole;
}

static int64_t locations_311_line(struct vmpfi_cursor table, int64_t line, uint32_t offset)
{
    uint64_t end = 0;
    uint8_t first;
    int64_t line_step;
    while (vmpfi_read_u8(&table, &first) && (first & 0x80) != 0 &&
           read_location(&table, (first >> 3) & 15U, &line_step)) {
        end += ((uint64_t)(first & 7U) + 1) * 2;
        line += line_step;
        if (offset < end) {
            break;
        }
    }
    return line;
}

uint32_t vmpfi_line_at(uint8_t encoding, const uint8_t *table, size_t size_bytes,
                       uint32_t first_line, uint32_t offset_bytes)
{
    struct vmpfi_cursor cursor = vmpfi_cursor_of(table, size_bytes);
    if (offset_bytes == VMPF_NO_OFFSET) {
        return first_line;
    }
    switch (encoding) {
    case VMPF_LINES_LNOTAB_UNSIGNED:
        return clamp(lnotab_line(cursor, false, first_line, offset_bytes), first_line);
    case VMPF_LINES_LNOTAB_SIGNED:
        return clamp(lnotab_line(cursor, true, first_line, offset_bytes), first_line);
    case VMPF_LINES_LINETABLE_310:
        return clamp(linetable_310_line(cursor, first_line, offset_bytes), first_line);
    case VMPF_LINES_LOCATIONS_311:
        return clamp(locations_311_line(cursor, first_line, offset_bytes), first_line);
    default: return first_line;
    }
}
