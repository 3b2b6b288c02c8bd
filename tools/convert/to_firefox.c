/* to_firefox.c: a processed profile of the Firefox Profiler, version 60: tables that all threads share, and the samples
 * of each thread. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"
#include "tools/convert/format.h"
#include "tools/convert/names.h"
#include "tools/convert/timeline.h"

#define PIECE_BYTES ((size_t)32 * 1024)
#define NS_PER_MS UINT64_C(1000000)
#define KINDS (VMPF_KIND_JIT_INTERNAL + 1)
#define DEFAULT_PERIOD_NS NS_PER_MS

struct firefox {
    struct conv_timeline timeline;
    struct vmpt_functions files; /* by name; the strings of files stand behind those of functions */
    uint32_t *file_of;           /* by function: number + 1 in files; 0: none */
    struct vmpt_buffer out;
};

static void drain(struct firefox *firefox, size_t least_bytes)
{
    struct vmpt_buffer *out = &firefox->out;
    if (out->size > least_bytes && !out->failed) {
        vmpt_output_write(&firefox->timeline.job->target.output, out->data, out->size);
        out->size = 0;
    }
}

static void add_string(struct vmpt_buffer *out, const char *data, size_t size_bytes)
{
    vmpt_buffer_add(out, "\"", 1);
    conv_add_json(out, data, size_bytes);
    vmpt_buffer_add(out, "\"", 1);
}

/* Exactly, with the point where milliseconds have it. */
static void add_ms(struct vmpt_buffer *out, uint64_t ns)
{
    vmpt_buffer_printf(out, "%" PRIu64, ns / NS_PER_MS);
    if (ns % NS_PER_MS) {
        vmpt_buffer_printf(out, ".%06" PRIu64, ns % NS_PER_MS);
    }
}

/* ---- columns ----------------------------------------------------------------------------------------- */

typedef void (*cell)(struct firefox *firefox, size_t row);

static void add_column(struct firefox *firefox, const char *name, size_t count, cell add)
{
    vmpt_buffer_printf(&firefox->out, "\"%s\":[", name);
    for (size_t i = 0; i < count; i++) {
        vmpt_buffer_add(&firefox->out, ",", i ? 1 : 0);
        add(firefox, i);
        drain(firefox, PIECE_BYTES);
    }
    vmpt_buffer_add_text(&firefox->out, "],\n");
}

static void add_null(struct firefox *firefox, size_t row)
{
    (void)row;
    vmpt_buffer_add_text(&firefox->out, "null");
}

static void add_false(struct firefox *firefox, size_t row)
{
    (void)row;
    vmpt_buffer_add_text(&firefox->out, "false");
}

static void add_zero(struct firefox *firefox, size_t row)
{
    (void)row;
    vmpt_buffer_add_text(&firefox->out, "0");
}

static void add_minus_one(struct firefox *firefox, size_t row)
{
    (void)row;
    vmpt_buffer_add_text(&firefox->out, "-1");
}

static void add_one(struct firefox *firefox, size_t row)
{
    (void)row;
    vmpt_buffer_add_text(&firefox->out, "1");
}

static void add_row(struct firefox *firefox, size_t row)
{
    vmpt_buffer_printf(&firefox->out, "%zu", row);
}

static void end_table(struct firefox *firefox, size_t count, const char *behind)
{
    vmpt_buffer_printf(&firefox->out, "\"length\":%zu}%s\n", count, behind);
}

/* ---- the shared tables ------------------------------------------------------------------------------- */

static void add_stack_frame(struct firefox *firefox, size_t row)
{
    vmpt_buffer_printf(&firefox->out, "%u",
                       (unsigned)(firefox->timeline.stacks.keys[row + 1].function - 1));
}

static void add_stack_prefix(struct firefox *firefox, size_t row)
{
    uint32_t parent = firefox->timeline.stacks.keys[row + 1].parent;
    if (parent) {
        vmpt_buffer_printf(&firefox->out, "%u", (unsigned)(parent - 1));
    } else {
        add_null(firefox, row);
    }
}

