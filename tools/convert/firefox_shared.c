/* firefox_shared.c: the tables of a processed profile, column by column. */
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"
#include "tools/convert/firefox.h"
#include "tools/convert/names.h"

struct shared {
    struct conv_text *text;
    const struct conv_tables *tables;
    struct vmpt_functions files; /* by name; the strings of files stand behind those of functions */
    uint32_t *file_of;           /* by function: number + 1 in files; 0: none */
};

/* ---- columns ----------------------------------------------------------------------------------------- */

typedef void (*cell)(struct shared *shared, size_t row);

static void add_column(struct shared *shared, const char *name, size_t count, cell add)
{
    conv_text_printf(shared->text, "\"%s\":[", name);
    for (size_t i = 0; i < count; i++) {
        conv_text_add(shared->text, ",", i ? 1 : 0);
        add(shared, i);
    }
    conv_text_put(shared->text, "],\n");
}

/* The same in each row. */
static void add_constant(struct shared *shared, const char *name, size_t count, const char *value)
{
    conv_text_printf(shared->text, "\"%s\":[", name);
    for (size_t i = 0; i < count; i++) {
        conv_text_add(shared->text, ",", i ? 1 : 0);
        conv_text_put(shared->text, value);
    }
    conv_text_put(shared->text, "],\n");
}

static void add_row(struct shared *shared, size_t row)
{
    conv_text_number(shared->text, row);
}

static void end_table(struct shared *shared, size_t count, const char *behind)
{
    conv_text_printf(shared->text, "\"length\":%zu}%s\n", count, behind);
}

/* Numbers begin with 1, rows with 0. */
static void add_number_or_null(struct shared *shared, uint32_t number)
{
    if (number) {
        conv_text_number(shared->text, number - 1);
    } else {
        conv_text_put(shared->text, "null");
    }
}

/* ---- cells ------------------------------------------------------------------------------------------- */

static void add_stack_frame(struct shared *shared, size_t row)
{
    conv_text_number(shared->text, shared->tables->stacks.items[row + 1].frame - 1);
}

static void add_stack_prefix(struct shared *shared, size_t row)
{
    add_number_or_null(shared, shared->tables->stacks.items[row + 1].parent);
}

static void add_frame_function(struct shared *shared, size_t row)
{
    conv_text_number(shared->text, shared->tables->frames.keys[row + 1].function);
}

static void add_frame_category(struct shared *shared, size_t row)
{
    conv_text_number(shared->text, shared->tables->frames.keys[row + 1].kind);
}

static void add_line(struct shared *shared, uint32_t line)
{
    if (line) {
        conv_text_number(shared->text, line);
    } else {
        conv_text_put(shared->text, "null");
    }
}

static void add_frame_line(struct shared *shared, size_t row)
{
    add_line(shared, shared->tables->frames.keys[row + 1].line);
}

static void add_function_line(struct shared *shared, size_t row)
{
    add_line(shared, shared->tables->functions.items[row].first_line);
}

/* The viewer's own choice is between JavaScript and native: ours is between the VM's language and native. */
static void add_function_is_js(struct shared *shared, size_t row)
{
    uint8_t kind = shared->tables->functions.items[row].kind;
    conv_text_put(shared->text, vmpt_kind_is_virtual(kind) ? "true" : "false");
}

static void add_function_resource(struct shared *shared, size_t row)
{
    uint32_t module = shared->tables->module_of[row];
    if (module) {
        conv_text_number(shared->text, module - 1);
    } else {
        conv_text_put(shared->text, "-1");
    }
}

static void add_function_source(struct shared *shared, size_t row)
{
    add_number_or_null(shared, shared->file_of[row]);
}

static void add_file_string(struct shared *shared, size_t row)
{
    conv_text_number(shared->text, shared->tables->functions.count + row);
}

static void add_resource_string(struct shared *shared, size_t row)
{
    conv_text_number(shared->text, shared->tables->functions.count + shared->files.count + row);
}

static void add_string(struct shared *shared, size_t row)
{
    const struct conv_tables *tables = shared->tables;
    if (row < tables->functions.count) {
        const struct vmpt_function *function = &tables->functions.items[row];
        conv_text_string(shared->text, function->name_size ? function->name : "-",
                         function->name_size ? function->name_size : 1);
        return;
    }
    row -= tables->functions.count;
    if (row < shared->files.count) {
        conv_text_string(shared->text, shared->files.items[row].name,
                         shared->files.items[row].name_size);
        return;
    }
    const struct conv_module *module = &tables->modules[row - shared->files.count];
    size_t size;
    const char *base = conv_base_name(module->path.data, module->path.size_bytes, &size);
    conv_text_string(shared->text, base, size);
}

