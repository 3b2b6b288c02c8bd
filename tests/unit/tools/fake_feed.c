#include "tests/unit/tools/fake_feed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static vmpf_status fake_next(void *ctx, struct vmpf_block *block, struct vmpf_error *err)
{
    struct fake_feed *feed = ctx;
    if (feed->next == feed->sample_count) {
        if (feed->fails != VMPF_OK) {
            err->status = feed->fails;
        }
        return feed->fails != VMPF_OK ? feed->fails : VMPF_END;
    }
    while (feed->session + 1 < feed->session_count &&
           feed->session_starts[feed->session + 1] <= feed->next) {
        feed->session++;
    }
    size_t end = feed->sample_count;
    if (feed->session + 1 < feed->session_count) {
        end = feed->session_starts[feed->session + 1];
    }
    block->count = end - feed->next;
    if (block->count > feed->block_samples) {
        block->count = feed->block_samples;
    }
    block->stack = feed->stack + feed->next;
    block->thread = feed->thread + feed->next;
    block->time_ns = feed->time_ns + feed->next;
    for (size_t i = 0; i < feed->info[feed->session].value_count; i++) {
        block->values[i] = feed->values[i] + feed->next;
    }
    feed->next += block->count;
    return VMPF_OK;
}

static size_t fake_session(const void *ctx)
{
    return ((const struct fake_feed *)ctx)->session;
}

static size_t fake_session_count(const void *ctx)
{
    return ((const struct fake_feed *)ctx)->session_count;
}

static const struct vmpf_info *fake_info(const void *ctx, size_t session)
{
    const struct fake_feed *feed = ctx;
    return session < feed->session_count ? &feed->info[session] : NULL;
}

static uint32_t fake_function_count(const void *ctx)
{
    return ((const struct fake_feed *)ctx)->function_count;
}

static uint32_t fake_stack_count(const void *ctx)
{
    return ((const struct fake_feed *)ctx)->stack_count;
}

static uint32_t fake_thread_count(const void *ctx)
{
    return ((const struct fake_feed *)ctx)->thread_count;
}

static struct vmpf_function fake_function(const void *ctx, uint32_t id)
{
    const struct fake_feed *feed = ctx;
    struct vmpf_function lost = {.name = {"<lost>", 6}};
    return id < feed->function_count ? feed->functions[id] : lost;
}

static struct vmpf_location fake_location(const void *ctx, uint32_t id)
{
    (void)ctx;
    struct vmpf_location location = {.function = id, .line = id * 10};
    return location;
}

static struct vmpf_stack fake_stack_entry(const void *ctx, uint32_t id)
{
    const struct fake_feed *feed = ctx;
    struct vmpf_stack none = {0, 0};
    return id < feed->stack_count ? feed->stacks[id] : none;
}

static struct vmpf_thread fake_thread(const void *ctx, uint32_t id)
{
    const struct fake_feed *feed = ctx;
    struct vmpf_thread none = {0, 0, {"", 0}};
    return id < feed->thread_count ? feed->threads[id] : none;
}

static const struct vmpf_damage *fake_damage(const void *ctx)
{
    return &((const struct fake_feed *)ctx)->damage;
}

static void fake_format(const void *ctx, char *out, size_t out_size)
{
    (void)ctx;
    (void)snprintf(out, out_size, "fake-1");
}

static void fake_close(void *ctx)
{
    (void)ctx;
}

static const struct vmpt_feed_ops fake_ops = {
    .next = fake_next,
    .session = fake_session,
    .session_count = fake_session_count,
    .info = fake_info,
    .function_count = fake_function_count,
    .location_count = fake_function_count,
    .stack_count = fake_stack_count,
    .thread_count = fake_thread_count,
    .function = fake_function,
    .location = fake_location,
    .stack = fake_stack_entry,
    .thread = fake_thread,
    .damage = fake_damage,
    .format = fake_format,
    .close = fake_close,
};

void fake_feed_init(struct fake_feed *feed)
{
    static const char *const cpu[] = {"cpu:ns", NULL};
    memset(feed, 0, sizeof(*feed));
    feed->function_count = 1;
    feed->stack_count = 1;
    feed->thread_count = 2;
    feed->threads[1] = (struct vmpf_thread){7, 8, {"main", 4}};
    feed->block_samples = 3;
    fake_feed_session(feed, cpu);
}

static struct vmpf_string text(const char *data, size_t size_bytes)
{
    struct vmpf_string string = {data, size_bytes};
    return string;
}

