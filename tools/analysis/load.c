/* load.c: the inputs, one after the other, into one profile. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/interval.h"
#include "tools/analysis/profile.h"
#include "tools/analysis/settle.h"

/* Not a vmpf_status: the metric has to be chosen anew, and everything read again. */
#define AGAIN ((vmpf_status)2)

struct load {
    const struct vmpt_inputs *inputs;
    const struct vmpt_load_options *options;
    struct vmpt_metric_choice metric;
    struct vmpt_thread_set threads;
    struct vmpt_profile *profile;
    bool totals;               /* by stack are enough, of the input that is read */
    bool gauge;                /* they never are: a gauge has a maximum */
    struct vmpt_nodes grouped; /* with options->group: what becomes the profile's nodes */
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
    vmpt_settled_free(profile->settled);
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

static vmpf_status keep_peaks(struct load *load, bool in_totals, struct vmpf_error *err)
{
    load->gauge = true;
    if (in_totals) {
        return AGAIN;
    }
    return vmpt_nodes_keep_peaks(&load->profile->nodes) ? VMPF_OK : no_memory(err);
}

/* Adds what comes next, or its totals. VMPF_END after the last. */
static vmpf_status read_one(struct load *load, const struct vmpt_feed *feed,
                            struct vmpt_tally *tally, size_t *session, int *column,
                            struct vmpf_error *err)
{
    struct vmpf_block block;
    struct vmpf_totals totals;
    bool in_totals = load->totals && feed->ops->next_totals;
    memset(&block, 0, sizeof(block));
    memset(&totals, 0, sizeof(totals));
    vmpf_status status = in_totals ? feed->ops->next_totals(feed->ctx, &totals, err)
                                   : feed->ops->next(feed->ctx, &block, err);
    if (status != VMPF_OK) {
        return status;
    }
    if (load->inputs->tick) {
        load->inputs->tick(load->inputs->ctx);
    }
    if (feed->ops->session(feed->ctx) != *session) {
        *session = feed->ops->session(feed->ctx);
        status = choose_column(load, feed, *session, column, err);
    }
    if (status == VMPF_OK && vmpt_metric_is_gauge(&load->metric.metric)) {
        status = keep_peaks(load, in_totals, err);
    }
    if (status != VMPF_OK) {
        return status;
    }
    bool done =
        in_totals
            ? vmpt_tally_add_totals(tally, &totals, *column < 0 ? NULL : totals.values[*column])
            : vmpt_tally_add(tally, &block, *column < 0 ? NULL : block.values[*column]);
    return done ? VMPF_OK : no_memory(err);
}

/* What a thread's or a process's samples were is kept by node. */
static vmpf_status settle(struct load *load, struct vmpt_tally *tally, struct vmpf_error *err)
{
    bool gone = false;
    if (!load->options->functions_only || tally->by_thread) {
        return VMPF_OK;
    }
    if (!vmpt_profile_settle(load->profile, load->options->frames, &gone)) {
        return no_memory(err);
    }
    if (gone) {
        vmpt_stack_map_restart(&tally->stacks);
    }
    return VMPF_OK;
}

static vmpf_status read_blocks(struct load *load, const struct vmpt_feed *feed,
                               struct vmpt_tally *tally, struct vmpf_error *err)
{
    size_t session = SIZE_MAX;
    int column = -1;
    vmpf_status status;
    do {
        status = read_one(load, feed, tally, &session, &column, err);
        status = status == VMPF_OK ? settle(load, tally, err) : status;
    } while (status == VMPF_OK);
    return status == VMPF_END ? VMPF_OK : status;
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

/* What is known of a feed when all of it was read. False: memory is short. */
static bool finish_feed(struct load *load, const struct vmpt_feed *feed, struct vmpt_tally *tally,
                        struct vmpt_input_facts *facts)
{
    struct vmpt_profile *profile = load->profile;
    enum vmpt_group group = load->options->group;
    bool done = vmpt_tally_finish(tally);
    if (done && group != VMPT_GROUP_NONE) {
        done = vmpt_profile_group(profile, feed, tally, group, &load->grouped);
    }
    profile->total.samples += tally->total.samples;
    profile->total.weight += tally->total.weight;
    profile->peak = tally->peak > profile->peak ? tally->peak : profile->peak;
    facts->from_totals = tally->from_totals;
    if (!tally->from_totals || !load->options->keep_squares) { /* else add_squares() does better */
        profile->square_weight += (double)tally->total.weight;
        profile->square_sum += tally->square_sum;
    }
    return done && vmpt_profile_add_facts(profile, feed, facts) &&
           vmpt_thread_set_add(&load->threads, feed, tally);
}

static vmpf_status load_feed(struct load *load, const struct vmpt_feed *feed, size_t index,
                             struct vmpf_error *err)
{
    struct vmpt_profile *profile = load->profile;
    struct vmpt_tally tally;
    vmpt_tally_init(&tally, &load->options->samples, feed, &profile->functions, &profile->nodes);
    tally.by_thread = tally.by_thread || load->options->group != VMPT_GROUP_NONE;
    tally.labels.key = load->options->group_label;
    tally.stacks.keep_lines = load->options->keep_lines;
    tally.stacks.append = load->inputs->count == 1 && !load->options->merge_nodes;
    vmpf_status status = read_blocks(load, feed, &tally, err);
    if (status == VMPF_OK && load->inputs->count == 1) {
        status = metric_of_empty(load, feed, err);
    }
    if (status == VMPF_OK && !finish_feed(load, feed, &tally, &profile->inputs[index])) {
        status = no_memory(err);
    }
    vmpt_tally_fini(&tally);
    return status;
}

/* Squares take the samples: of an input that can be read again they are read after the totals. */
static bool wants_totals(const struct load *load, size_t index)
{
    const struct vmpt_load_options *options = load->options;
    const struct vmpt_inputs *inputs = load->inputs;
    bool once = inputs->once && inputs->once(inputs->ctx, index);
    return !options->read_samples && !load->gauge && options->group == VMPT_GROUP_NONE &&
           vmpt_sample_filter_is_empty(&options->samples) && !(options->keep_squares && once);
}

static vmpf_status add_squares(struct load *load, struct vmpt_load_error *err)
{
    const struct vmpt_inputs *inputs = load->inputs;
    vmpf_status status = VMPF_OK;
    for (size_t i = 0; status == VMPF_OK && i < inputs->count; i++) {
        struct vmpt_feed feed;
        if (!load->profile->inputs[i].from_totals) {
            continue;
        }
        err->input = i;
        status = inputs->open(inputs->ctx, i,
                              VMPF_COLUMN_TIME | VMPF_COLUMN_FLAGS | VMPF_COLUMN_LABEL |
                                  VMPT_FEED_ONE_EPOCH,
                              &feed, &err->error);
        if (status == VMPF_OK) {
            status = vmpt_profile_add_squares(load->profile, &feed, inputs->tick, inputs->ctx,
                                              &err->error);
            feed.ops->close(feed.ctx);
        }
    }
    return status;
}

static vmpf_status load_all(struct load *load, struct vmpt_load_error *err)
{
    const struct vmpt_sample_filter *filter = &load->options->samples;
    uint32_t skip = VMPF_COLUMN_FLAGS | VMPT_FEED_ONE_EPOCH;
    if (!filter->labels.count && !load->options->group_label) {
        skip |= VMPF_COLUMN_LABEL;
    }
    if (!filter->has_from && !filter->has_to) {
        skip |= VMPF_COLUMN_TIME;
    }
    for (size_t i = 0; i < load->inputs->count; i++) {
        struct vmpt_feed feed;
        err->input = i;
        load->totals = wants_totals(load, i);
        uint32_t flags = skip | (load->totals ? VMPT_FEED_TOTALS : 0);
        vmpf_status status = load->inputs->open(load->inputs->ctx, i, flags, &feed, &err->error);
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
    if (load->options->group != VMPT_GROUP_NONE) {
        vmpt_nodes_fini(&profile->nodes);
        profile->nodes = load->grouped;
        memset(&load->grouped, 0, sizeof(load->grouped));
    }
    vmpt_thread_set_count(&load->threads, &profile->thread_count, &profile->process_count);
}

vmpf_status vmpt_profile_load(struct vmpt_profile **out, const struct vmpt_inputs *inputs,
                              const struct vmpt_load_options *options, struct vmpt_load_error *err)
{
    struct load load = {.inputs = inputs, .options = options};
    load.metric.wanted = options->metric;
    load.gauge = options->metric && vmpt_metric_name_is_gauge(options->metric);
    vmpf_status status;
    do {
        /* Each time round, fewer metrics are left to choose from, so this ends. */
        vmpt_profile_free(load.profile);
        load.threads.count = 0;
        load.profile = profile_new(inputs->count, options);
        vmpt_nodes_fini(&load.grouped);
        bool made = vmpt_nodes_init(&load.grouped) && load.profile;
        status = made ? load_all(&load, err) : no_memory(&err->error);
    } while (status == AGAIN);
    if (status == VMPF_OK) {
        finish(&load);
        status = options->keep_squares ? add_squares(&load, err) : VMPF_OK;
    }
    if (status == VMPF_OK) {
        /* Kish's number, with the samples that were read standing for those that were not. */
        load.profile->effective_samples =
            vmpt_effective_samples(load.profile->total.weight, load.profile->square_sum) *
            (load.profile->total.weight
                 ? load.profile->square_weight / (double)load.profile->total.weight
                 : 0);
        *out = load.profile;
    } else {
        vmpt_profile_free(load.profile);
    }
    free(load.threads.items);
    vmpt_nodes_fini(&load.grouped);
    return status;
}
