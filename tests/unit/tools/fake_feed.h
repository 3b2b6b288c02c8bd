/* fake_feed.h: a feed whose samples a test writes down, without a file. */
#ifndef VMPROF_TESTS_UNIT_TOOLS_FAKE_FEED_H
#define VMPROF_TESTS_UNIT_TOOLS_FAKE_FEED_H

#include "tools/analysis/profile.h"

#define FAKE_MAX 4096

struct fake_feed {
    struct vmpf_function functions[FAKE_MAX];
    char names[FAKE_MAX][32];
    uint32_t function_count;
    struct vmpf_stack stacks[FAKE_MAX]; /* location n is function n, line 10 n */
    uint32_t stack_count;
    struct vmpf_thread threads[16];
    uint32_t thread_count;
    struct vmpf_info info[4];
    size_t session_count;
    size_t session_starts[4]; /* the first sample of each */
    uint32_t stack[FAKE_MAX];
    uint32_t thread[FAKE_MAX];
    uint64_t time_ns[FAKE_MAX];
    uint64_t values[VMPF_MAX_VALUES][FAKE_MAX];
    size_t sample_count;
    size_t block_samples; /* samples in a block */
    struct vmpf_damage damage;
    size_t opened; /* how often */
    /* where reading stands */
    size_t next;
    size_t session;
    vmpf_status fails; /* what next() ends with, unless VMPF_OK */
};

/* A feed with one session, whose values are "cpu:ns", and with thread 1. */
void fake_feed_init(struct fake_feed *feed);
/* A session after the last: values are "NAME:UNIT" and end with NULL. */
void fake_feed_session(struct fake_feed *feed, const char *const *values);
/* The id of a function: `name`, in file "f.py", of kind py; "native:x", "jit:x", "kernel:x" are of
 * those kinds and called x. */
uint32_t fake_feed_function(struct fake_feed *feed, const char *name);
/* The id of "a;b;c". */
uint32_t fake_feed_stack(struct fake_feed *feed, const char *frames);
/* A sample of thread 1, whose every value is weight; its time is its number in ms. */
void fake_feed_sample(struct fake_feed *feed, const char *frames, uint64_t weight);

/* Inputs of feeds. Lifetime: feeds'. */
struct fake_inputs {
    struct fake_feed **feeds;
};
struct vmpt_inputs fake_inputs(struct fake_inputs *inputs, struct fake_feed **feeds, size_t count);

/* Loads, and fails the test where that fails. */
struct vmpt_profile *fake_load(struct fake_feed **feeds, size_t count,
                               const struct vmpt_load_options *options);

#endif
