#include "tools/analysis/utf8.h"

#include <string.h>

/* The range of the second byte is narrower after these first bytes: no overlong forms, no
 * surrogates, nothing above U+10FFFF. */
static int second_is_valid(unsigned char first, unsigned char second)
{
    switch (first) {
    case 0xE0: return second >= 0xA0 && second <= 0xBF;
    case 0xED: return second >= 0x80 && second <= 0x9F;
    case 0xF0: return second >= 0x90 && second <= 0xBF;
    case 0xF4: return second >= 0x80 && second <= 0x8F;
    default: return (second & 0xC0) == 0x80;
    }
}

static size_t sequence_length(unsigned char first)
{
    if (first < 0x80) {
        return 1;
    }
    if (first >= 0xC2 && first <= 0xDF) {
        return 2;
    }
    if (first >= 0xE0 && first <= 0xEF) {
        return 3;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        return 4;
    }
    return 0;
}

size_t vmpt_utf8_decode(const char *data, size_t size_bytes, uint32_t *code, int *valid)
{
    static const unsigned char first_bits[5] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    const unsigned char *bytes = (const unsigned char *)data;
    size_t length = sequence_length(bytes[0]);
    *code = VMPT_UTF8_BAD;
    *valid = 0;
    if (length == 0 || length > size_bytes) {
        return 1;
    }
    if (length > 1 && !second_is_valid(bytes[0], bytes[1])) {
        return 1;
    }
    uint32_t value = bytes[0] & first_bits[length];
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xC0) != 0x80) {
            return 1;
        }
        value = value << 6 | (bytes[i] & 0x3Fu);
    }
    *code = value;
    *valid = 1;
    return length;
}

size_t vmpt_utf8_repair(const char *data, size_t size_bytes, char *out)
{
    static const char bad[] = VMPT_UTF8_BAD_BYTES;
    size_t size = 0;
    for (size_t at = 0; at < size_bytes;) {
        uint32_t code;
        int valid;
        size_t length = vmpt_utf8_decode(data + at, size_bytes - at, &code, &valid);
        const char *from = valid ? data + at : bad;
        size_t count = valid ? length : sizeof(bad) - 1;
        if (out) {
            memcpy(out + size, from, count);
        }
        size += count;
        at += length;
    }
    return size;
}
