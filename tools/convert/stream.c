#include "tools/convert/stream.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"
#include "tools/common/diag.h"
#include "tools/common/input.h"

/* Flags of a function and of a stack. */
#define IS_KNOWN 1u
#define HAS_FOCUS 2u
#define HAS_IGNORED 4u
#define IS_HIDDEN 8u

/* ---- which samples ---------------------------------------------------------------------------------- */

bool conv_stream_keeps(struct conv_stream *stream, const struct vmpf_block *block, size_t i)
{
    const struct vmpt_sample_filter *filter = &stream->samples;
    if (block->time_ns && !vmpt_sample_filter_keeps_time(filter, block->time_ns[i])) {
        return false;
    }
    uint32_t set = block->label ? block->label[i] : 0;
    if (!vmpt_label_sets_keeps(&stream->labels, set, &stream->failed)) {
        return false;
    }
    return conv_thread_choice_keeps(&stream->threads, &stream->feed, block->thread[i]);
}

/* ---- which stacks and frames -------------------------------------------------------------------------- */

static bool matches(const struct vmpt_patterns *patterns, const char *name)
{
    for (size_t i = 0; i < patterns->count; i++) {
        if (regexec(&patterns->items[i], name, 0, NULL, 0) == 0) {
            return true;
        }
    }
    return false;
}

static bool shows_kind(const struct vmpt_frame_filter *filter, uint8_t kind)
{
    bool plain = filter->native || vmpt_kind_is_virtual(kind) || kind == VMPF_KIND_UNKNOWN;
    if (!filter->kinds) {
        return plain;
    }
    return (filter->kinds >> kind & 1u) && (!filter->virtual_only || plain);
}

static uint8_t function_flags(struct conv_stream *stream, uint32_t id)
{
    const struct vmpt_frame_filter *filter = &stream->frames;
    if (id < stream->function_capacity && stream->function_flags[id]) {
        return stream->function_flags[id];
    }
    struct vmpf_function function = stream->feed.ops->function(stream->feed.ctx, id);
    char *name =
        strndup(function.name.size_bytes ? function.name.data : "", function.name.size_bytes);
    uint8_t kind = function.kind <= VMPF_KIND_JIT_INTERNAL ? (uint8_t)function.kind : 0;
    uint8_t flags = IS_KNOWN;
    if (!name) {
        stream->failed = true;
        return flags;
    }
    flags |= matches(&filter->focus, name) ? HAS_FOCUS : 0;
    flags |= matches(&filter->ignore, name) ? HAS_IGNORED : 0;
    flags |= matches(&filter->hide, name) || !shows_kind(filter, kind) ? IS_HIDDEN : 0;
    free(name);
    if (id < stream->function_capacity) {
        stream->function_flags[id] = flags;
    }
    return flags;
}

static uint32_t parent_of(const struct conv_stream *stream, uint32_t node)
{
    uint32_t parent = stream->feed.ops->stack(stream->feed.ctx, node).parent;
    return parent < node ? parent : 0;
}

/* From what is known of its caller, what is known of a node. */
static void learn_node(struct conv_stream *stream, uint32_t node, uint32_t parent)
{
    const struct vmpt_feed *feed = &stream->feed;
    uint32_t location = feed->ops->stack(feed->ctx, node).location;
    uint8_t own = function_flags(stream, feed->ops->location(feed->ctx, location).function);
    uint8_t inherited = parent ? stream->stack_flags[parent] : 0;
    stream->stack_flags[node] =
        (uint8_t)(IS_KNOWN | ((own | inherited) & (HAS_FOCUS | HAS_IGNORED)));
    stream->anchor[node] = own & IS_HIDDEN ? (parent ? stream->anchor[parent] : 0) : node;
}

static bool learn(struct conv_stream *stream, uint32_t stack)
{
    size_t depth = 0;
    for (uint32_t node = stack; node && !stream->stack_flags[node];
         node = parent_of(stream, node)) {
        if (!vmpt_reserve(&stream->path, &stream->path_capacity, depth + 1,
                          sizeof(*stream->path))) {
            stream->failed = true;
            return false;
        }
        stream->path[depth++] = node;
    }
    while (depth > 0) {
        uint32_t node = stream->path[--depth];
        learn_node(stream, node, parent_of(stream, node));
    }
    return true;
}

