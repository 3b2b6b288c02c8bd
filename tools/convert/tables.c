#include "tools/convert/tables.h"

#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"
#include "tools/analysis/metric.h"
#include "tools/analysis/view.h"
#include "tools/common/diag.h"
#include "tools/convert/names.h"

/* ---- tables ------------------------------------------------------------------------------------------ */

static bool equal(struct vmpf_string a, struct vmpf_string b)
{
    return a.size_bytes == b.size_bytes &&
           (a.size_bytes == 0 || memcmp(a.data, b.data, a.size_bytes) == 0);
}

static struct vmpf_string keep(struct conv_tables *tables, struct vmpf_string text)
{
    const char *data = text.size_bytes ? text.data : "";
    struct vmpf_string kept = {vmpt_arena_copy(&tables->strings, data, text.size_bytes),
                               text.size_bytes};
    return kept;
}

/* Its number + 1; 0: memory is short. */
static uint32_t module_number(struct conv_tables *tables, const struct vmpf_module *module)
{
    size_t i = 0;
    while (i < tables->module_count && !(equal(tables->modules[i].path, module->path) &&
                                         equal(tables->modules[i].build_id, module->build_id))) {
        i++;
    }
    if (i == tables->module_count) {
        struct conv_module made = {
            .path = keep(tables, module->path),
            .build_id = keep(tables, module->build_id),
            .address = module->address,
            .size_bytes = module->size_bytes,
            .file_offset = module->file_offset,
        };
        if (!made.path.data || !made.build_id.data ||
            !vmpt_reserve(&tables->modules, &tables->module_capacity, i + 1, sizeof(made))) {
            return 0;
        }
        tables->modules[tables->module_count++] = made;
    }
    return (uint32_t)i + 1;
}

static uint32_t intern_function(struct conv_tables *tables, const struct vmpt_feed *feed,
                                const struct vmpf_function *function)
{
    size_t before = tables->functions.count;
    uint32_t number = vmpt_functions_intern(&tables->functions, function);
    if (number == VMPT_NO_FUNCTION ||
        !vmpt_reserve(&tables->module_of, &tables->module_of_capacity, (size_t)number + 1,
                      sizeof(*tables->module_of))) {
        return VMPT_NO_FUNCTION;
    }
    if (number >= before) {
        tables->module_of[number] = 0;
    }
    if (function->module && feed->ops->module && !tables->module_of[number]) {
        struct vmpf_module module = feed->ops->module(feed->ctx, function->module);
        tables->module_of[number] = module_number(tables, &module);
        return tables->module_of[number] ? number : VMPT_NO_FUNCTION;
    }
    return number;
}

/* The frame of a function at a line; 0: memory is short. */
static uint32_t intern_frame(struct conv_tables *tables, const struct vmpt_feed *feed,
                             const struct vmpf_function *function, uint32_t line)
{
    uint8_t kind = function->kind <= VMPF_KIND_JIT_INTERNAL ? (uint8_t)function->kind : 0;
    uint32_t number = intern_function(tables, feed, function);
    if (number == VMPT_NO_FUNCTION) {
        return 0;
    }
    struct vmpt_node_key frame = {.function = number, .line = line, .kind = kind};
    uint32_t made = vmpt_nodes_intern(&tables->frames, &frame);
    return made == VMPT_NO_NODE ? 0 : made;
}

/* A stack of the input shares its locations with many others: each is looked up once an epoch. */
static uint32_t frame_of(struct conv_tables *tables, const struct vmpt_feed *feed, uint32_t id)
{
    if (id < tables->frame_capacity && tables->frame_of[id]) {
        return tables->frame_of[id];
    }
    if (!vmpt_reserve(&tables->frame_of, &tables->frame_capacity, (size_t)id + 1,
                      sizeof(*tables->frame_of))) {
        return 0;
    }
    struct vmpf_location location = feed->ops->location(feed->ctx, id);
    struct vmpf_function function = feed->ops->function(feed->ctx, location.function);
    tables->frame_of[id] = intern_frame(tables, feed, &function, location.line);
    return tables->frame_of[id];
}

