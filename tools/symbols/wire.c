#include "tools/symbols/wire.h"

#include <string.h>

/* Deeper than any tree of inlined calls that is read. */
#define FRAMES_MAX 4096

static void put(struct sym_wire *wire, const void *data, size_t size)
{
    if (wire->failed || size > SIZE_MAX - wire->size ||
        !vmpt_reserve(&wire->data, &wire->capacity, wire->size + size, 1)) {
        wire->failed = true;
        return;
    }
    if (size) {
        memcpy(wire->data + wire->size, data, size);
        wire->size += size;
    }
}

static void put_text(struct sym_wire *wire, const char *text)
{
    uint32_t size = (uint32_t)strlen(text);
    put(wire, &size, sizeof(size));
    put(wire, text, size);
}

void sym_wire_put(struct sym_wire *wire, const struct vmpt_sym_report *report,
                  const struct vmpt_sym_result *results, size_t count)
{
    put(wire, report, sizeof(*report));
    for (size_t i = 0; i < count; i++) {
        uint32_t frame_count = (uint32_t)results[i].frame_count;
        put(wire, &results[i].function_offset, sizeof(results[i].function_offset));
        put(wire, &frame_count, sizeof(frame_count));
        for (size_t k = 0; k < frame_count; k++) {
            const struct vmpt_sym_frame *frame = &results[i].frames[k];
            put(wire, &frame->line, sizeof(frame->line));
            put(wire, &frame->declared_line, sizeof(frame->declared_line));
            put_text(wire, frame->name);
            put_text(wire, frame->linkage_name);
            put_text(wire, frame->file);
            put_text(wire, frame->declared_file);
        }
    }
}

static void take(struct sym_wire *wire, void *out, size_t size)
{
    if (wire->failed || size > wire->size - wire->at) {
        wire->failed = true;
        memset(out, 0, size);
        return;
    }
    memcpy(out, wire->data + wire->at, size);
    wire->at += size;
}

static const char *take_text(struct sym_wire *wire, struct vmpt_arena *arena)
{
    uint32_t size = 0;
    take(wire, &size, sizeof(size));
    const char *text = "";
    if (wire->failed || size > wire->size - wire->at) {
        wire->failed = true;
        return text;
    }
    if (size) {
        text = vmpt_arena_copy(arena, wire->data + wire->at, size);
        wire->at += size;
    }
    wire->failed |= text == NULL;
    return text;
}

static void take_result(struct sym_wire *wire, struct vmpt_arena *arena,
                        struct vmpt_sym_result *result)
{
    uint32_t count = 0;
    take(wire, &result->function_offset, sizeof(result->function_offset));
    take(wire, &count, sizeof(count));
    result->frames = NULL;
    result->frame_count = 0;
    if (wire->failed || count > FRAMES_MAX) {
        wire->failed = true;
        return;
    }
    result->frames = count ? vmpt_arena_alloc(arena, count * sizeof(*result->frames)) : NULL;
    wire->failed |= count && !result->frames;
    for (size_t k = 0; k < count && !wire->failed; k++) {
        struct vmpt_sym_frame *frame = &result->frames[k];
        take(wire, &frame->line, sizeof(frame->line));
        take(wire, &frame->declared_line, sizeof(frame->declared_line));
        frame->name = take_text(wire, arena);
        frame->linkage_name = take_text(wire, arena);
        frame->file = take_text(wire, arena);
        frame->declared_file = take_text(wire, arena);
        result->frame_count = k + 1;
    }
}

static void check_report(struct sym_wire *wire, struct vmpt_sym_report *report)
{
    report->binary[sizeof(report->binary) - 1] = '\0';
    report->debug_file[sizeof(report->debug_file) - 1] = '\0';
    wire->failed |= report->verdict > VMPT_SYM_UNREADABLE;
}

bool sym_wire_take(struct sym_wire *wire, struct vmpt_arena *arena, struct vmpt_sym_report *report,
                   struct vmpt_sym_result *results, size_t count)
{
    take(wire, report, sizeof(*report));
    if (!wire->failed) {
        check_report(wire, report);
    }
    for (size_t i = 0; i < count && !wire->failed; i++) {
        take_result(wire, arena, &results[i]);
    }
    return !wire->failed && wire->at == wire->size;
}
