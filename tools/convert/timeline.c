#include "tools/convert/timeline.h"

#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"
#include "tools/analysis/view.h"
#include "tools/convert/protobuf.h"

#define NS_PER_MS UINT64_C(1000000)

/* ---- packed samples ---------------------------------------------------------------------------------- */

/* A difference, small whichever way it goes. */
static uint64_t fold(uint64_t now, uint64_t before)
{
    uint64_t difference = now - before;
    return difference >> 63 ? ~(difference << 1) : difference << 1;
}

static uint64_t unfold(uint64_t folded, uint64_t before)
{
    return before + (folded & 1 ? ~(folded >> 1) : folded >> 1);
}

static uint64_t take(const struct vmpt_buffer *from, size_t *place)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        unsigned char byte = (unsigned char)from->data[(*place)++];
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) {
            break;
        }
    }
    return value;
}

static void pack(struct conv_thread *thread, uint64_t time_ns, uint32_t stack, uint64_t weight)
{
    conv_proto_varint(&thread->samples, fold(time_ns, thread->last_time_ns));
    conv_proto_varint(&thread->samples, fold(stack, thread->last_stack));
    conv_proto_varint(&thread->samples, weight);
    thread->goes_back = thread->goes_back || time_ns < thread->last_time_ns;
    thread->last_time_ns = time_ns;
    thread->last_stack = stack;
    thread->weight += weight;
    thread->count++;
}

bool conv_timeline_next(const struct conv_timeline *timeline, const struct conv_thread *thread,
                        size_t *place, size_t *index, struct conv_timeline_sample *out)
{
    if (*place == 0) {
        memset(out, 0, sizeof(*out));
        *index = 0;
    }
    if (*place == thread->samples.size) {
        return false;
    }
    uint64_t period_ns = timeline->period_ns ? timeline->period_ns : NS_PER_MS;
    out->time_ns = unfold(take(&thread->samples, place), out->time_ns);
    out->stack = (uint32_t)unfold(take(&thread->samples, place), out->stack);
    out->weight = take(&thread->samples, place);
    if (!thread->has_times) {
        out->time_ns = *index * period_ns;
    }
    ++*index;
    return true;
}

struct indexed {
    struct conv_timeline_sample sample;
    size_t index;
};

static int compare_times(const void *left, const void *right)
{
    const struct indexed *a = left;
    const struct indexed *b = right;
    if (a->sample.time_ns != b->sample.time_ns) {
        return a->sample.time_ns < b->sample.time_ns ? -1 : 1;
    }
    return (a->index > b->index) - (a->index < b->index);
}

/* Those of a thread whose times go back are put in order; what happened at one time stays as it came. */
static bool sort_samples(struct conv_timeline *timeline, struct conv_thread *thread)
{
    struct indexed *items = vmpt_array(thread->count, sizeof(*items));
    struct conv_timeline_sample sample;
    size_t place = 0;
    size_t index = 0;
    if (!items) {
        return false;
    }
    while (conv_timeline_next(timeline, thread, &place, &index, &sample)) {
        items[index - 1] = (struct indexed){sample, index};
    }
    qsort(items, thread->count, sizeof(*items), compare_times);
    size_t count = thread->count;
    thread->samples.size = 0;
    thread->last_time_ns = 0;
    thread->last_stack = 0;
    thread->weight = 0;
    thread->count = 0;
    for (size_t i = 0; i < count; i++) {
        pack(thread, items[i].sample.time_ns, items[i].sample.stack, items[i].sample.weight);
    }
    free(items);
    return !thread->samples.failed;
}

/* ---- tables ------------------------------------------------------------------------------------------ */

static bool equal(struct vmpf_string a, struct vmpf_string b)
{
    return a.size_bytes == b.size_bytes &&
           (a.size_bytes == 0 || memcmp(a.data, b.data, a.size_bytes) == 0);
}

static struct vmpf_string keep(struct conv_timeline *timeline, struct vmpf_string text)
{
    const char *data = text.size_bytes ? text.data : "";
    struct vmpf_string kept = {vmpt_arena_copy(&timeline->strings, data, text.size_bytes),
                               text.size_bytes};
    return kept;
}

