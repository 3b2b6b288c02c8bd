#include <stdio.h>

#include "tools/analysis/feed.h"
#include "tools/analysis/whole.h"

/* The casts of void * to the reader's handle, and nothing else. */

static vmpf_status feed_next(void *ctx, struct vmpf_block *block, struct vmpf_error *err)
{
    return vmpf_reader_next(ctx, block, err);
}

static size_t feed_session(const void *ctx)
{
    return vmpf_reader_session(ctx);
}

static size_t feed_session_count(const void *ctx)
{
    return vmpf_reader_session_count(ctx);
}

static const struct vmpf_info *feed_info(const void *ctx, size_t session)
{
    return vmpf_reader_info(ctx, session);
}

static uint32_t feed_function_count(const void *ctx)
{
    return vmpf_reader_function_count(ctx);
}

static uint32_t feed_location_count(const void *ctx)
{
    return vmpf_reader_location_count(ctx);
}

static uint32_t feed_stack_count(const void *ctx)
{
    return vmpf_reader_stack_count(ctx);
}

static uint32_t feed_thread_count(const void *ctx)
{
    return vmpf_reader_thread_count(ctx);
}

static struct vmpf_function feed_function(const void *ctx, uint32_t id)
{
    return vmpf_reader_function(ctx, id);
}

static struct vmpf_location feed_location(const void *ctx, uint32_t id)
{
    return vmpf_reader_location(ctx, id);
}

static struct vmpf_stack feed_stack(const void *ctx, uint32_t id)
{
    return vmpf_reader_stack(ctx, id);
}

static struct vmpf_thread feed_thread(const void *ctx, uint32_t id)
{
    return vmpf_reader_thread(ctx, id);
}

static const struct vmpf_damage *feed_damage(const void *ctx)
{
    return vmpf_reader_damage(ctx);
}

static uint64_t feed_epoch(const void *ctx)
{
    return vmpf_reader_epoch(ctx);
}

static vmpf_status feed_next_totals(void *ctx, struct vmpf_totals *totals, struct vmpf_error *err)
{
    return vmpf_reader_next_totals(ctx, totals, err);
}

static struct vmpf_module feed_module(const void *ctx, uint32_t id)
{
    return vmpf_reader_module(ctx, id);
}

static struct vmpf_label feed_label(const void *ctx, uint32_t id)
{
    return vmpf_reader_label(ctx, id);
}

static uint32_t feed_label_count(const void *ctx)
{
    return vmpf_reader_label_count(ctx);
}

static void feed_format(const void *ctx, char *out, size_t out_size)
{
    const struct vmpf_info *info = vmpf_reader_info(ctx, 0);
    unsigned version = info ? info->format_version : VMPF_FORMAT_VERSION;
    bool log = info && info->format == VMPF_FORMAT_LOG;
    (void)snprintf(out, out_size, log ? "vmprof-log-%u" : "vmprof-%u", version);
}

static void feed_close(void *ctx)
{
    vmpf_reader_close(ctx);
}

/* clang-format off: a list of members, for two tables */
#define COMMON_OPS                                                                                 \
    .session = feed_session, .session_count = feed_session_count, .info = feed_info,               \
    .function_count = feed_function_count, .location_count = feed_location_count,                  \
    .stack_count = feed_stack_count, .thread_count = feed_thread_count, .function = feed_function, \
    .location = feed_location, .stack = feed_stack, .thread = feed_thread, .damage = feed_damage,  \
    .epoch = feed_epoch, .module = feed_module, .label = feed_label,                               \
    .label_count = feed_label_count, .format = feed_format, .close = feed_close
/* clang-format on */

static const struct vmpt_feed_ops samples_ops = {.next = feed_next, COMMON_OPS};
static const struct vmpt_feed_ops totals_ops = {
    .next = feed_next, .next_totals = feed_next_totals, COMMON_OPS};

vmpf_status vmpt_feed_open_vmpf(struct vmpt_feed *feed, struct vmpf_source source,
                                uint32_t skip_columns, struct vmpf_error *err)
{
    struct vmpf_reader_options options = {
        .size = sizeof(options),
        .skip_columns = skip_columns & ~(VMPT_FEED_ONE_EPOCH | VMPT_FEED_TOTALS),
        .one_epoch = (skip_columns & VMPT_FEED_ONE_EPOCH) != 0,
        /* Totals say nothing of samples that were damaged after them: the user is told of those. */
        .totals = (skip_columns & VMPT_FEED_TOTALS) != 0 && vmpt_source_is_whole(&source),
    };
    vmpf_reader *reader = NULL;
    vmpf_status status = vmpf_reader_open(&reader, source, &options, err);
    if (status != VMPF_OK) {
        return status;
    }
    feed->ops = options.totals ? &totals_ops : &samples_ops;
    feed->ctx = reader;
    return VMPF_OK;
}
