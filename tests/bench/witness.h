/* witness.h: samples that name themselves, so that a reader of any remains of a file can tell which of them are there, and
 * that none was made up: sample i weighs 1000 + i, and its time, thread and stack follow from i alone.
 */
#ifndef VMPROF_TESTS_BENCH_WITNESS_H
#define VMPROF_TESTS_BENCH_WITNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vmprof/vmpf.h>
#include <vmprof/vmpf_journal.h>

#define WITNESS_RING_BYTES ((size_t)1 << 20)

/* A writer with a journal in which the codes of all samples are known. Takes sink over. */
vmpf_writer *witness_open(struct vmpf_sink sink, uint32_t block_samples, uint32_t epoch_max_nodes,
                          struct vmpf_journal **journal);
/* Publishes sample i; false: the ring has no room now. */
bool witness_publish(struct vmpf_journal *journal, uint64_t i);

struct witness_report {
    bool opened;
    bool damaged;
    bool unfinished;
    uint64_t samples;      /* found, each once */
    uint64_t invented;     /* those that were never written, or not so, or are there twice */
    uint64_t lost_names;   /* those with <lost> somewhere */
    uint64_t lost_samples; /* as the reader says */
};

/* Knows samples 0 to limit - 1. Any number of inputs may be read with it, one at a time. */
struct witness_oracle;
struct witness_oracle *witness_oracle_open(uint64_t limit);
void witness_oracle_close(struct witness_oracle *oracle);
struct witness_report witness_read(struct witness_oracle *oracle, const void *data,
                                   size_t size_bytes);
/* Was the sample in the last input? */
bool witness_was_there(const struct witness_oracle *oracle, uint64_t i);

#endif
