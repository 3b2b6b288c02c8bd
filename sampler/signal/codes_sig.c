#include "sampler/signal/codes_sig.h"

#include <string.h>

#define ID_BITS 24
#define MAX_ID ((UINT32_C(1) << ID_BITS) - 1)
#define MAX_PROBES 32
#define WORD_BYTES 8u

/* The low bits of the hash choose the slot, the high ones are the tag. */
static uint64_t entry_of(uint64_t hash, uint32_t id)
{
    return (hash & ~(uint64_t)MAX_ID) | id;
}

static bool same_tag(uint64_t entry, uint64_t hash)
{
    return (entry ^ hash) >> ID_BITS == 0;
}

static _Atomic uint64_t *slot_of(const struct vmps_codes *codes, uint64_t hash, uint32_t step)
{
    return &codes->entries[((uint32_t)hash + step) & (VMPS_CODES_ENTRIES - 1)];
}

uint32_t vmps_codes_find(const struct vmps_codes *codes, uint64_t hash)
{
    for (uint32_t step = 0; step < MAX_PROBES; step++) {
        /* Acquire: the row of the number was committed before the entry was stored. */
        uint64_t entry = atomic_load_explicit(slot_of(codes, hash, step), memory_order_acquire);
        if (entry == 0) {
            return 0;
        }
        if (same_tag(entry, hash)) {
            return (uint32_t)(entry & MAX_ID);
        }
    }
    return 0;
}

static void remember(struct vmps_codes *codes, uint64_t hash, uint32_t id)
{
    if (id > MAX_ID) {
        return;
    }
    for (uint32_t step = 0; step < MAX_PROBES; step++) {
        uint64_t expected = 0;
        if (atomic_compare_exchange_strong_explicit(slot_of(codes, hash, step), &expected,
                                                    entry_of(hash, id), memory_order_release,
                                                    memory_order_relaxed)) {
            return;
        }
        if (same_tag(expected, hash)) {
            return;
        }
    }
}

static uint32_t words_of(uint32_t size_bytes)
{
    return (size_bytes + WORD_BYTES - 1) / WORD_BYTES;
}

/* The padding is zero already [F-7.3-3]. */
static uint64_t *put_bytes(uint64_t *to, const void *data, uint32_t size_bytes)
{
    if (size_bytes != 0) {
        memcpy(to, data, size_bytes);
    }
    return to + words_of(size_bytes);
}

static bool publish_row(struct vmps_ring *ring, uint32_t id, const struct vmps_code *code)
{
    const struct vmpf_row_code fixed = {
        .code = id,
        .first_line = code->first_line,
        .address = code->address,
        .kind = code->kind,
        .line_encoding = code->line_encoding,
        .name_encoding = code->name.encoding,
        .file_encoding = code->file.encoding,
        .name_size_bytes = code->name.size_bytes,
        .file_size_bytes = code->file.size_bytes,
        .lines_size_bytes = code->lines_size_bytes,
    };
    uint32_t words = (uint32_t)(sizeof fixed / WORD_BYTES) + words_of(fixed.name_size_bytes) +
                     words_of(fixed.file_size_bytes) + words_of(fixed.lines_size_bytes);
    struct vmps_row row;
    if (!vmps_ring_reserve(ring, VMPF_ROW_CODE, words, &row)) {
        return false;
    }
    uint64_t *to = put_bytes(row.words + 1, &fixed, sizeof fixed);
    to = put_bytes(to, code->name.data, code->name.size_bytes);
    to = put_bytes(to, code->file.data, code->file.size_bytes);
    put_bytes(to, code->lines, code->lines_size_bytes);
    vmps_ring_commit(ring, &row);
    return true;
}

uint32_t vmps_codes_publish(struct vmps_codes *codes, struct vmps_ring *ring, uint64_t hash,
                            const struct vmps_code *code)
{
    uint32_t id = atomic_fetch_add_explicit(&codes->last_id, 1, memory_order_relaxed) + 1;
    if (!publish_row(ring, id, code)) {
        return 0;
    }
    remember(codes, hash, id);
    return id;
}
