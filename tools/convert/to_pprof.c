/* to_pprof.c: pprof's profile.proto, compressed by gzip: what samples come to, by stack, thread and labels. */
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"
#include "tools/convert/format.h"
#include "tools/convert/names.h"
#include "tools/convert/protobuf.h"
#include "tools/convert/sums.h"

/* Fields of profile.proto. */
enum profile_field {
    PROFILE_SAMPLE_TYPE = 1,
    PROFILE_SAMPLE = 2,
    PROFILE_MAPPING = 3,
    PROFILE_LOCATION = 4,
    PROFILE_FUNCTION = 5,
    PROFILE_STRING = 6,
    PROFILE_TIME_NANOS = 9,
    PROFILE_DURATION_NANOS = 10,
    PROFILE_PERIOD_TYPE = 11,
    PROFILE_PERIOD = 12,
    PROFILE_DEFAULT_SAMPLE_TYPE = 14,
};
enum { TYPE_TYPE = 1, TYPE_UNIT = 2 };
enum { SAMPLE_LOCATIONS = 1, SAMPLE_VALUES = 2, SAMPLE_LABEL = 3 };
enum { LABEL_KEY = 1, LABEL_TEXT = 2, LABEL_NUMBER = 3 };
enum {
    MAPPING_ID = 1,
    MAPPING_START = 2,
    MAPPING_LIMIT = 3,
    MAPPING_OFFSET = 4,
    MAPPING_FILE = 5,
    MAPPING_BUILD_ID = 6,
    MAPPING_HAS_FUNCTIONS = 7,
    MAPPING_HAS_INLINE = 10,
};
enum { LOCATION_ID = 1, LOCATION_MAPPING = 2, LOCATION_LINE = 4 };
enum { LINE_FUNCTION = 1, LINE_LINE = 2 };
enum { FUNCTION_ID = 1, FUNCTION_NAME = 2, FUNCTION_FILE = 4, FUNCTION_START_LINE = 5 };

/* The program itself; those of its modules come behind it. Each says that names need not be looked up. */
#define MAIN_MAPPING 1
#define COMPRESSION_LEVEL 3
/* A member of gzip is about as long: a longer profile is several, one after the other, which is gzip too. */
#define MEMBER_BYTES ((size_t)8 << 20)

struct pprof {
    struct conv_sums sums;
    struct vmpt_output *output;
    struct libdeflate_compressor *compressor;
    struct vmpt_buffer out;
    struct vmpt_buffer part; /* a message inside of out */
    struct vmpt_buffer line; /* one inside of part */
    struct vmpt_buffer text;
    uint64_t strings;       /* in the table so far */
    uint64_t *label_string; /* by label, its key's; the text's is the next */
    uint64_t *thread_string;
    uint64_t keys[3]; /* strings of thread, thread_id, process_id */
    bool failed;
};

/* Compresses what there is, once it is as much as this. */
static void drain(struct pprof *pprof, size_t least_bytes)
{
    struct vmpt_buffer *raw = &pprof->out;
    if (raw->size < least_bytes || raw->failed || pprof->failed) {
        return;
    }
    size_t room = libdeflate_gzip_compress_bound(pprof->compressor, raw->size);
    char *packed = malloc(room);
    size_t size =
        packed ? libdeflate_gzip_compress(pprof->compressor, raw->data, raw->size, packed, room)
               : 0;
    pprof->failed = size == 0;
    vmpt_output_write(pprof->output, packed, size);
    free(packed);
    raw->size = 0;
}

/* Strings are not shared: names of functions are different ones anyhow. */
static uint64_t add_string(struct pprof *pprof, const char *data, size_t size_bytes)
{
    pprof->text.size = 0;
    conv_add_clean(&pprof->text, data, size_bytes);
    conv_proto_bytes(&pprof->out, PROFILE_STRING, pprof->text.data, pprof->text.size);
    return pprof->strings++;
}

