/* to_json.c: JSON lines: what the profile is, then a line a stack, each to be read alone. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"
#include "tools/convert/format.h"
#include "tools/convert/names.h"

#define SCHEMA "vmprof/stacks/1"

struct caller {
    size_t end;
    size_t line_bytes;
};

static void add_frame(struct vmpt_buffer *line, const struct vmpt_view *view, size_t node)
{
    struct vmpt_function function = conv_function(view, view->function[node]);
    vmpt_buffer_add_text(line, line->size ? ",{\"name\":\"" : "{\"name\":\"");
    conv_add_json(line, function.name, function.name_size);
    vmpt_buffer_add_text(line, "\",\"file\":\"");
    conv_add_json(line, function.file, function.file_size);
    vmpt_buffer_printf(line, "\",\"line\":%u,\"kind\":\"%s\"}", (unsigned)function.first_line,
                       vmpt_kind_name(view->kind[node]));
}

static void write_line(struct conv_job *job, const struct vmpt_buffer *line,
                       const struct vmpt_cell *cell)
{
    struct vmpt_output *output = &job->target.output;
    char head[96];
    int size =
        snprintf(head, sizeof(head), "{\"weight\":%" PRIu64 ",\"samples\":%" PRIu64 ",\"stack\":[",
                 cell->weight, cell->samples);
    vmpt_output_write(output, head, (size_t)size);
    vmpt_output_write(output, line->data, line->size);
    vmpt_output_write(output, "]}\n", 3);
}

static bool write_head(struct conv_job *job)
{
    json_t *document = vmpt_document_json(&job->app, SCHEMA);
    char *text = document ? json_dumps(document, JSON_COMPACT) : NULL;
    json_decref(document);
    if (text) {
        vmpt_output_write(&job->target.output, text, strlen(text));
        vmpt_output_write(&job->target.output, "\n", 1);
    }
    bool done = text != NULL;
    free(text);
    return done;
}

static bool write_tree(struct conv_job *job)
{
    const struct vmpt_view *view = &job->app.view;
    struct vmpt_buffer line = {0};
    struct caller *callers = NULL;
    size_t capacity = 0;
    size_t depth = 0;
    bool done = write_head(job);
    for (size_t i = 1; done && i < view->count; i++) {
        while (depth > 0 && i >= callers[depth - 1].end) {
            line.size = callers[--depth].line_bytes;
        }
        done = vmpt_reserve(&callers, &capacity, depth + 1, sizeof(*callers));
        if (done) {
            callers[depth].end = i + view->size[i];
            callers[depth++].line_bytes = line.size;
            add_frame(&line, view, i);
            done = !line.failed;
        }
        if (done && view->self[i].samples) {
            write_line(job, &line, &view->self[i]);
        }
    }
    free(callers);
    vmpt_buffer_fini(&line);
    return done;
}

const struct conv_format conv_to_json = {
    .option = "json",
    .extension = "jsonl",
    .title = "the format of JSON lines",
    .help = "JSON lines: the profile, then a line a stack",
    .holds = VMPT_HOLDS_WEIGHTS | VMPT_HOLDS_KINDS,
    .write_tree = write_tree,
};
