/* to_firefox.c: a processed profile of the Firefox Profiler, version 60: tables that all threads share, and the samples
 * of each thread. */
#include <inttypes.h>
#include <string.h>

#include "tools/convert/firefox.h"
#include "tools/convert/format.h"
#include "tools/convert/names.h"
#include "tools/convert/timeline.h"

#define KINDS (VMPF_KIND_JIT_INTERNAL + 1)
#define MS_DIGITS 6 /* of a fraction of milliseconds, down to ns */
#define BATCH ((size_t)1024)

struct firefox {
    struct conv_timeline timeline;
    struct conv_text text;
};

/* ---- threads ----------------------------------------------------------------------------------------- */

static bool is_time(const struct conv_thread *thread)
{
    return strcmp(thread->unit, "ns") == 0;
}

/* Stacks are counted from 1, and in the document from 0. */
static void add_samples(struct firefox *firefox, const struct conv_track *track, const char *name,
                        enum conv_part part, unsigned digits)
{
    uint64_t numbers[BATCH];
    struct conv_track_reader reader = conv_track_read(&firefox->timeline, track, part);
    bool is_first = true;
    size_t count;
    conv_text_printf(&firefox->text, "\"%s\":[", name);
    while ((count = conv_track_next(&reader, numbers, BATCH)) > 0) {
        for (size_t i = 0; i < count && part == CONV_STACKS; i++) {
            numbers[i]--;
        }
        conv_text_add(&firefox->text, ",", is_first ? 0 : 1);
        conv_text_numbers(&firefox->text, numbers, count, digits);
        is_first = false;
    }
    conv_text_put(&firefox->text, "],\n");
}

static const char *weight_type(const struct conv_thread *thread)
{
    if (is_time(thread)) {
        return "tracing-ms";
    }
    return strcmp(thread->unit, "bytes") == 0 ? "bytes" : "samples";
}

static void add_thread_name(struct conv_text *text, const struct conv_thread *thread)
{
    if (thread->name_size) {
        conv_text_string(text, thread->name, thread->name_size);
    } else {
        conv_text_printf(text, "\"Thread %" PRIu64 "\"", thread->thread_id);
    }
}

static void add_thread(struct firefox *firefox, const struct conv_track *track)
{
    struct conv_text *text = &firefox->text;
    const struct conv_thread *thread = track->thread;
    bool is_main = thread->thread_id == thread->process_id;
    conv_text_put(text, "{\"processType\":\"default\",\"processStartupTime\":0,"
                        "\"processShutdownTime\":null,\"registerTime\":0,"
                        "\"unregisterTime\":null,\"pausedRanges\":[],\"name\":");
    add_thread_name(text, thread);
    conv_text_printf(text,
                     ",\"isMainThread\":%s,\"pid\":\"%" PRIu64 "\",\"tid\":\"%" PRIu64
                     "\",\n\"samples\":{\"weightType\":\"%s\",\n",
                     is_main ? "true" : "false", thread->process_id, thread->thread_id,
                     weight_type(thread));
    add_samples(firefox, track, "stack", CONV_STACKS, 0);
    add_samples(firefox, track, "time", CONV_TIMES, MS_DIGITS);
    add_samples(firefox, track, "weight", CONV_WEIGHTS, is_time(thread) ? MS_DIGITS : 0);
    if (is_time(thread) && strcmp(thread->metric, "cpu") == 0) {
        add_samples(firefox, track, "threadCPUDelta", CONV_WEIGHTS, 0);
    }
    conv_text_printf(text, "\"length\":%zu},\n", track->count);
    conv_text_put(text, "\"markers\":{\"data\":[],\"name\":[],\"startTime\":[],"
                        "\"endTime\":[],\"phase\":[],\"category\":[],\"length\":0}}");
}

/* ---- the document ------------------------------------------------------------------------------------ */

/* One of the viewer's colours a kind; it wants one of them to be grey. */
static const char *const colors[KINDS] = {
    "grey", "blue", "green", "purple", "orange", "red", "yellow", "brown",
};

