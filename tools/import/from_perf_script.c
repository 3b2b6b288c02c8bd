#include "tools/import/from_perf_script.h"

#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"
#include "tools/import/made.h"
#include "tools/import/text_input.h"
#include "tools/import/words.h"

#define MAX_EVENT_BYTES 50 /* what a value's name may have */
#define NS_PER_SECOND UINT64_C(1000000000)

/* ---- the line of a sample ---------------------------------------------------------------------------- */

struct header {
    struct vmpf_thread thread; /* its name is in the line */
    struct vmpf_string event;
    uint64_t weight;
    bool has_weight; /* else it counts one */
    uint64_t stamp_ns;
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

static size_t trimmed(const char *text, size_t size)
{
    while (size > 0 && is_space(text[size - 1])) {
        size--;
    }
    return size;
}

/* The last word of text, which is cut off from it. */
static struct vmpf_string take_word(const char *text, size_t *size)
{
    size_t end = trimmed(text, *size);
    size_t begin = end;
    while (begin > 0 && !is_space(text[begin - 1])) {
        begin--;
    }
    *size = begin;
    return (struct vmpf_string){text + begin, end - begin};
}

/* "12.345678:", seconds and a part of them that has as many digits as it likes. */
static bool read_time(struct vmpf_string word, uint64_t *stamp_ns)
{
    const char *point = word.size_bytes ? memchr(word.data, '.', word.size_bytes) : NULL;
    uint64_t seconds;
    uint64_t ignored;
    if (!point || word.data[word.size_bytes - 1] != ':') {
        return false;
    }
    size_t whole = (size_t)(point - word.data);
    size_t digits = word.size_bytes - whole - 2;
    if (!import_number(word.data, whole, &seconds) || !import_number(point + 1, digits, &ignored) ||
        seconds > (uint64_t)INT64_MAX / NS_PER_SECOND - 1) {
        return false;
    }
    *stamp_ns = seconds * NS_PER_SECOND;
    uint64_t unit = NS_PER_SECOND / 10;
    for (size_t i = 0; i < digits && unit > 0; i++, unit /= 10) {
        *stamp_ns += (uint64_t)(point[1 + i] - '0') * unit;
    }
    return true;
}

/* "pid/tid", or the thread's alone. */
static bool take_ids(struct vmpf_string word, struct vmpf_thread *thread)
{
    const char *slash = word.size_bytes ? memchr(word.data, '/', word.size_bytes) : NULL;
    size_t first = slash ? (size_t)(slash - word.data) : 0;
    size_t skipped = slash ? first + 1 : 0;
    return (!slash || import_number(word.data, first, &thread->process_id)) &&
           import_number(word.data + skipped, word.size_bytes - skipped, &thread->thread_id);
}

/* "comm pid/tid [cpu] sec.usec: period event:", from its end, for a comm may have spaces. */
static bool read_header(const char *line, size_t size, struct header *header)
{
    memset(header, 0, sizeof(*header));
    struct vmpf_string word = take_word(line, &size);
    if (read_time(word, &header->stamp_ns) || word.size_bytes < 2 ||
        word.data[word.size_bytes - 1] != ':') {
        return false;
    }
    header->event = (struct vmpf_string){word.data, word.size_bytes - 1};
    word = take_word(line, &size);
    header->has_weight = import_number(word.data, word.size_bytes, &header->weight);
    if (header->has_weight) {
        word = take_word(line, &size);
    } else {
        header->weight = 1;
    }
    if (!read_time(word, &header->stamp_ns)) {
        return false;
    }
    word = take_word(line, &size);
    if (word.size_bytes > 2 && word.data[0] == '[') {
        word = take_word(line, &size);
    }
    size = trimmed(line, size);
    while (size > 0 && is_space(*line)) {
        line++;
        size--;
    }
    header->thread.name = (struct vmpf_string){line, size};
    return size > 0 && take_ids(word, &header->thread);
}

/* ---- the line of a frame ------------------------------------------------------------------------------ */

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static vmpf_kind kind_of(struct vmpf_string module)
{
    if (module.size_bytes == 0) {
        return VMPF_KIND_UNKNOWN;
    }
    if (import_ends_in(module, ".py")) {
        return VMPF_KIND_PY;
    }
    return import_ends_in(module, "kernel.kallsyms]") ? VMPF_KIND_KERNEL : VMPF_KIND_NATIVE;
}

static uint64_t hex_of(const char *text, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size && i < 16; i++) {
        value = value * 16 + (uint64_t)(text[i] <= '9' ? text[i] - '0' : text[i] - 'a' + 10);
    }
    return value;
}

/* "name+0x1f": how far in the function is not the function's name, but tells where that begins. */
static void name_of(const char *name, size_t size, uint64_t address, struct vmpf_function *function)
{
    size_t at = size;
    while (at > 0 && is_hex(name[at - 1])) {
        at--;
    }
    if (at < size && at > 3 && memcmp(name + at - 3, "+0x", 3) == 0) {
        uint64_t offset = hex_of(name + at, size - at);
        function->address = offset <= address ? address - offset : 0;
        size = at - 3;
    }
    function->name = (struct vmpf_string){name, size};
}