uint32_t conv_stream_innermost(struct conv_stream *stream, uint32_t stack)
{
    const struct vmpt_frame_filter *filter = &stream->frames;
    if (!stream->filters_frames) {
        return stack;
    }
    /* A stack that no table has is one frame, <lost>, which no name was made for. */
    bool is_lost = stack >= stream->stack_capacity;
    if (stack == 0 || is_lost) {
        return filter->focus.count ? CONV_NOT_CHOSEN : stack;
    }
    if (!learn(stream, stack)) {
        return CONV_NOT_CHOSEN;
    }
    uint8_t flags = stream->stack_flags[stack];
    bool chosen = (!filter->focus.count || (flags & HAS_FOCUS)) && !(flags & HAS_IGNORED);
    return chosen ? stream->anchor[stack] : CONV_NOT_CHOSEN;
}

uint32_t conv_stream_caller(struct conv_stream *stream, uint32_t node)
{
    uint32_t parent = parent_of(stream, node);
    if (!stream->filters_frames || parent == 0) {
        return parent;
    }
    return stream->anchor[parent];
}

/* ---- reading ------------------------------------------------------------------------------------------ */

static bool make_room(struct conv_stream *stream)
{
    const struct vmpt_feed *feed = &stream->feed;
    uint32_t functions = feed->ops->function_count(feed->ctx);
    uint32_t stacks = feed->ops->stack_count(feed->ctx);
    if (!stream->filters_frames) {
        return true;
    }
    return vmpt_reserve(&stream->function_flags, &stream->function_capacity, functions, 1) &&
           vmpt_reserve(&stream->stack_flags, &stream->stack_capacity, stacks, 1) &&
           vmpt_reserve(&stream->anchor, &stream->anchor_capacity, stream->stack_capacity,
                        sizeof(*stream->anchor));
}

static void forget(struct conv_stream *stream)
{
    if (stream->function_capacity) {
        memset(stream->function_flags, 0, stream->function_capacity);
    }
    if (stream->stack_capacity) {
        memset(stream->stack_flags, 0, stream->stack_capacity);
    }
}

struct run {
    struct conv_stream stream;
    const struct conv_visitor *visitor;
    void *ctx;
    size_t begun; /* sessions of this input that have begun */
    bool is_open; /* the last of them has not ended */
};

static int end_session(struct run *run)
{
    struct conv_stream *stream = &run->stream;
    const struct vmpt_feed *feed = &stream->feed;
    if (!run->is_open) {
        return VMPT_GO_ON;
    }
    const struct vmpf_damage *damage = feed->ops->damage(feed->ctx);
    uint64_t lost = damage ? damage->lost_samples - stream->lost_samples : 0;
    stream->lost_samples += lost;
    run->is_open = false;
    return run->visitor->end(run->ctx, stream, feed->ops->info(feed->ctx, run->begun - 1), lost);
}

/* Begins all sessions before number `count`, and ends those in between, which hold no samples. */
static int begin_sessions(struct run *run, size_t count)
{
    struct conv_stream *stream = &run->stream;
    const struct vmpt_feed *feed = &stream->feed;
    int code = VMPT_GO_ON;
    while (code < 0 && run->begun < count) {
        code = end_session(run);
        if (code < 0) {
            run->is_open = true;
            code = run->visitor->begin(run->ctx, stream, feed->ops->info(feed->ctx, run->begun++));
        }
    }
    return code;
}

/* A profile without a virtual frame shows its native ones: what its tables say when the first samples come. */
static void choose_native(struct conv_stream *stream)
{
    const struct vmpt_feed *feed = &stream->feed;
    uint32_t count = feed->ops->function_count(feed->ctx);
    bool has_virtual = false;
    for (uint32_t id = 2; id < count && !has_virtual; id++) {
        has_virtual = vmpt_kind_is_virtual((uint8_t)feed->ops->function(feed->ctx, id).kind);
    }
    stream->frames.native = stream->frames.native || !has_virtual;
    stream->has_begun = true;
}

static int take_block(struct run *run, const struct vmpf_block *block)
{
    struct conv_stream *stream = &run->stream;
    const struct vmpt_feed *feed = &stream->feed;
    int code = begin_sessions(run, feed->ops->session(feed->ctx) + 1);
    uint64_t epoch = feed->ops->epoch ? feed->ops->epoch(feed->ctx) : 0;
    if (code < 0 && epoch != stream->epoch) {
        stream->epoch = epoch;
        forget(stream);
        vmpt_label_sets_restart(&stream->labels, feed->ops->label, feed->ops->label_count,
                                feed->ctx);
        code = run->visitor->epoch(run->ctx, stream);
    }
    if (code < 0 && !make_room(stream)) {
        return vmpt_app_no_memory(&stream->job->app);
    }
    stream->job->held |= vmpt_feed_holds(feed);
    if (!stream->has_begun) {
        choose_native(stream);
    }
    if (code < 0) {
        code = run->visitor->block(run->ctx, stream, block);
    }
    return code < 0 && stream->failed ? vmpt_app_no_memory(&stream->job->app) : code;
}

