#include "tools/import/firefox_tables.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tools/analysis/memory.h"
#include "tools/import/json_input.h"
#include "tools/import/words.h"

struct frame {
    uint32_t function; /* IMPORT_NO_ID: it is broken */
    uint32_t line;
    vmpf_kind kind;
};

/* Where the names of frames come from. */
struct names {
    const json_t *strings;
    const json_t *categories;
    const json_t *libs;
    struct firefox_column location, line, category, func; /* of frames */
    struct firefox_column name, file, source, first_line, resource;
    struct firefox_column source_file;
    struct firefox_column resource_lib;
};

/* ---- columns ----------------------------------------------------------------------------------------- */

struct firefox_column firefox_column(const json_t *table, const char *name)
{
    const json_t *schema = json_object_get(table, "schema");
    struct firefox_column column = {.field = -1};
    if (schema) {
        column.field = json_input_index(json_object_get(schema, name));
        column.rows = column.field >= 0 ? json_object_get(table, "data") : NULL;
    } else {
        column.rows = json_object_get(table, name);
    }
    column.count = json_array_size(column.rows);
    return column;
}

const json_t *firefox_cell(const struct firefox_column *column, json_int_t row)
{
    if (row < 0) {
        return NULL;
    }
    const json_t *cell = json_array_get(column->rows, (size_t)row);
    return column->field < 0 ? cell : json_array_get(cell, (size_t)column->field);
}

static json_int_t index_at(const struct firefox_column *column, json_int_t row)
{
    return json_input_index(firefox_cell(column, row));
}

static struct vmpf_string string_at(const struct names *names, json_int_t index)
{
    return json_input_text(index < 0 ? NULL : json_array_get(names->strings, (size_t)index));
}

/* ---- kinds ------------------------------------------------------------------------------------------- */

/* Our own categories are our kinds; others have some that mean one of them. */
static vmpf_kind kind_of_category(const struct names *names, json_int_t category)
{
    static const struct {
        const char *name;
        vmpf_kind kind;
    } kinds[] = {
        {"py", VMPF_KIND_PY},         {"python", VMPF_KIND_PY},
        {"jit", VMPF_KIND_JIT},       {"vm", VMPF_KIND_VM},
        {"native", VMPF_KIND_NATIVE}, {"user", VMPF_KIND_NATIVE},
        {"kernel", VMPF_KIND_KERNEL}, {"gc", VMPF_KIND_GC},
        {"gc / cc", VMPF_KIND_GC},    {"jit-internal", VMPF_KIND_JIT_INTERNAL},
    };
    const json_t *found = category < 0 ? NULL : json_array_get(names->categories, (size_t)category);
    struct vmpf_string name = json_input_text(json_object_get(found, "name"));
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (name.size_bytes == strlen(kinds[i].name) &&
            strncasecmp(name.data, kinds[i].name, name.size_bytes) == 0) {
            return kinds[i].kind;
        }
    }
    return VMPF_KIND_UNKNOWN;
}

/* ---- functions --------------------------------------------------------------------------------------- */

/* Code of no file is that of its library. */
static void add_library(const struct names *names, json_int_t func, struct vmpf_function *function)
{
    json_int_t resource = index_at(&names->resource, func);
    json_int_t lib = index_at(&names->resource_lib, resource);
    const json_t *found = lib < 0 ? NULL : json_array_get(names->libs, (size_t)lib);
    if (found && function->file.size_bytes == 0) {
        function->kind = function->kind ? function->kind : VMPF_KIND_NATIVE;
        function->file = json_input_text(json_object_get(found, "path"));
    }
}

static bool read_function(const struct names *names, json_int_t func,
                          struct vmpf_function *function)
{
    json_int_t source = index_at(&names->source, func);
    json_int_t file =
        source >= 0 ? index_at(&names->source_file, source) : index_at(&names->file, func);
    const json_t *name = firefox_cell(&names->name, func);
    function->name = string_at(names, json_input_index(name));
    function->file = string_at(names, file);
    function->first_line = json_input_line(firefox_cell(&names->first_line, func));
    add_library(names, func, function);
    return name != NULL;
}

/* Takes ":12" off the end of text; 0: it has none. */
static uint32_t take_number(struct vmpf_string *text)
{
    uint64_t number = 0;
    size_t at = text->size_bytes;
    while (at > 0 && text->data[at - 1] >= '0' && text->data[at - 1] <= '9') {
        at--;
    }
    bool is_there = at > 1 && text->data[at - 1] == ':' &&
                    import_number(text->data + at, text->size_bytes - at, &number);
    text->size_bytes = is_there ? at - 1 : text->size_bytes;
    return number <= INT32_MAX ? (uint32_t)number : 0;
}

