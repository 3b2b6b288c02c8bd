/* to_chrome_trace.c: a timeline in Chrome's trace event format: an event for each stretch in which a function stayed on the
 * stack, from one sample to the next.
 *
 * A sample stands for one period, or for the time to the next one where that comes within two: in a longer gap the
 * thread was not seen, and nothing is drawn.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"
#include "tools/convert/format.h"
#include "tools/convert/names.h"
#include "tools/convert/text.h"
#include "tools/convert/timeline.h"

#define US_DIGITS 3 /* of a fraction of microseconds, down to ns */
#define GAP_PERIODS 2
#define IDS_BYTES 64

struct open_frame {
    uint32_t frame; /* of the tables */
    uint64_t start_ns;
};

/* What an event says of its frame, before its times and behind its thread: made once. */
struct words {
    struct vmpt_buffer text;
    struct part {
        size_t begin;
        size_t middle;
        size_t end;
    } * parts; /* by frame */
};

struct trace {
    struct conv_timeline timeline;
    struct words words;
    char ids[IDS_BYTES]; /* of the thread that is written */
    size_t ids_size;
    struct open_frame *open; /* root first */
    size_t depth;
    size_t open_capacity;
    uint32_t *path; /* frames of the sample that comes, root first */
    size_t path_depth;
    size_t path_capacity;
    bool has_events;
    struct conv_text text;
};

/* ---- events ------------------------------------------------------------------------------------------ */

static void add_words(struct vmpt_buffer *text, const struct vmpt_function *function, uint8_t kind,
                      size_t *middle)
{
    vmpt_buffer_add_text(text, "{\"name\":\"");
    conv_add_json(text, function->name_size ? function->name : "-",
                  function->name_size ? function->name_size : 1);
    vmpt_buffer_printf(text, "\",\"cat\":\"%s\",\"ph\":\"X\",\"ts\":", vmpt_kind_name(kind));
    *middle = text->size;
    vmpt_buffer_add_text(text, ",\"args\":{\"file\":\"");
    conv_add_json(text, function->file, function->file_size);
    vmpt_buffer_printf(text, "\",\"line\":%u}}", (unsigned)function->first_line);
}

static bool words_init(struct words *words, const struct conv_tables *tables)
{
    words->parts = vmpt_array(tables->frames.count, sizeof(*words->parts));
    for (size_t i = 1; words->parts && i < tables->frames.count; i++) {
        const struct vmpt_node_key *frame = &tables->frames.keys[i];
        words->parts[i].begin = words->text.size;
        add_words(&words->text, &tables->functions.items[frame->function], frame->kind,
                  &words->parts[i].middle);
        words->parts[i].end = words->text.size;
    }
    return words->parts && !words->text.failed;
}

static void begin_event(struct trace *trace)
{
    conv_text_put(&trace->text, trace->has_events ? ",\n" : "\n");
    trace->has_events = true;
}

static void set_thread(struct trace *trace, const struct conv_thread *thread)
{
    trace->ids_size =
        (size_t)snprintf(trace->ids, sizeof(trace->ids), ",\"pid\":%" PRIu64 ",\"tid\":%" PRIu64,
                         thread->process_id, thread->thread_id);
}

static void add_event(struct trace *trace, const struct open_frame *open, uint64_t end_ns)
{
    const struct part *part = &trace->words.parts[open->frame];
    const char *words = trace->words.text.data;
    struct conv_text *text = &trace->text;
    begin_event(trace);
    conv_text_add(text, words + part->begin, part->middle - part->begin);
    conv_text_fraction(text, open->start_ns, US_DIGITS);
    conv_text_put(text, ",\"dur\":");
    conv_text_fraction(text, end_ns - open->start_ns, US_DIGITS);
    conv_text_add(text, trace->ids, trace->ids_size);
    conv_text_add(text, words + part->middle, part->end - part->middle);
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
    const struct conv_stack *stacks = trace->timeline.tables.stacks.items;
    size_t depth = 0;
    for (uint32_t at = stack; at; at = stacks[at].parent) {
        depth++;
    }
    if (!vmpt_reserve(&trace->path, &trace->path_capacity, depth, sizeof(*trace->path)) ||
        !vmpt_reserve(&trace->open, &trace->open_capacity, depth, sizeof(*trace->open))) {
        return false;
    }
    trace->path_depth = depth;
    for (uint32_t at = stack; at; at = stacks[at].parent) {
        trace->path[--depth] = stacks[at].frame;
    }
    return true;
}

/* A function that goes on at another line is the same stretch. */
static bool goes_on(const struct trace *trace, size_t depth)
{
    const struct vmpt_node_key *frames = trace->timeline.tables.frames.keys;
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

static bool add_track(struct trace *trace, const struct conv_track *track)
{
    uint64_t period_ns = conv_timeline_period_ns(&trace->timeline);
    struct conv_track_walk walk = conv_track_walk(&trace->timeline, track);
    uint64_t last_ns = 0;
    uint32_t last_stack = 0;
    bool is_first = true;
    bool done = true;
    set_thread(trace, track->thread);
    while (done && conv_track_step(&walk)) {
        if (!is_first && walk.time_ns - last_ns > GAP_PERIODS * period_ns) {
            close_frames(trace, 0, last_ns + period_ns);
            last_stack = 0;
        }
        done = walk.stack == last_stack || enter(trace, walk.stack, walk.time_ns);
        last_stack = walk.stack;
        last_ns = walk.time_ns;
        is_first = false;
    }
    close_frames(trace, 0, last_ns + period_ns);
    return done;
}

/* ---- the document ------------------------------------------------------------------------------------ */

static void add_name(struct trace *trace, const struct conv_thread *thread)
{
    set_thread(trace, thread);
    begin_event(trace);
    conv_text_put(&trace->text, "{\"name\":\"thread_name\",\"ph\":\"M\"");
    conv_text_add(&trace->text, trace->ids, trace->ids_size);
    conv_text_put(&trace->text, ",\"args\":{\"name\":");
    conv_text_string(&trace->text, thread->name, thread->name_size);
    conv_text_put(&trace->text, "}}");
}

static bool write_document(struct trace *trace)
{
    const struct conv_timeline *timeline = &trace->timeline;
    bool done = words_init(&trace->words, &timeline->tables);
    conv_text_put(&trace->text, "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[");
    for (size_t i = 0; done && i < timeline->track_count; i++) {
        if (timeline->tracks[i].thread->name_size) {
            add_name(trace, timeline->tracks[i].thread);
        }
    }
    for (size_t i = 0; done && i < timeline->track_count; i++) {
        done = add_track(trace, &timeline->tracks[i]);
    }
    conv_text_put(&trace->text, "]}\n");
    return done;
}

static int write_samples(struct conv_job *job)
{
    struct trace trace;
    memset(&trace, 0, sizeof(trace));
    int code = conv_timeline_init(&trace.timeline, job);
    if (code < 0) {
        bool done = conv_text_init(&trace.text, &job->target.output) && write_document(&trace);
        done = conv_text_fini(&trace.text) && done;
        code = done ? code : vmpt_app_no_memory(&job->app);
    }
    conv_timeline_fini(&trace.timeline);
    vmpt_buffer_fini(&trace.words.text);
    free(trace.words.parts);
    free(trace.open);
    free(trace.path);
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
