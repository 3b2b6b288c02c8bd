/* ring.h: a producer of journal rows (spec section 7.3): one thread, and nobody drains meanwhile. */
#ifndef VMPROF_TESTS_BENCH_RING_H
#define VMPROF_TESTS_BENCH_RING_H

#include <stddef.h>
#include <stdint.h>
#include <vmprof/vmpf_journal.h>

/* The place of the payload of a row, or NULL: the ring has no room for it. Nothing is published yet. */
uint64_t *bench_ring_begin(struct vmpf_journal *journal, uint32_t payload_words);
/* Publishes the row that was begun last. */
void bench_ring_publish(struct vmpf_journal *journal, uint32_t kind, const uint64_t *payload,
                        uint32_t payload_words);

#endif
