#include "libvmprof_fmt/src/journal/assemble.h"

#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/journal/lines.h"
#include "libvmprof_fmt/src/journal/text.h"
#include "libvmprof_fmt/src/wire/cursor.h"

#include <stdlib.h>
#include <string.h>
#include <vmprof/vmpf_journal.h>

static const char lost_name[] = "<lost>";

void vmpfi_assembler_fini(struct vmpfi_assembler *a)
{
    vmpfi_arena_fini(&a->text);
    vmpfi_buffer_fini(&a->utf8);
    free(a->codes);
    vmpfi_map64_fini(&a->code_numbers);
    vmpfi_map64_fini(&a->location_of);
    vmpfi_paths_fini(&a->paths);
    memset(a, 0, sizeof *a);
}

void vmpfi_assembler_new_epoch(struct vmpfi_assembler *a)
{
    vmpfi_map64_clear(&a->location_of);
    vmpfi_paths_forget(&a->paths);
    memset(a->state_labels, 0, sizeof a->state_labels);
    for (size_t i = 0; i < a->code_count; i++) {
        a->codes[i].function_id = 0;
    }
}

static bool read_padded(struct vmpfi_cursor *cursor, uint32_t size_bytes, const uint8_t **data)
{
    return vmpfi_read_bytes(cursor, size_bytes, data) &&
           vmpfi_skip(cursor, (8 - size_bytes % 8) % 8);
}

static bool keep_text(struct vmpfi_assembler *a, uint8_t encoding, const uint8_t *text,
                      size_t size_bytes, struct vmpf_string *out)
{
    a->utf8.size_bytes = 0;
    if (!vmpfi_text_to_utf8(&a->utf8, encoding, text, size_bytes)) {
        return false;
    }
    out->data = vmpfi_arena_copy(&a->text, a->utf8.data, a->utf8.size_bytes);
    out->size_bytes = a->utf8.size_bytes;
    return out->data != NULL;
}

static vmpf_status keep_code(struct vmpfi_assembler *a, uint32_t number,
                             const struct vmpfi_code *code)
{
    void *codes = a->codes;
    bool grown = vmpfi_grow_lean(&codes, &a->code_capacity, a->code_count + 1, sizeof *a->codes);
    a->codes = codes;
    if (!grown || !vmpfi_map64_insert(&a->code_numbers, number, (uint32_t)a->code_count)) {
        return VMPF_E_NOMEM;
    }
    a->codes[a->code_count++] = *code;
    return VMPF_OK;
}

/* The texts of a CODE payload, as they stand in it. */
struct code_pieces {
    uint8_t name_encoding, file_encoding;
    uint32_t name_bytes, file_bytes, lines_bytes;
    const uint8_t *name, *file, *lines;
};

/* NULL, or the rule that it breaks. */
static const char *read_code(struct vmpfi_cursor *cursor, uint32_t *number, struct vmpfi_code *code,
                             struct code_pieces *pieces)
{
    uint8_t kind;
    if (!vmpfi_read_u32(cursor, number) || !vmpfi_read_u32(cursor, &code->function.first_line) ||
        !vmpfi_read_u64(cursor, &code->function.address) || !vmpfi_read_u8(cursor, &kind) ||
        !vmpfi_read_u8(cursor, &code->line_encoding) ||
        !vmpfi_read_u8(cursor, &pieces->name_encoding) ||
        !vmpfi_read_u8(cursor, &pieces->file_encoding) ||
        !vmpfi_read_u32(cursor, &pieces->name_bytes) ||
        !vmpfi_read_u32(cursor, &pieces->file_bytes) ||
        !vmpfi_read_u32(cursor, &pieces->lines_bytes) ||
        !read_padded(cursor, pieces->name_bytes, &pieces->name) ||
        !read_padded(cursor, pieces->file_bytes, &pieces->file) ||
        !read_padded(cursor, pieces->lines_bytes, &pieces->lines)) {
        return "F-7.2-7";
    }
    code->function.kind = kind <= VMPF_KIND_JIT_INTERNAL ? (vmpf_kind)kind : VMPF_KIND_UNKNOWN;
    bool sound = vmpfi_text_is_sound(pieces->name_encoding, pieces->name, pieces->name_bytes,
                                     VMPFI_MAX_STRING_BYTES) &&
                 vmpfi_text_is_sound(pieces->file_encoding, pieces->file, pieces->file_bytes,
                                     VMPFI_MAX_STRING_BYTES);
    return sound ? NULL : "F-7.2-4";
}

bool vmpfi_codes_are_sound(const uint8_t *rows, size_t size_bytes)
{
    struct vmpfi_cursor cursor = vmpfi_cursor_of(rows, size_bytes);
    struct vmpfi_code code;
    struct code_pieces pieces;
    uint32_t number;
    while (vmpfi_cursor_left(&cursor) > 0) {
        if (read_code(&cursor, &number, &code, &pieces) != NULL) {
            return false;
        }
    }
    return true;
}

