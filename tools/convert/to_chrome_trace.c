/* to_chrome_trace.c: a timeline in Chrome's trace event format: an event for each stretch in which a function stayed on the
 * stack, from one sample to the next.
 *
 * A sample stands for one period, or for the time to the next one where that comes within two: in a longer gap the
 * thread was not seen, and nothing is drawn.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"
#include "tools/convert/format.h"
#include "tools/convert/names.h"
#include "tools/convert/timeline.h"

#define PIECE_BYTES ((size_t)32 * 1024)
#define NS_PER_US UINT64_C(1000)
#define DEFAULT_PERIOD_NS UINT64_C(1000000)
#define GAP_PERIODS 2

struct open_frame {
    uint32_t frame; /* of the timeline */
    uint64_t start_ns;
};

struct trace {
    struct conv_timeline timeline;
    const struct conv_thread *thread;
    struct open_frame *open; /* root first */
    size_t depth;
    size_t open_capacity;
    uint32_t *path; /* frames of the sample that comes, root first */
    size_t path_depth;
    size_t path_capacity;
    bool has_events;
    struct vmpt_buffer out;
};

static void drain(struct trace *trace, size_t least_bytes)
{
    struct vmpt_buffer *out = &trace->out;
    if (out->size > least_bytes && !out->failed) {
        vmpt_output_write(&trace->timeline.job->target.output, out->data, out->size);
        out->size = 0;
    }
}

static void add_string(struct vmpt_buffer *out, const char *data, size_t size_bytes)
{
    vmpt_buffer_add(out, "\"", 1);
    conv_add_json(out, data, size_bytes);
    vmpt_buffer_add(out, "\"", 1);
}

static void add_us(struct vmpt_buffer *out, const char *name, uint64_t ns)
{
    vmpt_buffer_printf(out, ",\"%s\":%" PRIu64 ".%03" PRIu64, name, ns / NS_PER_US, ns % NS_PER_US);
}

static void begin_event(struct trace *trace)
{
    vmpt_buffer_add_text(&trace->out, trace->has_events ? ",\n{" : "\n{");
    trace->has_events = true;
}

static void add_ids(struct trace *trace)
{
    vmpt_buffer_printf(&trace->out, ",\"pid\":%" PRIu64 ",\"tid\":%" PRIu64,
                       trace->thread->process_id, trace->thread->thread_id);
}

static void add_event(struct trace *trace, const struct open_frame *open, uint64_t end_ns)
{
    const struct vmpt_node_key *frame = &trace->timeline.frames.keys[open->frame];
    const struct vmpt_function *function = &trace->timeline.functions.items[frame->function];
    struct vmpt_buffer *out = &trace->out;
    begin_event(trace);
    vmpt_buffer_add_text(out, "\"name\":");
    add_string(out, function->name_size ? function->name : "-",
               function->name_size ? function->name_size : 1);
    vmpt_buffer_printf(out, ",\"cat\":\"%s\",\"ph\":\"X\"", vmpt_kind_name(frame->kind));
    add_us(out, "ts", open->start_ns);
    add_us(out, "dur", end_ns - open->start_ns);
    add_ids(trace);
    vmpt_buffer_add_text(out, ",\"args\":{\"file\":");
    add_string(out, function->file, function->file_size);
    vmpt_buffer_printf(out, ",\"line\":%u}}", (unsigned)function->first_line);
    drain(trace, PIECE_BYTES);
}

/* The outer ones first: of two with the same start and end, that is the one which called. */
static void close_frames(struct trace *trace, size_t keep, uint64_t end_ns)
{
    for (size_t i = keep; i < trace->depth; i++) {
        add_event(trace, &trace->open[i], end_ns);
    }
    trace->depth = keep < trace->depth ? keep : trace->depth;
}

/* ---- stacks ------------------------------------------------------------------------------------------ */

static bool find_path(struct trace *trace, uint32_t stack)
{
    const struct vmpt_node_key *keys = trace->timeline.stacks.keys;
    size_t depth = 0;
    for (uint32_t at = stack; at; at = keys[at].parent) {
        depth++;
    }
    if (!vmpt_reserve(&trace->path, &trace->path_capacity, depth, sizeof(*trace->path)) ||
        !vmpt_reserve(&trace->open, &trace->open_capacity, depth, sizeof(*trace->open))) {
        return false;
    }
    trace->path_depth = depth;
    for (uint32_t at = stack; at; at = keys[at].parent) {
        trace->path[--depth] = keys[at].function;
    }
    return true;
}