static int read_feed(struct run *run, const struct vmpt_inputs *inputs)
{
    struct conv_stream *stream = &run->stream;
    const struct vmpt_feed *feed = &stream->feed;
    struct vmpf_error err;
    vmpf_status status;
    int code = VMPT_GO_ON;
    do {
        struct vmpf_block block;
        memset(&block, 0, sizeof(block));
        memset(&err, 0, sizeof(err));
        status = feed->ops->next(feed->ctx, &block, &err);
        if (status == VMPF_OK) {
            inputs->tick(inputs->ctx);
            code = take_block(run, &block);
        }
    } while (code < 0 && status == VMPF_OK);
    if (code < 0 && status != VMPF_END) {
        return vmpt_app_input_error(&stream->job->app, stream->input, &err);
    }
    if (code < 0) {
        code = begin_sessions(run, feed->ops->session_count(feed->ctx));
    }
    return code < 0 ? end_session(run) : code;
}

static void say_damage(const struct conv_stream *stream)
{
    const struct vmpt_feed *feed = &stream->feed;
    struct vmpt_input_facts facts;
    memset(&facts, 0, sizeof(facts));
    const struct vmpf_damage *damage = feed->ops->damage(feed->ctx);
    for (size_t i = 0; i < feed->ops->session_count(feed->ctx); i++) {
        const struct vmpf_info *info = feed->ops->info(feed->ctx, i);
        facts.samples += info ? info->samples : 0;
    }
    facts.caution = feed->ops->caution ? feed->ops->caution(feed->ctx) : NULL;
    if (damage) {
        facts.damage = *damage;
        stream->job->damaged |= damage->damaged;
    }
    vmpt_say_damage(stream->job->app.tool->name, stream->job->app.files[stream->input], &facts);
}

static int read_input(struct run *run, struct vmpt_input_set *set, uint32_t skip_columns)
{
    struct conv_stream *stream = &run->stream;
    struct vmpt_inputs inputs = vmpt_input_set_inputs(set);
    struct vmpf_error err;
    memset(&err, 0, sizeof(err));
    vmpf_status status = conv_thread_choice_learn(&stream->threads, set, stream->input, &err);
    if (status == VMPF_OK) {
        status = inputs.open(inputs.ctx, stream->input, skip_columns, &stream->feed, &err);
    }
    if (status != VMPF_OK) {
        return vmpt_app_input_error(&stream->job->app, stream->input, &err);
    }
    run->begun = 0;
    run->is_open = false;
    stream->lost_samples = 0;
    stream->epoch = UINT64_MAX; /* the first block begins an epoch */
    int code = read_feed(run, &inputs);
    if (code < 0) {
        say_damage(stream);
    }
    stream->feed.ops->close(stream->feed.ctx);
    return code;
}

static void stream_fini(struct conv_stream *stream)
{
    vmpt_label_sets_fini(&stream->labels);
    conv_thread_choice_fini(&stream->threads);
    free(stream->function_flags);
    free(stream->stack_flags);
    free(stream->anchor);
    free(stream->path);
}

int conv_stream_run(struct conv_job *job, const struct conv_visitor *visitor, void *ctx,
                    uint32_t skip_columns)
{
    const struct vmpt_settings *settings = &job->app.settings;
    struct run run = {.visitor = visitor, .ctx = ctx};
    struct conv_stream *stream = &run.stream;
    struct vmpt_input_set set;
    int code = VMPT_GO_ON;
    stream->job = job;
    stream->samples = vmpt_settings_samples(settings);
    stream->frames = vmpt_settings_frames(settings);
    stream->filters_frames = settings->focus.count || settings->ignore.count ||
                             settings->hide.count || settings->kinds || !settings->native;
    vmpt_label_sets_init(&stream->labels, &stream->samples.labels, NULL);
    conv_thread_choice_init(&stream->threads, &stream->samples);
    if (settings->has_from || settings->has_to) {
        skip_columns &= ~VMPF_COLUMN_TIME;
    }
    if (settings->labels.count) {
        skip_columns &= ~VMPF_COLUMN_LABEL;
    }
    vmpt_input_set_init(&set, job->app.files, job->app.file_count);
    set.progress.total *= settings->thread_count ? 2 : 1; /* the first time for names alone */
    for (size_t i = 0; code < 0 && i < set.count; i++) {
        stream->input = i;
        code = read_input(&run, &set, skip_columns | VMPT_FEED_ONE_EPOCH);
    }
    vmpt_input_set_fini(&set);
    stream_fini(stream);
    return code;
}