vmpf_status vmpfi_assemble_code(struct vmpfi_assembler *a, const uint8_t *payload,
                                size_t size_bytes, size_t *consumed_bytes)
{
    struct vmpfi_cursor cursor = vmpfi_cursor_of(payload, size_bytes);
    struct vmpfi_code code = {0};
    struct code_pieces pieces;
    uint32_t number;
    uint32_t index;
    a->broken_rule = read_code(&cursor, &number, &code, &pieces);
    if (a->broken_rule != NULL) {
        return VMPF_E_CORRUPT;
    }
    if (consumed_bytes != NULL) {
        *consumed_bytes = size_bytes - vmpfi_cursor_left(&cursor);
    }
    if (vmpfi_map64_find(&a->code_numbers, number, &index)) {
        return VMPF_OK; /* [F-7.3-4]: the same code, from a CODES chunk or read twice */
    }
    if (!keep_text(a, pieces.name_encoding, pieces.name, pieces.name_bytes, &code.function.name) ||
        !keep_text(a, pieces.file_encoding, pieces.file, pieces.file_bytes, &code.function.file)) {
        return VMPF_E_NOMEM;
    }
    code.lines = (const uint8_t *)vmpfi_arena_copy(&a->text, pieces.lines, pieces.lines_bytes);
    code.lines_bytes = pieces.lines_bytes;
    return code.lines == NULL ? VMPF_E_NOMEM : keep_code(a, number, &code);
}

vmpf_status vmpfi_assemble_thread(struct vmpfi_assembler *a, const uint8_t *payload,
                                  size_t size_bytes)
{
    struct vmpfi_cursor cursor = vmpfi_cursor_of(payload, size_bytes);
    struct vmpf_thread thread = {0};
    uint32_t thread_id;
    uint32_t name_bytes;
    const uint8_t *name;
    uint32_t id;
    if (!vmpfi_read_u64(&cursor, &thread.process_id) || !vmpfi_read_u32(&cursor, &thread_id) ||
        !vmpfi_read_u32(&cursor, &name_bytes) || !read_padded(&cursor, name_bytes, &name)) {
        a->broken_rule = "F-7.2-7";
        return VMPF_E_CORRUPT;
    }
    thread.thread_id = thread_id;
    thread.name = (struct vmpf_string){.data = (const char *)name, .size_bytes = name_bytes};
    return vmpfi_threads_define(a->threads, &thread, true, &id);
}

/* The code with this number; one that is not known is kept as <lost> [F-7.3-4]. */
static vmpf_status code_index(struct vmpfi_assembler *a, uint32_t number, uint32_t *index)
{
    if (vmpfi_map64_find(&a->code_numbers, number, index)) {
        return VMPF_OK;
    }
    const struct vmpfi_code lost = {
        .function.name = {.data = lost_name, .size_bytes = sizeof lost_name - 1}};
    a->unknown_codes++;
    *index = (uint32_t)a->code_count;
    return keep_code(a, number, &lost);
}

/* A frame that was not there before in the epoch. */
static vmpf_status new_location(struct vmpfi_assembler *a, uint64_t frame, uint32_t *location)
{
    uint32_t index;
    VMPF_TRY(code_index(a, (uint32_t)frame, &index));
    struct vmpfi_code *code = &a->codes[index];
    if (code->function_id == 0) {
        VMPF_TRY(vmpfi_intern_function(a->dictionary, &code->function, &code->function_id));
    }
    uint32_t line = vmpfi_line_at(code->line_encoding, code->lines, code->lines_bytes,
                                  code->function.first_line, (uint32_t)(frame >> 32));
    VMPF_TRY(vmpfi_intern_location(a->dictionary, code->function_id, line, location));
    return vmpfi_map64_insert(&a->location_of, frame, *location) ? VMPF_OK : VMPF_E_NOMEM;
}

/* The frame at this depth, root first; in the row they stand leaf first. */
static uint64_t frame_at(const uint8_t *frames, size_t frame_count, size_t depth)
{
    return vmpfi_load_u64(frames + (frame_count - 1 - depth) * sizeof(struct vmpf_row_frame));
}

/* The frames of a row from `depth` on, root first, as nodes; the path remembers what it has room for. */
static vmpf_status extend_path(struct vmpfi_assembler *a, struct vmpfi_path *path,
                               const uint8_t *frames, size_t frame_count, uint32_t *stack)
{
    size_t room = vmpfi_path_reserve(path, frame_count);
    for (size_t depth = path->count; depth < frame_count; depth++) {
        uint64_t frame = frame_at(frames, frame_count, depth);
        uint32_t location;
        if (!vmpfi_map64_find(&a->location_of, frame, &location)) {
            VMPF_TRY(new_location(a, frame, &location));
        }
        VMPF_TRY(vmpfi_intern_stack(a->dictionary, *stack, location, stack));
        if (depth < room) {
            path->nodes[depth] = *stack;
            path->count = depth + 1;
        }
    }
    return VMPF_OK;
}

