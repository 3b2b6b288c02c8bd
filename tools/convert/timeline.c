#include "tools/convert/timeline.h"

#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"

#define NS_PER_MS UINT64_C(1000000)

uint64_t conv_timeline_period_ns(const struct conv_timeline *timeline)
{
    return timeline->tables.period_ns ? timeline->tables.period_ns : NS_PER_MS;
}

/* ---- samples of a thread ----------------------------------------------------------------------------- */

static bool add(struct conv_track *track, uint64_t time_ns, uint32_t stack, uint64_t weight)
{
    track->goes_back = track->goes_back || (track->count && time_ns < track->last_ns);
    track->first_ns = track->count ? track->first_ns : time_ns;
    track->last_ns = time_ns;
    track->weight += weight;
    track->count++;
    return conv_column_add(&track->times, time_ns) && conv_column_add(&track->stacks, stack) &&
           conv_column_add(&track->weights, weight);
}

static void fini_columns(struct conv_track *track)
{
    conv_column_fini(&track->times);
    conv_column_fini(&track->stacks);
    conv_column_fini(&track->weights);
}

static const struct conv_column *column_of(const struct conv_track *track, enum conv_part part)
{
    switch (part) {
    case CONV_TIMES: return &track->times;
    case CONV_STACKS: return &track->stacks;
    case CONV_WEIGHTS: break;
    }
    return &track->weights;
}

struct conv_track_reader conv_track_read(const struct conv_timeline *timeline,
                                         const struct conv_track *track, enum conv_part part)
{
    bool is_made = part == CONV_TIMES && !track->has_times;
    return (struct conv_track_reader){
        .track = track,
        .place = {.piece = column_of(track, part)->first},
        .period_ns = is_made ? conv_timeline_period_ns(timeline) : 0,
    };
}

size_t conv_track_next(struct conv_track_reader *reader, uint64_t *out, size_t most)
{
    size_t count = conv_column_read(&reader->place, out, most);
    for (size_t i = 0; reader->period_ns && i < count; i++) {
        out[i] = reader->index++ * reader->period_ns;
    }
    return count;
}

struct conv_track_walk conv_track_walk(const struct conv_timeline *timeline,
                                       const struct conv_track *track)
{
    return (struct conv_track_walk){
        .times = conv_track_read(timeline, track, CONV_TIMES),
        .stacks = conv_track_read(timeline, track, CONV_STACKS),
        .weights = conv_track_read(timeline, track, CONV_WEIGHTS),
    };
}

bool conv_track_step(struct conv_track_walk *walk)
{
    if (walk->at == walk->count) {
        walk->at = 0;
        walk->count = conv_track_next(&walk->times, walk->batch[0], CONV_WALK_BATCH);
        (void)conv_track_next(&walk->stacks, walk->batch[1], CONV_WALK_BATCH);
        (void)conv_track_next(&walk->weights, walk->batch[2], CONV_WALK_BATCH);
    }
    if (walk->count == 0) {
        return false;
    }
    walk->time_ns = walk->batch[0][walk->at];
    walk->stack = (uint32_t)walk->batch[1][walk->at];
    walk->weight = walk->batch[2][walk->at];
    walk->at++;
    return true;
}

/* ---- the order of time ------------------------------------------------------------------------------- */

struct indexed {
    uint64_t time_ns;
    uint64_t weight;
    size_t index;
    uint32_t stack;
};

static int compare_times(const void *left, const void *right)
{
    const struct indexed *a = left;
    const struct indexed *b = right;
    if (a->time_ns != b->time_ns) {
        return a->time_ns < b->time_ns ? -1 : 1;
    }
    return (a->index > b->index) - (a->index < b->index);
}

/* Those of a thread whose times go back are put in order; what happened at one time stays as it came. */
static bool sort_samples(const struct conv_timeline *timeline, struct conv_track *track)
{
    struct conv_track sorted = {.thread = track->thread, .has_times = track->has_times};
    struct indexed *items = vmpt_array(track->count, sizeof(*items));
    struct conv_track_walk walk = conv_track_walk(timeline, track);
    bool done = items != NULL;
    for (size_t i = 0; done && conv_track_step(&walk); i++) {
        items[i] = (struct indexed){walk.time_ns, walk.weight, i, walk.stack};
    }
    if (done) {
        qsort(items, track->count, sizeof(*items), compare_times);
    }
    for (size_t i = 0; done && i < track->count; i++) {
        done = add(&sorted, items[i].time_ns, items[i].stack, items[i].weight);
    }
    free(items);
    fini_columns(track);
    *track = sorted;
    return done;
}

/* ---- reading ----------------------------------------------------------------------------------------- */

static bool take_sample(void *ctx, const struct conv_sample *sample)
{
    struct conv_timeline *timeline = ctx;
    if (sample->thread >= timeline->track_count) {
        size_t count = (size_t)sample->thread + 1;
        if (!vmpt_reserve(&timeline->tracks, &timeline->track_capacity, count,
                          sizeof(*timeline->tracks))) {
            return false;
        }
        timeline->track_count = count;
    }
    struct conv_track *track = &timeline->tracks[sample->thread];
    track->has_times = track->has_times || sample->has_time;
    return add(track, sample->time_ns, sample->stack, sample->weight);
}

int conv_timeline_init(struct conv_timeline *timeline, struct conv_job *job)
{
    memset(timeline, 0, sizeof(*timeline));
    const struct conv_consumer consumer = {.sample = take_sample, .ctx = timeline};
    int code = conv_tables_init(&timeline->tables, job, &consumer, VMPF_COLUMN_LABEL);
    for (size_t i = 0; code < 0 && i < timeline->track_count; i++) {
        struct conv_track *track = &timeline->tracks[i];
        track->thread = &timeline->tables.threads[i];
        if (track->goes_back && !sort_samples(timeline, track)) {
            code = vmpt_app_no_memory(&job->app);
        }
    }
    return code;
}

void conv_timeline_fini(struct conv_timeline *timeline)
{
    for (size_t i = 0; i < timeline->track_capacity; i++) {
        fini_columns(&timeline->tracks[i]);
    }
    free(timeline->tracks);
    conv_tables_fini(&timeline->tables);
}