/* Its number + 1; 0: memory is short. */
static uint32_t module_number(struct conv_timeline *timeline, const struct vmpf_module *module)
{
    size_t i = 0;
    while (i < timeline->module_count &&
           !(equal(timeline->modules[i].path, module->path) &&
             equal(timeline->modules[i].build_id, module->build_id))) {
        i++;
    }
    if (i == timeline->module_count) {
        struct conv_module made = {keep(timeline, module->path), keep(timeline, module->build_id)};
        if (!made.path.data || !made.build_id.data ||
            !vmpt_reserve(&timeline->modules, &timeline->module_capacity, i + 1, sizeof(made))) {
            return 0;
        }
        timeline->modules[timeline->module_count++] = made;
    }
    return (uint32_t)i + 1;
}

static uint32_t intern_function(struct conv_timeline *timeline, const struct vmpt_feed *feed,
                                const struct vmpf_function *function)
{
    size_t before = timeline->functions.count;
    uint32_t number = vmpt_functions_intern(&timeline->functions, function);
    if (number == VMPT_NO_FUNCTION ||
        !vmpt_reserve(&timeline->module_of, &timeline->module_of_capacity, (size_t)number + 1,
                      sizeof(*timeline->module_of))) {
        return VMPT_NO_FUNCTION;
    }
    if (number >= before) {
        timeline->module_of[number] = 0;
    }
    if (function->module && feed->ops->module && !timeline->module_of[number]) {
        struct vmpf_module module = feed->ops->module(feed->ctx, function->module);
        timeline->module_of[number] = module_number(timeline, &module);
        return timeline->module_of[number] ? number : VMPT_NO_FUNCTION;
    }
    return number;
}

/* The stack that calls from parent what stands at a place; 0: memory is short. */
static uint32_t intern_stack(struct conv_timeline *timeline, const struct vmpt_feed *feed,
                             uint32_t parent, const struct vmpf_function *function, uint32_t line)
{
    uint8_t kind = function->kind <= VMPF_KIND_JIT_INTERNAL ? (uint8_t)function->kind : 0;
    uint32_t number = intern_function(timeline, feed, function);
    if (number == VMPT_NO_FUNCTION) {
        return 0;
    }
    struct vmpt_node_key frame = {.function = number, .line = line, .kind = kind};
    uint32_t frame_number = vmpt_nodes_intern(&timeline->frames, &frame);
    if (frame_number == VMPT_NO_NODE) {
        return 0;
    }
    struct vmpt_node_key stack = {.parent = parent, .function = frame_number};
    uint32_t made = vmpt_nodes_intern(&timeline->stacks, &stack);
    return made == VMPT_NO_NODE ? 0 : made;
}

static uint32_t hidden_stack(struct conv_timeline *timeline, const struct vmpt_feed *feed)
{
    const struct vmpf_function hidden = {.name = {VMPT_HIDDEN_NAME, sizeof(VMPT_HIDDEN_NAME) - 1},
                                         .file = {"", 0}};
    return intern_stack(timeline, feed, 0, &hidden, 0);
}

/* The stack of a node that is shown; 0: memory is short. */
static uint32_t find_stack(struct conv_timeline *timeline, struct conv_stream *stream,
                           uint32_t node)
{
    const struct vmpt_feed *feed = &stream->feed;
    size_t depth = 0;
    uint32_t at = node;
    uint32_t found = 0;
    if (node == 0) {
        return hidden_stack(timeline, feed);
    }
    for (; at; at = conv_stream_caller(stream, at)) {
        if (!vmpt_reserve(&timeline->path, &timeline->path_capacity, depth + 1, sizeof(at)) ||
            !vmpt_reserve(&timeline->stack_of, &timeline->stack_capacity, (size_t)at + 1,
                          sizeof(*timeline->stack_of))) {
            return 0;
        }
        if (timeline->stack_of[at]) {
            found = timeline->stack_of[at];
            break;
        }
        timeline->path[depth++] = at;
    }
    while (depth > 0) {
        at = timeline->path[--depth];
        uint32_t place = feed->ops->stack(feed->ctx, at).location;
        struct vmpf_location location = feed->ops->location(feed->ctx, place);
        struct vmpf_function function = feed->ops->function(feed->ctx, location.function);
        found = intern_stack(timeline, feed, found, &function, location.line);
        timeline->stack_of[at] = found;
        if (!found) {
            return 0;
        }
    }
    return found;
}