static void add_frame_function(struct firefox *firefox, size_t row)
{
    vmpt_buffer_printf(&firefox->out, "%u",
                       (unsigned)firefox->timeline.frames.keys[row + 1].function);
}

static void add_frame_category(struct firefox *firefox, size_t row)
{
    vmpt_buffer_printf(&firefox->out, "%u", (unsigned)firefox->timeline.frames.keys[row + 1].kind);
}

static void add_line(struct firefox *firefox, uint32_t line)
{
    if (line) {
        vmpt_buffer_printf(&firefox->out, "%u", (unsigned)line);
    } else {
        add_null(firefox, 0);
    }
}

static void add_frame_line(struct firefox *firefox, size_t row)
{
    add_line(firefox, firefox->timeline.frames.keys[row + 1].line);
}

static void add_function_line(struct firefox *firefox, size_t row)
{
    add_line(firefox, firefox->timeline.functions.items[row].first_line);
}

/* The viewer's own choice is between JavaScript and native: ours is between the VM's language and native. */
static void add_function_is_js(struct firefox *firefox, size_t row)
{
    uint8_t kind = firefox->timeline.functions.items[row].kind;
    vmpt_buffer_add_text(&firefox->out, vmpt_kind_is_virtual(kind) ? "true" : "false");
}

static void add_function_resource(struct firefox *firefox, size_t row)
{
    vmpt_buffer_printf(&firefox->out, "%d", (int)firefox->timeline.module_of[row] - 1);
}

static void add_function_source(struct firefox *firefox, size_t row)
{
    if (firefox->file_of[row]) {
        vmpt_buffer_printf(&firefox->out, "%u", (unsigned)(firefox->file_of[row] - 1));
    } else {
        add_null(firefox, row);
    }
}

static void add_file_string(struct firefox *firefox, size_t row)
{
    vmpt_buffer_printf(&firefox->out, "%zu", firefox->timeline.functions.count + row);
}

static void add_resource_string(struct firefox *firefox, size_t row)
{
    vmpt_buffer_printf(&firefox->out, "%zu",
                       firefox->timeline.functions.count + firefox->files.count + row);
}

static void add_shared_string(struct firefox *firefox, size_t row)
{
    const struct conv_timeline *timeline = &firefox->timeline;
    if (row < timeline->functions.count) {
        const struct vmpt_function *function = &timeline->functions.items[row];
        add_string(&firefox->out, function->name_size ? function->name : "-",
                   function->name_size ? function->name_size : 1);
        return;
    }
    row -= timeline->functions.count;
    if (row < firefox->files.count) {
        add_string(&firefox->out, firefox->files.items[row].name,
                   firefox->files.items[row].name_size);
        return;
    }
    const struct conv_module *module = &timeline->modules[row - firefox->files.count];
    size_t size;
    const char *base = conv_base_name(module->path.data, module->path.size_bytes, &size);
    add_string(&firefox->out, base, size);
}

static void add_frames(struct firefox *firefox)
{
    size_t count = firefox->timeline.frames.count - 1;
    vmpt_buffer_add_text(&firefox->out, "\"frameTable\":{");
    add_column(firefox, "address", count, add_minus_one);
    add_column(firefox, "inlineDepth", count, add_zero);
    add_column(firefox, "category", count, add_frame_category);
    add_column(firefox, "subcategory", count, add_zero);
    add_column(firefox, "func", count, add_frame_function);
    add_column(firefox, "nativeSymbol", count, add_null);
    add_column(firefox, "innerWindowID", count, add_null);
    add_column(firefox, "line", count, add_frame_line);
    add_column(firefox, "column", count, add_null);
    end_table(firefox, count, ",");
}