/* "name (file:line:column)", "name (file:line)", "name (in library)", or a name alone. */
static void split_location(struct vmpf_string text, struct vmpf_function *function)
{
    function->name = text;
    size_t open = text.size_bytes;
    if (!import_ends_in(text, ")")) {
        return;
    }
    while (open > 1 && !(text.data[open - 1] == '(' && text.data[open - 2] == ' ')) {
        open--;
    }
    if (open <= 2) {
        return;
    }
    struct vmpf_string place = {text.data + open, text.size_bytes - open - 1};
    function->name.size_bytes = open - 2;
    if (import_starts_with(place, "in ")) {
        function->file = (struct vmpf_string){place.data + 3, place.size_bytes - 3};
        function->kind = function->kind ? function->kind : VMPF_KIND_NATIVE;
        return;
    }
    uint32_t last = take_number(&place);
    uint32_t before = take_number(&place);
    function->first_line = before ? before : last;
    function->file = place;
}

static bool read_frame(const struct names *names, struct import_made *made, json_int_t row,
                       struct frame *frame)
{
    struct vmpf_function function = {.name = {"", 0}, .file = {"", 0}};
    const json_t *location = firefox_cell(&names->location, row);
    bool is_there;
    function.kind = kind_of_category(names, index_at(&names->category, row));
    if (names->location.rows) {
        struct vmpf_string text = string_at(names, json_input_index(location));
        is_there = text.size_bytes != 0;
        split_location(text, &function);
    } else {
        is_there = read_function(names, index_at(&names->func, row), &function);
    }
    function.kind = function.kind ? function.kind : import_kind_of_file(function.file);
    frame->line = json_input_line(firefox_cell(&names->line, row));
    frame->kind = function.kind;
    frame->function = is_there ? import_function(made, &function) : IMPORT_NO_ID;
    return !is_there || frame->function != IMPORT_NO_ID;
}

/* ---- stacks ------------------------------------------------------------------------------------------ */

static struct names names_of(const json_t *profile, const json_t *holder)
{
    const json_t *frames = json_object_get(holder, "frameTable");
    const json_t *funcs = json_object_get(holder, "funcTable");
    const json_t *strings = json_object_get(holder, "stringArray");
    return (struct names){
        .strings = strings ? strings : json_object_get(holder, "stringTable"),
        .categories = json_object_get(json_object_get(profile, "meta"), "categories"),
        .libs = json_object_get(profile, "libs"),
        .location = firefox_column(frames, "location"),
        .line = firefox_column(frames, "line"),
        .category = firefox_column(frames, "category"),
        .func = firefox_column(frames, "func"),
        .name = firefox_column(funcs, "name"),
        .file = firefox_column(funcs, "fileName"),
        .source = firefox_column(funcs, "source"),
        .first_line = firefox_column(funcs, "lineNumber"),
        .resource = firefox_column(funcs, "resource"),
        .source_file = firefox_column(json_object_get(holder, "sources"), "filename"),
        .resource_lib = firefox_column(json_object_get(holder, "resourceTable"), "lib"),
    };
}

/* Callers stand before their callees in every profile that is sound. */
static bool read_stacks(struct firefox_tables *tables, const struct frame *frames, size_t count,
                        const json_t *holder, struct import_made *made)
{
    const json_t *table = json_object_get(holder, "stackTable");
    struct firefox_column prefix = firefox_column(table, "prefix");
    struct firefox_column frame = firefox_column(table, "frame");
    tables->stack_count = frame.count;
    tables->stacks = vmpt_array(frame.count, sizeof(*tables->stacks));
    uint32_t *depths = vmpt_array(frame.count, sizeof(*depths));
    bool done = tables->stacks && depths;
    for (size_t i = 0; done && i < frame.count; i++) {
        const json_t *above = firefox_cell(&prefix, (json_int_t)i);
        json_int_t caller = json_input_index(above);
        json_int_t at = index_at(&frame, (json_int_t)i);
        bool is_root = !above || json_is_null(above);
        bool sound = at >= 0 && (uint64_t)at < count && frames[at].function != IMPORT_NO_ID &&
                     (is_root || (caller >= 0 && (uint64_t)caller < i && tables->stacks[caller] &&
                                  depths[caller] < VMPF_MAX_DEPTH));
        if (sound) {
            depths[i] = is_root ? 1 : depths[caller] + 1;
            tables->stacks[i] = import_frame(made, is_root ? 0 : tables->stacks[caller],
                                             frames[at].function, frames[at].line, frames[at].kind);
            done = tables->stacks[i] != IMPORT_NO_ID;
        }
    }
    free(depths);
    return done;
}

bool firefox_tables_read(struct firefox_tables *tables, const json_t *profile, const json_t *holder,
                         struct import_made *made)
{
    struct names names = names_of(profile, holder);
    size_t count = names.location.rows ? names.location.count : names.func.count;
    struct frame *frames = vmpt_array(count, sizeof(*frames));
    bool done = frames != NULL;
    firefox_tables_fini(tables);
    for (size_t i = 0; done && i < count; i++) {
        done = read_frame(&names, made, (json_int_t)i, &frames[i]);
    }
    done = done && read_stacks(tables, frames, count, holder, made);
    free(frames);
    return done;
}

void firefox_tables_fini(struct firefox_tables *tables)
{
    free(tables->stacks);
    memset(tables, 0, sizeof(*tables));
}
