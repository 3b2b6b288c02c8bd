#include "tests/bench/ring.h"

static uint64_t *word_at(struct vmpf_journal *journal, uint64_t position)
{
    uint8_t *ring = (uint8_t *)journal + journal->header_size_bytes;
    return (uint64_t *)(void *)(ring + (position & (journal->capacity_bytes - 1)));
}

uint64_t *bench_ring_begin(struct vmpf_journal *journal, uint32_t payload_words)
{
    uint64_t bytes = 8 * ((uint64_t)payload_words + 1);
    uint64_t head = atomic_load_explicit(&journal->head, memory_order_relaxed);
    uint64_t at = head & (journal->capacity_bytes - 1);
    uint64_t pad = at + bytes > journal->capacity_bytes ? journal->capacity_bytes - at : 0;
    uint64_t tail = atomic_load_explicit(&journal->tail, memory_order_acquire);
    if (head + pad + bytes > tail + journal->capacity_bytes) {
        return NULL;
    }
    atomic_store_explicit(&journal->head, head + pad + bytes, memory_order_release);
    if (pad > 0) {
        uint64_t check = vmpf_row_check(journal->session_id, head, VMPF_ROW_PAD, NULL, 0);
        *word_at(journal, head) =
            vmpf_row_header(VMPF_ROW_PAD, (uint32_t)(pad / 8), check, VMPF_ROW_COMMITTED);
    }
    return word_at(journal, head + pad) + 1;
}

void bench_ring_publish(struct vmpf_journal *journal, uint32_t kind, const uint64_t *payload,
                        uint32_t payload_words)
{
    uint64_t position = atomic_load_explicit(&journal->head, memory_order_relaxed) -
                        8 * ((uint64_t)payload_words + 1);
    uint64_t check = vmpf_row_check(journal->session_id, position, kind, payload, payload_words);
    uint64_t header = vmpf_row_header(kind, payload_words + 1, check, VMPF_ROW_COMMITTED);
    _Atomic uint64_t *word = (_Atomic uint64_t *)(void *)word_at(journal, position);
    atomic_store_explicit(word, header, memory_order_release);
}