/* ---- tables ------------------------------------------------------------------------------------------ */

static void add_frames(struct shared *shared)
{
    size_t count = shared->tables->frames.count - 1;
    conv_text_put(shared->text, "\"frameTable\":{");
    add_constant(shared, "address", count, "-1");
    add_constant(shared, "inlineDepth", count, "0");
    add_column(shared, "category", count, add_frame_category);
    add_constant(shared, "subcategory", count, "0");
    add_column(shared, "func", count, add_frame_function);
    add_constant(shared, "nativeSymbol", count, "null");
    add_constant(shared, "innerWindowID", count, "null");
    add_column(shared, "line", count, add_frame_line);
    add_constant(shared, "column", count, "null");
    end_table(shared, count, ",");
}

static void add_functions(struct shared *shared)
{
    size_t count = shared->tables->functions.count;
    conv_text_put(shared->text, "\"funcTable\":{");
    add_column(shared, "name", count, add_row);
    add_column(shared, "isJS", count, add_function_is_js);
    add_constant(shared, "relevantForJS", count, "false");
    add_column(shared, "resource", count, add_function_resource);
    add_column(shared, "source", count, add_function_source);
    add_column(shared, "lineNumber", count, add_function_line);
    add_constant(shared, "columnNumber", count, "null");
    end_table(shared, count, ",");
}

static void add_resources(struct shared *shared)
{
    size_t count = shared->tables->module_count;
    conv_text_put(shared->text, "\"resourceTable\":{");
    add_constant(shared, "type", count, "1"); /* a library */
    add_column(shared, "lib", count, add_row);
    add_column(shared, "name", count, add_resource_string);
    add_constant(shared, "host", count, "null");
    end_table(shared, count, ",");
    conv_text_put(shared->text, "\"nativeSymbols\":{\"libIndex\":[],\"address\":[],"
                                "\"name\":[],\"functionSize\":[],\"length\":0},\n");
}

static void add_strings(struct shared *shared)
{
    const struct conv_tables *tables = shared->tables;
    size_t count = tables->functions.count + shared->files.count + tables->module_count;
    conv_text_put(shared->text, "\"stringArray\":[");
    for (size_t i = 0; i < count; i++) {
        conv_text_add(shared->text, ",", i ? 1 : 0);
        add_string(shared, i);
    }
    conv_text_put(shared->text, "]},\n");
}

static bool find_files(struct shared *shared)
{
    const struct vmpt_functions *functions = &shared->tables->functions;
    shared->file_of = vmpt_array(functions->count, sizeof(*shared->file_of));
    for (size_t i = 0; shared->file_of && i < functions->count; i++) {
        const struct vmpt_function *function = &functions->items[i];
        struct vmpf_function file = {.name = {function->file, function->file_size},
                                     .file = {"", 0}};
        uint32_t number = function->file_size ? vmpt_functions_intern(&shared->files, &file) : 0;
        if (number == VMPT_NO_FUNCTION) {
            return false;
        }
        shared->file_of[i] = function->file_size ? number + 1 : 0;
    }
    return shared->file_of != NULL;
}

static void add_all(struct shared *shared)
{
    size_t stacks = shared->tables->stacks.count - 1;
    conv_text_put(shared->text, "\"shared\":{\"stackTable\":{");
    add_column(shared, "frame", stacks, add_stack_frame);
    add_column(shared, "prefix", stacks, add_stack_prefix);
    end_table(shared, stacks, ",");
    add_frames(shared);
    add_functions(shared);
    add_resources(shared);
    conv_text_put(shared->text, "\"sources\":{");
    add_constant(shared, "id", shared->files.count, "null");
    add_column(shared, "filename", shared->files.count, add_file_string);
    end_table(shared, shared->files.count, ",");
    add_strings(shared);
}

bool conv_firefox_shared(struct conv_text *text, const struct conv_tables *tables)
{
    struct shared shared;
    memset(&shared, 0, sizeof(shared));
    shared.text = text;
    shared.tables = tables;
    vmpt_functions_init(&shared.files);
    bool done = find_files(&shared);
    if (done) {
        add_all(&shared);
    }
    vmpt_functions_fini(&shared.files);
    free(shared.file_of);
    return done;
}