/* ---- threads ----------------------------------------------------------------------------------------- */

static struct conv_thread *add_thread(struct conv_timeline *timeline,
                                      const struct vmpf_thread *thread)
{
    struct vmpf_string name = keep(timeline, thread->name);
    if (!name.data || !vmpt_reserve(&timeline->threads, &timeline->thread_capacity,
                                    timeline->thread_count + 1, sizeof(*timeline->threads))) {
        return NULL;
    }
    struct conv_thread *made = &timeline->threads[timeline->thread_count++];
    *made = (struct conv_thread){
        .session = timeline->sessions,
        .process_id = thread->process_id,
        .thread_id = thread->thread_id,
        .name = name.data,
        .name_size = name.size_bytes,
        .metric = timeline->metric,
        .unit = timeline->unit,
    };
    return made;
}

/* The thread with this id in this epoch; NULL: memory is short. */
static struct conv_thread *find_thread(struct conv_timeline *timeline, const struct vmpt_feed *feed,
                                       uint32_t id)
{
    if (!vmpt_reserve(&timeline->thread_of, &timeline->thread_of_capacity, (size_t)id + 1,
                      sizeof(*timeline->thread_of))) {
        return NULL;
    }
    if (timeline->thread_of[id]) {
        return &timeline->threads[timeline->thread_of[id] - 1];
    }
    struct vmpf_thread thread = feed->ops->thread(feed->ctx, id);
    size_t i = timeline->thread_count;
    struct conv_thread *found = NULL;
    while (!found && i > 0 && timeline->threads[i - 1].session == timeline->sessions) {
        struct conv_thread *known = &timeline->threads[--i];
        bool is_it = known->process_id == thread.process_id && known->thread_id == thread.thread_id;
        found = is_it ? known : NULL;
    }
    found = found ? found : add_thread(timeline, &thread);
    if (found) {
        timeline->thread_of[id] = (uint32_t)(found - timeline->threads) + 1;
    }
    return found;
}

/* ---- the visitor ------------------------------------------------------------------------------------- */

static bool is_named(struct vmpf_string name, const char *wanted)
{
    return name.size_bytes == strlen(wanted) && memcmp(name.data, wanted, name.size_bytes) == 0;
}

/* cpu, or the first that can be added up. */
static void choose_column(struct conv_timeline *timeline, const struct vmpf_info *info)
{
    timeline->column = -1;
    for (size_t i = 0; i < info->value_count; i++) {
        struct vmpf_string name = info->values[i].name;
        bool is_cpu = is_named(name, "cpu");
        if (is_cpu || (timeline->column < 0 && !is_named(name, "memory"))) {
            timeline->column = (int)i;
        }
        if (is_cpu) {
            break;
        }
    }
    int column = timeline->column;
    struct vmpf_string name = {"samples", 7};
    struct vmpf_string unit = {"count", 5};
    timeline->metric = keep(timeline, column < 0 ? name : info->values[column].name).data;
    timeline->unit = keep(timeline, column < 0 ? unit : info->values[column].unit).data;
    timeline->has_other_values |= info->value_count > (column < 0 ? 0 : 1);
}

static void learn_first(struct conv_timeline *timeline, const struct vmpf_info *info)
{
    const struct vmpf_meta *program = vmpf_info_meta(info, VMPF_META_PROGRAM);
    const struct vmpf_meta *period = vmpf_info_meta(info, VMPF_META_PERIOD_NS);
    timeline->has_begun = true;
    timeline->start_unix_ns = info->start_unix_ns;
    if (period && period->type == VMPF_META_INTEGER) {
        timeline->period_ns = period->integer;
    }
    if (program && program->type == VMPF_META_STRING) {
        struct vmpf_string kept = keep(timeline, program->string);
        timeline->program = kept.data;
        timeline->program_size = kept.size_bytes;
    }
}

