#include "tools/import/from_austin.h"

#include <stdlib.h>
#include <string.h>

#include "tools/import/austin.h"
#include "tools/import/made.h"
#include "tools/import/text_input.h"

#define V1_MEMORY_UNIT 1024u /* version 1 counts memory in KiB */
#define V1_LEAST_DIGITS 8    /* of a thread: it is an address */

/* ---- a line ---------------------------------------------------------------------------------------- */

struct line {
    bool is_v1;
    uint64_t process_id, interpreter;
    struct vmpf_string thread;
    struct vmpf_string frames; /* "a;b;c", or empty */
    struct vmpf_string numbers[3];
    size_t number_count;
};

static struct vmpf_string piece(const char *data, size_t size)
{
    return (struct vmpf_string){data, size};
}

/* Takes what stands before the first `end` off text, and that. False: there is none. */
static bool take_until(struct vmpf_string *text, char end, struct vmpf_string *out)
{
    const char *at = text->size_bytes ? memchr(text->data, end, text->size_bytes) : NULL;
    if (!at) {
        return false;
    }
    *out = piece(text->data, (size_t)(at - text->data));
    *text = piece(at + 1, text->size_bytes - out->size_bytes - 1);
    return true;
}

static bool take_prefix(struct vmpf_string *text, const char *prefix)
{
    size_t size = strlen(prefix);
    if (text->size_bytes < size || memcmp(text->data, prefix, size) != 0) {
        return false;
    }
    *text = piece(text->data + size, text->size_bytes - size);
    return true;
}

/* "-12", with or without the sign. */
static bool read_number(struct vmpf_string text, bool *is_negative, uint64_t *value)
{
    *is_negative = take_prefix(&text, "-");
    return austin_number(text, 10, value);
}

/* Cuts a number off text's end, and the space before it. */
static bool cut_number(struct vmpf_string *text, struct vmpf_string *out)
{
    bool is_negative;
    uint64_t value;
    size_t at = text->size_bytes;
    while (at > 0 && text->data[at - 1] != ' ') {
        at--;
    }
    *out = piece(text->data + at, text->size_bytes - at);
    if (at == 0 || !read_number(*out, &is_negative, &value)) {
        return false;
    }
    text->size_bytes = at - 1;
    return true;
}

/* "a,b,c", or "a". */
static bool split_numbers(struct line *line, struct vmpf_string text)
{
    bool is_negative;
    uint64_t value;
    line->number_count = 0;
    while (line->number_count < 2 && take_until(&text, ',', &line->numbers[line->number_count])) {
        line->number_count++;
    }
    line->numbers[line->number_count++] = text;
    for (size_t i = 0; i < line->number_count; i++) {
        if (!read_number(line->numbers[i], &is_negative, &value)) {
            return false;
        }
    }
    return line->number_count != 2;
}

/* "P12;T0:34;frames 5". The thread is what stands before the last space where there are no frames. */
static bool read_new(struct vmpf_string text, struct line *line)
{
    struct vmpf_string process;
    struct vmpf_string interpreter;
    size_t at = text.size_bytes;
    while (at > 0 && text.data[at - 1] != ' ') {
        at--;
    }
    if (at == 0 || !split_numbers(line, piece(text.data + at, text.size_bytes - at))) {
        return false;
    }
    text.size_bytes = at - 1;
    if (!take_prefix(&text, "P") || !take_until(&text, ';', &process) ||
        !austin_number(process, 10, &line->process_id) || !take_prefix(&text, "T")) {
        return false;
    }
    if (!take_until(&text, ';', &line->thread)) {
        line->thread = text;
        text.size_bytes = 0;
    }
    line->frames = text;
    struct vmpf_string thread = line->thread;
    if (take_until(&thread, ':', &interpreter) &&
        austin_number(interpreter, 10, &line->interpreter)) {
        line->thread = thread;
    }
    return line->thread.size_bytes > 0;
}

