/* squares.c: the weights of single samples, of an input of which all else is known from its totals. */
#include <string.h>

#include "tools/analysis/profile.h"

/* The column of the profile's metric among the values of a session, or -1: each sample weighs 1. */
static int column_of(const struct vmpt_metric *metric, const struct vmpf_info *info)
{
    for (size_t i = 0; info && i < info->value_count; i++) {
        struct vmpf_string name = info->values[i].name;
        if (name.size_bytes == strlen(metric->name) &&
            memcmp(name.data, metric->name, name.size_bytes) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static void add_block(struct vmpt_profile *profile, const struct vmpf_block *block, int column)
{
    double weight = 0;
    double squares = 0;
    for (size_t i = 0; i < block->count; i++) {
        double one = column < 0 ? 1 : (double)block->values[column][i];
        weight += one;
        squares += one * one;
    }
    profile->square_weight += weight;
    profile->square_sum += squares;
}

vmpf_status vmpt_profile_add_squares(struct vmpt_profile *profile, const struct vmpt_feed *feed,
                                     void (*tick)(void *ctx), void *ctx, struct vmpf_error *err)
{
    for (;;) {
        struct vmpf_block block;
        memset(&block, 0, sizeof(block));
        vmpf_status status = feed->ops->next(feed->ctx, &block, err);
        if (status != VMPF_OK) {
            return status == VMPF_END ? VMPF_OK : status;
        }
        size_t session = feed->ops->session(feed->ctx);
        add_block(profile, &block,
                  column_of(&profile->metric, feed->ops->info(feed->ctx, session)));
        if (tick) {
            tick(ctx);
        }
    }
}
