/* range_reading.h: what a reading of a range gives, sample by sample, and what it cost. Shared by the tests of ranges. */
#ifndef VMPROF_TESTS_UNIT_FMT_RANGE_READING_H
#define VMPROF_TESTS_UNIT_FMT_RANGE_READING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vmprof/vmpf.h>

/* A sample by what it means: its session, and names in place of ids. */
struct seen_sample {
    uint64_t session, time_ns, value, thread_id, thread_digest, stack_digest;
};
struct seen {
    vmpf_status status; /* VMPF_END, or what the reading ended with */
    struct seen_sample *samples;
    size_t count, capacity;
    size_t blocks;
    size_t sessions;
    struct vmpf_damage damage;
    uint64_t end_ns;      /* sum over all sessions */
    uint64_t meta_count;  /* the same */
    uint64_t epochs;      /* vmpf_reader_epoch() at the end */
    uint32_t most_stacks; /* in the tables at any block */
};

/* A source over memory that counts, and may refuse. */
struct counting {
    const uint8_t *data;
    size_t size_bytes, position;
    bool refuses_read_at;
    uint64_t reads, read_bytes;       /* in order */
    uint64_t reads_at, read_at_bytes; /* elsewhere */
};

/* A finished profile of samples as write_samples() gives them, 1000003 ns apart, with a new epoch after so many stacks. The
 * caller frees *data. */
void make_epochs(uint64_t samples, uint32_t block_samples, uint32_t epoch_max_nodes, uint8_t **data,
                 size_t *size_bytes);

/* Reads all that options ask for, to the end. options NULL: everything. */
struct seen read_counting(struct counting *counting, const struct vmpf_reader_options *options);
struct seen read_source(struct vmpf_source source, const struct vmpf_reader_options *options);
void seen_free(struct seen *seen);

struct vmpf_reader_options range_options(uint64_t from_ns, uint64_t to_ns);
/* Fails the test where got is not what the whole reading has in the range. Returns how many samples that are. */
size_t check_range(const struct seen *whole, const struct seen *got, uint64_t from_ns,
                   uint64_t to_ns);
/* Reads the range of data and checks it: the same samples and the same damage. true: it was found by the index, not by reading everything. */
bool reads_by_index(const uint8_t *data, size_t size_bytes, const struct seen *whole,
                    uint64_t from_ns, uint64_t to_ns);

#endif