static void add_functions(struct firefox *firefox)
{
    size_t count = firefox->timeline.functions.count;
    vmpt_buffer_add_text(&firefox->out, "\"funcTable\":{");
    add_column(firefox, "name", count, add_row);
    add_column(firefox, "isJS", count, add_function_is_js);
    add_column(firefox, "relevantForJS", count, add_false);
    add_column(firefox, "resource", count, add_function_resource);
    add_column(firefox, "source", count, add_function_source);
    add_column(firefox, "lineNumber", count, add_function_line);
    add_column(firefox, "columnNumber", count, add_null);
    end_table(firefox, count, ",");
}

static void add_resources(struct firefox *firefox)
{
    size_t count = firefox->timeline.module_count;
    vmpt_buffer_add_text(&firefox->out, "\"resourceTable\":{");
    add_column(firefox, "type", count, add_one); /* a library */
    add_column(firefox, "lib", count, add_row);
    add_column(firefox, "name", count, add_resource_string);
    add_column(firefox, "host", count, add_null);
    end_table(firefox, count, ",");
    vmpt_buffer_add_text(&firefox->out, "\"nativeSymbols\":{\"libIndex\":[],\"address\":[],"
                                        "\"name\":[],\"functionSize\":[],\"length\":0},\n");
}

static void add_shared(struct firefox *firefox)
{
    const struct conv_timeline *timeline = &firefox->timeline;
    size_t stacks = timeline->stacks.count - 1;
    size_t strings = timeline->functions.count + firefox->files.count + timeline->module_count;
    vmpt_buffer_add_text(&firefox->out, "\"shared\":{\"stackTable\":{");
    add_column(firefox, "frame", stacks, add_stack_frame);
    add_column(firefox, "prefix", stacks, add_stack_prefix);
    end_table(firefox, stacks, ",");
    add_frames(firefox);
    add_functions(firefox);
    add_resources(firefox);
    vmpt_buffer_add_text(&firefox->out, "\"sources\":{");
    add_column(firefox, "id", firefox->files.count, add_null);
    add_column(firefox, "filename", firefox->files.count, add_file_string);
    end_table(firefox, firefox->files.count, ",");
    add_column(firefox, "stringArray", strings, add_shared_string);
    firefox->out.size -= firefox->out.size >= 2 ? 2 : 0; /* the comma behind the last */
    vmpt_buffer_add_text(&firefox->out, "},\n");
}

/* ---- threads ----------------------------------------------------------------------------------------- */

static bool is_time(const struct conv_thread *thread)
{
    return strcmp(thread->unit, "ns") == 0;
}

typedef void (*sample_cell)(struct vmpt_buffer *out, const struct conv_thread *thread,
                            const struct conv_timeline_sample *sample);

static void add_sample_stack(struct vmpt_buffer *out, const struct conv_thread *thread,
                             const struct conv_timeline_sample *sample)
{
    (void)thread;
    vmpt_buffer_printf(out, "%u", (unsigned)(sample->stack - 1));
}

static void add_sample_time(struct vmpt_buffer *out, const struct conv_thread *thread,
                            const struct conv_timeline_sample *sample)
{
    (void)thread;
    add_ms(out, sample->time_ns);
}

static void add_sample_weight(struct vmpt_buffer *out, const struct conv_thread *thread,
                              const struct conv_timeline_sample *sample)
{
    if (is_time(thread)) {
        add_ms(out, sample->weight);
    } else {
        vmpt_buffer_printf(out, "%" PRIu64, sample->weight);
    }
}

static void add_sample_cpu(struct vmpt_buffer *out, const struct conv_thread *thread,
                           const struct conv_timeline_sample *sample)
{
    (void)thread;
    vmpt_buffer_printf(out, "%" PRIu64, sample->weight);
}

static void add_samples(struct firefox *firefox, const struct conv_thread *thread, const char *name,
                        sample_cell add)
{
    struct conv_timeline_sample sample;
    size_t place = 0;
    size_t index = 0;
    vmpt_buffer_printf(&firefox->out, "\"%s\":[", name);
    while (conv_timeline_next(&firefox->timeline, thread, &place, &index, &sample)) {
        vmpt_buffer_add(&firefox->out, ",", index > 1 ? 1 : 0);
        add(&firefox->out, thread, &sample);
        drain(firefox, PIECE_BYTES);
    }
    vmpt_buffer_add_text(&firefox->out, "],\n");
}