static uint32_t hidden_stack(struct conv_tables *tables, const struct vmpt_feed *feed)
{
    const struct vmpf_function hidden = {.name = {VMPT_HIDDEN_NAME, sizeof(VMPT_HIDDEN_NAME) - 1},
                                         .file = {"", 0}};
    uint32_t frame = intern_frame(tables, feed, &hidden, 0);
    return frame ? conv_stacks_intern(&tables->stacks, 0, frame) : 0;
}

/* The stack of a node that was not seen yet. */
static uint32_t learn_stack(struct conv_tables *tables, struct conv_stream *stream, uint32_t node)
{
    const struct vmpt_feed *feed = &stream->feed;
    size_t depth = 0;
    uint32_t at = node;
    uint32_t found = 0;
    for (; at; at = conv_stream_caller(stream, at)) {
        if (!vmpt_reserve(&tables->path, &tables->path_capacity, depth + 1, sizeof(at)) ||
            !vmpt_reserve(&tables->stack_of, &tables->stack_capacity, (size_t)at + 1,
                          sizeof(*tables->stack_of))) {
            return 0;
        }
        if (tables->stack_of[at]) {
            found = tables->stack_of[at];
            break;
        }
        tables->path[depth++] = at;
    }
    while (depth > 0) {
        at = tables->path[--depth];
        uint32_t location = feed->ops->stack(feed->ctx, at).location;
        uint32_t frame = frame_of(tables, feed, location);
        found = frame ? conv_stacks_intern(&tables->stacks, found, frame) : 0;
        tables->stack_of[at] = found;
        if (!found) {
            return 0;
        }
    }
    return found;
}

/* The stack of a node that is shown; 0: memory is short. */
static uint32_t find_stack(struct conv_tables *tables, struct conv_stream *stream, uint32_t node)
{
    if (node && node < tables->stack_capacity && tables->stack_of[node]) {
        return tables->stack_of[node];
    }
    return node ? learn_stack(tables, stream, node) : hidden_stack(tables, &stream->feed);
}

/* ---- threads ----------------------------------------------------------------------------------------- */

static struct conv_thread *add_thread(struct conv_tables *tables, const struct vmpf_thread *thread)
{
    struct vmpf_string name = keep(tables, thread->name);
    if (!name.data || !vmpt_reserve(&tables->threads, &tables->thread_capacity,
                                    tables->thread_count + 1, sizeof(*tables->threads))) {
        return NULL;
    }
    struct conv_thread *made = &tables->threads[tables->thread_count++];
    *made = (struct conv_thread){
        .session = tables->sessions,
        .process_id = thread->process_id,
        .thread_id = thread->thread_id,
        .name = name.data,
        .name_size = name.size_bytes,
        .metric = tables->metric,
        .unit = tables->unit,
    };
    return made;
}

/* The number + 1 of the thread with this id in this epoch; 0: memory is short. */
static uint32_t find_thread(struct conv_tables *tables, const struct vmpt_feed *feed, uint32_t id)
{
    if (id < tables->thread_of_capacity && tables->thread_of[id]) {
        return tables->thread_of[id];
    }
    if (!vmpt_reserve(&tables->thread_of, &tables->thread_of_capacity, (size_t)id + 1,
                      sizeof(*tables->thread_of))) {
        return 0;
    }
    struct vmpf_thread thread = feed->ops->thread(feed->ctx, id);
    size_t i = tables->thread_count;
    struct conv_thread *found = NULL;
    while (!found && i > 0 && tables->threads[i - 1].session == tables->sessions) {
        struct conv_thread *known = &tables->threads[--i];
        bool is_it = known->process_id == thread.process_id && known->thread_id == thread.thread_id;
        found = is_it ? known : NULL;
    }
    found = found ? found : add_thread(tables, &thread);
    if (found) {
        tables->thread_of[id] = (uint32_t)(found - tables->threads) + 1;
    }
    return tables->thread_of[id];
}