static int forget(void *ctx, struct conv_stream *stream)
{
    struct conv_timeline *timeline = ctx;
    (void)stream;
    if (timeline->stack_capacity) {
        memset(timeline->stack_of, 0, timeline->stack_capacity * sizeof(*timeline->stack_of));
    }
    if (timeline->thread_of_capacity) {
        memset(timeline->thread_of, 0, timeline->thread_of_capacity * sizeof(*timeline->thread_of));
    }
    return VMPT_GO_ON;
}

static int begin(void *ctx, struct conv_stream *stream, const struct vmpf_info *info)
{
    struct conv_timeline *timeline = ctx;
    timeline->sessions++;
    timeline->offset_ns = 0;
    if (!timeline->has_begun) {
        learn_first(timeline, info);
    } else if (info->start_unix_ns > timeline->start_unix_ns && timeline->start_unix_ns) {
        timeline->offset_ns = info->start_unix_ns - timeline->start_unix_ns;
    }
    choose_column(timeline, info);
    bool has_memory = timeline->metric && timeline->unit;
    (void)forget(ctx, stream); /* a thread belongs to its session */
    return has_memory ? VMPT_GO_ON : vmpt_app_no_memory(&timeline->job->app);
}

static bool add_sample(struct conv_timeline *timeline, struct conv_stream *stream,
                       const struct vmpf_block *block, size_t i)
{
    uint32_t innermost = conv_stream_innermost(stream, block->stack[i]);
    if (innermost == CONV_NOT_CHOSEN) {
        return !stream->failed;
    }
    struct conv_thread *thread = find_thread(timeline, &stream->feed, block->thread[i]);
    uint32_t stack = thread ? find_stack(timeline, stream, innermost) : 0;
    bool is_weighed = timeline->column >= 0 && block->values[timeline->column];
    if (stack) {
        thread->has_times = thread->has_times || block->time_ns[i] != 0;
        pack(thread, timeline->offset_ns + block->time_ns[i], stack,
             is_weighed ? block->values[timeline->column][i] : 1);
    }
    return stack && !thread->samples.failed;
}

static int take_block(void *ctx, struct conv_stream *stream, const struct vmpf_block *block)
{
    struct conv_timeline *timeline = ctx;
    for (size_t i = 0; i < block->count; i++) {
        if (conv_stream_keeps(stream, block, i) && !add_sample(timeline, stream, block, i)) {
            return vmpt_app_no_memory(&timeline->job->app);
        }
    }
    return VMPT_GO_ON;
}

static int end(void *ctx, struct conv_stream *stream, const struct vmpf_info *info,
               uint64_t lost_samples)
{
    (void)ctx;
    (void)stream;
    (void)info;
    (void)lost_samples;
    return VMPT_GO_ON;
}

int conv_timeline_init(struct conv_timeline *timeline, struct conv_job *job)
{
    static const struct conv_visitor visitor = {begin, forget, take_block, end};
    memset(timeline, 0, sizeof(*timeline));
    timeline->job = job;
    vmpt_functions_init(&timeline->functions);
    vmpt_arena_init(&timeline->strings);
    if (!vmpt_nodes_init(&timeline->frames) || !vmpt_nodes_init(&timeline->stacks)) {
        return vmpt_app_no_memory(&job->app);
    }
    int code = conv_stream_run(job, &visitor, timeline, VMPF_COLUMN_LABEL);
    for (size_t i = 0; code < 0 && i < timeline->thread_count; i++) {
        struct conv_thread *thread = &timeline->threads[i];
        if (thread->goes_back && !sort_samples(timeline, thread)) {
            code = vmpt_app_no_memory(&job->app);
        }
    }
    job->lost = job->held & ~(timeline->has_other_values ? 0 : VMPT_HOLDS_VALUES);
    return code;
}

void conv_timeline_fini(struct conv_timeline *timeline)
{
    for (size_t i = 0; i < timeline->thread_count; i++) {
        vmpt_buffer_fini(&timeline->threads[i].samples);
    }
    vmpt_functions_fini(&timeline->functions);
    vmpt_nodes_fini(&timeline->frames);
    vmpt_nodes_fini(&timeline->stacks);
    free(timeline->module_of);
    free(timeline->modules);
    free(timeline->threads);
    free(timeline->stack_of);
    free(timeline->thread_of);
    free(timeline->path);
    vmpt_arena_fini(&timeline->strings);
}
