/* rows.h: from a ring to its rows (spec 7.2, 7.5). Private. */
#ifndef VMPROF_FMT_JOURNAL_ROWS_H
#define VMPROF_FMT_JOURNAL_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A ring in memory, 8-byte aligned; other threads may be publishing rows in it. */
struct vmpfi_ring {
    const uint8_t *data;
    uint64_t capacity_bytes;
    uint64_t session_id;
    uint64_t searched_words; /* hashed for rows that were none; 0 at first */
};

struct vmpfi_row {
    uint32_t kind;
    const uint8_t *payload;
    size_t payload_bytes;
};

enum vmpfi_ring_result {
    VMPFI_RING_ROW,     /* *row is set, position is behind it */
    VMPFI_RING_PENDING, /* the row at position is not published yet (live reading only) */
    VMPFI_RING_LOST,    /* a sample that was never published was skipped, position is behind it */
    VMPFI_RING_DAMAGED, /* the same for damage, which counts as one lost sample [F-7.5-3] */
    VMPFI_RING_END,     /* position reached head */
};

/* vmpfi_ring_next() takes the next row from *position on. live: the producers still run, so a row that is not
 * published stops the reading, and one that is was written whole; else it is skipped [F-7.5-2], and its check tells whether it
 * is whole. Damage is skipped in both cases [F-7.5-3]. */
enum vmpfi_ring_result vmpfi_ring_next(struct vmpfi_ring *ring, uint64_t *position, uint64_t head,
                                       bool live, struct vmpfi_row *row);

#endif
