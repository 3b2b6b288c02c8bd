/* to_pprof.c: pprof's profile.proto, compressed by gzip. */
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"
#include "tools/convert/format.h"
#include "tools/convert/names.h"
#include "tools/convert/protobuf.h"

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
enum { SAMPLE_LOCATIONS = 1, SAMPLE_VALUES = 2 };
enum { MAPPING_ID = 1, MAPPING_FILE = 5, MAPPING_HAS_FUNCTIONS = 7, MAPPING_HAS_INLINE = 10 };
enum { LOCATION_ID = 1, LOCATION_MAPPING = 2, LOCATION_LINE = 4 };
enum { LINE_FUNCTION = 1, LINE_LINE = 2 };
enum { FUNCTION_ID = 1, FUNCTION_NAME = 2, FUNCTION_FILE = 4, FUNCTION_START_LINE = 5 };

/* The only mapping there is: it says that names need not be looked up. */
#define THE_MAPPING 1
#define COMPRESSION_LEVEL 3

struct pprof {
    const struct vmpt_view *view;
    const struct vmpt_profile *profile;
    struct vmpt_buffer out;
    struct vmpt_buffer part; /* a message inside of out */
    struct vmpt_buffer text;
    uint64_t strings; /* in the table so far */
    struct vmpt_nodes
        locations; /* (function, line) by id; the root is not used, ids begin with 1 */
};

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
}

static void add_type(struct pprof *pprof, uint32_t field, uint64_t type, uint64_t unit)
{
    conv_proto_integer(&pprof->part, TYPE_TYPE, type);
    conv_proto_integer(&pprof->part, TYPE_UNIT, unit);
    end_part(pprof, field);
}

static const char *unit_of(const struct vmpt_metric *metric)
{
    return strcmp(metric->unit, "ns") == 0 ? "nanoseconds" : metric->unit;
}

static bool counts_samples(const struct pprof *pprof)
{
    return strcmp(pprof->profile->metric.name, "samples") == 0;
}

static void add_types(struct pprof *pprof)
{
    const struct vmpt_profile *profile = pprof->profile;
    uint64_t samples = add_text(pprof, "samples");
    uint64_t count = add_text(pprof, "count");
    uint64_t metric = samples;
    add_type(pprof, PROFILE_SAMPLE_TYPE, samples, count);
    if (!counts_samples(pprof)) {
        metric = add_text(pprof, profile->metric.name);
        add_type(pprof, PROFILE_SAMPLE_TYPE, metric, add_text(pprof, unit_of(&profile->metric)));
    }
    conv_proto_integer(&pprof->out, PROFILE_DEFAULT_SAMPLE_TYPE, metric);
    conv_proto_integer(&pprof->out, PROFILE_TIME_NANOS, profile->start_unix_ns);
    conv_proto_integer(&pprof->out, PROFILE_DURATION_NANOS,
                       profile->duration_unknown ? 0 : profile->duration_ns);
    if (profile->period_ns) {
        uint64_t time = add_text(pprof, "cpu");
        add_type(pprof, PROFILE_PERIOD_TYPE, time, add_text(pprof, "nanoseconds"));
        conv_proto_integer(&pprof->out, PROFILE_PERIOD, profile->period_ns);
    }
}

static void add_mapping(struct pprof *pprof)
{
    const char *program = pprof->profile->program.text;
    uint64_t file = program ? add_text(pprof, program) : 0;
    conv_proto_integer(&pprof->part, MAPPING_ID, THE_MAPPING);
    conv_proto_integer(&pprof->part, MAPPING_FILE, file);
    for (uint32_t has = MAPPING_HAS_FUNCTIONS; has <= MAPPING_HAS_INLINE; has++) {
        conv_proto_integer(&pprof->part, has, 1);
    }
    end_part(pprof, PROFILE_MAPPING);
}

