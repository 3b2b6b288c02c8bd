/* trace.h: a trace in memory: what a producer saw, before any format.
 *
 * On disk it is two files. BASE.bin: 32-bit little-endian words, a record a sample: time in ns (low word, high word),
 * thread, depth, then that many location numbers, root first. BASE.loc: one location a line, separated by tabs:
 * file, function, first line of the function, line.
 */
#ifndef VMPROF_TESTS_BENCH_TRACE_H
#define VMPROF_TESTS_BENCH_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bench_location {
    const char *file;
    const char *function;
    uint32_t first_line;
    uint32_t line;
    uint32_t code;         /* index of the code that has it: made by bench_trace_finish() */
    uint32_t offset_bytes; /* of the instruction in the code, by its line table; made likewise */
    uint32_t same;         /* the location that stands for all that are equal; made likewise */
};

/* A function, with the line table of an interpreter (VMPF_LINES_LNOTAB_SIGNED). */
struct bench_code {
    const struct bench_location *first; /* one of its locations */
    uint8_t *lines;
    size_t lines_size_bytes;
};

/* Of the prefix tree of stacks; node 0 is the root and has no location. */
struct bench_node {
    uint32_t parent;
    uint32_t location;
    uint32_t depth;
};

struct bench_sample {
    uint64_t time_us; /* since the first one */
    uint32_t thread;  /* index of threads */
    uint32_t node;
};

struct bench_trace {
    struct bench_location *locations;
    size_t location_count;
    struct bench_code *codes;
    size_t code_count;
    uint32_t *threads; /* their ids */
    size_t thread_count, thread_capacity;
    struct bench_node *nodes;
    size_t node_count, node_capacity;
    struct bench_sample *samples;
    size_t sample_count, sample_capacity;
    char *text;      /* what the locations' names lie in */
    uint32_t *slots; /* of the table from (parent, location) to node; 0: free */
    size_t slot_count;
};

struct bench_trace_facts {
    uint64_t distinct_stacks;
    uint64_t repeats;   /* samples with the stack of the sample of the thread before */
    uint64_t depth_sum; /* of all samples */
    uint32_t max_depth;
    uint64_t length_us;
};

/* Reads BASE.bin and BASE.loc. Ends the process where the two are not a trace. */
void bench_trace_load(struct bench_trace *trace, const char *base);
void bench_trace_free(struct bench_trace *trace);

/* To make one: init, locations (all of them), finish, then samples. */
void bench_trace_init(struct bench_trace *trace);
void bench_trace_finish(struct bench_trace *trace);
uint32_t bench_trace_child(struct bench_trace *trace, uint32_t parent, uint32_t location);
/* The index of the thread with this id. */
uint32_t bench_trace_thread(struct bench_trace *trace, uint32_t id);
void bench_trace_add(struct bench_trace *trace, const struct bench_sample *sample);

struct bench_trace_facts bench_trace_facts(const struct bench_trace *trace);
/* How many samples each node has. The caller frees it. */
uint64_t *bench_trace_counts(const struct bench_trace *trace);

#endif
