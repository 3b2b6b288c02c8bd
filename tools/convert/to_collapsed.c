/* to_collapsed.c: a line a stack, root first, `;` between frames, then the weight. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/analysis/memory.h"
#include "tools/convert/format.h"
#include "tools/convert/names.h"

/* The frames of all functions, made once. */
struct frames {
    struct vmpt_buffer text;
    size_t *ends; /* by function */
};

static bool frames_init(struct frames *frames, const struct vmpt_view *view, bool names_only)
{
    size_t count = (size_t)view->hidden + 1;
    frames->ends = vmpt_array(count, sizeof(*frames->ends));
    for (uint32_t i = 0; frames->ends && i < count; i++) {
        struct vmpt_function function = conv_function(view, i);
        conv_add_frame(&frames->text, &function, names_only);
        frames->ends[i] = frames->text.size;
    }
    return frames->ends && !frames->text.failed;
}

static void add_frame(struct vmpt_buffer *line, const struct frames *frames, uint32_t function)
{
    size_t start = function ? frames->ends[function - 1] : 0;
    if (line->size) {
        vmpt_buffer_add(line, ";", 1);
    }
    vmpt_buffer_add(line, frames->text.data + start, frames->ends[function] - start);
}

/* Where each caller's subtree ends, and how long the line is without the caller. */
struct caller {
    size_t end;
    size_t line_bytes;
};

static void write_line(struct vmpt_output *output, const struct vmpt_buffer *line, uint64_t weight)
{
    char number[32];
    int size = snprintf(number, sizeof(number), " %" PRIu64 "\n", weight);
    vmpt_output_write(output, line->data, line->size);
    vmpt_output_write(output, number, (size_t)size);
}

static bool write_lines(struct conv_job *job, const struct frames *frames)
{
    const struct vmpt_view *view = &job->app.view;
    struct vmpt_buffer line = {0};
    struct caller *callers = NULL;
    size_t capacity = 0;
    size_t depth = 0;
    bool done = true;
    for (size_t i = 1; done && i < view->count; i++) {
        while (depth > 0 && i >= callers[depth - 1].end) {
            line.size = callers[--depth].line_bytes;
        }
        done = vmpt_reserve(&callers, &capacity, depth + 1, sizeof(*callers));
        if (done) {
            callers[depth].end = i + view->size[i];
            callers[depth++].line_bytes = line.size;
            add_frame(&line, frames, view->function[i]);
            done = !line.failed;
        }
        if (done && view->self[i].weight) {
            write_line(&job->target.output, &line, view->self[i].weight);
        }
    }
    free(callers);
    vmpt_buffer_fini(&line);
    return done;
}

static bool write_tree(struct conv_job *job)
{
    struct frames frames = {{0}, NULL};
    bool done = frames_init(&frames, &job->app.view, job->names_only) && write_lines(job, &frames);
    vmpt_buffer_fini(&frames.text);
    free(frames.ends);
    return done;
}

const struct conv_format conv_to_collapsed = {
    .option = "collapsed",
    .extension = "collapsed.txt",
    .title = "the format of collapsed stacks",
    .help = "collapsed stacks: a line a stack, frames with ; between",
    .holds = VMPT_HOLDS_WEIGHTS,
    .write_tree = write_tree,
};
