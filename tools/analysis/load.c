/* load.c: the inputs, one after the other, into one profile. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/interval.h"
#include "tools/analysis/profile.h"

/* Not a vmpf_status: the metric has to be chosen anew, and everything read again. */
#define AGAIN ((vmpf_status)2)

struct load {
    const struct vmpt_inputs *inputs;
    const struct vmpt_load_options *options;
    struct vmpt_metric_choice metric;
    struct vmpt_thread_set threads;
    struct vmpt_profile *profile;
};

static vmpf_status fail(struct vmpf_error *err, vmpf_status status, const char *message)
{
    memset(err, 0, sizeof(*err));
    err->status = status;
    (void)snprintf(err->message, sizeof(err->message), "%s", message);
    return status;
}

static vmpf_status no_memory(struct vmpf_error *err)
{
    return fail(err, VMPF_E_NOMEM, "not enough memory");
}

void vmpt_profile_free(struct vmpt_profile *profile)
{
    if (!profile) {
        return;
    }
    vmpt_functions_fini(&profile->functions);
    vmpt_nodes_fini(&profile->nodes);
    vmpt_arena_fini(&profile->strings);
    free(profile->inputs);
    free(profile);
}

static struct vmpt_profile *profile_new(size_t input_count, const struct vmpt_load_options *options)
{
    struct vmpt_profile *profile = calloc(1, sizeof(*profile));
    if (!profile) {
        return NULL;
    }
    vmpt_functions_init(&profile->functions);
    profile->functions.split_addresses = options->split_addresses;
    profile->functions.keep_addresses = options->keep_addresses;
    vmpt_arena_init(&profile->strings);
    profile->input_count = input_count;
    profile->inputs = vmpt_array(input_count, sizeof(*profile->inputs));
    if (!profile->inputs || !vmpt_nodes_init(&profile->nodes)) {
        vmpt_profile_free(profile);
        return NULL;
    }
    return profile;
}

/* Finds the weights of the block's session. */
static vmpf_status choose_column(struct load *load, const struct vmpt_feed *feed, size_t session,
                                 int *column, struct vmpf_error *err)
{
    const struct vmpf_info *info = feed->ops->info(feed->ctx, session);
    if (!info) {
        return fail(err, VMPF_E_CORRUPT, "a block of samples belongs to no session");
    }
    switch (vmpt_metric_find(&load->metric, info, column, err)) {
    case VMPT_METRIC_FOUND: return VMPF_OK;
    case VMPT_METRIC_AGAIN: return AGAIN;
    case VMPT_METRIC_NONE: break;
    }
    return err->status;
}

static vmpf_status read_blocks(struct load *load, const struct vmpt_feed *feed,
                               struct vmpt_tally *tally, struct vmpf_error *err)
{
    size_t session = SIZE_MAX;
    int column = -1;
    for (;;) {
        struct vmpf_block block;
        memset(&block, 0, sizeof(block));
        vmpf_status status = feed->ops->next(feed->ctx, &block, err);
        if (status == VMPF_END) {
            return VMPF_OK;
        }
        if (status != VMPF_OK) {
            return status;
        }
        if (load->inputs->tick) {
            load->inputs->tick(load->inputs->ctx);
        }
        size_t block_session = feed->ops->session(feed->ctx);
        if (block_session != session) {
            status = choose_column(load, feed, block_session, &column, err);
            if (status != VMPF_OK) {
                return status;
            }
            session = block_session;
        }
        if (!vmpt_tally_add(tally, feed, &block, column < 0 ? NULL : block.values[column])) {
            return no_memory(err);
        }
    }
}

/* A file that holds no samples still has a metric, and says so in its metadata. */
static vmpf_status metric_of_empty(struct load *load, const struct vmpt_feed *feed,
                                   struct vmpf_error *err)
{
    size_t count = feed->ops->session_count(feed->ctx);
    for (size_t i = 0; i < count && !load->metric.chosen; i++) {
        const struct vmpf_info *info = feed->ops->info(feed->ctx, i);
        int column;
        if (!info) {
            continue;
        }
        if (vmpt_metric_find(&load->metric, info, &column, err) == VMPT_METRIC_NONE) {
            return err->status;
        }
    }
    return VMPF_OK;
}

static vmpf_status load_feed(struct load *load, const struct vmpt_feed *feed, size_t index,
                             struct vmpf_error *err)
{
    struct vmpt_profile *profile = load->profile;
    bool append_only = load->inputs->count == 1 && !load->options->merge_nodes;
    struct vmpt_tally tally;
    vmpt_tally_init(&tally, &load->options->samples);
    tally.by_thread = tally.by_thread || load->options->group != VMPT_GROUP_NONE;
    vmpf_status status = read_blocks(load, feed, &tally, err);
    if (status == VMPF_OK && load->inputs->count == 1) {
        status = metric_of_empty(load, feed, err);
    }
    if (status == VMPF_OK &&
        (!vmpt_tally_finish(&tally, feed) ||
         !vmpt_profile_merge(profile, feed, &tally, load->options, append_only) ||
         !vmpt_profile_add_facts(profile, feed, &profile->inputs[index]) ||
         !vmpt_thread_set_add(&load->threads, feed, &tally))) {
        status = no_memory(err);
    }
    vmpt_tally_fini(&tally);
    return status;
}

static vmpf_status load_all(struct load *load, struct vmpt_load_error *err)
{
    const struct vmpt_sample_filter *filter = &load->options->samples;
    uint32_t skip = VMPF_COLUMN_FLAGS | VMPF_COLUMN_LABEL;
    if (!filter->has_from && !filter->has_to) {
        skip |= VMPF_COLUMN_TIME;
    }
    for (size_t i = 0; i < load->inputs->count; i++) {
        struct vmpt_feed feed;
        err->input = i;
        vmpf_status status = load->inputs->open(load->inputs->ctx, i, skip, &feed, &err->error);
        if (status != VMPF_OK) {
            return status;
        }
        status = load_feed(load, &feed, i, &err->error);
        feed.ops->close(feed.ctx);
        if (status != VMPF_OK) {
            return status;
        }
    }
    return VMPF_OK;
}

static void finish(struct load *load)
{
    struct vmpt_profile *profile = load->profile;
    static const struct vmpt_metric counted = {.name = "samples", .unit = "count"};
    profile->metric = load->metric.chosen ? load->metric.metric : counted;
    /* Until here it holds the sum of the squares. */
    profile->effective_samples =
        vmpt_effective_samples(profile->total.weight, profile->effective_samples);
    vmpt_thread_set_count(&load->threads, &profile->thread_count, &profile->process_count);
}

vmpf_status vmpt_profile_load(struct vmpt_profile **out, const struct vmpt_inputs *inputs,
                              const struct vmpt_load_options *options, struct vmpt_load_error *err)
{
    struct load load = {.inputs = inputs, .options = options};
    load.metric.wanted = options->metric;
    vmpf_status status;
    do {
        /* Each time round, fewer metrics are left to choose from, so this ends. */
        vmpt_profile_free(load.profile);
        load.threads.count = 0;
        load.profile = profile_new(inputs->count, options);
        status = load.profile ? load_all(&load, err) : no_memory(&err->error);
    } while (status == AGAIN);
    if (status == VMPF_OK) {
        finish(&load);
        *out = load.profile;
    } else {
        vmpt_profile_free(load.profile);
    }
    free(load.threads.items);
    return status;
}
