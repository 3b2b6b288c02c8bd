/* to_speedscope.c: the JSON of speedscope: frames once, then a profile of each thread, its stacks in the order of time.
 *
 * Samples that follow each other in one stack are written as one, which looks the same and is read sooner.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"
#include "tools/convert/format.h"
#include "tools/convert/names.h"
#include "tools/convert/text.h"
#include "tools/convert/timeline.h"

struct scope {
    struct conv_timeline timeline;
    struct conv_text text;
    uint64_t *path; /* functions of a stack, root first */
    size_t path_capacity;
};

static const char *unit_of(const char *unit)
{
    if (strcmp(unit, "ns") == 0) {
        return "nanoseconds";
    }
    return strcmp(unit, "bytes") == 0 ? "bytes" : "none";
}

static void add_frames(struct scope *scope)
{
    struct conv_text *text = &scope->text;
    const struct conv_tables *tables = &scope->timeline.tables;
    for (uint32_t i = 0; i < tables->functions.count; i++) {
        struct vmpt_function function = conv_tables_function(tables, i);
        conv_text_put(text, i ? ",\n{\"name\":" : "\n{\"name\":");
        conv_text_string(text, function.name, function.name_size);
        if (function.file_size) {
            conv_text_put(text, ",\"file\":");
            conv_text_string(text, function.file, function.file_size);
        }
        if (function.first_line) {
            conv_text_printf(text, ",\"line\":%u", (unsigned)function.first_line);
        }
        conv_text_put(text, "}");
    }
}

/* ---- threads ----------------------------------------------------------------------------------------- */

static void turn_round(uint64_t *numbers, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        uint64_t kept = numbers[i];
        numbers[i] = numbers[count - 1 - i];
        numbers[count - 1 - i] = kept;
    }
}

static bool add_stack(struct scope *scope, uint32_t stack)
{
    const struct conv_tables *tables = &scope->timeline.tables;
    size_t depth = 0;
    for (uint32_t at = stack; at; at = tables->stacks.items[at].parent) {
        if (!vmpt_reserve(&scope->path, &scope->path_capacity, depth + 1, sizeof(*scope->path))) {
            return false;
        }
        scope->path[depth++] = tables->frames.keys[tables->stacks.items[at].frame].function;
    }
    turn_round(scope->path, depth);
    conv_text_numbers(&scope->text, scope->path, depth, 0);
    return true;
}

/* The next samples that are in one stack, and weigh something: false: there are none. */
struct run {
    struct conv_track_walk walk;
    bool has_next;
    uint32_t stack;
    uint64_t weight;
};

static bool next_run(struct run *run)
{
    run->weight = 0;
    while (run->has_next && run->weight == 0) {
        run->stack = run->walk.stack;
        while (run->has_next && run->walk.stack == run->stack) {
            run->weight += run->walk.weight;
            run->has_next = conv_track_step(&run->walk);
        }
    }
    return run->weight != 0;
}

static struct run begin_runs(const struct scope *scope, const struct conv_track *track)
{
    struct run run = {.walk = conv_track_walk(&scope->timeline, track)};
    run.has_next = conv_track_step(&run.walk);
    return run;
}

static bool add_samples(struct scope *scope, const struct conv_track *track)
{
    struct run run = begin_runs(scope, track);
    bool is_first = true;
    bool done = true;
    while (done && next_run(&run)) {
        conv_text_put(&scope->text, is_first ? "\n[" : ",\n[");
        done = add_stack(scope, run.stack);
        conv_text_put(&scope->text, "]");
        is_first = false;
    }
    return done;
}

static void add_weights(struct scope *scope, const struct conv_track *track)
{
    struct run run = begin_runs(scope, track);
    bool is_first = true;
    while (next_run(&run)) {
        conv_text_put(&scope->text, is_first ? "" : ",");
        conv_text_number(&scope->text, run.weight);
        is_first = false;
    }
}

static void add_thread_name(struct scope *scope, const struct conv_thread *thread)
{
    struct vmpt_buffer name = {0};
    vmpt_buffer_add(&name, thread->name, thread->name_size);
    vmpt_buffer_printf(&name, "%sprocess %" PRIu64 ", thread %" PRIu64 "%s", name.size ? " (" : "",
                       thread->process_id, thread->thread_id, name.size ? ")" : "");
    scope->text.failed = scope->text.failed || name.failed;
    conv_text_string(&scope->text, name.data, name.size);
    vmpt_buffer_fini(&name);
}

static bool add_track(struct scope *scope, const struct conv_track *track)
{
    struct conv_text *text = &scope->text;
    conv_text_put(text, "{\"type\":\"sampled\",\"name\":");
    add_thread_name(scope, track->thread);
    conv_text_printf(text,
                     ",\"unit\":\"%s\",\"startValue\":0,\"endValue\":%" PRIu64 ",\n\"samples\":[",
                     unit_of(track->thread->unit), track->weight);
    bool done = add_samples(scope, track);
    conv_text_put(text, "],\n\"weights\":[");
    add_weights(scope, track);
    conv_text_put(text, "]}");
    return done;
}

/* ---- the document ------------------------------------------------------------------------------------ */

/* What speedscope shows first: the thread with the most weight. */
static size_t heaviest(const struct conv_timeline *timeline)
{
    size_t found = 0;
    for (size_t i = 1; i < timeline->track_count; i++) {
        found = timeline->tracks[i].weight > timeline->tracks[found].weight ? i : found;
    }
    return found;
}

static bool write_document(struct scope *scope)
{
    const struct conv_timeline *timeline = &scope->timeline;
    const struct conv_tables *tables = &timeline->tables;
    const char *file = tables->job->app.files[0];
    struct conv_text *text = &scope->text;
    bool done = true;
    conv_text_put(text, "{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\",\n"
                        "\"exporter\":\"vmprof " VMPF_VERSION_STRING "\",\n\"name\":");
    conv_text_string(text, tables->program ? tables->program : file,
                     tables->program ? tables->program_size : strlen(file));
    conv_text_printf(text, ",\n\"activeProfileIndex\":%zu,\n\"shared\":{\"frames\":[",
                     heaviest(timeline));
    add_frames(scope);
    conv_text_put(text, "]},\n\"profiles\":[");
    for (size_t i = 0; done && i < timeline->track_count; i++) {
        conv_text_put(text, i ? ",\n" : "");
        done = add_track(scope, &timeline->tracks[i]);
    }
    /* It opens no file without a profile. */
    conv_text_put(text, timeline->track_count
                            ? "]}\n"
                            : "{\"type\":\"sampled\",\"name\":\"no samples\",\"unit\":\"none\","
                              "\"startValue\":0,\"endValue\":0,\"samples\":[],\"weights\":[]}]}\n");
    return done;
}

static int write_samples(struct conv_job *job)
{
    struct scope scope;
    memset(&scope, 0, sizeof(scope));
    int code = conv_timeline_init(&scope.timeline, job);
    if (code < 0) {
        bool done = conv_text_init(&scope.text, &job->target.output) && write_document(&scope);
        done = conv_text_fini(&scope.text) && done;
        code = done ? code : vmpt_app_no_memory(&job->app);
    }
    conv_timeline_fini(&scope.timeline);
    free(scope.path);
    return code;
}

const struct conv_format conv_to_speedscope = {
    .option = "speedscope",
    .extension = "speedscope.json",
    .title = "speedscope's format",
    .help = "speedscope's JSON: the stacks of each thread, in time",
    .holds = VMPT_HOLDS_WEIGHTS | VMPT_HOLDS_THREADS,
    .weighs = true,
    .write_samples = write_samples,
};