/* "Process 12;Thread 7f00aabb;frames 5", or three numbers. */
static bool read_v1(struct vmpf_string text, struct line *line)
{
    struct vmpf_string process;
    uint64_t number;
    line->is_v1 = true;
    if (take_prefix(&text, "Process ") &&
        (!take_until(&text, ';', &process) || !austin_number(process, 10, &line->process_id))) {
        return false;
    }
    if (!take_prefix(&text, "Thread ")) {
        return false;
    }
    size_t digits = 0;
    while (digits < text.size_bytes && text.data[digits] != ';' && text.data[digits] != ' ') {
        digits++;
    }
    line->thread = piece(text.data, digits);
    if (digits == text.size_bytes || digits < V1_LEAST_DIGITS ||
        !austin_number(line->thread, 16, &number)) {
        return false;
    }
    struct vmpf_string rest = piece(text.data + digits, text.size_bytes - digits);
    struct vmpf_string found[3] = {{0}};
    while (line->number_count < 3 && cut_number(&rest, &found[line->number_count])) {
        line->number_count++;
    }
    for (size_t i = 0; i < line->number_count; i++) {
        line->numbers[i] = found[line->number_count - 1 - i];
    }
    (void)take_prefix(&rest, ";");
    line->frames = rest;
    return line->number_count == 1 || line->number_count == 3;
}

static bool read_line(const char *text, size_t size, struct line *line)
{
    memset(line, 0, sizeof(*line));
    if (size > 0 && *text == 'P' && read_new(piece(text, size), line)) {
        return true;
    }
    memset(line, 0, sizeof(*line));
    return read_v1(piece(text, size), line);
}

/* Whether collapsed stacks of others could not look so. */
static bool is_surely_austin(const struct line *line)
{
    uint64_t number;
    if (!line->is_v1) {
        return austin_number(line->thread, 16, &number);
    }
    const char *open =
        line->frames.size_bytes ? memchr(line->frames.data, '(', line->frames.size_bytes) : NULL;
    return line->frames.size_bytes == 0 || open;
}

bool import_is_austin(const uint8_t *head, size_t size_bytes)
{
    static const char header[] = "# austin: ";
    const char *newline = memchr(head, '\n', size_bytes);
    struct line line;
    size_t size = newline ? (size_t)(newline - (const char *)head) : size_bytes;
    if (memchr(head, '\0', size)) {
        return false;
    }
    if (size >= strlen(header) && memcmp(head, header, strlen(header)) == 0) {
        return true;
    }
    if (!newline && size_bytes >= 4096) { /* a long stack, whose end is not here */
        struct vmpf_string text = piece((const char *)head, size);
        struct vmpf_string ids[2];
        uint64_t number;
        return take_prefix(&text, "P") && take_until(&text, ';', &ids[0]) &&
               austin_number(ids[0], 10, &number) && take_prefix(&text, "T") &&
               take_until(&text, ';', &ids[1]) && austin_number(ids[1], 16, &number);
    }
    size -= size && head[size - 1] == '\r';
    return read_line((const char *)head, size, &line) && is_surely_austin(&line);
}

/* ---- frames ---------------------------------------------------------------------------------------- */

/* What a frame is, and its line. */
static struct vmpf_function new_function(struct vmpf_string frame, uint32_t *line)
{
    size_t colons[2] = {0, 0}; /* behind each: the last, and the one before it */
    size_t found = 0;
    uint64_t number = 0;
    for (size_t at = frame.size_bytes; at > 0 && found < 2; at--) {
        if (frame.data[at - 1] == ':') {
            colons[found++] = at;
        }
    }
    struct vmpf_string last = piece(frame.data + colons[0], frame.size_bytes - colons[0]);
    *line = 0;
    if (found < 2 || (last.size_bytes && !austin_number(last, 10, &number))) {
        return (struct vmpf_function){.name = frame, .file = {"", 0}};
    }
    *line = number <= UINT32_MAX ? (uint32_t)number : 0;
    return austin_function(piece(frame.data, colons[1] - 1),
                           piece(frame.data + colons[1], colons[0] - colons[1] - 1));
}

