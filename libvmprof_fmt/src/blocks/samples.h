/* samples.h: the payloads of SAMPLES, CODES and END (spec 5.6, 6, 7.5). Private. */
#ifndef VMPROF_FMT_BLOCKS_SAMPLES_H
#define VMPROF_FMT_BLOCKS_SAMPLES_H

#include "libvmprof_fmt/src/blocks/columnset.h"
#include "libvmprof_fmt/src/blocks/runs.h"
#include "libvmprof_fmt/src/blocks/tables.h"

/* What is looked up of all samples of a block, found while they lie in the processor's cache. */
struct vmpfi_digest {
    uint32_t greatest_stack, greatest_thread;
    bool sums_fit; /* each is less than 2^63 [F-5.6-4] */
    uint64_t sums[VMPF_MAX_VALUES];
};

/* Samples as columns; count and value_count say how much of them is used. */
struct vmpfi_samples {
    size_t count;
    size_t value_count;
    bool of_journal; /* these are rows, not a chunk */
    uint32_t *stack;
    uint32_t *thread;
    uint64_t *time_ns;
    uint32_t *flags;
    uint32_t *label; /* when read: NULL also where no sample has one */
    uint64_t *values[VMPF_MAX_VALUES];
    struct vmpfi_digest digest; /* when read */
    uint32_t
        stack_base; /* what was added to each stack but 0; the digest is of the stacks before */
};

/* Threads of the samples are less than thread_count, stacks less than node_count. VMPF_E_NOMEM, VMPF_E_LIMIT. */
vmpf_status vmpfi_samples_encode(struct vmpfi_buffer *out, struct vmpfi_scratch *scratch,
                                 struct vmpfi_run_history *history,
                                 const struct vmpfi_columnset_head *head,
                                 const struct vmpfi_samples *samples, size_t thread_count,
                                 size_t node_count);

/* The arrays live in scratch; those of skip_columns (VMPF_COLUMN_*) are NULL. */
vmpf_status vmpfi_samples_decode(struct vmpfi_columnset_head *head, struct vmpfi_samples *out,
                                 struct vmpfi_scratch *scratch, size_t value_count,
                                 uint32_t skip_columns, const struct vmpfi_payload *payload,
                                 struct vmpf_error *err);

/* vmpfi_samples_digest() makes the digest of what is there now; nothing was added to the stacks. */
void vmpfi_samples_digest(struct vmpfi_samples *samples);
/* vmpfi_samples_add_base() adds a base to each stack but 0; where one would not fit, to none. */
void vmpfi_samples_add_base(struct vmpfi_samples *samples, uint32_t base);
/* The stacks as they were before. */
void vmpfi_samples_take_base(struct vmpfi_samples *samples);

/* CODES: rows is what the payloads of CODE rows are, one behind the other. */
vmpf_status vmpfi_codes_encode(struct vmpfi_buffer *out, struct vmpfi_scratch *scratch,
                               const uint8_t *rows, size_t size_bytes);
vmpf_status vmpfi_codes_decode(struct vmpfi_scratch *scratch, const struct vmpfi_payload *payload,
                               const uint8_t **rows, size_t *size_bytes, struct vmpf_error *err);

struct vmpfi_end {
    uint64_t samples;
    uint64_t lost_samples;
    uint64_t end_ns;
    size_t value_count;
    uint64_t sums[VMPF_MAX_VALUES];
    bool placed; /* the next two are there [F-6-2] */
    uint64_t own_offset;
    uint64_t index_offset; /* of the last INDEX chunk; 0: none */
};

/* The size of END's payload with that many values, and with the two offsets. */
#define VMPFI_END_BYTES(value_count) (32u + 8u * (value_count) + 16u)

bool vmpfi_end_encode(struct vmpfi_buffer *out, const struct vmpfi_end *end);
vmpf_status vmpfi_end_decode(struct vmpfi_end *out, const struct vmpfi_payload *payload,
                             struct vmpf_error *err);

#endif
