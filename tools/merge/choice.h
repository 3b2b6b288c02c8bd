/* choice.h: which samples of a reader are kept, and which frames of their stacks: what tally.h and view.h say of
 * profiles in memory, found stack by stack.
 *
 * A thread may get its name after its samples, so all names have to be known before the first sample is asked about.
 */
#ifndef VMPROF_TOOLS_MERGE_CHOICE_H
#define VMPROF_TOOLS_MERGE_CHOICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vmprof/vmpf.h>

#include "tools/common/settings.h"

struct merge_choice {
    struct vmpt_sample_filter samples;
    struct vmpt_label_sets labels;
    struct vmpt_frame_filter frames;
    bool is_needed;      /* else everything is kept */
    bool chooses_frames; /* else every stack is kept as it is */
    const vmpf_reader *reader;
    uint64_t epoch; /* of the reader, that the flags below are of */
    uint64_t label_epoch;
    uint8_t *threads; /* by thread of the input: whether it is kept */
    size_t thread_count;
    size_t thread_capacity;
    /* By id: what is known already. */
    size_t function_count; /* of the reader's table, by now */
    size_t stack_count;
    uint8_t *function_flags;
    size_t function_capacity;
    uint8_t *stack_flags;
    size_t stack_capacity;
    uint32_t *
        anchors; /* by stack: itself where its innermost frame is kept, else its nearest caller that is; 0: none */
    size_t anchor_capacity;
    uint32_t *path; /* stacks whose callers are looked up first */
    size_t path_capacity;
};

/* What is kept of one stack. */
struct merge_kept {
    bool stack;         /* the sample is */
    uint32_t innermost; /* the stack of the innermost frame that is; 0: none is */
};

/* Lifetime: settings'. */
void merge_choice_init(struct merge_choice *choice, const struct vmpt_settings *settings);
void merge_choice_fini(struct merge_choice *choice);

/* Learns the threads of an input from a reader that was read to its end. False: memory is short. */
bool merge_choice_learn(struct merge_choice *choice, const vmpf_reader *reader);
/* From now on it is about another reader of the input that was learned. */
void merge_choice_follow(struct merge_choice *choice, const vmpf_reader *reader);

/* Whether thread, process, labels and time keep sample i of the reader's last block. Sets *failed where memory is short. */
bool merge_choice_keeps(struct merge_choice *choice, const struct vmpf_block *block, size_t i,
                        bool *failed);
/* Which of its frames are kept, if the stack is. False: memory is short. */
bool merge_choice_stack(struct merge_choice *choice, uint32_t stack, struct merge_kept *out);
/* The next frame outwards that is kept, from one that is; 0: none. */
uint32_t merge_choice_caller(const struct merge_choice *choice, uint32_t stack);

#endif