/* The prefix tree grows from the root; what the path remembers is not looked up again. */
static vmpf_status stack_of(struct vmpfi_assembler *a, struct vmpfi_path *path,
                            const uint8_t *frames, size_t frame_count, uint32_t *stack)
{
    size_t shared = vmpfi_path_shared(path, frames, frame_count);
    *stack = shared == 0 ? 0 : path->nodes[shared - 1];
    if (shared == frame_count && shared == path->count) {
        return VMPF_OK;
    }
    path->count = shared;
    vmpf_status status = extend_path(a, path, frames, frame_count, stack);
    vmpfi_path_keep(path, frames, frame_count);
    return status;
}

/* What a row's flags tell of the thread becomes a label [F-7.2-8]; what is left of them are those of a sample. */
static vmpf_status take_state(struct vmpfi_assembler *a, struct vmpf_sample *sample)
{
    static const char *const states[] = {NULL, "running", "waiting-gil", "waiting"};
    uint32_t state = (sample->flags & VMPF_ROW_STATE_MASK) / VMPF_ROW_STATE_RUNNING;
    sample->flags &= ~VMPF_ROW_STATE_MASK;
    if (state == 0 || state >= sizeof states / sizeof states[0]) {
        return VMPF_OK;
    }
    if (a->state_labels[state] == 0) {
        const struct vmpf_label label = {
            .key = {.data = VMPF_LABEL_STATE, .size_bytes = sizeof VMPF_LABEL_STATE - 1},
            .text = {.data = states[state], .size_bytes = strlen(states[state])},
        };
        VMPF_TRY(vmpfi_intern_label(a->dictionary, &label, &a->state_labels[state]));
    }
    sample->label = a->state_labels[state];
    return VMPF_OK;
}

/* A SAMPLE payload. */
struct sample_row {
    uint32_t thread_id, frame_count, value_count;
    const uint8_t *values, *frames;
};

/* One look at the length before the numbers of a fixed size, and one after: there are as many rows as samples. */
static bool read_sample(const uint8_t *payload, size_t size_bytes, struct vmpf_sample *sample,
                        struct sample_row *row)
{
    if (size_bytes < sizeof(struct vmpf_row_sample)) {
        return false;
    }
    sample->time_ns = vmpfi_load_u64(payload + offsetof(struct vmpf_row_sample, time_ns));
    row->thread_id = vmpfi_load_u32(payload + offsetof(struct vmpf_row_sample, thread_id));
    row->frame_count = vmpfi_load_u32(payload + offsetof(struct vmpf_row_sample, frame_count));
    sample->flags = vmpfi_load_u32(payload + offsetof(struct vmpf_row_sample, flags));
    row->value_count = vmpfi_load_u32(payload + offsetof(struct vmpf_row_sample, value_count));
    row->values = payload + sizeof(struct vmpf_row_sample);
    uint64_t words = (uint64_t)row->value_count + row->frame_count; /* each of eight bytes */
    if (row->frame_count > VMPF_MAX_DEPTH ||
        words > (size_bytes - sizeof(struct vmpf_row_sample)) / sizeof(uint64_t)) {
        return false;
    }
    row->frames = row->values + (size_t)row->value_count * sizeof(uint64_t);
    return true;
}

static vmpf_status thread_of(struct vmpfi_assembler *a, uint32_t thread_id, uint32_t *number)
{
    if (vmpfi_threads_recent(a->threads, a->process_id, thread_id, number)) {
        return VMPF_OK;
    }
    const struct vmpf_thread thread = {.process_id = a->process_id, .thread_id = thread_id};
    return vmpfi_threads_define(a->threads, &thread, false, number);
}

vmpf_status vmpfi_assemble_sample(struct vmpfi_assembler *a, const uint8_t *payload,
                                  size_t size_bytes, struct vmpf_sample *sample)
{
    struct sample_row row;
    if (!read_sample(payload, size_bytes, sample, &row)) {
        a->broken_rule = "F-7.2-7";
        return VMPF_E_CORRUPT;
    }
    sample->label = 0;
    for (size_t k = 0; k < a->value_count; k++) {
        sample->values[k] = k < row.value_count ? vmpfi_load_u64(row.values + 8 * k) : 0;
    }
    VMPF_TRY(take_state(a, sample));
    VMPF_TRY(thread_of(a, row.thread_id, &sample->thread));
    struct vmpfi_path *path = &a->paths.path[sample->thread % VMPFI_PATHS];
    return stack_of(a, path, row.frames, row.frame_count, &sample->stack);
}