static const char *weight_type(const struct conv_thread *thread)
{
    if (is_time(thread)) {
        return "tracing-ms";
    }
    return strcmp(thread->unit, "bytes") == 0 ? "bytes" : "samples";
}

static void add_thread_name(struct vmpt_buffer *out, const struct conv_thread *thread)
{
    if (thread->name_size) {
        add_string(out, thread->name, thread->name_size);
    } else {
        vmpt_buffer_printf(out, "\"Thread %" PRIu64 "\"", thread->thread_id);
    }
}

static void add_thread(struct firefox *firefox, const struct conv_thread *thread)
{
    struct vmpt_buffer *out = &firefox->out;
    bool is_main = thread->thread_id == thread->process_id;
    vmpt_buffer_add_text(out, "{\"processType\":\"default\",\"processStartupTime\":0,"
                              "\"processShutdownTime\":null,\"registerTime\":0,"
                              "\"unregisterTime\":null,\"pausedRanges\":[],\"name\":");
    add_thread_name(out, thread);
    vmpt_buffer_printf(out,
                       ",\"isMainThread\":%s,\"pid\":\"%" PRIu64 "\",\"tid\":\"%" PRIu64
                       "\",\n\"samples\":{\"weightType\":\"%s\",\n",
                       is_main ? "true" : "false", thread->process_id, thread->thread_id,
                       weight_type(thread));
    add_samples(firefox, thread, "stack", add_sample_stack);
    add_samples(firefox, thread, "time", add_sample_time);
    add_samples(firefox, thread, "weight", add_sample_weight);
    if (is_time(thread) && strcmp(thread->metric, "cpu") == 0) {
        add_samples(firefox, thread, "threadCPUDelta", add_sample_cpu);
    }
    end_table(firefox, thread->count, ",");
    vmpt_buffer_add_text(out, "\"markers\":{\"data\":[],\"name\":[],\"startTime\":[],"
                              "\"endTime\":[],\"phase\":[],\"category\":[],\"length\":0}}");
}

/* ---- the document ------------------------------------------------------------------------------------ */

/* One of the viewer's colours a kind; it wants one of them to be grey. */
static const char *const colors[KINDS] = {
    "grey", "blue", "green", "purple", "orange", "red", "yellow", "brown",
};

static void add_meta(struct firefox *firefox)
{
    const struct conv_timeline *timeline = &firefox->timeline;
    struct vmpt_buffer *out = &firefox->out;
    uint64_t period_ns = timeline->period_ns ? timeline->period_ns : DEFAULT_PERIOD_NS;
    vmpt_buffer_add_text(out, "{\"meta\":{\"preprocessedProfileVersion\":60,\"version\":32,"
                              "\"processType\":0,\"stackwalk\":1,\"debug\":false,\"symbolicated\":"
                              "true,\"markerSchema\":[],\"importedFrom\":\"vmprof\",\"product\":");
    add_string(out, timeline->program ? timeline->program : "vmprof",
               timeline->program ? timeline->program_size : strlen("vmprof"));
    vmpt_buffer_add_text(out, ",\n\"sampleUnits\":{\"time\":\"ms\",\"eventDelay\":\"ms\","
                              "\"threadCPUDelta\":\"ns\"},\"interval\":");
    add_ms(out, period_ns);
    vmpt_buffer_add_text(out, ",\"startTime\":");
    add_ms(out, timeline->start_unix_ns);
    vmpt_buffer_add_text(out, ",\n\"categories\":[");
    for (unsigned kind = 0; kind < KINDS; kind++) {
        vmpt_buffer_printf(
            out, "%s{\"name\":\"%s\",\"color\":\"%s\",\"subcategories\":[\"Other\"]}",
            kind ? "," : "", kind ? vmpt_kind_name((uint8_t)kind) : "Other", colors[kind]);
    }
    vmpt_buffer_add_text(out, "]},\n");
}

