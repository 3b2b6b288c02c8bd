/* to_perf_script.c: samples as `perf script` prints them: a line of the thread and the time, the frames, innermost first, and an
 * empty line.
 *
 * Readers of it split lines at spaces and brackets, so names are written without what would mislead them.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"
#include "tools/convert/format.h"
#include "tools/convert/names.h"
#include "tools/convert/tables.h"
#include "tools/convert/text.h"

#define S_DIGITS 9
#define NS_PER_S UINT64_C(1000000000)
#define DEFAULT_PERIOD_NS UINT64_C(1000000)

struct script {
    struct conv_tables tables;
    struct conv_text text;
    struct vmpt_buffer lines; /* of frames, one after the other, each made once */
    struct line {
        size_t begin;
        size_t end; /* 0: not made yet */
    } * line_of;    /* by frame */
    size_t line_capacity;
    uint64_t *seen; /* samples of each thread so far */
    size_t seen_capacity;
};

/* Text as one word. */
static void add_word(struct vmpt_buffer *out, const char *data, size_t size_bytes)
{
    size_t from = out->size;
    conv_add_clean(out, data, size_bytes);
    for (size_t i = from; i < out->size && !out->failed; i++) {
        if (out->data[i] == ' ' || out->data[i] == '(' || out->data[i] == ')') {
            out->data[i] = '_';
        }
    }
}

/* ---- frames ------------------------------------------------------------------------------------------ */

/* A name keeps its spaces, but for those at its ends, which readers drop. */
static void add_name(struct vmpt_buffer *out, const char *data, size_t size_bytes)
{
    size_t from = out->size;
    conv_add_clean(out, data, size_bytes);
    if (!out->failed && out->size > from) {
        char *first = &out->data[from];
        char *last = &out->data[out->size - 1];
        if (*first == ' ' || *first == '(') {
            *first = '_';
        }
        if (*last == ' ') {
            *last = '_';
        }
    }
}

static bool make_line(struct script *script, uint32_t frame)
{
    struct vmpt_buffer *out = &script->lines;
    const struct vmpt_node_key *key = &script->tables.frames.keys[frame];
    struct vmpt_function function = conv_tables_function(&script->tables, key->function);
    size_t begin = out->size;
    vmpt_buffer_printf(out, "\t%16" PRIx64 " ", function.address);
    add_name(out, function.name, function.name_size);
    vmpt_buffer_add_text(out, " (");
    if (function.module_size) {
        add_word(out, function.module, function.module_size);
    } else if (function.file_size) {
        add_word(out, function.file, function.file_size);
    } else {
        vmpt_buffer_add_text(out, "[unknown]");
    }
    vmpt_buffer_add_text(out, ")\n");
    script->line_of[frame] = (struct line){begin, out->size};
    return !out->failed;
}

static bool add_frames(struct script *script, uint32_t stack)
{
    const struct conv_tables *tables = &script->tables;
    if (!vmpt_reserve(&script->line_of, &script->line_capacity, tables->frames.count,
                      sizeof(*script->line_of))) {
        return false;
    }
    for (uint32_t at = stack; at; at = tables->stacks.items[at].parent) {
        uint32_t frame = tables->stacks.items[at].frame;
        if (script->line_of[frame].end == 0 && !make_line(script, frame)) {
            return false;
        }
        const struct line *line = &script->line_of[frame];
        conv_text_add(&script->text, script->lines.data + line->begin, line->end - line->begin);
    }
    return true;
}

/* ---- samples ----------------------------------------------------------------------------------------- */

/* At least two characters, none of them a comment's: readers want that. */
static void add_command(struct script *script, const struct conv_thread *thread)
{
    const struct conv_tables *tables = &script->tables;
    struct vmpt_buffer *word = &script->text.scratch;
    word->size = 0;
    if (thread->name_size) {
        add_word(word, thread->name, thread->name_size);
    } else if (tables->program) {
        size_t size;
        const char *base = conv_base_name(tables->program, tables->program_size, &size);
        add_word(word, base, size);
    }
    vmpt_buffer_add_text(word, word->size ? word->size == 1 ? "_" : "" : "vmprof");
    script->text.failed = script->text.failed || word->failed;
    if (!word->failed && word->data[0] == '#') {
        word->data[0] = '_';
    }
    conv_text_add(&script->text, word->data, word->failed ? 0 : word->size);
}

static void add_event(struct script *script, const struct conv_thread *thread, uint64_t weight)
{
    struct vmpt_buffer *word = &script->text.scratch;
    conv_text_number(&script->text, weight);
    word->size = 0;
    vmpt_buffer_add_text(word, " ");
    add_word(word, thread->metric, strlen(thread->metric));
    vmpt_buffer_add_text(word, ":\n");
    script->text.failed = script->text.failed || word->failed;
    conv_text_add(&script->text, word->data, word->failed ? 0 : word->size);
}

/* Without times, the samples of a thread are a period apart. */
static uint64_t time_of(const struct script *script, const struct conv_sample *sample)
{
    uint64_t named_ns = script->tables.period_ns;
    uint64_t period_ns = named_ns ? named_ns : DEFAULT_PERIOD_NS;
    return sample->has_time ? sample->time_ns : script->seen[sample->thread] * period_ns;
}

static bool take_sample(void *ctx, const struct conv_sample *sample)
{
    struct script *script = ctx;
    const struct conv_thread *thread = &script->tables.threads[sample->thread];
    if (!vmpt_reserve(&script->seen, &script->seen_capacity, (size_t)sample->thread + 1,
                      sizeof(*script->seen))) {
        return false;
    }
    uint64_t time_ns = time_of(script, sample);
    script->seen[sample->thread]++;
    add_command(script, thread);
    conv_text_printf(&script->text, " %" PRIu64 "/%" PRIu64 " [000] %" PRIu64 ".%0*" PRIu64 ": ",
                     thread->process_id, thread->thread_id, time_ns / NS_PER_S, S_DIGITS,
                     time_ns % NS_PER_S);
    add_event(script, thread, sample->weight);
    bool done = add_frames(script, sample->stack);
    conv_text_put(&script->text, "\n");
    return done && !script->text.failed;
}

static int write_samples(struct conv_job *job)
{
    struct script script;
    memset(&script, 0, sizeof(script));
    const struct conv_consumer consumer = {.sample = take_sample, .ctx = &script};
    bool done = conv_text_init(&script.text, &job->target.output);
    int code = done ? conv_tables_init(&script.tables, job, &consumer, VMPF_COLUMN_LABEL)
                    : vmpt_app_no_memory(&job->app);
    if (!conv_text_fini(&script.text) && code < 0) {
        code = vmpt_app_no_memory(&job->app);
    }
    conv_tables_fini(&script.tables);
    vmpt_buffer_fini(&script.lines);
    free(script.line_of);
    free(script.seen);
    return code;
}

const struct conv_format conv_to_perf_script = {
    .option = "perf-script",
    .extension = "perf.txt",
    .title = "the text of perf script",
    .help = "what `perf script` prints: each sample, in time",
    .holds = VMPT_HOLDS_TIMES | VMPT_HOLDS_THREADS | VMPT_HOLDS_WEIGHTS,
    .weighs = true,
    .write_samples = write_samples,
};