static uint64_t add_text(struct pprof *pprof, const char *text)
{
    return add_string(pprof, text, strlen(text));
}

static void end_part(struct pprof *pprof, uint32_t field)
{
    conv_proto_bytes(&pprof->out, field, pprof->part.data, pprof->part.size);
    pprof->part.size = 0;
    drain(pprof, MEMBER_BYTES);
}

/* ---- values ------------------------------------------------------------------------------------------ */

static void add_type(struct pprof *pprof, uint32_t field, uint64_t type, uint64_t unit)
{
    conv_proto_integer(&pprof->part, TYPE_TYPE, type);
    conv_proto_integer(&pprof->part, TYPE_UNIT, unit);
    end_part(pprof, field);
}

static const char *unit_of(const char *unit)
{
    return strcmp(unit, "ns") == 0 ? "nanoseconds" : unit;
}

/* A value of this name is the number of samples, which stands first anyhow. */
static bool is_count(const struct conv_value *value)
{
    return strcmp(value->name, "samples") == 0;
}

static void add_types(struct pprof *pprof)
{
    const struct conv_sums *sums = &pprof->sums;
    const struct conv_tables *tables = &sums->tables;
    uint64_t samples = add_text(pprof, "samples");
    uint64_t main = samples;
    add_type(pprof, PROFILE_SAMPLE_TYPE, samples, add_text(pprof, "count"));
    for (size_t i = 0; i < sums->value_count; i++) {
        if (!is_count(&sums->values[i])) {
            uint64_t name = add_text(pprof, sums->values[i].name);
            add_type(pprof, PROFILE_SAMPLE_TYPE, name,
                     add_text(pprof, unit_of(sums->values[i].unit)));
            bool weighs = tables->metric && strcmp(tables->metric, sums->values[i].name) == 0;
            main = weighs ? name : main;
        }
    }
    conv_proto_integer(&pprof->out, PROFILE_DEFAULT_SAMPLE_TYPE, main);
    conv_proto_integer(&pprof->out, PROFILE_TIME_NANOS, tables->start_unix_ns);
    conv_proto_integer(&pprof->out, PROFILE_DURATION_NANOS, tables->end_ns);
    if (tables->period_ns) {
        uint64_t time = add_text(pprof, "cpu");
        add_type(pprof, PROFILE_PERIOD_TYPE, time, add_text(pprof, "nanoseconds"));
        conv_proto_integer(&pprof->out, PROFILE_PERIOD, tables->period_ns);
    }
}

/* ---- tables ------------------------------------------------------------------------------------------ */

static void add_mapping(struct pprof *pprof, uint64_t id, const struct conv_module *module)
{
    uint64_t file =
        module->path.size_bytes ? add_string(pprof, module->path.data, module->path.size_bytes) : 0;
    pprof->line.size = 0;
    for (size_t i = 0; i < module->build_id.size_bytes; i++) {
        vmpt_buffer_printf(&pprof->line, "%02x", (unsigned)(unsigned char)module->build_id.data[i]);
    }
    uint64_t build_id =
        pprof->line.size ? add_string(pprof, pprof->line.data, pprof->line.size) : 0;
    conv_proto_integer(&pprof->part, MAPPING_ID, id);
    conv_proto_integer(&pprof->part, MAPPING_START, module->address);
    conv_proto_integer(&pprof->part, MAPPING_LIMIT, module->address + module->size_bytes);
    conv_proto_integer(&pprof->part, MAPPING_OFFSET, module->file_offset);
    conv_proto_integer(&pprof->part, MAPPING_FILE, file);
    conv_proto_integer(&pprof->part, MAPPING_BUILD_ID, build_id);
    for (uint32_t has = MAPPING_HAS_FUNCTIONS; has <= MAPPING_HAS_INLINE; has++) {
        conv_proto_integer(&pprof->part, has, 1);
    }
    end_part(pprof, PROFILE_MAPPING);
}

