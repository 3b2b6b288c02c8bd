#include "libvmprof_fmt/src/journal/text.h"

#include <vmprof/vmpf_journal.h>

#define UTF8_MAX_BYTES 4u
#define LAST_POINT 0x10FFFFu
#define REPLACEMENT 0xFFFDu

static size_t put_utf8(uint8_t *to, uint32_t point)
{
    if (point < 0x80) {
        to[0] = (uint8_t)point;
        return 1;
    }
    /* PEP 383: a byte of a file name that is not UTF-8 stands as such a surrogate; it becomes the byte again. */
    if (point >= 0xDC80 && point <= 0xDCFF) {
        to[0] = (uint8_t)(point - 0xDC00);
        return 1;
    }
    if (point < 0x800) {
        to[0] = (uint8_t)(0xC0 | point >> 6);
        to[1] = (uint8_t)(0x80 | (point & 0x3F));
        return 2;
    }
    if (point < 0x10000) {
        to[0] = (uint8_t)(0xE0 | point >> 12);
        to[1] = (uint8_t)(0x80 | (point >> 6 & 0x3F));
        to[2] = (uint8_t)(0x80 | (point & 0x3F));
        return 3;
    }
    to[0] = (uint8_t)(0xF0 | (point >> 18 & 7));
    to[1] = (uint8_t)(0x80 | (point >> 12 & 0x3F));
    to[2] = (uint8_t)(0x80 | (point >> 6 & 0x3F));
    to[3] = (uint8_t)(0x80 | (point & 0x3F));
    return 4;
}

/* Units are little-endian, and the encodings' constants are their widths. */
static uint32_t unit_at(uint8_t encoding, const uint8_t *text, size_t index)
{
    uint32_t point = 0;
    for (size_t k = 0; k < encoding; k++) {
        point |= (uint32_t)text[index * encoding + k] << (8 * k);
    }
    return point <= LAST_POINT ? point : REPLACEMENT;
}

static size_t utf8_bytes(uint8_t encoding, const uint8_t *text, size_t size_bytes)
{
    uint8_t piece[UTF8_MAX_BYTES];
    size_t sum = 0;
    for (size_t i = 0; i < size_bytes / encoding; i++) {
        sum += put_utf8(piece, unit_at(encoding, text, i));
    }
    return sum;
}

bool vmpfi_text_is_sound(uint8_t encoding, const uint8_t *text, size_t size_bytes, size_t max_bytes)
{
    if (encoding == VMPF_TEXT_UTF8) {
        return size_bytes <= max_bytes;
    }
    if ((encoding != VMPF_TEXT_LATIN1 && encoding != VMPF_TEXT_UCS2 &&
         encoding != VMPF_TEXT_UCS4) ||
        size_bytes % encoding != 0) {
        return false;
    }
    /* A unit of one byte becomes two at most, of wider ones less than that. */
    return size_bytes <= max_bytes / 2 || utf8_bytes(encoding, text, size_bytes) <= max_bytes;
}

bool vmpfi_text_to_utf8(struct vmpfi_buffer *out, uint8_t encoding, const uint8_t *text,
                        size_t size_bytes)
{
    if (encoding == VMPF_TEXT_UTF8) {
        return vmpfi_buffer_append(out, text, size_bytes);
    }
    size_t units = size_bytes / encoding;
    if (units > SIZE_MAX / UTF8_MAX_BYTES || !vmpfi_buffer_reserve(out, units * UTF8_MAX_BYTES)) {
        return false;
    }
    for (size_t i = 0; i < units; i++) {
        out->size_bytes += put_utf8(out->data + out->size_bytes, unit_at(encoding, text, i));
    }
    return true;
}