/* "name (file)", or "name (file:3)". */
static struct vmpf_function v1_function(struct vmpf_string frame, uint32_t *line)
{
    size_t open = frame.size_bytes;
    uint64_t number;
    *line = 0;
    while (open > 0 && !(frame.data[open - 1] == '(' && open > 1 && frame.data[open - 2] == ' ')) {
        open--;
    }
    if (open < 2 || frame.data[frame.size_bytes - 1] != ')') {
        return (struct vmpf_function){.name = frame, .file = {"", 0}};
    }
    struct vmpf_string file = piece(frame.data + open, frame.size_bytes - open - 1);
    size_t at = file.size_bytes;
    while (at > 0 && file.data[at - 1] != ':') {
        at--;
    }
    if (at > 1 && austin_number(piece(file.data + at, file.size_bytes - at), 10, &number)) {
        *line = number <= UINT32_MAX ? (uint32_t)number : 0;
        file.size_bytes = at - 1;
    }
    return austin_function(file, piece(frame.data, open - 2));
}

/* "L12" behind a frame of version 1 is its line. */
static bool is_v1_line(struct vmpf_string frames, uint32_t *line, size_t *used)
{
    const char *end = frames.size_bytes ? memchr(frames.data, ';', frames.size_bytes) : NULL;
    uint64_t number;
    size_t size = end ? (size_t)(end - frames.data) : frames.size_bytes;
    struct vmpf_string word = piece(frames.data, size);
    if (!take_prefix(&word, "L") || !austin_number(word, 10, &number) || number > UINT32_MAX) {
        return false;
    }
    *line = (uint32_t)number;
    *used = end ? size + 1 : size;
    return true;
}

/* IMPORT_NO_ID: memory is short. *depth: of it. */
static uint32_t stack_of(struct import_made *made, const struct line *line, size_t *depth)
{
    struct vmpf_string left = line->frames;
    uint32_t stack = 0;
    *depth = 0;
    while (left.size_bytes > 0 && stack != IMPORT_NO_ID && *depth <= VMPF_MAX_DEPTH) {
        struct vmpf_string frame;
        uint32_t number;
        size_t used = 0;
        if (!take_until(&left, ';', &frame)) {
            frame = left;
            left.size_bytes = 0;
        }
        if (frame.size_bytes == 0) {
            continue;
        }
        const struct vmpf_function function =
            line->is_v1 ? v1_function(frame, &number) : new_function(frame, &number);
        if (line->is_v1 && is_v1_line(left, &number, &used)) {
            left = piece(left.data + used, left.size_bytes - used);
        }
        uint32_t id = import_function(made, &function);
        stack = id == IMPORT_NO_ID
                    ? id
                    : import_frame(made, stack, id, number, (vmpf_kind)function.kind);
        ++*depth;
    }
    return stack;
}

/* ---- samples --------------------------------------------------------------------------------------- */

struct austin {
    struct text_input input;
    enum austin_mode mode;
    bool has_values; /* the mode is known */
};

static void austin_close(void *ctx)
{
    struct austin *a = ctx;
    text_input_fini(&a->input);
    free(a);
}

/* False: a sample of this mode does not look so. */
static bool read_metrics(enum austin_mode mode, const struct line *line,
                         struct austin_metrics *metrics)
{
    bool is_negative[3] = {false, false, false};
    uint64_t numbers[3] = {0, 0, 0};
    for (size_t i = 0; i < line->number_count; i++) {
        if (!read_number(line->numbers[i], &is_negative[i], &numbers[i])) {
            return false;
        }
    }
    memset(metrics, 0, sizeof(*metrics));
    if (mode == AUSTIN_MEMORY) {
        metrics->allocated_bytes = is_negative[0] ? 0 : numbers[0];
        metrics->freed_bytes = is_negative[0] ? numbers[0] : 0;
        return line->number_count == 1;
    }
    metrics->time_us = numbers[0];
    metrics->is_idle = numbers[1] != 0;
    if (mode == AUSTIN_WALL_MEMORY) {
        if (numbers[1] > INT64_MAX / V1_MEMORY_UNIT || numbers[2] > INT64_MAX / V1_MEMORY_UNIT) {
            return false;
        }
        metrics->allocated_bytes = numbers[1] * V1_MEMORY_UNIT;
        metrics->freed_bytes = numbers[2] * V1_MEMORY_UNIT;
    } else if (mode == AUSTIN_FULL) {
        metrics->allocated_bytes = is_negative[2] ? 0 : numbers[2];
        metrics->freed_bytes = is_negative[2] ? numbers[2] : 0;
    }
    bool is_three = mode == AUSTIN_WALL_MEMORY || mode == AUSTIN_FULL;
    return !is_negative[0] && line->number_count == (is_three ? 3u : 1u);
}

