#include <string.h>

#include "sampler/vm/cpython_top_walk.h"

#define TYPE_OFFSET 8u
#define SIZE_OFFSET 16u
#define STATE_OFFSET 32u
#define POINTER_BYTES 8u
#define TEXT_HEADER_BYTES 40u
/* vmpf_kind VMPF_KIND_PY; vmpf.h is not for signal handlers. */
#define KIND_PY 1u
#define KIND_MASK 7u

/* A text that is too long is cut at a whole character. */
static bool take_bytes(struct vmps_walk *walk, uint64_t data, uint64_t length, uint32_t width,
                       struct vmps_text *text)
{
    uint64_t most = VMPS_MAX_TEXT_BYTES / width;
    uint32_t size = (uint32_t)(length < most ? length : most) * width;
    if (!vmps_probe_readable(&walk->probe, data, size)) {
        return false;
    }
    text->data = (const void *)data;
    text->size_bytes = size;
    return true;
}

/* A str of 3: its characters have one width, and follow one of two headers or stand elsewhere. */
static bool take_unicode(struct vmps_walk *walk, uint64_t object, struct vmps_text *text)
{
    const struct vmps_cpython *cpython = walk->vm;
    const struct vmps_cpython_layout *layout = &cpython->layout;
    uint32_t state = vmps_load32(object + STATE_OFFSET);
    uint32_t kind = (state >> layout->text_kind_shift) & KIND_MASK;
    bool compact = (state >> layout->text_compact_bit & 1) != 0;
    bool ascii = (state >> layout->text_ascii_bit & 1) != 0;
    uint64_t data = object + (ascii ? layout->text_ascii : layout->text_compact);
    if (!compact) {
        uint64_t pointer = object + layout->text_compact;
        if (!vmps_probe_readable(&walk->probe, pointer, POINTER_BYTES)) {
            return false;
        }
        data = vmps_load64(pointer);
    }
    switch (kind) {
    case 1: text->encoding = (uint8_t)(ascii ? VMPF_TEXT_UTF8 : VMPF_TEXT_LATIN1); break;
    case 2: text->encoding = VMPF_TEXT_UCS2; break;
    case 4: text->encoding = VMPF_TEXT_UCS4; break;
    default: return false;
    }
    return take_bytes(walk, data, vmps_load64(object + SIZE_OFFSET), kind, text);
}

static bool take_text(struct vmps_walk *walk, uint64_t object, struct vmps_text *text)
{
    const struct vmps_cpython *cpython = walk->vm;
    if (object % 8 != 0 || !vmps_probe_readable(&walk->probe, object, TEXT_HEADER_BYTES)) {
        return false;
    }
    if (vmps_load64(object + TYPE_OFFSET) != cpython->text_type) {
        return false;
    }
    if (cpython->text_type != cpython->bytes_type) {
        return take_unicode(walk, object, text);
    }
    text->encoding = VMPF_TEXT_UTF8;
    return take_bytes(walk, object + cpython->layout.bytes_data, vmps_load64(object + SIZE_OFFSET),
                      1, text);
}

static bool take_lines(struct vmps_walk *walk, uint64_t object, struct vmps_code *code)
{
    const struct vmps_cpython *cpython = walk->vm;
    if (object % 8 != 0 || !vmps_probe_readable(&walk->probe, object, TEXT_HEADER_BYTES)) {
        return false;
    }
    if (vmps_load64(object + TYPE_OFFSET) != cpython->bytes_type) {
        return false;
    }
    uint64_t size = vmps_load64(object + SIZE_OFFSET);
    uint64_t data = object + cpython->layout.bytes_data;
    if (size > VMPS_MAX_LINES_BYTES) {
        return true;
    }
    if (!vmps_probe_readable(&walk->probe, data, size)) {
        return false;
    }
    code->line_encoding = cpython->layout.lines;
    code->lines = (const void *)data;
    code->lines_size_bytes = (uint32_t)size;
    return true;
}

bool vmps_cpython_describe(struct vmps_walk *walk, uint64_t code_address, struct vmps_code *code)
{
    const struct vmps_cpython *cpython = walk->vm;
    const struct vmps_cpython_layout *layout = &cpython->layout;
    code->address = code_address;
    code->kind = KIND_PY;
    code->line_encoding = VMPF_LINES_NONE;
    if (!vmps_cpython_is_code(walk, code_address)) {
        walk->failure = "code that is gone";
        return false;
    }
    int32_t first_line = (int32_t)vmps_load32(code_address + layout->code_first_line);
    code->first_line = first_line > 0 ? (uint32_t)first_line : 0;
    if (!take_text(walk, vmps_load64(code_address + layout->code_name), &code->name)) {
        walk->failure = "the name of code is no text";
    } else if (!take_text(walk, vmps_load64(code_address + layout->code_file), &code->file)) {
        walk->failure = "the file of code is no text";
    } else if (!take_lines(walk, vmps_load64(code_address + layout->code_lines), code)) {
        walk->failure = "the line table of code is no bytes";
    } else {
        return true;
    }
    return false;
}
