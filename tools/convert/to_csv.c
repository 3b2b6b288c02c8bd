/* to_csv.c: RFC 4180: a row a stack: the frames as in collapsed stacks, then samples and weight. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/analysis/memory.h"
#include "tools/convert/format.h"
#include "tools/convert/names.h"

struct caller {
    size_t end;
    size_t row_bytes;
};

/* A field that stands in quotes, of which those inside are doubled. */
static void add_quoted(struct vmpt_buffer *row, const struct vmpt_buffer *frame)
{
    for (size_t i = 0; i < frame->size; i++) {
        vmpt_buffer_add(row, frame->data + i, 1);
        if (frame->data[i] == '"') {
            vmpt_buffer_add(row, "\"", 1);
        }
    }
}

static void write_row(struct conv_job *job, const struct vmpt_buffer *row,
                      const struct vmpt_cell *cell)
{
    struct vmpt_output *output = &job->target.output;
    char tail[64];
    int size =
        snprintf(tail, sizeof(tail), "\",%" PRIu64 ",%" PRIu64 "\r\n", cell->samples, cell->weight);
    vmpt_output_write(output, row->data, row->size);
    vmpt_output_write(output, tail, (size_t)size);
}

static bool write_tree(struct conv_job *job)
{
    static const char header[] = "stack,samples,weight\r\n";
    const struct vmpt_view *view = &job->app.view;
    struct vmpt_buffer row = {0};
    struct vmpt_buffer frame = {0};
    struct caller *callers = NULL;
    size_t capacity = 0;
    size_t depth = 0;
    bool done = true;
    vmpt_output_write(&job->target.output, header, sizeof(header) - 1);
    vmpt_buffer_add(&row, "\"", 1);
    for (size_t i = 1; done && i < view->count; i++) {
        while (depth > 0 && i >= callers[depth - 1].end) {
            row.size = callers[--depth].row_bytes;
        }
        done = vmpt_reserve(&callers, &capacity, depth + 1, sizeof(*callers));
        if (done) {
            struct vmpt_function function = conv_function(view, view->function[i]);
            callers[depth].end = i + view->size[i];
            callers[depth].row_bytes = row.size;
            frame.size = 0;
            vmpt_buffer_add_text(&frame, depth ? ";" : "");
            conv_add_frame(&frame, &function, false);
            add_quoted(&row, &frame);
            depth++;
            done = !row.failed && !frame.failed;
        }
        if (done && view->self[i].samples) {
            write_row(job, &row, &view->self[i]);
        }
    }
    free(callers);
    vmpt_buffer_fini(&row);
    vmpt_buffer_fini(&frame);
    return done;
}

const struct conv_format conv_to_csv = {
    .option = "csv",
    .extension = "csv",
    .title = "CSV",
    .help = "CSV: a row a stack, with samples and weight",
    .holds = VMPT_HOLDS_WEIGHTS,
    .write_tree = write_tree,
};
