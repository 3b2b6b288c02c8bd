/* thread_choice.h: which threads of an input the filters choose, before its first sample is written.
 *
 * A thread may get its name after its samples, and its last name counts, so an input is read once for its names alone.
 */
#ifndef VMPROF_TOOLS_CONVERT_THREAD_CHOICE_H
#define VMPROF_TOOLS_CONVERT_THREAD_CHOICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/analysis/feed.h"
#include "tools/common/input.h"

struct conv_thread_choice {
    const struct vmpt_sample_filter *filter;
    uint8_t *keeps; /* by thread of the input that was learned */
    size_t count;
    size_t capacity;
};

/* Lifetime: filter's. */
void conv_thread_choice_init(struct conv_thread_choice *choice,
                             const struct vmpt_sample_filter *filter);
void conv_thread_choice_fini(struct conv_thread_choice *choice);

/* Learns the threads of one input of set, which can be opened again afterwards. Without a filter of threads nothing is
 * read. An input that cannot be read to its end is learned as far as it can be: who reads it next says why. Any
 * other status than VMPF_OK: it cannot be opened again, or memory is short. */
vmpf_status conv_thread_choice_learn(struct conv_thread_choice *choice, struct vmpt_input_set *set,
                                     size_t input, struct vmpf_error *err);

/* Whether thread id of feed, which reads the input that was learned, is chosen, and its process. */
bool conv_thread_choice_keeps(const struct conv_thread_choice *choice, const struct vmpt_feed *feed,
                              uint32_t id);

#endif
