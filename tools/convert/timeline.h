/* timeline.h: the samples of all inputs by thread, in the order of time: what is needed by formats that want the samples of a
 * thread together. A sample takes some bytes.
 */
#ifndef VMPROF_TOOLS_CONVERT_TIMELINE_H
#define VMPROF_TOOLS_CONVERT_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/convert/column.h"
#include "tools/convert/tables.h"

/* The samples of a thread. */
struct conv_track {
    const struct conv_thread *thread;
    size_t count;
    uint64_t weight;
    uint64_t first_ns; /* their times */
    uint64_t last_ns;
    bool has_times; /* of some sample, it is not 0 */
    bool goes_back; /* its times were not in order; they are once it can be read */
    struct conv_column times;
    struct conv_column stacks;
    struct conv_column weights;
};

struct conv_timeline {
    struct conv_tables tables;
    struct conv_track *tracks; /* one a thread, in their order */
    size_t track_count;
    size_t track_capacity;
};

enum conv_part { CONV_TIMES, CONV_STACKS, CONV_WEIGHTS };

/* One of the columns of a track, read from its beginning. */
struct conv_track_reader {
    const struct conv_track *track;
    struct conv_column_place place;
    uint64_t period_ns; /* 0: the column is as it is */
    size_t index;
};

/* Without times, samples are a period apart. */
struct conv_track_reader conv_track_read(const struct conv_timeline *timeline,
                                         const struct conv_track *track, enum conv_part part);
/* The next numbers, at most `most`; returns how many, 0 at the end. */
size_t conv_track_next(struct conv_track_reader *reader, uint64_t *out, size_t most);

#define CONV_WALK_BATCH 128

/* Whole samples of a track, one after the other. */
struct conv_track_walk {
    struct conv_track_reader times;
    struct conv_track_reader stacks;
    struct conv_track_reader weights;
    uint64_t batch[3][CONV_WALK_BATCH]; /* of each */
    size_t at;
    size_t count;
    uint64_t time_ns; /* the sample that it stands at */
    uint64_t weight;
    uint32_t stack;
};

struct conv_track_walk conv_track_walk(const struct conv_timeline *timeline,
                                       const struct conv_track *track);
/* False: there is none. */
bool conv_track_step(struct conv_track_walk *walk);

/* What the profile says, or a millisecond. */
uint64_t conv_timeline_period_ns(const struct conv_timeline *timeline);

/* Reads all inputs of job. VMPT_GO_ON or the exit code; conv_timeline_fini() may always be called after it. */
int conv_timeline_init(struct conv_timeline *timeline, struct conv_job *job);
void conv_timeline_fini(struct conv_timeline *timeline);

#endif
