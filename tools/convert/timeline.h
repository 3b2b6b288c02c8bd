/* timeline.h: the samples of all inputs by thread, in the order of time, over tables of their own: what is needed by formats
 * that want the samples of a thread together.
 *
 * A sample takes some bytes; functions, frames and stacks are kept once, whatever epochs and inputs they come from.
 */
#ifndef VMPROF_TOOLS_CONVERT_TIMELINE_H
#define VMPROF_TOOLS_CONVERT_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/analysis/functions.h"
#include "tools/analysis/nodes.h"
#include "tools/common/buffer.h"
#include "tools/convert/stream.h"

/* A thread of one session. */
struct conv_thread {
    size_t session; /* counted over all inputs */
    uint64_t process_id;
    uint64_t thread_id;
    const char *name;
    size_t name_size;
    const char *metric; /* what weights are of, and their unit */
    const char *unit;
    size_t count;
    uint64_t weight;
    bool has_times;             /* of some sample, it is not 0 */
    struct vmpt_buffer samples; /* packed */
    bool goes_back;             /* its times were not in order */
    uint64_t last_time_ns;      /* while samples are added */
    uint32_t last_stack;
};

struct conv_module {
    struct vmpf_string path;
    struct vmpf_string build_id;
};

struct conv_timeline {
    struct conv_job *job;
    struct vmpt_functions functions;
    struct vmpt_nodes frames; /* function, line, kind; number 0 is none */
    struct vmpt_nodes stacks; /* parent, and the frame as its function; number 0 is none */
    uint32_t *module_of;      /* by function: number + 1 in modules; 0: none */
    size_t module_of_capacity;
    struct conv_module *modules;
    size_t module_count;
    size_t module_capacity;
    struct conv_thread *threads;
    size_t thread_count;
    size_t thread_capacity;
    struct vmpt_arena strings;
    uint64_t start_unix_ns; /* of the first session; 0: it does not say */
    uint64_t period_ns;     /* 0: none says */
    const char *program;    /* NULL: none says */
    size_t program_size;
    bool has_begun;
    /* Of the session that is read. */
    size_t sessions;
    uint64_t offset_ns; /* from the start of the first */
    int column;         /* of the weights; -1: each sample weighs 1 */
    const char *metric;
    const char *unit;
    bool has_other_values;
    /* By id of the epoch that is read; 0: not seen yet. */
    uint32_t *stack_of;
    size_t stack_capacity;
    uint32_t *thread_of;
    size_t thread_of_capacity;
    uint32_t *path; /* stacks whose callers come first */
    size_t path_capacity;
};

struct conv_timeline_sample {
    uint64_t
        time_ns; /* since the start of the first session; without times, samples are a period apart */
    uint32_t stack;
    uint64_t weight;
};

/* The next sample of a thread; *place is 0 before the first. False: there is none. */
bool conv_timeline_next(const struct conv_timeline *timeline, const struct conv_thread *thread,
                        size_t *place, size_t *index, struct conv_timeline_sample *out);

/* Reads all inputs of job. VMPT_GO_ON or the exit code; conv_timeline_fini() may always be called after it. */
int conv_timeline_init(struct conv_timeline *timeline, struct conv_job *job);
void conv_timeline_fini(struct conv_timeline *timeline);

#endif
