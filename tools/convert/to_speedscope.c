/* to_speedscope.c: the JSON of speedscope: frames once, then a weight for each stack. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"
#include "tools/convert/format.h"
#include "tools/convert/names.h"

#define PIECE_BYTES ((size_t)32 * 1024)

struct scope {
    struct conv_job *job;
    const struct vmpt_view *view;
    struct vmpt_buffer out;
};

static void drain(struct scope *scope, size_t least_bytes)
{
    if (scope->out.size > least_bytes && !scope->out.failed) {
        vmpt_output_write(&scope->job->target.output, scope->out.data, scope->out.size);
        scope->out.size = 0;
    }
}

static const char *unit_of(const struct vmpt_metric *metric)
{
    if (strcmp(metric->unit, "ns") == 0) {
        return "nanoseconds";
    }
    return strcmp(metric->unit, "bytes") == 0 ? "bytes" : "none";
}

static void add_frames(struct scope *scope)
{
    struct vmpt_buffer *out = &scope->out;
    for (uint32_t i = 0; i <= scope->view->hidden; i++) {
        struct vmpt_function function = conv_function(scope->view, i);
        vmpt_buffer_add_text(out, i ? ",\n{\"name\":\"" : "\n{\"name\":\"");
        conv_add_json(out, function.name, function.name_size);
        if (function.file_size) {
            vmpt_buffer_add_text(out, "\",\"file\":\"");
            conv_add_json(out, function.file, function.file_size);
        }
        vmpt_buffer_add_text(out, "\"");
        if (function.first_line) {
            vmpt_buffer_printf(out, ",\"line\":%u", (unsigned)function.first_line);
        }
        vmpt_buffer_add_text(out, "}");
        drain(scope, PIECE_BYTES);
    }
}

/* Digits by hand: there may be many millions of them. */
static void add_number(struct vmpt_buffer *out, uint32_t number)
{
    char text[12];
    size_t at = sizeof(text);
    do {
        text[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    vmpt_buffer_add(out, text + at, sizeof(text) - at);
}

struct caller {
    size_t end;
    size_t line_bytes;
};

/* The stacks of all nodes with a weight of their own, in the view's order, which is that of the weights. */
static bool add_samples(struct scope *scope)
{
    const struct vmpt_view *view = scope->view;
    struct vmpt_buffer line = {0};
    struct caller *callers = NULL;
    size_t capacity = 0;
    size_t depth = 0;
    bool is_first = true;
    bool done = true;
    for (size_t i = 1; done && i < view->count; i++) {
        while (depth > 0 && i >= callers[depth - 1].end) {
            line.size = callers[--depth].line_bytes;
        }
        done = vmpt_reserve(&callers, &capacity, depth + 1, sizeof(*callers));
        if (!done) {
            break;
        }
        callers[depth].end = i + view->size[i];
        callers[depth++].line_bytes = line.size;
        vmpt_buffer_add(&line, ",", line.size ? 1 : 0);
        add_number(&line, view->function[i]);
        if (view->self[i].weight) {
            vmpt_buffer_add_text(&scope->out, is_first ? "\n[" : "],\n[");
            vmpt_buffer_add(&scope->out, line.data, line.size);
            drain(scope, PIECE_BYTES);
            is_first = false;
        }
        done = !line.failed;
    }
    vmpt_buffer_add_text(&scope->out, is_first ? "" : "]");
    free(callers);
    vmpt_buffer_fini(&line);
    return done;
}

static void add_weights(struct scope *scope)
{
    bool is_first = true;
    for (size_t i = 1; i < scope->view->count; i++) {
        if (scope->view->self[i].weight) {
            vmpt_buffer_printf(&scope->out, "%s%" PRIu64, is_first ? "" : ",",
                               scope->view->self[i].weight);
            is_first = false;
            drain(scope, PIECE_BYTES);
        }
    }
}

static void add_name(struct scope *scope)
{
    const struct vmpt_profile *profile = scope->job->app.profile;
    const char *name = profile->program.text ? profile->program.text : scope->job->app.files[0];
    conv_add_json(&scope->out, name, strlen(name));
}

static bool write_tree(struct conv_job *job)
{
    struct scope scope = {.job = job, .view = &job->app.view};
    const struct vmpt_metric *metric = &job->app.profile->metric;
    struct vmpt_buffer *out = &scope.out;
    vmpt_buffer_add_text(out,
                         "{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\",\n"
                         "\"exporter\":\"vmprof " VMPF_VERSION_STRING "\",\n\"name\":\"");
    add_name(&scope);
    vmpt_buffer_add_text(out, "\",\n\"activeProfileIndex\":0,\n\"shared\":{\"frames\":[");
    add_frames(&scope);
    vmpt_buffer_add_text(out, "]},\n\"profiles\":[{\"type\":\"sampled\",\"name\":\"");
    conv_add_json(out, metric->name, strlen(metric->name));
    vmpt_buffer_printf(
        out, "\",\"unit\":\"%s\",\"startValue\":0,\"endValue\":%" PRIu64 ",\n\"samples\":[",
        unit_of(metric), scope.view->total[0].weight);
    bool done = add_samples(&scope);
    vmpt_buffer_add_text(out, "],\n\"weights\":[");
    add_weights(&scope);
    vmpt_buffer_add_text(out, "]}]}\n");
    drain(&scope, 0);
    done = done && !out->failed;
    vmpt_buffer_fini(out);
    return done;
}

const struct conv_format conv_to_speedscope = {
    .option = "speedscope",
    .extension = "speedscope.json",
    .title = "speedscope's format",
    .help = "speedscope's JSON: a weight for each stack",
    .holds = VMPT_HOLDS_WEIGHTS,
    .write_tree = write_tree,
};