/* A function that goes on at another line is the same stretch. */
static bool goes_on(const struct trace *trace, size_t depth)
{
    const struct vmpt_node_key *frames = trace->timeline.frames.keys;
    const struct vmpt_node_key *was = &frames[trace->open[depth].frame];
    const struct vmpt_node_key *is = &frames[trace->path[depth]];
    return was->function == is->function && was->kind == is->kind;
}

static bool enter(struct trace *trace, uint32_t stack, uint64_t time_ns)
{
    size_t same = 0;
    if (!find_path(trace, stack)) {
        return false;
    }
    while (same < trace->depth && same < trace->path_depth && goes_on(trace, same)) {
        same++;
    }
    close_frames(trace, same, time_ns);
    while (trace->depth < trace->path_depth) {
        struct open_frame opened = {trace->path[trace->depth], time_ns};
        trace->open[trace->depth++] = opened;
    }
    return true;
}

static bool add_thread(struct trace *trace, const struct conv_thread *thread)
{
    uint64_t named_ns = trace->timeline.period_ns;
    uint64_t period_ns = named_ns ? named_ns : DEFAULT_PERIOD_NS;
    struct conv_timeline_sample sample;
    uint64_t last_ns = 0;
    uint32_t last_stack = 0;
    size_t place = 0;
    size_t index = 0;
    bool done = true;
    trace->thread = thread;
    while (done && conv_timeline_next(&trace->timeline, thread, &place, &index, &sample)) {
        if (index > 1 && sample.time_ns - last_ns > GAP_PERIODS * period_ns) {
            close_frames(trace, 0, last_ns + period_ns);
            last_stack = 0;
        }
        done = sample.stack == last_stack || enter(trace, sample.stack, sample.time_ns);
        last_stack = sample.stack;
        last_ns = sample.time_ns;
    }
    close_frames(trace, 0, last_ns + period_ns);
    return done;
}

/* ---- the document ------------------------------------------------------------------------------------ */

static void add_name(struct trace *trace, const struct conv_thread *thread)
{
    trace->thread = thread;
    begin_event(trace);
    vmpt_buffer_add_text(&trace->out, "\"name\":\"thread_name\",\"ph\":\"M\"");
    add_ids(trace);
    vmpt_buffer_add_text(&trace->out, ",\"args\":{\"name\":");
    add_string(&trace->out, thread->name, thread->name_size);
    vmpt_buffer_add_text(&trace->out, "}}");
}

static bool write_document(struct trace *trace)
{
    const struct conv_timeline *timeline = &trace->timeline;
    bool done = true;
    vmpt_buffer_add_text(&trace->out, "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[");
    for (size_t i = 0; i < timeline->thread_count; i++) {
        if (timeline->threads[i].name_size) {
            add_name(trace, &timeline->threads[i]);
        }
    }
    for (size_t i = 0; done && i < timeline->thread_count; i++) {
        done = add_thread(trace, &timeline->threads[i]);
    }
    vmpt_buffer_add_text(&trace->out, "]}\n");
    done = done && !trace->out.failed;
    drain(trace, 0);
    return done;
}

static int write_samples(struct conv_job *job)
{
    struct trace trace;
    memset(&trace, 0, sizeof(trace));
    int code = conv_timeline_init(&trace.timeline, job);
    if (code < 0 && !write_document(&trace)) {
        code = vmpt_app_no_memory(&job->app);
    }
    conv_timeline_fini(&trace.timeline);
    free(trace.open);
    free(trace.path);
    vmpt_buffer_fini(&trace.out);
    return code;
}

const struct conv_format conv_to_chrome_trace = {
    .option = "chrome-trace",
    .extension = "trace.json",
    .title = "Chrome's trace format",
    .help = "Chrome's trace events: a timeline of each thread",
    .holds = VMPT_HOLDS_TIMES | VMPT_HOLDS_THREADS | VMPT_HOLDS_KINDS,
    .write_samples = write_samples,
};
