/* to_otlp.c: OpenTelemetry's ProfilesData, as opentelemetry-proto 1.9 has profiles/v1development: a dictionary, and a profile for
 * each value, of what samples come to by stack, thread and labels.
 *
 * Number 0 of each table of the dictionary stands for what is not set.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"
#include "tools/convert/format.h"
#include "tools/convert/names.h"
#include "tools/convert/protobuf.h"
#include "tools/convert/sums.h"

/* Fields of profiles.proto, common.proto and resource.proto. */
enum { DATA_RESOURCE_PROFILES = 1, DATA_DICTIONARY = 2 };
enum { RESOURCE_PROFILES_SCOPE_PROFILES = 2 };
enum { SCOPE_PROFILES_SCOPE = 1, SCOPE_PROFILES_PROFILES = 2 };
enum { SCOPE_NAME = 1, SCOPE_VERSION = 2 };
enum dictionary_field {
    DICTIONARY_MAPPING = 1,
    DICTIONARY_LOCATION = 2,
    DICTIONARY_FUNCTION = 3,
    DICTIONARY_LINK = 4,
    DICTIONARY_STRING = 5,
    DICTIONARY_ATTRIBUTE = 6,
    DICTIONARY_STACK = 7,
};
enum {
    PROFILE_SAMPLE_TYPE = 1,
    PROFILE_SAMPLES = 2,
    PROFILE_TIME = 3,
    PROFILE_DURATION = 4,
    PROFILE_PERIOD_TYPE = 5,
    PROFILE_PERIOD = 6,
};
enum { TYPE_TYPE = 1, TYPE_UNIT = 2 };
enum { SAMPLE_STACK = 1, SAMPLE_ATTRIBUTES = 2, SAMPLE_VALUES = 4 };
enum {
    MAPPING_START = 1,
    MAPPING_LIMIT = 2,
    MAPPING_OFFSET = 3,
    MAPPING_FILE = 4,
    MAPPING_ATTRIBUTES = 5,
};
enum { LOCATION_MAPPING = 1, LOCATION_LINES = 3 };
enum { LINE_FUNCTION = 1, LINE_LINE = 2 };
enum { FUNCTION_NAME = 1, FUNCTION_FILE = 3, FUNCTION_START_LINE = 4 };
enum { STACK_LOCATIONS = 1 };
enum { ATTRIBUTE_KEY = 1, ATTRIBUTE_VALUE = 2 };
enum { VALUE_STRING = 1, VALUE_INTEGER = 3 };

struct otlp {
    struct conv_sums sums;
    struct vmpt_buffer dictionary;
    struct vmpt_buffer profiles; /* a ScopeProfiles */
    struct vmpt_buffer profile;
    struct vmpt_buffer part;
    struct vmpt_buffer inner;
    struct vmpt_buffer text;
    uint64_t strings;
    uint64_t attributes;
    uint64_t stacks;
    uint32_t *stack_number; /* by stack of the tables; 0: none yet */
    uint64_t *label_number; /* attributes, by label */
    struct thread_numbers {
        uint64_t name; /* attributes; 0: none */
        uint64_t id;
        uint64_t process;
    } * threads;
};

/* ---- the dictionary ---------------------------------------------------------------------------------- */

static void end_part(struct vmpt_buffer *out, uint32_t field, struct vmpt_buffer *part)
{
    conv_proto_bytes(out, field, part->data, part->size);
    part->size = 0;
}

static uint64_t add_string(struct otlp *otlp, const char *data, size_t size_bytes)
{
    otlp->text.size = 0;
    conv_add_clean(&otlp->text, data, size_bytes);
    end_part(&otlp->dictionary, DICTIONARY_STRING, &otlp->text);
    return otlp->strings++;
}

static uint64_t add_text(struct otlp *otlp, const char *text)
{
    return add_string(otlp, text, strlen(text));
}

/* A zero is written too: a value is a choice, not a default. */
static void add_integer_value(struct otlp *otlp, uint64_t value)
{
    conv_proto_varint(&otlp->inner, VALUE_INTEGER << 3);
    conv_proto_varint(&otlp->inner, value);
}

static void add_string_value(struct otlp *otlp, const char *data, size_t size_bytes)
{
    otlp->text.size = 0;
    conv_add_clean(&otlp->text, data, size_bytes);
    end_part(&otlp->inner, VALUE_STRING, &otlp->text);
}