/* False: memory is short. */
static bool take_sample(struct austin *a, struct import_made *made, const struct line *line)
{
    struct austin_metrics metrics;
    uint64_t values[VMPF_MAX_VALUES];
    size_t depth;
    if (!a->has_values) {
        if (a->mode == AUSTIN_UNKNOWN && line->number_count == 3) {
            a->mode = line->is_v1 ? AUSTIN_WALL_MEMORY : AUSTIN_FULL;
        }
        a->has_values = true;
        if (!austin_add_values(made, a->mode)) {
            return false;
        }
    }
    if (!read_metrics(a->mode, line, &metrics) || !austin_values(a->mode, &metrics, values)) {
        import_damage(made, a->input.line_offset, 1, 0,
                      "a sample's numbers are not those of the others, or too large");
        return true;
    }
    uint32_t thread = austin_thread(made, line->process_id, line->interpreter, line->thread,
                                    line->is_v1 ? 16 : 10);
    uint32_t stack = stack_of(made, line, &depth);
    if (thread == IMPORT_NO_ID || stack == IMPORT_NO_ID) {
        return false;
    }
    if (depth > VMPF_MAX_DEPTH) {
        import_damage(made, a->input.line_offset, 1, 0, "a sample is too deep");
        return true;
    }
    import_sample(made, stack, thread, 0, values);
    return true;
}

static bool take_line(struct austin *a, struct import_made *made, const char *text, size_t size)
{
    struct vmpf_string left = piece(text, size);
    struct vmpf_string key;
    struct line line;
    if (take_prefix(&left, "# ")) {
        enum austin_mode mode = a->mode;
        if (take_until(&left, ':', &key)) {
            (void)take_prefix(&left, " ");
            austin_take_metadata(made, key, left, &mode);
        }
        a->mode = a->has_values ? a->mode : mode;
        return true;
    }
    if (size == 0 || *text == '#') {
        return true;
    }
    if (!read_line(text, size, &line)) {
        import_damage(made, a->input.line_offset, 1, size, "a line is none of Austin's");
        return true;
    }
    return take_sample(a, made, &line);
}

/* until_begun: reads no further than the first sample. */
static vmpf_status read_lines(struct austin *a, struct import_made *made, bool until_begun,
                              struct vmpf_error *err)
{
    while (!import_is_full(made) && !(until_begun && a->has_values)) {
        char *text;
        size_t size;
        vmpf_status status = text_input_line(&a->input, &text, &size, err);
        if (status != VMPF_OK) {
            return status;
        }
        if (!take_line(a, made, text, size)) {
            return import_fail(err, VMPF_E_NOMEM, "not enough memory");
        }
    }
    return VMPF_OK;
}

static vmpf_status austin_more(void *ctx, struct import_made *made, struct vmpf_error *err)
{
    struct austin *a = ctx;
    vmpf_status status = read_lines(a, made, false, err);
    if (status == VMPF_END) {
        text_input_end(&a->input, made);
    }
    return status;
}

static const struct import_ops austin_ops = {
    .more = austin_more, .close = austin_close, .format = "austin"};

vmpf_status import_open_austin(struct vmpt_feed *feed, struct vmpf_source source,
                               uint32_t skip_columns, struct vmpf_error *err)
{
    struct austin *a = calloc(1, sizeof(*a));
    struct import_made *made;
    (void)skip_columns;
    if (!a) {
        vmpf_source_close(&source);
        return import_fail(err, VMPF_E_NOMEM, "not enough memory");
    }
    text_input_init(&a->input, source);
    vmpf_status status = import_open(feed, &made, &austin_ops, a, err);
    if (status != VMPF_OK) {
        return status;
    }
    status = read_lines(a, made, true, err);
    if (status != VMPF_OK) {
        feed->ops->close(feed->ctx);
        return status == VMPF_END
                   ? import_fail(err, VMPF_E_NOT_VMPROF, "it has no sample of Austin")
                   : status;
    }
    return VMPF_OK;
}
