/* stacks.h: stacks as a prefix tree, each once, for those that are looked up over and over, epoch by epoch. */
#ifndef VMPROF_TOOLS_CONVERT_STACKS_H
#define VMPROF_TOOLS_CONVERT_STACKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conv_stack {
    uint32_t parent; /* always less than the stack's own number */
    uint32_t frame;
    uint32_t callee; /* the one with this parent that was asked for last; 0: none */
};

struct conv_stacks {
    struct conv_stack *items; /* number 0 is none: the parent of the outermost frames */
    size_t count;
    size_t capacity;
    uint32_t *slots; /* open addressing: a number, or 0 */
    size_t slot_count;
};

/* False: memory is short. conv_stacks_fini() may always be called after it. */
bool conv_stacks_init(struct conv_stacks *stacks);
void conv_stacks_fini(struct conv_stacks *stacks);
/* The number of the stack that calls a frame from parent, made when there is none yet. 0: memory is short. */
uint32_t conv_stacks_intern(struct conv_stacks *stacks, uint32_t parent, uint32_t frame);

#endif