static void add_mappings(struct pprof *pprof)
{
    const struct conv_tables *tables = &pprof->sums.tables;
    const struct conv_module program = {.path = {tables->program, tables->program_size}};
    add_mapping(pprof, MAIN_MAPPING, &program);
    for (size_t i = 0; i < tables->module_count; i++) {
        add_mapping(pprof, MAIN_MAPPING + 1 + i, &tables->modules[i]);
    }
}

/* system_name is left 0: pprof would take one for a name to demangle, and show <module> as unknown. */
static void add_functions(struct pprof *pprof)
{
    const struct conv_tables *tables = &pprof->sums.tables;
    for (uint32_t i = 0; i < tables->functions.count; i++) {
        struct vmpt_function function = conv_tables_function(tables, i);
        uint64_t name = add_string(pprof, function.name, function.name_size);
        uint64_t file =
            function.file_size ? add_string(pprof, function.file, function.file_size) : 0;
        conv_proto_integer(&pprof->part, FUNCTION_ID, (uint64_t)i + 1);
        conv_proto_integer(&pprof->part, FUNCTION_NAME, name);
        conv_proto_integer(&pprof->part, FUNCTION_FILE, file);
        conv_proto_integer(&pprof->part, FUNCTION_START_LINE, function.first_line);
        end_part(pprof, PROFILE_FUNCTION);
    }
}

/* A frame is a location, of the same number. */
static void add_locations(struct pprof *pprof)
{
    const struct conv_tables *tables = &pprof->sums.tables;
    for (size_t id = 1; id < tables->frames.count; id++) {
        const struct vmpt_node_key *key = &tables->frames.keys[id];
        uint32_t module = tables->module_of[key->function];
        pprof->line.size = 0;
        conv_proto_integer(&pprof->line, LINE_FUNCTION, (uint64_t)key->function + 1);
        conv_proto_integer(&pprof->line, LINE_LINE, key->line);
        conv_proto_integer(&pprof->part, LOCATION_ID, id);
        conv_proto_integer(&pprof->part, LOCATION_MAPPING, MAIN_MAPPING + (uint64_t)module);
        conv_proto_bytes(&pprof->part, LOCATION_LINE, pprof->line.data, pprof->line.size);
        end_part(pprof, PROFILE_LOCATION);
    }
}

/* Strings of what samples are labelled with: of labels, and of threads that have a name. */
static bool add_label_strings(struct pprof *pprof)
{
    static const char *const keys[] = {"thread", "thread_id", "process_id"};
    const struct conv_sums *sums = &pprof->sums;
    const struct conv_tables *tables = &sums->tables;
    pprof->label_string = vmpt_array(sums->labels.count, sizeof(*pprof->label_string));
    pprof->thread_string = vmpt_array(tables->thread_count, sizeof(*pprof->thread_string));
    if (!pprof->label_string || !pprof->thread_string) {
        return false;
    }
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        pprof->keys[i] = add_text(pprof, keys[i]);
    }
    for (size_t i = 0; i < sums->labels.count; i++) {
        const struct vmpt_function *label = &sums->labels.items[i];
        pprof->label_string[i] = add_string(pprof, label->name, label->name_size);
        (void)add_string(pprof, label->file, label->file_size);
    }
    for (size_t i = 0; i < tables->thread_count; i++) {
        const struct conv_thread *thread = &tables->threads[i];
        pprof->thread_string[i] =
            thread->name_size ? add_string(pprof, thread->name, thread->name_size) : 0;
    }
    return true;
}

/* ---- samples ----------------------------------------------------------------------------------------- */

static void add_label(struct pprof *pprof, uint64_t key, uint64_t text, uint64_t number)
{
    pprof->line.size = 0;
    conv_proto_integer(&pprof->line, LABEL_KEY, key);
    conv_proto_integer(&pprof->line, LABEL_TEXT, text);
    conv_proto_integer(&pprof->line, LABEL_NUMBER, number);
    conv_proto_bytes(&pprof->part, SAMPLE_LABEL, pprof->line.data, pprof->line.size);
}

