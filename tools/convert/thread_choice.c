#include "tools/convert/thread_choice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"

void conv_thread_choice_init(struct conv_thread_choice *choice,
                             const struct vmpt_sample_filter *filter)
{
    *choice = (struct conv_thread_choice){.filter = filter};
}

void conv_thread_choice_fini(struct conv_thread_choice *choice)
{
    free(choice->keeps);
}

static bool keeps(const struct conv_thread_choice *choice, const struct vmpt_feed *feed,
                  uint32_t id)
{
    struct vmpf_thread thread = feed->ops->thread(feed->ctx, id);
    return vmpt_sample_filter_keeps_thread(choice->filter, &thread) &&
           vmpt_sample_filter_keeps_process(choice->filter, &thread);
}

static vmpf_status no_memory(struct vmpf_error *err)
{
    memset(err, 0, sizeof(*err));
    err->status = VMPF_E_NOMEM;
    (void)snprintf(err->message, sizeof(err->message), "not enough memory");
    return err->status;
}

/* What threads there are in the end. */
static vmpf_status learn(struct conv_thread_choice *choice, const struct vmpt_feed *feed,
                         const struct vmpt_inputs *inputs, struct vmpf_error *err)
{
    struct vmpf_block block;
    vmpf_status status;
    do {
        memset(&block, 0, sizeof(block));
        status = feed->ops->next(feed->ctx, &block, err);
        inputs->tick(inputs->ctx);
    } while (status == VMPF_OK);
    uint32_t count = feed->ops->thread_count(feed->ctx);
    if (!vmpt_reserve(&choice->keeps, &choice->capacity, count, 1)) {
        return no_memory(err);
    }
    for (uint32_t id = 0; id < count; id++) {
        choice->keeps[id] = keeps(choice, feed, id);
    }
    choice->count = count;
    return VMPF_OK;
}

vmpf_status conv_thread_choice_learn(struct conv_thread_choice *choice, struct vmpt_input_set *set,
                                     size_t input, struct vmpf_error *err)
{
    const uint32_t skip =
        VMPF_COLUMN_TIME | VMPF_COLUMN_FLAGS | VMPF_COLUMN_LABEL | VMPT_FEED_ONE_EPOCH;
    struct vmpt_inputs inputs = vmpt_input_set_inputs(set);
    struct vmpt_feed feed;
    choice->count = 0;
    if (choice->filter->thread_count == 0) {
        return VMPF_OK;
    }
    vmpf_status status = vmpt_input_set_keep(set, input, err);
    if (status == VMPF_OK) {
        status = inputs.open(inputs.ctx, input, skip, &feed, err);
    }
    if (status == VMPF_OK) {
        status = learn(choice, &feed, &inputs, err);
        feed.ops->close(feed.ctx);
    }
    return status;
}

bool conv_thread_choice_keeps(const struct conv_thread_choice *choice, const struct vmpt_feed *feed,
                              uint32_t id)
{
    const struct vmpt_sample_filter *filter = choice->filter;
    if (!filter->thread_count && !filter->process_count) {
        return true;
    }
    return id < choice->count ? choice->keeps[id] : keeps(choice, feed, id);
}