/* Of a key and the value that stands in inner; returns its number. */
static uint64_t end_attribute(struct otlp *otlp, uint64_t key)
{
    conv_proto_integer(&otlp->part, ATTRIBUTE_KEY, key);
    end_part(&otlp->part, ATTRIBUTE_VALUE, &otlp->inner);
    end_part(&otlp->dictionary, DICTIONARY_ATTRIBUTE, &otlp->part);
    return otlp->attributes++;
}

static void add_zeros(struct otlp *otlp)
{
    for (uint32_t field = DICTIONARY_MAPPING; field <= DICTIONARY_STACK; field++) {
        conv_proto_bytes(&otlp->dictionary, field, "", 0);
    }
    otlp->strings = 1;
    otlp->attributes = 1;
    otlp->stacks = 1;
}

static void add_mappings(struct otlp *otlp)
{
    const struct conv_tables *tables = &otlp->sums.tables;
    uint64_t key = tables->module_count ? add_text(otlp, "process.executable.build_id.gnu") : 0;
    for (size_t i = 0; i < tables->module_count; i++) {
        const struct conv_module *module = &tables->modules[i];
        uint64_t file = add_string(otlp, module->path.data, module->path.size_bytes);
        uint64_t build_id = 0;
        if (module->build_id.size_bytes) {
            struct vmpt_buffer hex = {0};
            for (size_t at = 0; at < module->build_id.size_bytes; at++) {
                vmpt_buffer_printf(&hex, "%02x",
                                   (unsigned)(unsigned char)module->build_id.data[at]);
            }
            otlp->dictionary.failed = otlp->dictionary.failed || hex.failed;
            add_string_value(otlp, hex.data, hex.size);
            vmpt_buffer_fini(&hex);
            build_id = end_attribute(otlp, key);
        }
        conv_proto_integer(&otlp->part, MAPPING_START, module->address);
        conv_proto_integer(&otlp->part, MAPPING_LIMIT, module->address + module->size_bytes);
        conv_proto_integer(&otlp->part, MAPPING_OFFSET, module->file_offset);
        conv_proto_integer(&otlp->part, MAPPING_FILE, file);
        if (build_id) {
            conv_proto_varint(&otlp->inner, build_id);
            end_part(&otlp->part, MAPPING_ATTRIBUTES, &otlp->inner);
        }
        end_part(&otlp->dictionary, DICTIONARY_MAPPING, &otlp->part);
    }
}

/* Numbers begin with 1: function i of the tables is i + 1, a frame is the location of the same number. */
static void add_functions(struct otlp *otlp)
{
    const struct conv_tables *tables = &otlp->sums.tables;
    for (uint32_t i = 0; i < tables->functions.count; i++) {
        struct vmpt_function function = conv_tables_function(tables, i);
        uint64_t name = add_string(otlp, function.name, function.name_size);
        uint64_t file =
            function.file_size ? add_string(otlp, function.file, function.file_size) : 0;
        conv_proto_integer(&otlp->part, FUNCTION_NAME, name);
        conv_proto_integer(&otlp->part, FUNCTION_FILE, file);
        conv_proto_integer(&otlp->part, FUNCTION_START_LINE, function.first_line);
        end_part(&otlp->dictionary, DICTIONARY_FUNCTION, &otlp->part);
    }
    for (size_t i = 1; i < tables->frames.count; i++) {
        const struct vmpt_node_key *key = &tables->frames.keys[i];
        conv_proto_integer(&otlp->part, LOCATION_MAPPING, tables->module_of[key->function]);
        conv_proto_integer(&otlp->inner, LINE_FUNCTION, (uint64_t)key->function + 1);
        conv_proto_integer(&otlp->inner, LINE_LINE, key->line);
        end_part(&otlp->part, LOCATION_LINES, &otlp->inner);
        end_part(&otlp->dictionary, DICTIONARY_LOCATION, &otlp->part);
    }
}

static void add_stacks(struct otlp *otlp)
{
    const struct conv_stack *stacks = otlp->sums.tables.stacks.items;
    for (size_t i = 0; i < otlp->sums.count; i++) {
        uint32_t stack = otlp->sums.items[i].stack;
        if (otlp->stack_number[stack] == 0) {
            otlp->stack_number[stack] = (uint32_t)otlp->stacks++;
            for (uint32_t at = stack; at; at = stacks[at].parent) {
                conv_proto_varint(&otlp->inner, stacks[at].frame); /* the innermost first */
            }
            end_part(&otlp->part, STACK_LOCATIONS, &otlp->inner);
            end_part(&otlp->dictionary, DICTIONARY_STACK, &otlp->part);
        }
    }
}