static void add_labels(struct pprof *pprof, const struct conv_sum *sum)
{
    const struct conv_thread *thread = &pprof->sums.tables.threads[sum->thread];
    uint32_t at = sum->labels;
    uint32_t label;
    if (pprof->thread_string[sum->thread]) {
        add_label(pprof, pprof->keys[0], pprof->thread_string[sum->thread], 0);
    }
    if (thread->thread_id) {
        add_label(pprof, pprof->keys[1], 0, thread->thread_id);
    }
    if (thread->process_id) {
        add_label(pprof, pprof->keys[2], 0, thread->process_id);
    }
    while (conv_sums_label(&pprof->sums, sum->labels, &at, &label)) {
        const struct vmpt_function *words = &pprof->sums.labels.items[label];
        uint64_t key = pprof->label_string[label];
        add_label(pprof, key, words->file_size ? key + 1 : 0, words->address);
    }
}

static void add_sample(struct pprof *pprof, const struct conv_sum *sum)
{
    const struct conv_sums *sums = &pprof->sums;
    const struct conv_stack *stacks = sums->tables.stacks.items;
    struct vmpt_buffer *text = &pprof->text;
    text->size = 0;
    for (uint32_t at = sum->stack; at; at = stacks[at].parent) {
        conv_proto_varint(text, stacks[at].frame); /* the innermost first */
    }
    conv_proto_bytes(&pprof->part, SAMPLE_LOCATIONS, text->data, text->size);
    text->size = 0;
    conv_proto_varint(text, sum->samples);
    for (size_t i = 0; i < sums->value_count; i++) {
        if (!is_count(&sums->values[i])) {
            conv_proto_varint(text, conv_sums_value(sums, sum, i));
        }
    }
    conv_proto_bytes(&pprof->part, SAMPLE_VALUES, text->data, text->size);
    add_labels(pprof, sum);
    end_part(pprof, PROFILE_SAMPLE);
}

/* ---- the document ------------------------------------------------------------------------------------ */

static bool write_document(struct pprof *pprof)
{
    (void)add_text(pprof, ""); /* string 0 is the empty one */
    add_types(pprof);
    add_mappings(pprof);
    add_functions(pprof);
    add_locations(pprof);
    bool done = add_label_strings(pprof);
    for (size_t i = 0; done && i < pprof->sums.count; i++) {
        add_sample(pprof, &pprof->sums.items[i]);
    }
    drain(pprof, 1);
    return done && !pprof->failed && !pprof->out.failed && !pprof->part.failed &&
           !pprof->line.failed && !pprof->text.failed;
}

static int write_samples(struct conv_job *job)
{
    struct pprof pprof;
    memset(&pprof, 0, sizeof(pprof));
    pprof.output = &job->target.output;
    pprof.compressor = libdeflate_alloc_compressor(COMPRESSION_LEVEL);
    int code = conv_sums_init(&pprof.sums, job);
    if (code < 0 && (!pprof.compressor || !write_document(&pprof))) {
        code = vmpt_app_no_memory(&job->app);
    }
    conv_sums_fini(&pprof.sums);
    libdeflate_free_compressor(pprof.compressor);
    free(pprof.label_string);
    free(pprof.thread_string);
    vmpt_buffer_fini(&pprof.out);
    vmpt_buffer_fini(&pprof.part);
    vmpt_buffer_fini(&pprof.line);
    vmpt_buffer_fini(&pprof.text);
    return code;
}

const struct conv_format conv_to_pprof = {
    .option = "pprof",
    .extension = "pb.gz",
    .title = "pprof's format",
    .help = "pprof's profile.proto, compressed by gzip",
    .holds = VMPT_HOLDS_WEIGHTS | VMPT_HOLDS_LINES | VMPT_HOLDS_THREADS | VMPT_HOLDS_LABELS |
             VMPT_HOLDS_MODULES,
    .weighs = true,
    .write_samples = write_samples,
};