static void add_libs(struct firefox *firefox)
{
    struct vmpt_buffer *out = &firefox->out;
    vmpt_buffer_add_text(out, "\"libs\":[");
    for (size_t i = 0; i < firefox->timeline.module_count; i++) {
        const struct conv_module *module = &firefox->timeline.modules[i];
        size_t size;
        const char *base = conv_base_name(module->path.data, module->path.size_bytes, &size);
        vmpt_buffer_add_text(out, i ? ",\n{\"arch\":\"\",\"name\":" : "\n{\"arch\":\"\",\"name\":");
        add_string(out, base, size);
        vmpt_buffer_add_text(out, ",\"debugName\":");
        add_string(out, base, size);
        vmpt_buffer_add_text(out, ",\"path\":");
        add_string(out, module->path.data, module->path.size_bytes);
        vmpt_buffer_add_text(out, ",\"debugPath\":");
        add_string(out, module->path.data, module->path.size_bytes);
        vmpt_buffer_add_text(out, ",\"breakpadId\":\"\",\"codeId\":");
        vmpt_buffer_add_text(out, module->build_id.size_bytes ? "\"" : "null");
        for (size_t at = 0; at < module->build_id.size_bytes; at++) {
            vmpt_buffer_printf(out, "%02x", (unsigned)(unsigned char)module->build_id.data[at]);
        }
        vmpt_buffer_add_text(out, module->build_id.size_bytes ? "\"}" : "}");
    }
    vmpt_buffer_add_text(out, "],\n");
}

static bool find_files(struct firefox *firefox)
{
    const struct vmpt_functions *functions = &firefox->timeline.functions;
    firefox->file_of = vmpt_array(functions->count, sizeof(*firefox->file_of));
    for (size_t i = 0; firefox->file_of && i < functions->count; i++) {
        const struct vmpt_function *function = &functions->items[i];
        struct vmpf_function file = {.name = {function->file, function->file_size},
                                     .file = {"", 0}};
        uint32_t number = function->file_size ? vmpt_functions_intern(&firefox->files, &file) : 0;
        if (number == VMPT_NO_FUNCTION) {
            return false;
        }
        firefox->file_of[i] = function->file_size ? number + 1 : 0;
    }
    return firefox->file_of != NULL;
}

static bool write_document(struct firefox *firefox)
{
    if (!find_files(firefox)) {
        return false;
    }
    add_meta(firefox);
    add_libs(firefox);
    add_shared(firefox);
    vmpt_buffer_add_text(&firefox->out, "\"pages\":[],\"threads\":[");
    for (size_t i = 0; i < firefox->timeline.thread_count; i++) {
        vmpt_buffer_add_text(&firefox->out, i ? ",\n" : "\n");
        add_thread(firefox, &firefox->timeline.threads[i]);
    }
    vmpt_buffer_add_text(&firefox->out, "]}\n");
    bool done = !firefox->out.failed;
    drain(firefox, 0);
    return done;
}

static int write_samples(struct conv_job *job)
{
    struct firefox firefox;
    memset(&firefox, 0, sizeof(firefox));
    vmpt_functions_init(&firefox.files);
    int code = conv_timeline_init(&firefox.timeline, job);
    if (code < 0 && !write_document(&firefox)) {
        code = vmpt_app_no_memory(&job->app);
    }
    conv_timeline_fini(&firefox.timeline);
    vmpt_functions_fini(&firefox.files);
    free(firefox.file_of);
    vmpt_buffer_fini(&firefox.out);
    return code;
}

const struct conv_format conv_to_firefox = {
    .option = "firefox",
    .extension = "firefox.json",
    .title = "the format of the Firefox Profiler",
    .help = "the Firefox Profiler's JSON: samples by thread, in time",
    .holds = VMPT_HOLDS_TIMES | VMPT_HOLDS_THREADS | VMPT_HOLDS_LINES | VMPT_HOLDS_KINDS |
             VMPT_HOLDS_MODULES | VMPT_HOLDS_WEIGHTS,
    .write_samples = write_samples,
};
