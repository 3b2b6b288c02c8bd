#include "libvmprof_fmt/src/journal/rows.h"

#include <vmprof/vmpf_journal.h>

#define WORD ((uint64_t)8)
#define CACHE_LINE_BYTES 64u
#define FETCH_BYTES 2048u

static const uint64_t *word_at(const struct vmpfi_ring *ring, uint64_t position)
{
    return (const uint64_t *)(const void *)(ring->data + (position & (ring->capacity_bytes - 1)));
}

/* Rows are published by a release store of their header: the acquire makes their payload visible. */
static uint64_t load_header(const struct vmpfi_ring *ring, uint64_t position)
{
    return __atomic_load_n(word_at(ring, position), __ATOMIC_ACQUIRE);
}

/* The length of the row whose header this is; 0 when it cannot be one [F-7.5-3]. */
static uint64_t row_bytes(const struct vmpfi_ring *ring, uint64_t position, uint64_t head,
                          uint64_t header)
{
    uint64_t bytes = (header & VMPF_ROW_MAX_WORDS) * WORD;
    uint64_t to_ring_end = ring->capacity_bytes - (position & (ring->capacity_bytes - 1));
    return bytes <= head - position && bytes <= to_ring_end ? bytes : 0;
}

static uint32_t row_kind(uint64_t header)
{
    return (uint32_t)(header >> 24) & 0xFF;
}

/* [F-7.2-6] */
static uint32_t row_stored_check(uint64_t header)
{
    return (uint32_t)((header & ~VMPF_ROW_COMMITTED) >> 32);
}

static bool check_matches(const struct vmpfi_ring *ring, uint64_t position, uint64_t header,
                          uint64_t bytes)
{
    if ((header & VMPF_ROW_COMMITTED) == 0) {
        return row_stored_check(header) == 0;
    }
    uint32_t kind = row_kind(header);
    uint32_t words = kind == VMPF_ROW_PAD ? 0 : (uint32_t)(bytes / WORD - 1);
    uint64_t check =
        vmpf_row_check(ring->session_id, position, kind, word_at(ring, position) + 1, words);
    return check == row_stored_check(header);
}

/* What may be hashed in the search, in rings: what lies in a ring can be made such that every word looks like the
 * header of a long row. */
#define SEARCH_RINGS 8u

/* Moves *position to the next committed row whose check matches, or to head, also when the search costs too
 * much [F-7.5-3]. */
static void resynchronise(struct vmpfi_ring *ring, uint64_t *position, uint64_t head)
{
    for (*position += WORD; *position < head; *position += WORD) {
        uint64_t header = load_header(ring, *position);
        uint64_t bytes = row_bytes(ring, *position, head, header);
        if ((header & VMPF_ROW_COMMITTED) == 0 || bytes == 0) {
            continue;
        }
        if (ring->searched_words > SEARCH_RINGS * (ring->capacity_bytes / WORD)) {
            *position = head;
            return;
        }
        if (check_matches(ring, *position, header, bytes)) {
            return;
        }
        ring->searched_words += bytes / WORD;
    }
}

/* What was written before the last drain has left the nearest cache: the next row is asked for while this one is read. Where
 * that is past the ring's end, the row is at its beginning, and what is asked for here is nothing's: no harm. */
static void fetch_ahead(const struct vmpfi_ring *ring, uint64_t position, uint64_t bytes)
{
    uintptr_t next = (uintptr_t)word_at(ring, position + bytes);
    uintptr_t end = next + (bytes < FETCH_BYTES ? bytes : FETCH_BYTES);
    for (; next < end; next += CACHE_LINE_BYTES) {
        __builtin_prefetch((const void *)next);
    }
}

enum vmpfi_ring_result vmpfi_ring_next(struct vmpfi_ring *ring, uint64_t *position, uint64_t head,
                                       bool live, struct vmpfi_row *row)
{
    while (*position < head) {
        uint64_t header = load_header(ring, *position);
        bool committed = (header & VMPF_ROW_COMMITTED) != 0;
        if (live && !committed) {
            return VMPFI_RING_PENDING;
        }
        if (header == 0) {
            *position += WORD;
            continue;
        }
        uint64_t bytes = row_bytes(ring, *position, head, header);
        fetch_ahead(ring, *position, bytes);
        /* A check is for what a kill leaves behind. A row of a producer that runs is whole once it is committed [F-7.3-2]. */
        if (bytes == 0 || (!live && !check_matches(ring, *position, header, bytes))) {
            resynchronise(ring, position, head);
            return VMPFI_RING_DAMAGED;
        }
        uint64_t begin = *position;
        uint32_t kind = row_kind(header);
        *position += bytes;
        if (!committed && kind == VMPF_ROW_SAMPLE) {
            return VMPFI_RING_LOST;
        }
        if (committed && kind != VMPF_ROW_PAD) {
            row->kind = kind;
            row->payload = (const uint8_t *)(word_at(ring, begin) + 1);
            row->payload_bytes = bytes - WORD;
            return VMPFI_RING_ROW;
        }
    }
    return VMPFI_RING_END;
}