/* "address name (module)" */
static bool read_frame(const char *line, size_t size, struct vmpf_function *function)
{
    size_t at = 0;
    while (at < size && is_space(line[at])) {
        at++;
    }
    size_t begin = at;
    while (at < size && is_hex(line[at])) {
        at++;
    }
    size = trimmed(line, size);
    if (at == begin || at >= size || line[at] != ' ' || line[size - 1] != ')') {
        return false;
    }
    const char *name = line + at + 1;
    size_t open = size - 1;
    while (open > at + 1 && !(line[open] == '(' && line[open - 1] == ' ')) {
        open--;
    }
    if (open <= at + 2) {
        return false;
    }
    struct vmpf_string module = {line + open + 1, size - open - 2};
    memset(function, 0, sizeof(*function));
    function->file = import_ends_in(module, "[unknown]") ? (struct vmpf_string){"", 0} : module;
    name_of(name, (size_t)(line + open - 1 - name), hex_of(line + begin, at - begin), function);
    function->kind = kind_of(function->file);
    return true;
}

/* "header: address name (module)": a sample without callers, in one line. */
static bool read_one_line(const char *line, size_t size, struct header *header,
                          struct vmpf_function *function)
{
    size_t end = trimmed(line, size);
    if (end == 0 || line[end - 1] != ')') {
        return false;
    }
    for (size_t i = 1; i + 1 < end; i++) {
        if (line[i] == ':' && is_space(line[i + 1]) &&
            read_frame(line + i + 1, end - i - 1, function) && read_header(line, i + 1, header)) {
            return true;
        }
    }
    return false;
}

bool import_is_perf_script(const uint8_t *head, size_t size_bytes)
{
    const char *text = (const char *)head;
    while (size_bytes > 0) {
        const char *newline = memchr(text, '\n', size_bytes);
        size_t size = newline ? (size_t)(newline - text) : size_bytes;
        size_t used = newline ? size + 1 : size;
        struct header header;
        struct vmpf_function function;
        size -= size && text[size - 1] == '\r';
        if (size > 0 && *text != '#') {
            return !memchr(text, '\0', size) && (read_header(text, size, &header) ||
                                                 read_one_line(text, size, &header, &function));
        }
        text += used;
        size_bytes -= used;
    }
    return false;
}

/* ---- samples ----------------------------------------------------------------------------------------- */

struct perf_script {
    struct text_input input;
    struct import_ops ops;
    const struct import_perf_printer *printer; /* NULL: it is a file */
    char event[MAX_EVENT_BYTES + 1];
    bool in_sample;
    uint32_t thread;
    uint64_t weight, offset, time_ns; /* of the sample */
    uint64_t first_stamp_ns;          /* what times are counted from */
    bool other_event;
    struct frame {
        uint32_t function;
        vmpf_kind kind;
    } * frames; /* the innermost first */
    size_t frame_count, frame_capacity;
};

static void script_close(void *ctx)
{
    struct perf_script *p = ctx;
    text_input_fini(&p->input);
    free(p->frames);
    free(p);
}

/* False: memory is short. */
static bool add_frame(struct perf_script *p, struct import_made *made,
                      const struct vmpf_function *function)
{
    if (p->frame_count > VMPF_MAX_DEPTH) {
        return true; /* the sample is lost already */
    }
    uint32_t id = import_function(made, function);
    if (id == IMPORT_NO_ID ||
        !vmpt_reserve(&p->frames, &p->frame_capacity, p->frame_count + 1, sizeof(*p->frames))) {
        return false;
    }
    p->frames[p->frame_count++] = (struct frame){id, function->kind};
    return true;
}

static bool end_sample(struct perf_script *p, struct import_made *made)
{
    uint32_t stack = 0;
    if (!p->in_sample) {
        return true;
    }
    p->in_sample = false;
    if (p->other_event || p->frame_count > VMPF_MAX_DEPTH) {
        import_damage(made, p->offset, 1, 0, "a sample is %s",
                      p->other_event ? "of another event than the first" : "too deep");
        return true;
    }
    for (size_t i = p->frame_count; i-- > 0 && stack != IMPORT_NO_ID;) {
        stack = import_frame(made, stack, p->frames[i].function, 0, p->frames[i].kind);
    }
    if (stack == IMPORT_NO_ID) {
        return false;
    }
    import_sample(made, stack, p->thread, p->time_ns, &p->weight);
    if (p->time_ns > made->info.end_ns) {
        made->info.end_ns = p->time_ns;
    }
    return true;
}