/* ---- the visitor ------------------------------------------------------------------------------------- */

static bool is_named(struct vmpf_string name, const char *wanted)
{
    return name.size_bytes == strlen(wanted) && memcmp(name.data, wanted, name.size_bytes) == 0;
}

/* The one that was asked for; else cpu, or the first that can be added up. -1: samples are counted. */
static int find_column(const struct vmpf_info *info, const char *wanted)
{
    int found = -1;
    for (size_t i = 0; i < info->value_count; i++) {
        struct vmpf_string name = info->values[i].name;
        if (is_named(name, wanted ? wanted : "cpu")) {
            return (int)i;
        }
        if (!wanted && found < 0 && !is_named(name, "memory")) {
            found = (int)i;
        }
    }
    return found;
}

static void choose_column(struct conv_tables *tables, const struct vmpf_info *info)
{
    int column = find_column(info, tables->job->app.settings.metric);
    tables->column = column;
    struct vmpf_string name = {"samples", 7};
    struct vmpf_string unit = {"count", 5};
    tables->metric = keep(tables, column < 0 ? name : info->values[column].name).data;
    tables->unit = keep(tables, column < 0 ? unit : info->values[column].unit).data;
    tables->has_other_values |= info->value_count > (column < 0 ? 0 : 1);
}

/* Says so where a session does not have what was asked for, or it cannot be added up. */
static bool lacks_metric(const struct conv_tables *tables)
{
    const struct vmpt_app *app = &tables->job->app;
    const char *metric = app->settings.metric;
    const char *file = app->files[tables->stream->input];
    if (!metric || strcmp(metric, "samples") == 0) {
        return false;
    }
    if (vmpt_metric_name_is_gauge(metric)) {
        vmpt_say(app->tool->name, "metric '%s' is a level and has no sum; choose another --metric",
                 metric);
        return true;
    }
    if (tables->column >= 0) {
        return false;
    }
    vmpt_say(app->tool->name, "%s: there is no metric '%s'", file, metric);
    return true;
}

static void learn_first(struct conv_tables *tables, const struct vmpf_info *info)
{
    const struct vmpf_meta *program = vmpf_info_meta(info, VMPF_META_PROGRAM);
    const struct vmpf_meta *period = vmpf_info_meta(info, VMPF_META_PERIOD_NS);
    tables->has_begun = true;
    tables->start_unix_ns = info->start_unix_ns;
    if (period && period->type == VMPF_META_INTEGER) {
        tables->period_ns = period->integer;
    }
    if (program && program->type == VMPF_META_STRING) {
        struct vmpf_string kept = keep(tables, program->string);
        tables->program = kept.data;
        tables->program_size = kept.size_bytes;
    }
}

static void clear(uint32_t *numbers, size_t count)
{
    if (count) {
        memset(numbers, 0, count * sizeof(*numbers));
    }
}

static int forget(void *ctx, struct conv_stream *stream)
{
    struct conv_tables *tables = ctx;
    const struct conv_consumer *consumer = &tables->consumer;
    (void)stream;
    clear(tables->stack_of, tables->stack_capacity);
    clear(tables->frame_of, tables->frame_capacity);
    clear(tables->thread_of, tables->thread_of_capacity);
    bool done = !consumer->epoch || consumer->epoch(consumer->ctx);
    return done ? VMPT_GO_ON : vmpt_app_no_memory(&tables->job->app);
}

