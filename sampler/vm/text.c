#include "sampler/vm/text.h"

#include <string.h>

static bool is_surrogate(uint32_t character)
{
    return character >= 0xD800 && character <= 0xDFFF;
}

static size_t encode(uint32_t character, char out[4])
{
    if (character < 0x80) {
        out[0] = (char)character;
        return 1;
    }
    if (character < 0x800) {
        out[0] = (char)(0xC0 | character >> 6);
        out[1] = (char)(0x80 | (character & 0x3F));
        return 2;
    }
    if (character < 0x10000) {
        out[0] = (char)(0xE0 | character >> 12);
        out[1] = (char)(0x80 | (character >> 6 & 0x3F));
        out[2] = (char)(0x80 | (character & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | (character >> 18 & 7));
    out[1] = (char)(0x80 | (character >> 12 & 0x3F));
    out[2] = (char)(0x80 | (character >> 6 & 0x3F));
    out[3] = (char)(0x80 | (character & 0x3F));
    return 4;
}

static uint32_t character_at(const struct vmps_text *text, size_t index, size_t width)
{
    const unsigned char *from = (const unsigned char *)text->data + index * width;
    uint32_t character = 0;
    memcpy(&character, from, width);
    return character;
}

bool vmps_text_utf8(const struct vmps_text *text, char *buffer, size_t size_bytes, size_t *length)
{
    size_t width;
    *length = 0;
    switch (text->encoding) {
    case VMPF_TEXT_UTF8:
        *length = text->size_bytes < size_bytes ? text->size_bytes : size_bytes;
        memcpy(buffer, text->data, *length);
        return true;
    case VMPF_TEXT_LATIN1: width = 1; break;
    case VMPF_TEXT_UCS2: width = 2; break;
    case VMPF_TEXT_UCS4: width = 4; break;
    default: return false;
    }
    for (size_t i = 0; i < text->size_bytes / width; i++) {
        uint32_t character = character_at(text, i, width);
        if (is_surrogate(character)) {
            return false;
        }
        char bytes[4];
        size_t count = encode(character, bytes);
        if (count > size_bytes - *length) {
            return true;
        }
        memcpy(buffer + *length, bytes, count);
        *length += count;
    }
    return true;
}
