/* stream.h: samples of all inputs, one block at a time, in bounded memory: what is done by every format that writes
 * samples as they are.
 *
 * Which samples count and which frames are shown is what view.h says of trees, found stack by stack.
 */
#ifndef VMPROF_TOOLS_CONVERT_STREAM_H
#define VMPROF_TOOLS_CONVERT_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/analysis/feed.h"
#include "tools/convert/format.h"
#include "tools/convert/thread_choice.h"

/* A stack that the filters do not choose. */
#define CONV_NOT_CHOSEN UINT32_MAX

struct conv_stream {
    struct conv_job *job;
    struct vmpt_sample_filter samples;
    struct vmpt_label_sets labels; /* of this epoch */
    struct conv_thread_choice threads;
    struct vmpt_frame_filter frames;
    bool filters_frames; /* else every stack is shown as it is */
    bool has_begun;      /* the first block was seen */
    bool failed;         /* memory was short */
    struct vmpt_feed feed;
    size_t input;
    uint64_t epoch; /* of the feed; what a visitor keeps by id is good for one */
    /* By id, for this epoch: what is known already. */
    uint8_t *function_flags;
    size_t function_capacity;
    uint8_t *stack_flags;
    size_t stack_capacity;
    uint32_t *anchor;
    size_t anchor_capacity;
    uint32_t *path; /* stacks whose callers are looked up first */
    size_t path_capacity;
    uint64_t lost_samples; /* damage of the input that was counted already */
};

/* What a format does. Each returns VMPT_GO_ON, or the exit code, with what went wrong said. */
struct conv_visitor {
    /* A session begins, in the order of the inputs; also one without samples. */
    int (*begin)(void *ctx, struct conv_stream *stream, const struct vmpf_info *info);
    /* Ids start anew: with each input, and with each epoch. */
    int (*epoch)(void *ctx, struct conv_stream *stream);
    int (*block)(void *ctx, struct conv_stream *stream, const struct vmpf_block *block);
    /* lost_samples: by damage, since the last call. */
    int (*end)(void *ctx, struct conv_stream *stream, const struct vmpf_info *info,
               uint64_t lost_samples);
};

/* Reads all inputs of job. skip_columns: VMPF_COLUMN_* that the format does not need. */
int conv_stream_run(struct conv_job *job, const struct conv_visitor *visitor, void *ctx,
                    uint32_t skip_columns);

/* Whether sample i of block is chosen by thread, process, label and time. Where memory is short (stream->failed), none is. */
bool conv_stream_keeps(struct conv_stream *stream, const struct vmpf_block *block, size_t i);
/* The node of a stack's innermost frame that is shown; 0: none is; CONV_NOT_CHOSEN: the stack is not chosen, or memory
 * is short (stream->failed). */
uint32_t conv_stream_innermost(struct conv_stream *stream, uint32_t stack);
/* The node of the next shown frame outwards from a node that is shown; 0: there is none. */
uint32_t conv_stream_caller(struct conv_stream *stream, uint32_t node);

#endif