static int begin(void *ctx, struct conv_stream *stream, const struct vmpf_info *info)
{
    struct conv_tables *tables = ctx;
    tables->sessions++;
    tables->stream = stream;
    tables->info = info;
    tables->offset_ns = 0;
    if (!tables->has_begun) {
        learn_first(tables, info);
    } else if (info->start_unix_ns > tables->start_unix_ns && tables->start_unix_ns) {
        tables->offset_ns = info->start_unix_ns - tables->start_unix_ns;
    }
    choose_column(tables, info);
    if (lacks_metric(tables)) {
        return VMPT_EXIT_FAILED;
    }
    if (!tables->metric || !tables->unit) {
        return vmpt_app_no_memory(&tables->job->app);
    }
    return forget(ctx, stream); /* a thread belongs to its session */
}

static bool take_sample(struct conv_tables *tables, struct conv_stream *stream,
                        const struct vmpf_block *block, size_t i)
{
    uint32_t innermost = conv_stream_innermost(stream, block->stack[i]);
    if (innermost == CONV_NOT_CHOSEN) {
        return !stream->failed;
    }
    bool is_weighed = tables->column >= 0 && block->values[tables->column];
    uint32_t thread = find_thread(tables, &stream->feed, block->thread[i]);
    struct conv_sample sample = {
        .tables = tables,
        .stack = find_stack(tables, stream, innermost),
        .thread = thread - 1,
        .time_ns = tables->offset_ns + (block->time_ns ? block->time_ns[i] : 0),
        .weight = is_weighed ? block->values[tables->column][i] : 1,
        .block = block,
        .index = i,
        .has_time = block->time_ns && block->time_ns[i] != 0,
    };
    return sample.stack && thread && tables->consumer.sample(tables->consumer.ctx, &sample);
}

static int take_block(void *ctx, struct conv_stream *stream, const struct vmpf_block *block)
{
    struct conv_tables *tables = ctx;
    for (size_t i = 0; i < block->count; i++) {
        if (conv_stream_keeps(stream, block, i) && !take_sample(tables, stream, block, i)) {
            return vmpt_app_no_memory(&tables->job->app);
        }
    }
    return VMPT_GO_ON;
}

static int end(void *ctx, struct conv_stream *stream, const struct vmpf_info *info,
               uint64_t lost_samples)
{
    struct conv_tables *tables = ctx;
    uint64_t end_ns = info->end_ns ? tables->offset_ns + info->end_ns : 0;
    (void)stream;
    (void)lost_samples;
    tables->end_ns = end_ns > tables->end_ns ? end_ns : tables->end_ns;
    return VMPT_GO_ON;
}

int conv_tables_init(struct conv_tables *tables, struct conv_job *job,
                     const struct conv_consumer *consumer, uint32_t skip_columns)
{
    static const struct conv_visitor visitor = {begin, forget, take_block, end};
    memset(tables, 0, sizeof(*tables));
    tables->job = job;
    tables->consumer = *consumer;
    vmpt_functions_init(&tables->functions);
    vmpt_arena_init(&tables->strings);
    if (!vmpt_nodes_init(&tables->frames) || !conv_stacks_init(&tables->stacks)) {
        return vmpt_app_no_memory(&job->app);
    }
    int code = conv_stream_run(job, &visitor, tables, skip_columns);
    job->lost = job->held & ~(tables->has_other_values ? 0 : VMPT_HOLDS_VALUES);
    return code;
}

struct vmpt_function conv_tables_function(const struct conv_tables *tables, uint32_t function)
{
    uint32_t module = tables->module_of[function];
    return conv_named(tables->functions.items[function],
                      module ? &tables->modules[module - 1].path : NULL);
}

void conv_tables_fini(struct conv_tables *tables)
{
    vmpt_functions_fini(&tables->functions);
    vmpt_nodes_fini(&tables->frames);
    conv_stacks_fini(&tables->stacks);
    free(tables->module_of);
    free(tables->modules);
    free(tables->threads);
    free(tables->stack_of);
    free(tables->frame_of);
    free(tables->thread_of);
    free(tables->path);
    vmpt_arena_fini(&tables->strings);
}
