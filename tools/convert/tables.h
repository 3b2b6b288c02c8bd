/* tables.h: samples of all inputs over tables of their own, which last: what is needed by formats that name stacks, frames and
 * threads by number.
 *
 * Functions, frames, stacks, modules and threads are kept once, whatever epochs and inputs they come from.
 */
#ifndef VMPROF_TOOLS_CONVERT_TABLES_H
#define VMPROF_TOOLS_CONVERT_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/analysis/functions.h"
#include "tools/analysis/nodes.h"
#include "tools/convert/stacks.h"
#include "tools/convert/stream.h"

/* A thread of one session. */
struct conv_thread {
    size_t session; /* counted over all inputs, from 1 */
    uint64_t process_id;
    uint64_t thread_id;
    const char *name;
    size_t name_size;
    const char *metric; /* what weights are of, and their unit */
    const char *unit;
};

struct conv_module {
    struct vmpf_string path;
    struct vmpf_string build_id;
    uint64_t address;
    uint64_t size_bytes;
    uint64_t file_offset;
};

struct conv_tables;

struct conv_sample {
    const struct conv_tables *tables;
    uint32_t stack;
    uint32_t thread;  /* index in threads */
    uint64_t time_ns; /* since the start of the first session */
    uint64_t weight;
    const struct vmpf_block *block; /* and its place there */
    size_t index;
    bool has_time;
};

/* What is done with the samples. False: memory is short. */
struct conv_consumer {
    bool (*sample)(void *ctx, const struct conv_sample *sample);
    bool (*epoch)(void *ctx); /* ids of labels start anew; NULL: no matter */
    void *ctx;
};

struct conv_tables {
    struct conv_job *job;
    struct conv_consumer consumer;
    struct vmpt_functions functions;
    struct vmpt_nodes frames; /* function, line, kind; number 0 is none */
    struct conv_stacks stacks;
    uint32_t *module_of; /* by function: number + 1 in modules; 0: none */
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
    uint64_t end_ns; /* when the last session ended, since the start of the first; 0: none says */
    const char *program; /* NULL: none says */
    size_t program_size;
    bool has_begun;
    /* Of the session that is read. */
    struct conv_stream *stream;
    const struct vmpf_info *info;
    size_t sessions;
    uint64_t offset_ns; /* from the start of the first */
    int column;         /* of the weights; -1: each sample weighs 1 */
    const char *metric;
    const char *unit;
    bool has_other_values;
    /* By id of the epoch that is read; 0: not seen yet. */
    uint32_t *stack_of;
    size_t stack_capacity;
    uint32_t *frame_of; /* by location */
    size_t frame_capacity;
    uint32_t *thread_of;
    size_t thread_of_capacity;
    uint32_t *path; /* stacks whose callers come first */
    size_t path_capacity;
};

/* Reads all inputs of job, and gives the consumer each sample, in the order of the inputs. VMPT_GO_ON or the exit code;
 * conv_tables_fini() may always be called after it. What the tables cannot hold is in job->lost. */
int conv_tables_init(struct conv_tables *tables, struct conv_job *job,
                     const struct conv_consumer *consumer, uint32_t skip_columns);
/* A function by its number, as names.h has it. */
struct vmpt_function conv_tables_function(const struct conv_tables *tables, uint32_t function);
void conv_tables_fini(struct conv_tables *tables);

#endif
