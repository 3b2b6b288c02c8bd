#include "sampler/signal/ring_sig.h"

#include <stddef.h>

#define WORD_BYTES UINT64_C(8)

void vmps_ring_init(struct vmps_ring *ring, struct vmpf_journal *journal)
{
    ring->journal = journal;
    ring->bytes = (uint8_t *)journal + journal->header_size_bytes;
    ring->capacity_bytes = journal->capacity_bytes;
    ring->session_id = journal->session_id;
}

static uint64_t *word_at(const struct vmps_ring *ring, uint64_t position)
{
    return (uint64_t *)(void *)(ring->bytes + (position & (ring->capacity_bytes - 1)));
}

/* The parameter is written through the atomic pointer that it becomes. */
// NOLINTNEXTLINE(readability-non-const-parameter)
static void store_header(uint64_t *word, uint64_t header, memory_order order)
{
    atomic_store_explicit((_Atomic uint64_t *)word, header, order);
}

/* The rest of the ring's end, where a row would have to wrap [F-7.2-2]. */
static void publish_pad(const struct vmps_ring *ring, uint64_t position, uint64_t size_bytes)
{
    uint64_t check = vmpf_row_check(ring->session_id, position, VMPF_ROW_PAD, NULL, 0);
    uint64_t header = vmpf_row_header(VMPF_ROW_PAD, (uint32_t)(size_bytes / WORD_BYTES), check,
                                      VMPF_ROW_COMMITTED);
    store_header(word_at(ring, position), header, memory_order_release);
}

bool vmps_ring_is_ours(const struct vmps_ring *ring)
{
    const volatile uint64_t *session_id = &ring->journal->session_id;
    return *session_id == ring->session_id;
}

bool vmps_ring_reserve(struct vmps_ring *ring, uint32_t kind, uint32_t payload_words,
                       struct vmps_row *row)
{
    const uint64_t size = (payload_words + UINT64_C(1)) * WORD_BYTES;
    struct vmpf_journal *journal = ring->journal;
    if (!vmps_ring_is_ours(ring)) {
        return false;
    }
    uint64_t head = atomic_load_explicit(&journal->head, memory_order_relaxed);
    uint64_t pad;
    do {
        uint64_t to_end = ring->capacity_bytes - (head & (ring->capacity_bytes - 1));
        pad = size > to_end ? to_end : 0;
        /* [F-7.3-1]. A tail ahead of head, which only a foreign write can make, gives a huge count. */
        uint64_t used = head - atomic_load_explicit(&journal->tail, memory_order_acquire);
        if (used > ring->capacity_bytes || pad + size > ring->capacity_bytes - used ||
            head % WORD_BYTES != 0) {
            return false;
        }
    } while (!atomic_compare_exchange_weak_explicit(&journal->head, &head, head + pad + size,
                                                    memory_order_acq_rel, memory_order_relaxed));
    if (pad != 0) {
        publish_pad(ring, head, pad);
    }
    row->position = head + pad;
    row->word_count = payload_words + 1;
    row->kind = kind;
    row->words = word_at(ring, row->position);
    /* [F-7.3-2]: whoever finds the row half-written knows how long it is. */
    store_header(row->words, vmpf_row_header(kind, row->word_count, 0, 0), memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    return true;
}

void vmps_ring_commit(const struct vmps_ring *ring, const struct vmps_row *row)
{
    uint64_t check = vmpf_row_check(ring->session_id, row->position, row->kind, row->words + 1,
                                    row->word_count - 1);
    uint64_t header = vmpf_row_header(row->kind, row->word_count, check, VMPF_ROW_COMMITTED);
    store_header(row->words, header, memory_order_release);
}