/* The first event names the value. */
static bool begin_sample(struct perf_script *p, struct import_made *made,
                         const struct header *header)
{
    size_t size = header->event.size_bytes;
    size = size < MAX_EVENT_BYTES ? size : MAX_EVENT_BYTES;
    if (made->info.value_count == 0) {
        memcpy(p->event, header->event.data, size);
        bool is_time = header->has_weight && (strncmp(p->event, "cpu-clock", 9) == 0 ||
                                              strncmp(p->event, "task-clock", 10) == 0);
        if (!import_add_value(made, p->event, is_time ? "ns" : "count")) {
            return false;
        }
        p->first_stamp_ns = header->stamp_ns;
    }
    p->time_ns = header->stamp_ns > p->first_stamp_ns ? header->stamp_ns - p->first_stamp_ns : 0;
    p->other_event = strlen(p->event) != size || memcmp(p->event, header->event.data, size) != 0;
    p->in_sample = true;
    p->frame_count = 0;
    p->weight = header->weight;
    p->offset = p->input.line_offset;
    p->thread = import_thread(made, &header->thread);
    return p->thread != IMPORT_NO_ID;
}

static bool take_line(struct perf_script *p, struct import_made *made, const char *line,
                      size_t size)
{
    struct header header;
    struct vmpf_function function;
    if (trimmed(line, size) == 0) {
        return end_sample(p, made);
    }
    if (read_header(line, size, &header)) {
        return end_sample(p, made) && begin_sample(p, made, &header);
    }
    if (p->in_sample && read_frame(line, size, &function)) {
        return add_frame(p, made, &function);
    }
    if (read_one_line(line, size, &header, &function)) {
        return end_sample(p, made) && begin_sample(p, made, &header) &&
               add_frame(p, made, &function);
    }
    if (*line != '#') {
        import_damage(made, p->input.line_offset, 0, size, "a line is none of perf script's");
    }
    return true;
}

/* until_begun: reads no further than the first sample's line. */
static vmpf_status read_lines(struct perf_script *p, struct import_made *made, bool until_begun,
                              struct vmpf_error *err)
{
    while (!import_is_full(made) && !(until_begun && p->in_sample)) {
        char *line;
        size_t size;
        vmpf_status status = text_input_line(&p->input, &line, &size, err);
        if (status != VMPF_OK && status != VMPF_END) {
            return status;
        }
        bool done = status == VMPF_OK ? take_line(p, made, line, size) : end_sample(p, made);
        if (status == VMPF_END) {
            text_input_end(&p->input, made);
        }
        if (!done || status == VMPF_END) {
            return done ? VMPF_END : import_fail(err, VMPF_E_NOMEM, "not enough memory");
        }
    }
    return VMPF_OK;
}

/* Says so if the program that prints it failed. */
static bool has_printer_failed(const struct perf_script *p, char *why, size_t why_size)
{
    return p->printer && p->printer->has_failed(p->input.source.ctx, why, why_size);
}

static vmpf_status script_more(void *ctx, struct import_made *made, struct vmpf_error *err)
{
    struct perf_script *p = ctx;
    char why[160];
    vmpf_status status = read_lines(p, made, false, err);
    if (status == VMPF_END && has_printer_failed(p, why, sizeof(why))) {
        import_damage(made, 0, 0, 0, "perf failed before the end of it: %s", why);
    }
    return status;
}

static vmpf_status begin(struct perf_script *p, struct import_made *made, struct vmpf_error *err)
{
    char why[160];
    vmpf_status status = read_lines(p, made, true, err);
    if (status != VMPF_END) {
        return status;
    }
    return has_printer_failed(p, why, sizeof(why))
               ? import_fail(err, VMPF_E_UNSUPPORTED, "perf cannot read it: %s", why)
               : import_fail(err, VMPF_E_NOT_VMPROF, "it has no sample of perf script");
}

vmpf_status import_open_perf_printed(struct vmpt_feed *feed, struct vmpf_source source,
                                     const struct import_perf_printer *printer,
                                     struct vmpf_error *err)
{
    struct perf_script *p = calloc(1, sizeof(*p));
    struct import_made *made;
    if (!p) {
        vmpf_source_close(&source);
        return import_fail(err, VMPF_E_NOMEM, "not enough memory");
    }
    p->printer = printer;
    p->ops = (struct import_ops){.more = script_more,
                                 .close = script_close,
                                 .format = printer ? printer->format : "perf-script"};
    text_input_init(&p->input, source);
    vmpf_status status = import_open(feed, &made, &p->ops, p, err);
    if (status != VMPF_OK) {
        return status;
    }
    status = begin(p, made, err);
    if (status != VMPF_OK) {
        feed->ops->close(feed->ctx);
    }
    return status;
}

vmpf_status import_open_perf_script(struct vmpt_feed *feed, struct vmpf_source source,
                                    uint32_t skip_columns, struct vmpf_error *err)
{
    (void)skip_columns;
    return import_open_perf_printed(feed, source, NULL, err);
}