static void add_labels(struct otlp *otlp)
{
    const struct vmpt_functions *labels = &otlp->sums.labels;
    for (size_t i = 0; i < labels->count; i++) {
        const struct vmpt_function *label = &labels->items[i];
        uint64_t key = add_string(otlp, label->name, label->name_size);
        if (label->file_size) {
            add_string_value(otlp, label->file, label->file_size);
        } else {
            add_integer_value(otlp, label->address);
        }
        otlp->label_number[i] = end_attribute(otlp, key);
    }
}

static void add_threads(struct otlp *otlp)
{
    const struct conv_tables *tables = &otlp->sums.tables;
    uint64_t name_key = add_text(otlp, "thread.name");
    uint64_t id_key = add_text(otlp, "thread.id");
    uint64_t process_key = add_text(otlp, "process.pid");
    for (size_t i = 0; i < tables->thread_count; i++) {
        const struct conv_thread *thread = &tables->threads[i];
        if (thread->name_size) {
            add_string_value(otlp, thread->name, thread->name_size);
            otlp->threads[i].name = end_attribute(otlp, name_key);
        }
        if (thread->thread_id) {
            add_integer_value(otlp, thread->thread_id);
            otlp->threads[i].id = end_attribute(otlp, id_key);
        }
        if (thread->process_id) {
            add_integer_value(otlp, thread->process_id);
            otlp->threads[i].process = end_attribute(otlp, process_key);
        }
    }
}

/* ---- profiles ---------------------------------------------------------------------------------------- */

static void add_attribute(struct otlp *otlp, uint64_t number)
{
    if (number) {
        conv_proto_varint(&otlp->inner, number);
    }
}

static void add_sample(struct otlp *otlp, const struct conv_sum *sum, uint64_t value)
{
    const struct thread_numbers *thread = &otlp->threads[sum->thread];
    uint32_t at = sum->labels;
    uint32_t label;
    conv_proto_integer(&otlp->part, SAMPLE_STACK, otlp->stack_number[sum->stack]);
    add_attribute(otlp, thread->name);
    add_attribute(otlp, thread->id);
    add_attribute(otlp, thread->process);
    while (conv_sums_label(&otlp->sums, sum->labels, &at, &label)) {
        add_attribute(otlp, otlp->label_number[label]);
    }
    if (otlp->inner.size) {
        end_part(&otlp->part, SAMPLE_ATTRIBUTES, &otlp->inner);
    }
    conv_proto_varint(&otlp->inner, value);
    end_part(&otlp->part, SAMPLE_VALUES, &otlp->inner);
    end_part(&otlp->profile, PROFILE_SAMPLES, &otlp->part);
}

static void add_type(struct otlp *otlp, uint32_t field, const char *name, const char *unit)
{
    conv_proto_integer(&otlp->part, TYPE_TYPE, add_text(otlp, name));
    conv_proto_integer(&otlp->part, TYPE_UNIT,
                       add_text(otlp, strcmp(unit, "ns") == 0 ? "nanoseconds" : unit));
    end_part(&otlp->profile, field, &otlp->part);
}

/* A value by its place in the sums; their count: the number of samples. */
static void add_profile(struct otlp *otlp, size_t place)
{
    const struct conv_sums *sums = &otlp->sums;
    const struct conv_tables *tables = &sums->tables;
    bool is_count = place == sums->value_count;
    add_type(otlp, PROFILE_SAMPLE_TYPE, is_count ? "samples" : sums->values[place].name,
             is_count ? "count" : sums->values[place].unit);
    for (size_t i = 0; i < sums->count; i++) {
        const struct conv_sum *sum = &sums->items[i];
        uint64_t value = is_count ? sum->samples : conv_sums_value(sums, sum, place);
        if (value) {
            add_sample(otlp, sum, value);
        }
    }
    conv_proto_fixed64(&otlp->profile, PROFILE_TIME, tables->start_unix_ns);
    conv_proto_integer(&otlp->profile, PROFILE_DURATION, tables->end_ns);
    if (tables->period_ns) {
        add_type(otlp, PROFILE_PERIOD_TYPE, "cpu", "ns");
        conv_proto_integer(&otlp->profile, PROFILE_PERIOD, tables->period_ns);
    }
    end_part(&otlp->profiles, SCOPE_PROFILES_PROFILES, &otlp->profile);
}