void fake_feed_session(struct fake_feed *feed, const char *const *values)
{
    struct vmpf_info *info = &feed->info[feed->session_count];
    feed->session_starts[feed->session_count++] = feed->sample_count;
    info->value_count = 0;
    info->format_version = 1;
    for (; *values; values++) {
        const char *colon = strchr(*values, ':');
        info->values[info->value_count].name = text(*values, (size_t)(colon - *values));
        info->values[info->value_count++].unit = text(colon + 1, strlen(colon + 1));
    }
}

uint32_t fake_feed_function(struct fake_feed *feed, const char *name)
{
    static const struct {
        const char *prefix;
        vmpf_kind kind;
    } kinds[] = {
        {"native:", VMPF_KIND_NATIVE}, {"jit:", VMPF_KIND_JIT}, {"kernel:", VMPF_KIND_KERNEL}};
    struct vmpf_function function = {.name = text(name, strlen(name)),
                                     .file = text("f.py", 4),
                                     .first_line = 1,
                                     .kind = VMPF_KIND_PY};
    for (size_t i = 0; i < 3; i++) {
        size_t length = strlen(kinds[i].prefix);
        if (strncmp(name, kinds[i].prefix, length) == 0) {
            function.kind = kinds[i].kind;
            function.name = text(name + length, strlen(name) - length);
        }
    }
    for (uint32_t id = 1; id < feed->function_count; id++) {
        const struct vmpf_function *known = &feed->functions[id];
        if (known->kind == function.kind && known->name.size_bytes == function.name.size_bytes &&
            memcmp(known->name.data, function.name.data, function.name.size_bytes) == 0) {
            return id;
        }
    }
    char *kept = feed->names[feed->function_count];
    memcpy(kept, function.name.data, function.name.size_bytes);
    function.name.data = kept;
    function.address = UINT64_C(0x1000) * feed->function_count;
    feed->functions[feed->function_count] = function;
    return feed->function_count++;
}

uint32_t fake_feed_stack(struct fake_feed *feed, const char *frames)
{
    uint32_t stack = 0;
    char name[32];
    while (*frames) {
        size_t length = strcspn(frames, ";");
        memcpy(name, frames, length);
        name[length] = '\0';
        uint32_t function = fake_feed_function(feed, name);
        uint32_t id = 1;
        while (id < feed->stack_count &&
               (feed->stacks[id].parent != stack || feed->stacks[id].location != function)) {
            id++;
        }
        if (id == feed->stack_count) {
            feed->stacks[feed->stack_count].parent = stack;
            feed->stacks[feed->stack_count++].location = function;
        }
        stack = id;
        frames += length + (frames[length] == ';');
    }
    return stack;
}

void fake_feed_sample(struct fake_feed *feed, const char *frames, uint64_t weight)
{
    size_t at = feed->sample_count++;
    feed->stack[at] = fake_feed_stack(feed, frames);
    feed->thread[at] = 1;
    feed->time_ns[at] = at * 1000000;
    for (size_t i = 0; i < VMPF_MAX_VALUES; i++) {
        feed->values[i][at] = weight;
    }
    feed->info[feed->session_count - 1].samples++;
}

static vmpf_status fake_open(void *ctx, size_t index, uint32_t skip_columns, struct vmpt_feed *feed,
                             struct vmpf_error *err)
{
    struct fake_inputs *inputs = ctx;
    (void)skip_columns;
    (void)err;
    inputs->feeds[index]->opened++;
    inputs->feeds[index]->next = 0;
    inputs->feeds[index]->session = 0;
    feed->ops = &fake_ops;
    feed->ctx = inputs->feeds[index];
    return VMPF_OK;
}

struct vmpt_inputs fake_inputs(struct fake_inputs *inputs, struct fake_feed **feeds, size_t count)
{
    inputs->feeds = feeds;
    struct vmpt_inputs result = {.count = count, .open = fake_open, .ctx = inputs};
    return result;
}

struct vmpt_profile *fake_load(struct fake_feed **feeds, size_t count,
                               const struct vmpt_load_options *options)
{
    struct fake_inputs all;
    struct vmpt_inputs inputs = fake_inputs(&all, feeds, count);
    struct vmpt_profile *profile = NULL;
    struct vmpt_load_error err;
    memset(&err, 0, sizeof(err));
    vmpf_status status = vmpt_profile_load(&profile, &inputs, options, &err);
    if (status != VMPF_OK) {
        print_error("%s\n", err.error.message);
    }
    assert_int_equal(status, VMPF_OK);
    return profile;
}
