/* ring_sig.h: publishes rows in the journal (spec, section 7).
 *
 * Thread: any number at once.  Signal: safe. */
#ifndef VMPROF_SAMPLER_SIGNAL_RING_SIG_H
#define VMPROF_SAMPLER_SIGNAL_RING_SIG_H

#include <stdbool.h>
#include <stdint.h>

#include <vmprof/vmpf_journal.h>

/* The ring's geometry is kept here and not read from the journal, which lies in a file that anybody
 * may write to. */
struct vmps_ring {
    struct vmpf_journal *journal;
    uint8_t *bytes;
    uint64_t capacity_bytes;
    uint64_t session_id;
};

/* A row that is reserved and not yet published. */
struct vmps_row {
    uint64_t position;
    uint64_t *words; /* the header; the payload follows */
    uint32_t word_count;
    uint32_t kind;
};

/* vmps_ring_init() takes the ring of a journal that was just laid out. */
void vmps_ring_init(struct vmps_ring *ring, struct vmpf_journal *journal);

/* vmps_ring_is_ours() is false when the file behind the ring belongs to another recording by now, which
 * opened it anew: nothing may be stored there. */
bool vmps_ring_is_ours(const struct vmps_ring *ring);

/* vmps_ring_reserve() takes the room of a row with payload_words words. False: no room, nothing was
 * changed. The payload is zero until it is written. */
bool vmps_ring_reserve(struct vmps_ring *ring, uint32_t kind, uint32_t payload_words,
                       struct vmps_row *row);

/* vmps_ring_commit() publishes a row whose payload is written. */
void vmps_ring_commit(const struct vmps_ring *ring, const struct vmps_row *row);

#endif