/* What samples weigh comes first: viewers show the first. */
static void add_profiles(struct otlp *otlp)
{
    const struct conv_sums *sums = &otlp->sums;
    conv_proto_bytes(&otlp->part, SCOPE_NAME, "vmprof", strlen("vmprof"));
    conv_proto_bytes(&otlp->part, SCOPE_VERSION, VMPF_VERSION_STRING, strlen(VMPF_VERSION_STRING));
    end_part(&otlp->profiles, SCOPE_PROFILES_SCOPE, &otlp->part);
    bool counts = strcmp(sums->tables.metric ? sums->tables.metric : "samples", "samples") == 0;
    if (counts) {
        add_profile(otlp, sums->value_count);
    }
    for (size_t place = sums->value_count; place-- > 0;) {
        if (strcmp(sums->values[place].name, "samples") != 0) {
            add_profile(otlp, place);
        }
    }
    if (!counts) {
        add_profile(otlp, sums->value_count);
    }
}

/* ---- the document ------------------------------------------------------------------------------------ */

static bool has_failed(const struct otlp *otlp)
{
    return otlp->dictionary.failed || otlp->profiles.failed || otlp->profile.failed ||
           otlp->part.failed || otlp->inner.failed || otlp->text.failed;
}

static void write_message(struct otlp *otlp, struct vmpt_output *output, uint32_t field,
                          const struct vmpt_buffer *message)
{
    otlp->inner.size = 0;
    conv_proto_varint(&otlp->inner, (uint64_t)field << 3 | 2);
    conv_proto_varint(&otlp->inner, message->size);
    vmpt_output_write(output, otlp->inner.data, otlp->inner.size);
    vmpt_output_write(output, message->data, message->size);
}

static bool write_document(struct otlp *otlp, struct vmpt_output *output)
{
    const struct conv_tables *tables = &otlp->sums.tables;
    otlp->stack_number = vmpt_array(tables->stacks.count, sizeof(*otlp->stack_number));
    otlp->label_number = vmpt_array(otlp->sums.labels.count, sizeof(*otlp->label_number));
    otlp->threads = vmpt_array(tables->thread_count, sizeof(*otlp->threads));
    if (!otlp->stack_number || !otlp->label_number || !otlp->threads) {
        return false;
    }
    add_zeros(otlp);
    add_mappings(otlp);
    add_functions(otlp);
    add_stacks(otlp);
    add_labels(otlp);
    add_threads(otlp);
    add_profiles(otlp);
    otlp->part.size = 0;
    end_part(&otlp->part, RESOURCE_PROFILES_SCOPE_PROFILES, &otlp->profiles);
    if (has_failed(otlp)) {
        return false;
    }
    write_message(otlp, output, DATA_RESOURCE_PROFILES, &otlp->part);
    write_message(otlp, output, DATA_DICTIONARY, &otlp->dictionary);
    return !has_failed(otlp);
}

static int write_samples(struct conv_job *job)
{
    struct otlp otlp;
    memset(&otlp, 0, sizeof(otlp));
    int code = conv_sums_init(&otlp.sums, job);
    if (code < 0 && !write_document(&otlp, &job->target.output)) {
        code = vmpt_app_no_memory(&job->app);
    }
    conv_sums_fini(&otlp.sums);
    free(otlp.stack_number);
    free(otlp.label_number);
    free(otlp.threads);
    vmpt_buffer_fini(&otlp.dictionary);
    vmpt_buffer_fini(&otlp.profiles);
    vmpt_buffer_fini(&otlp.profile);
    vmpt_buffer_fini(&otlp.part);
    vmpt_buffer_fini(&otlp.inner);
    vmpt_buffer_fini(&otlp.text);
    return code;
}

const struct conv_format conv_to_otlp = {
    .option = "otlp",
    .extension = "otlp.pb",
    .title = "the format of OTLP profiles",
    .help = "OTLP profiles: ProfilesData, v1development of\nopentelemetry-proto 1.9",
    .holds = VMPT_HOLDS_WEIGHTS | VMPT_HOLDS_LINES | VMPT_HOLDS_THREADS | VMPT_HOLDS_LABELS |
             VMPT_HOLDS_MODULES,
    .weighs = true,
    .write_samples = write_samples,
};
