#include "tools/common/buffer.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"
#include "tools/analysis/utf8.h"

void vmpt_buffer_fini(struct vmpt_buffer *buffer)
{
    free(buffer->data);
    memset(buffer, 0, sizeof(*buffer));
}

static bool make_room(struct vmpt_buffer *buffer, size_t size_bytes)
{
    if (buffer->failed || size_bytes > SIZE_MAX / 4 ||
        !vmpt_reserve(&buffer->data, &buffer->capacity, buffer->size + size_bytes + 1, 1)) {
        buffer->failed = true;
    }
    return !buffer->failed;
}

void vmpt_buffer_add(struct vmpt_buffer *buffer, const char *data, size_t size_bytes)
{
    if (!make_room(buffer, size_bytes)) {
        return;
    }
    if (size_bytes) {
        memcpy(buffer->data + buffer->size, data, size_bytes);
    }
    buffer->size += size_bytes;
    buffer->data[buffer->size] = '\0';
}

void vmpt_buffer_add_text(struct vmpt_buffer *buffer, const char *text)
{
    vmpt_buffer_add(buffer, text, strlen(text));
}

void vmpt_buffer_fill(struct vmpt_buffer *buffer, char c, size_t count)
{
    if (!make_room(buffer, count)) {
        return;
    }
    memset(buffer->data + buffer->size, c, count);
    buffer->size += count;
    buffer->data[buffer->size] = '\0';
}

void vmpt_buffer_printf(struct vmpt_buffer *buffer, const char *format, ...)
{
    va_list first;
    va_list second;
    va_start(first, format);
    va_copy(second, first);
    int size = vsnprintf(NULL, 0, format, first);
    va_end(first);
    if (size >= 0 && make_room(buffer, (size_t)size)) {
        (void)vsnprintf(buffer->data + buffer->size, (size_t)size + 1, format, second);
        buffer->size += (size_t)size;
    }
    va_end(second);
}

struct range {
    uint32_t first;
    uint32_t last;
};

static bool is_in(uint32_t code, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (code >= ranges[i].first && code <= ranges[i].last) {
            return true;
        }
    }
    return false;
}
#define IS_IN(code, ranges) is_in(code, ranges, sizeof(ranges) / sizeof((ranges)[0]))

/* Marks that turn or isolate the direction of text, and line and paragraph separators. */
static const struct range steering[] = {
    {0x061C, 0x061C}, {0x200E, 0x200F}, {0x2028, 0x202E}, {0x2066, 0x2069}};

void vmpt_buffer_add_visible(struct vmpt_buffer *buffer, const char *data, size_t size_bytes)
{
    for (size_t at = 0; at < size_bytes;) {
        uint32_t code;
        int valid;
        size_t length = vmpt_utf8_decode(data + at, size_bytes - at, &code, &valid);
        if (!valid) {
            vmpt_buffer_add_text(buffer, VMPT_UTF8_BAD_BYTES);
        } else if (code < 0x20 || (code >= 0x7F && code < 0xA0)) {
            vmpt_buffer_printf(buffer, "\\x%02x", (unsigned)code);
        } else if (IS_IN(code, steering)) {
            vmpt_buffer_printf(buffer, "\\u{%04x}", (unsigned)code);
        } else {
            vmpt_buffer_add(buffer, data + at, length);
        }
        at += length;
    }
}

/* The blocks that matter, not every code point: a table may be off by one where a name is made of
 * rare marks. */
static const struct range combining[] = {{0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD},
                                         {0x064B, 0x065F}, {0x0E34, 0x0E3A}, {0x1AB0, 0x1AFF},
                                         {0x1DC0, 0x1DFF}, {0x200B, 0x200D}, {0x20D0, 0x20FF},
                                         {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}};
static const struct range wide[] = {{0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0x33FF},
                                    {0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xA000, 0xA4CF},
                                    {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},
                                    {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},   {0x1F300, 0x1F64F},
                                    {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};

static size_t code_columns(uint32_t code)
{
    if (code < 0x300) {
        return 1;
    }
    if (IS_IN(code, combining)) {
        return 0;
    }
    return IS_IN(code, wide) ? 2 : 1;
}

size_t vmpt_text_columns(const char *text, size_t size_bytes)
{
    size_t columns = 0;
    for (size_t at = 0; at < size_bytes;) {
        uint32_t code;
        int valid;
        at += vmpt_utf8_decode(text + at, size_bytes - at, &code, &valid);
        columns += code_columns(code);
    }
    return columns;
}

/* The bytes of text's start that take at most `columns`. */
static size_t head_bytes(const char *text, size_t size_bytes, size_t columns)
{
    size_t at = 0;
    while (at < size_bytes) {
        uint32_t code;
        int valid;
        size_t length = vmpt_utf8_decode(text + at, size_bytes - at, &code, &valid);
        size_t taken = code_columns(code);
        if (taken > columns) {
            break;
        }
        columns -= taken;
        at += length;
    }
    return at;
}

void vmpt_buffer_add_shortened(struct vmpt_buffer *buffer, const char *text, size_t size_bytes,
                               size_t columns)
{
    static const char gap[] = "...";
    size_t all = vmpt_text_columns(text, size_bytes);
    if (all <= columns) {
        vmpt_buffer_add(buffer, text, size_bytes);
        return;
    }
    size_t gap_columns = sizeof(gap) - 1;
    if (columns <= gap_columns) {
        vmpt_buffer_add(buffer, text, head_bytes(text, size_bytes, columns));
        return;
    }
    size_t kept = columns - gap_columns;
    size_t head = kept / 3; /* the end of a path says more than its start */
    size_t tail_from = head_bytes(text, size_bytes, all - (kept - head));
    /* A wide character on the edge would make it one column too long. */
    while (vmpt_text_columns(text + tail_from, size_bytes - tail_from) > kept - head) {
        uint32_t code;
        int valid;
        tail_from += vmpt_utf8_decode(text + tail_from, size_bytes - tail_from, &code, &valid);
    }
    vmpt_buffer_add(buffer, text, head_bytes(text, size_bytes, head));
    vmpt_buffer_add_text(buffer, gap);
    vmpt_buffer_add(buffer, text + tail_from, size_bytes - tail_from);
}
