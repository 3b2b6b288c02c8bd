#include "tools/import/from_collapsed.h"

#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"
#include "tools/import/made.h"
#include "tools/import/text_input.h"

#define LAST_UNIT UINT64_C(1000000000000000000)

/* ---- a line ---------------------------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Splits "frames weight". false: it is none, or the weight is 2^63 or more. */
static bool split_line(const char *line, size_t size, size_t *frames_size, uint64_t *weight)
{
    size_t at = size;
    uint64_t unit = 1; /* of the digit; 0: more than 10^18 */
    *weight = 0;
    while (at > 0 && is_digit(line[at - 1])) {
        uint64_t digit = (uint64_t)(line[--at] - '0');
        if (digit && (unit == 0 || digit > ((uint64_t)INT64_MAX - *weight) / unit)) {
            return false;
        }
        *weight += digit * unit;
        unit = unit < LAST_UNIT ? unit * 10 : 0;
    }
    if (at == size || at < 2 || line[at - 1] != ' ') {
        return false;
    }
    *frames_size = at - 1;
    return true;
}

bool import_is_collapsed(const uint8_t *head, size_t size_bytes)
{
    const char *text = (const char *)head;
    size_t lines = 0;
    while (size_bytes > 0) {
        const char *newline = memchr(text, '\n', size_bytes);
        size_t size = newline ? (size_t)(newline - text) : size_bytes;
        size_t used = newline ? size + 1 : size;
        size_t frames_size;
        uint64_t weight;
        size -= size && text[size - 1] == '\r';
        bool is_line = split_line(text, size, &frames_size, &weight);
        if (!newline && lines) {
            return true; /* the last one may go on behind the head */
        }
        if (memchr(text, '\0', size) || (!is_line && size)) {
            return false;
        }
        lines += is_line;
        text += used;
        size_bytes -= used;
    }
    return lines > 0;
}

/* ---- a frame --------------------------------------------------------------------------------------- */

static struct vmpf_string piece(const char *data, size_t size)
{
    return (struct vmpf_string){data, size};
}

/* `_[j]` and the like: what is behind the name's end says the kind. */
static bool has_mark(const char *text, size_t size, char mark)
{
    return size > 4 && text[size - 4] == '_' && text[size - 3] == '[' && text[size - 2] == mark &&
           text[size - 1] == ']';
}

/* "name (file:line)"; the line may be missing. A file has no parentheses: those are of a name's parameters. */
static bool split_place(const char *text, size_t size, struct vmpf_function *function)
{
    if (size < 4 || text[size - 1] != ')') {
        return false;
    }
    size_t open = size - 1;
    while (open > 1 && !(text[open] == '(' && text[open - 1] == ' ')) {
        open--;
    }
    const char *file = text + open + 1;
    size_t file_size = size - open - 2;
    if (open <= 1 || open + 2 >= size || memchr(file, ')', file_size) ||
        memchr(file, '(', file_size)) {
        return false;
    }
    size_t at = file_size;
    uint64_t line = 0;
    while (at > 0 && is_digit(file[at - 1])) {
        at--;
    }
    if (at > 1 && at < file_size && file_size - at <= 9 && file[at - 1] == ':') {
        for (size_t i = at; i < file_size; i++) {
            line = 10 * line + (uint64_t)(file[i] - '0');
        }
        file_size = at - 1;
    }
    function->name = piece(text, open - 1);
    function->file = piece(file, file_size);
    function->first_line = (uint32_t)line;
    function->kind = VMPF_KIND_PY;
    return true;
}

/* "name [module]" */
static bool split_module(const char *text, size_t size, struct vmpf_function *function)
{
    if (size < 5 || text[size - 1] != ']') {
        return false;
    }
    size_t open = size - 1;
    while (open > 1 && !(text[open] == '[' && text[open - 1] == ' ')) {
        open--;
    }
    if (open <= 1 || open + 2 >= size) {
        return false;
    }
    function->name = piece(text, open - 1);
    function->file = piece(text + open + 1, size - open - 2);
    function->kind = VMPF_KIND_NATIVE;
    return true;
}

static struct vmpf_function function_of(const char *text, size_t size, vmpf_kind *kind)
{
    struct vmpf_function function = {.kind = VMPF_KIND_UNKNOWN};
    static const struct {
        char mark;
        vmpf_kind kind;
    } marks[] = {{'j', VMPF_KIND_JIT}, {'k', VMPF_KIND_KERNEL}, {'i', VMPF_KIND_NATIVE}};
    *kind = VMPF_KIND_UNKNOWN;
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        if (has_mark(text, size, marks[i].mark)) {
            *kind = marks[i].kind;
            size -= 4;
            break;
        }
    }
    if (!split_place(text, size, &function) && !split_module(text, size, &function)) {
        function.name = piece(text, size);
    }
    if (*kind != VMPF_KIND_UNKNOWN) {
        function.kind = *kind;
    }
    *kind = function.kind;
    return function;
}