static void add_meta(struct firefox *firefox)
{
    const struct conv_tables *tables = &firefox->timeline.tables;
    struct conv_text *text = &firefox->text;
    conv_text_put(text, "{\"meta\":{\"preprocessedProfileVersion\":60,\"version\":32,"
                        "\"processType\":0,\"stackwalk\":1,\"debug\":false,\"symbolicated\":"
                        "true,\"markerSchema\":[],\"importedFrom\":\"vmprof\",\"product\":");
    conv_text_string(text, tables->program ? tables->program : "vmprof",
                     tables->program ? tables->program_size : strlen("vmprof"));
    conv_text_put(text, ",\n\"sampleUnits\":{\"time\":\"ms\",\"eventDelay\":\"ms\","
                        "\"threadCPUDelta\":\"ns\"},\"interval\":");
    conv_text_fraction(text, conv_timeline_period_ns(&firefox->timeline), MS_DIGITS);
    conv_text_put(text, ",\"startTime\":");
    conv_text_fraction(text, tables->start_unix_ns, MS_DIGITS);
    conv_text_put(text, ",\n\"categories\":[");
    for (unsigned kind = 0; kind < KINDS; kind++) {
        conv_text_printf(text, "%s{\"name\":\"%s\",\"color\":\"%s\",\"subcategories\":[\"Other\"]}",
                         kind ? "," : "", kind ? vmpt_kind_name((uint8_t)kind) : "Other",
                         colors[kind]);
    }
    conv_text_put(text, "]},\n");
}

static void add_build_id(struct conv_text *text, struct vmpf_string build_id)
{
    conv_text_put(text, build_id.size_bytes ? "\"" : "null");
    for (size_t at = 0; at < build_id.size_bytes; at++) {
        conv_text_printf(text, "%02x", (unsigned)(unsigned char)build_id.data[at]);
    }
    conv_text_put(text, build_id.size_bytes ? "\"}" : "}");
}

static void add_libs(struct firefox *firefox)
{
    struct conv_text *text = &firefox->text;
    conv_text_put(text, "\"libs\":[");
    for (size_t i = 0; i < firefox->timeline.tables.module_count; i++) {
        const struct conv_module *module = &firefox->timeline.tables.modules[i];
        size_t size;
        const char *base = conv_base_name(module->path.data, module->path.size_bytes, &size);
        conv_text_put(text, i ? ",\n{\"arch\":\"\",\"name\":" : "\n{\"arch\":\"\",\"name\":");
        conv_text_string(text, base, size);
        conv_text_put(text, ",\"debugName\":");
        conv_text_string(text, base, size);
        conv_text_put(text, ",\"path\":");
        conv_text_string(text, module->path.data, module->path.size_bytes);
        conv_text_put(text, ",\"debugPath\":");
        conv_text_string(text, module->path.data, module->path.size_bytes);
        conv_text_put(text, ",\"breakpadId\":\"\",\"codeId\":");
        add_build_id(text, module->build_id);
    }
    conv_text_put(text, "],\n");
}

static bool write_document(struct firefox *firefox)
{
    add_meta(firefox);
    add_libs(firefox);
    bool done = conv_firefox_shared(&firefox->text, &firefox->timeline.tables);
    conv_text_put(&firefox->text, "\"pages\":[],\"threads\":[");
    for (size_t i = 0; done && i < firefox->timeline.track_count; i++) {
        conv_text_put(&firefox->text, i ? ",\n" : "\n");
        add_thread(firefox, &firefox->timeline.tracks[i]);
    }
    conv_text_put(&firefox->text, "]}\n");
    return done;
}

static int write_samples(struct conv_job *job)
{
    struct firefox firefox;
    memset(&firefox, 0, sizeof(firefox));
    int code = conv_timeline_init(&firefox.timeline, job);
    if (code < 0) {
        bool done = conv_text_init(&firefox.text, &job->target.output) && write_document(&firefox);
        done = conv_text_fini(&firefox.text) && done;
        code = done ? code : vmpt_app_no_memory(&job->app);
    }
    conv_timeline_fini(&firefox.timeline);
    return code;
}

const struct conv_format conv_to_firefox = {
    .option = "firefox",
    .extension = "firefox.json",
    .title = "the format of the Firefox Profiler",
    .help = "the Firefox Profiler's JSON: samples by thread, in time",
    .holds = VMPT_HOLDS_TIMES | VMPT_HOLDS_THREADS | VMPT_HOLDS_LINES | VMPT_HOLDS_KINDS |
             VMPT_HOLDS_MODULES | VMPT_HOLDS_WEIGHTS,
    .weighs = true,
    .write_samples = write_samples,
};