/* system_name is left 0: pprof would take one for a name to demangle, and show <module> as unknown. */
static void add_functions(struct pprof *pprof)
{
    for (uint32_t i = 0; i <= pprof->view->hidden; i++) {
        struct vmpt_function function = conv_function(pprof->view, i);
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

static void add_locations(struct pprof *pprof)
{
    struct vmpt_buffer line = {0};
    for (size_t id = 1; id < pprof->locations.count; id++) {
        const struct vmpt_node_key *key = &pprof->locations.keys[id];
        line.size = 0;
        conv_proto_integer(&line, LINE_FUNCTION, (uint64_t)key->function + 1);
        conv_proto_integer(&line, LINE_LINE, key->line);
        conv_proto_integer(&pprof->part, LOCATION_ID, id);
        conv_proto_integer(&pprof->part, LOCATION_MAPPING, THE_MAPPING);
        conv_proto_bytes(&pprof->part, LOCATION_LINE, line.data, line.size);
        end_part(pprof, PROFILE_LOCATION);
    }
    pprof->out.failed = pprof->out.failed || line.failed;
    vmpt_buffer_fini(&line);
}

static void add_sample(struct pprof *pprof, const uint32_t *path, size_t depth,
                       const struct vmpt_cell *cell)
{
    struct vmpt_buffer *text = &pprof->text;
    text->size = 0;
    for (size_t i = depth; i-- > 0;) {
        conv_proto_varint(text, path[i]); /* the innermost first */
    }
    conv_proto_bytes(&pprof->part, SAMPLE_LOCATIONS, text->data, text->size);
    text->size = 0;
    conv_proto_varint(text, cell->samples);
    if (!counts_samples(pprof)) {
        conv_proto_varint(text, cell->weight);
    }
    conv_proto_bytes(&pprof->part, SAMPLE_VALUES, text->data, text->size);
    end_part(pprof, PROFILE_SAMPLE);
}

static bool add_samples(struct pprof *pprof)
{
    const struct vmpt_view *view = pprof->view;
    uint32_t *path = NULL; /* locations of the callers */
    uint32_t *ends = NULL;
    size_t path_capacity = 0;
    size_t end_capacity = 0;
    size_t depth = 0;
    bool done = true;
    for (size_t i = 1; done && i < view->count; i++) {
        while (depth > 0 && i >= ends[depth - 1]) {
            depth--;
        }
        struct vmpt_node_key key = {.function = view->function[i], .line = view->line[i]};
        uint32_t location = vmpt_nodes_intern(&pprof->locations, &key);
        done = location != VMPT_NO_NODE &&
               vmpt_reserve(&path, &path_capacity, depth + 1, sizeof(*path)) &&
               vmpt_reserve(&ends, &end_capacity, depth + 1, sizeof(*ends));
        if (!done) {
            break;
        }
        path[depth] = location;
        ends[depth++] = (uint32_t)(i + view->size[i]);
        if (view->self[i].samples) {
            add_sample(pprof, path, depth, &view->self[i]);
        }
    }
    free(path);
    free(ends);
    return done;
}

static bool compress(struct conv_job *job, const struct vmpt_buffer *raw)
{
    struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(COMPRESSION_LEVEL);
    size_t room = compressor ? libdeflate_gzip_compress_bound(compressor, raw->size) : 0;
    char *packed = compressor ? malloc(room) : NULL;
    size_t size =
        packed ? libdeflate_gzip_compress(compressor, raw->data, raw->size, packed, room) : 0;
    if (size) {
        vmpt_output_write(&job->target.output, packed, size);
    }
    free(packed);
    libdeflate_free_compressor(compressor);
    return size != 0;
}

static bool write_tree(struct conv_job *job)
{
    struct pprof pprof = {.view = &job->app.view, .profile = job->app.profile};
    bool done = vmpt_nodes_init(&pprof.locations);
    if (done) {
        (void)add_text(&pprof, ""); /* string 0 is the empty one */
        add_types(&pprof);
        add_mapping(&pprof);
        add_functions(&pprof);
        done = add_samples(&pprof);
        add_locations(&pprof);
        done = done && !pprof.out.failed && !pprof.part.failed && !pprof.text.failed &&
               compress(job, &pprof.out);
    }
    vmpt_nodes_fini(&pprof.locations);
    vmpt_buffer_fini(&pprof.out);
    vmpt_buffer_fini(&pprof.part);
    vmpt_buffer_fini(&pprof.text);
    return done;
}

const struct conv_format conv_to_pprof = {
    .option = "pprof",
    .extension = "pb.gz",
    .title = "pprof's format",
    .help = "pprof's profile.proto, compressed by gzip",
    .holds = VMPT_HOLDS_WEIGHTS | VMPT_HOLDS_LINES,
    .keep_lines = true,
    .write_tree = write_tree,
};