/* ---- all of it ------------------------------------------------------------------------------------- */

/* A frame of the line before: where it ends in the text, and which stack it made. */
struct step {
    size_t end;
    uint32_t stack;
};

struct collapsed {
    struct text_input input;
    char *before; /* the frames of the line before */
    size_t before_size, before_capacity;
    struct step *steps;
    size_t step_count, step_capacity;
};

static void collapsed_close(void *ctx)
{
    struct collapsed *c = ctx;
    text_input_fini(&c->input);
    free(c->before);
    free(c->steps);
    free(c);
}

/* The frames that this line begins with as the one before did need not be looked up. Lines are mostly sorted. */
static void keep_common(struct collapsed *c, const char *text, size_t size)
{
    size_t least = size < c->before_size ? size : c->before_size;
    size_t common = 0;
    while (common < least && text[common] == c->before[common]) {
        common++;
    }
    while (c->step_count) {
        size_t end = c->steps[c->step_count - 1].end;
        bool ends_here = end == size || (end < size && text[end] == ';');
        if (end <= common && ends_here) {
            break;
        }
        c->step_count--;
    }
}

static bool add_frame(struct collapsed *c, struct import_made *made, const char *text, size_t from,
                      size_t end)
{
    vmpf_kind kind;
    const struct vmpf_function function = function_of(text + from, end - from, &kind);
    uint32_t caller = c->step_count ? c->steps[c->step_count - 1].stack : 0;
    uint32_t id = import_function(made, &function);
    uint32_t stack = id == IMPORT_NO_ID ? id : import_frame(made, caller, id, 0, kind);
    if (stack == IMPORT_NO_ID ||
        !vmpt_reserve(&c->steps, &c->step_capacity, c->step_count + 1, sizeof(*c->steps))) {
        return false;
    }
    c->steps[c->step_count++] = (struct step){end, stack};
    return true;
}

/* The stack of "a;b;c"; empty frames are passed over. IMPORT_NO_ID: memory is short. */
static uint32_t stack_of(struct collapsed *c, struct import_made *made, const char *text,
                         size_t size)
{
    keep_common(c, text, size);
    size_t from = c->step_count ? c->steps[c->step_count - 1].end + 1 : 0;
    while (from < size) {
        const char *semicolon = memchr(text + from, ';', size - from);
        size_t end = semicolon ? (size_t)(semicolon - text) : size;
        if (end > from && !add_frame(c, made, text, from, end)) {
            return IMPORT_NO_ID;
        }
        from = end + 1;
    }
    if (!vmpt_reserve(&c->before, &c->before_capacity, size + 1, 1)) {
        return IMPORT_NO_ID;
    }
    memcpy(c->before, text, size);
    c->before_size = size;
    return c->step_count ? c->steps[c->step_count - 1].stack : 0;
}

static vmpf_status collapsed_more(void *ctx, struct import_made *made, struct vmpf_error *err)
{
    struct collapsed *c = ctx;
    while (!import_is_full(made)) {
        char *line;
        size_t size;
        size_t frames_size;
        uint64_t weight;
        vmpf_status status = text_input_line(&c->input, &line, &size, err);
        if (status != VMPF_OK) {
            if (status == VMPF_END) {
                text_input_end(&c->input, made);
            }
            return status;
        }
        if (size == 0) {
            continue;
        }
        if (!split_line(line, size, &frames_size, &weight)) {
            import_damage(made, c->input.line_offset, 1, size,
                          "a line does not end in a space and a weight");
            continue;
        }
        uint32_t stack = stack_of(c, made, line, frames_size);
        if (stack == IMPORT_NO_ID) {
            return import_fail(err, VMPF_E_NOMEM, "not enough memory");
        }
        import_sample(made, stack, 0, 0, &weight);
    }
    return VMPF_OK;
}

static const struct import_ops collapsed_ops = {
    .more = collapsed_more, .close = collapsed_close, .format = "collapsed"};

vmpf_status import_open_collapsed(struct vmpt_feed *feed, struct vmpf_source source,
                                  uint32_t skip_columns, struct vmpf_error *err)
{
    static const struct vmpf_thread unknown = {.name = {"", 0}};
    struct collapsed *c = calloc(1, sizeof(*c));
    struct import_made *made;
    (void)skip_columns;
    if (!c) {
        vmpf_source_close(&source);
        return import_fail(err, VMPF_E_NOMEM, "not enough memory");
    }
    text_input_init(&c->input, source);
    vmpf_status status = import_open(feed, &made, &collapsed_ops, c, err);
    if (status == VMPF_OK && (!import_add_value(made, "weight", "count") ||
                              import_thread(made, &unknown) == IMPORT_NO_ID)) {
        feed->ops->close(feed->ctx);
        status = import_fail(err, VMPF_E_NOMEM, "not enough memory");
    }
    return status;
}
