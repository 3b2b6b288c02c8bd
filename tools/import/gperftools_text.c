#include "tools/import/gperftools_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"
#include "tools/import/words.h"

#define MAX_INLINED 255u /* so that a short record stands for no endless stack */
#define MARKER "---"
#define JOINT "--" /* between a function and what is inlined in it */

static struct vmpf_string piece(const char *data, size_t size)
{
    return (struct vmpf_string){data, size};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct vmpf_string trimmed(struct vmpf_string text)
{
    while (text.size_bytes && is_blank(text.data[0])) {
        text = piece(text.data + 1, text.size_bytes - 1);
    }
    while (text.size_bytes && is_blank(text.data[text.size_bytes - 1])) {
        text.size_bytes--;
    }
    return text;
}

/* Takes the next line off text, without its end. False: there is none, or (unless `rest`) it does not end. */
static bool take_line(struct vmpf_string *text, bool rest, struct vmpf_string *line)
{
    const char *end = text->size_bytes ? memchr(text->data, '\n', text->size_bytes) : NULL;
    if (!end && (!rest || text->size_bytes == 0)) {
        return false;
    }
    size_t size = end ? (size_t)(end - text->data) : text->size_bytes;
    size_t used = size + (end ? 1 : 0);
    *line = piece(text->data, size);
    *text = piece(text->data + used, text->size_bytes - used);
    return true;
}

/* Takes hexadecimal digits off text. False: there are none, or too many. */
static bool take_hex(struct vmpf_string *text, uint64_t *value)
{
    size_t i = 0;
    for (*value = 0; i < text->size_bytes; i++) {
        char c = text->data[i];
        uint64_t digit = c >= '0' && c <= '9'   ? (uint64_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint64_t)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (uint64_t)(c - 'A' + 10)
                                                : 16;
        if (digit == 16) {
            break;
        }
        if (*value >> 60) {
            return false;
        }
        *value = *value << 4 | digit;
    }
    *text = piece(text->data + i, text->size_bytes - i);
    return i > 0;
}

static bool take_char(struct vmpf_string *text, char wanted)
{
    if (text->size_bytes == 0 || text->data[0] != wanted) {
        return false;
    }
    *text = piece(text->data + 1, text->size_bytes - 1);
    return true;
}

/* ---- frames ---------------------------------------------------------------------------------------- */

void gperf_frames_fini(struct gperf_frames *frames)
{
    import_keys_fini(&frames->known);
    free(frames->ranges);
    free(frames->frames);
    memset(frames, 0, sizeof(*frames));
}

static bool add_frame(struct gperf_frames *frames, struct import_made *made,
                      const struct vmpf_function *function)
{
    uint32_t id = import_function(made, function);
    if (id == IMPORT_NO_ID || !vmpt_reserve(&frames->frames, &frames->frame_capacity,
                                            frames->frame_count + 1, sizeof(*frames->frames))) {
        return false;
    }
    frames->frames[frames->frame_count++] = (struct gperf_frame){id, function->kind};
    return true;
}

/* The frames from `first` on are those of the address. */
static bool add_range(struct gperf_frames *frames, uint64_t address, size_t first)
{
    if (frames->range_count >= UINT32_MAX - 1 ||
        !vmpt_reserve(&frames->ranges, &frames->range_capacity, frames->range_count + 1,
                      sizeof(*frames->ranges)) ||
        !import_keys_set(&frames->known, 0, address, (uint32_t)frames->range_count)) {
        return false;
    }
    frames->ranges[frames->range_count++] =
        (struct gperf_range){first, frames->frame_count - first};
    return true;
}

static bool add_address(struct gperf_frames *frames, struct import_made *made, uint64_t address)
{
    char name[sizeof("0x0123456789abcdef")];
    int size = snprintf(name, sizeof(name), "0x%" PRIx64, address);
    const struct vmpf_module *module = import_module_at(made, address);
    const struct vmpf_function function = {.name = piece(name, (size_t)size),
                                           .file = module ? module->path : piece("", 0),
                                           .kind = VMPF_KIND_NATIVE,
                                           .address = address};
    return add_frame(frames, made, &function) &&
           add_range(frames, address, frames->frame_count - 1);
}

const struct gperf_range *gperf_frames_at(struct gperf_frames *frames, struct import_made *made,
                                          uint64_t address)
{
    uint32_t known = import_keys_get(&frames->known, 0, address);
    if (known == UINT32_MAX) {
        known = (uint32_t)frames->range_count;
        if (!add_address(frames, made, address)) {
            return NULL;
        }
    }
    return &frames->ranges[known];
}

/* ---- symbols --------------------------------------------------------------------------------------- */

/* "name<0000000000001139>", as google-pprof marks a symbol of nm: the address is left out. */
static struct vmpf_string without_mark(struct vmpf_string name)
{
    const size_t mark = 18;
    size_t size = name.size_bytes;
    if (size <= mark || name.data[size - 1] != '>' || name.data[size - mark] != '<') {
        return name;
    }
    uint64_t ignored;
    struct vmpf_string digits = piece(name.data + size - mark + 1, mark - 2);
    return take_hex(&digits, &ignored) && digits.size_bytes == 0 ? piece(name.data, size - mark)
                                                                 : name;
}

/* "name file:line", as vmprof-convert writes it. False: it is a name alone. */
static bool split_place(struct vmpf_string text, struct vmpf_function *function)
{
    size_t colon = text.size_bytes;
    uint64_t line;
    while (colon > 0 && text.data[colon - 1] >= '0' && text.data[colon - 1] <= '9') {
        colon--;
    }
    if (colon < 2 || text.data[colon - 1] != ':' ||
        !import_number(text.data + colon, text.size_bytes - colon, &line) || line > INT32_MAX) {
        return false;
    }
    const char *path = memmem(text.data, colon, " /", 2); /* a path may have spaces, and a name */
    const char *space = path ? path : memrchr(text.data, ' ', colon - 1);
    if (!space || space == text.data) {
        return false;
    }
    size_t size = (size_t)(space - text.data);
    function->name = piece(text.data, size);
    function->file = piece(space + 1, colon - 1 - size - 1);
    function->first_line = (uint32_t)line;
    return true;
}

/* Names without a place are of machine code; so are files that are none of Python's. "<string>" is written as "[string]". */
static struct vmpf_function function_of(struct vmpf_string text, uint64_t address)
{
    struct vmpf_function function = {.address = address};
    if (!split_place(text, &function)) {
        function.name = without_mark(text);
    }
    bool is_no_file = import_starts_with(function.file, "[") && import_ends_in(function.file, "]");
    bool is_py = is_no_file || import_kind_of_file(function.file) == VMPF_KIND_PY;
    function.kind = is_py ? VMPF_KIND_PY : VMPF_KIND_NATIVE;
    return function;
}

/* "0xADDRESS function--inlined in it--inlined in that" */
static bool take_symbol(struct gperf_frames *frames, struct import_made *made,
                        struct vmpf_string line)
{
    size_t first = frames->frame_count;
    uint64_t address;
    line = piece(line.data + 2, line.size_bytes - 2);
    if (!take_hex(&line, &address) || import_keys_get(&frames->known, 0, address) != UINT32_MAX) {
        return true;
    }
    line = trimmed(line);
    while (line.size_bytes) {
        bool is_last = frames->frame_count - first == MAX_INLINED - 1;
        const char *joint =
            is_last ? NULL : memmem(line.data, line.size_bytes, JOINT, strlen(JOINT));
        size_t size = joint ? (size_t)(joint - line.data) : line.size_bytes;
        size_t used = joint ? size + strlen(JOINT) : size;
        const struct vmpf_function function = function_of(piece(line.data, size), address);
        if (size && !add_frame(frames, made, &function)) {
            return false;
        }
        line = piece(line.data + used, line.size_bytes - used);
    }
    return frames->frame_count == first || add_range(frames, address, first);
}

bool gperf_has_text(const uint8_t *data, size_t size_bytes)
{
    struct vmpf_string text = piece((const char *)data, size_bytes);
    struct vmpf_string line;
    if (!import_starts_with(text, MARKER) || !take_line(&text, false, &line)) {
        return false;
    }
    line = trimmed(piece(line.data + strlen(MARKER), line.size_bytes - strlen(MARKER)));
    return import_is_text(line, "symbol") || import_is_text(line, "profile");
}

vmpf_status gperf_read_symbols(struct gperf_frames *frames, struct import_made *made,
                               const uint8_t *data, size_t size_bytes, size_t *used,
                               struct vmpf_error *err)
{
    static const char program[] = "binary=";
    struct vmpf_string text = piece((const char *)data, size_bytes);
    struct vmpf_string line;
    bool has_program = false;
    bool done = true;
    while (done && take_line(&text, false, &line)) {
        line = trimmed(line);
        if (import_starts_with(line, "0x")) {
            done = take_symbol(frames, made, line);
        } else if (import_starts_with(line, program) && !has_program) {
            has_program = true;
            size_t skip = strlen(program);
            line = trimmed(piece(line.data + skip, line.size_bytes - skip));
            done = import_set_text(made, VMPF_META_PROGRAM, line);
        } else if (import_starts_with(line, MARKER)) {
            line = trimmed(piece(line.data + strlen(MARKER), line.size_bytes - strlen(MARKER)));
            if (import_is_text(line, "profile")) {
                *used = size_bytes - text.size_bytes;
                return VMPF_OK;
            }
            if (line.size_bytes && !import_is_text(line, "symbol")) {
                return import_fail(err, VMPF_E_UNSUPPORTED,
                                   "of what google-pprof writes by --raw, CPU profiles are read");
            }
        }
    }
    return done ? import_fail(err, VMPF_E_TRUNCATED, "it ends before its records")
                : import_fail(err, VMPF_E_NOMEM, "not enough memory");
}

/* ---- mapped files ---------------------------------------------------------------------------------- */

/* Takes a field and the blanks behind it off line. */
static struct vmpf_string take_field(struct vmpf_string *line)
{
    size_t size = 0;
    while (size < line->size_bytes && !is_blank(line->data[size])) {
        size++;
    }
    struct vmpf_string field = piece(line->data, size);
    *line = trimmed(piece(line->data + size, line->size_bytes - size));
    return field;
}

/* A path that begins with $build begins where the last line of build= says. False: memory is short. */
static bool set_path(struct import_made *made, struct vmpf_module *module, struct vmpf_string path,
                     struct vmpf_string build)
{
    static const char variable[] = "$build";
    const size_t size = strlen(variable);
    const char *behind = path.size_bytes > size ? path.data + size : "/";
    const char next = *behind;
    bool is_word = (next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z') ||
                   (next >= '0' && next <= '9') || next == '_';
    module->path = path;
    if (!import_starts_with(path, variable) || is_word) {
        return true;
    }
    size_t rest = path.size_bytes - size;
    char *whole = vmpt_arena_alloc(&made->functions.strings, build.size_bytes + rest);
    if (!whole) {
        return false;
    }
    if (build.size_bytes) {
        memcpy(whole, build.data, build.size_bytes);
    }
    memcpy(whole + build.size_bytes, path.data + size, rest);
    module->path = piece(whole, build.size_bytes + rest);
    return true;
}

/* As in /proc/PID/maps; what is none is passed over, as the format's document says. */
static bool take_mapping(struct import_made *made, struct vmpf_string line,
                         struct vmpf_string build)
{
    struct vmpf_module module = {.path = {"", 0}};
    uint64_t end;
    if (!take_hex(&line, &module.address) || !take_char(&line, '-') || !take_hex(&line, &end) ||
        end <= module.address) {
        return true;
    }
    line = trimmed(line);
    struct vmpf_string rights = take_field(&line);
    struct vmpf_string offset = take_field(&line);
    (void)take_field(&line); /* its device, which libprofiler writes as 00:00, */
    (void)take_field(&line); /* and its inode, which alone tells no file */
    bool is_code = rights.size_bytes >= 3 && rights.data[2] == 'x';
    if (!is_code || !take_hex(&offset, &module.file_offset) || line.size_bytes == 0) {
        return true;
    }
    module.size_bytes = end - module.address;
    return set_path(made, &module, line, build) && import_module(made, &module);
}

bool gperf_read_maps(struct import_made *made, const uint8_t *data, size_t size_bytes)
{
    static const char variable[] = "build=";
    const size_t skip = strlen(variable);
    struct vmpf_string text = piece((const char *)data, size_bytes);
    struct vmpf_string line;
    struct vmpf_string build = piece("", 0);
    bool done = true;
    while (done && take_line(&text, true, &line)) {
        struct vmpf_string plain = trimmed(line);
        if (import_starts_with(plain, variable)) {
            build = trimmed(piece(plain.data + skip, plain.size_bytes - skip));
        } else {
            done = take_mapping(made, line, build);
        }
    }
    return done;
}
