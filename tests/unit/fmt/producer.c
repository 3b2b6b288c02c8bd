#include "tests/unit/fmt/producer.h"

#include <string.h>

/* Rows of the tests are small; nothing here allocates, so that a fault test counts the library's allocations only. */
#define ROW_MAX_BYTES 2048u

static uint8_t *ring_of(struct vmpf_journal *journal)
{
    return (uint8_t *)journal + journal->header_size_bytes;
}

static void store_word(struct vmpf_journal *journal, uint64_t position, uint64_t word)
{
    memcpy(ring_of(journal) + (position & (journal->capacity_bytes - 1)), &word, sizeof word);
}

bool produce_row(struct vmpf_journal *journal, uint32_t kind, const void *payload,
                 size_t payload_bytes, enum publish how)
{
    uint64_t head = atomic_load(&journal->head);
    uint64_t at = head & (journal->capacity_bytes - 1);
    uint64_t bytes = payload_bytes + 8;
    uint64_t pad = at + bytes > journal->capacity_bytes ? journal->capacity_bytes - at : 0;
    if (head + pad + bytes > atomic_load(&journal->tail) + journal->capacity_bytes) {
        atomic_fetch_add(&journal->lost, 1);
        return false;
    }
    atomic_store(&journal->head, head + pad + bytes);
    if (pad > 0) {
        uint64_t check = vmpf_row_check(journal->session_id, head, VMPF_ROW_PAD, NULL, 0);
        store_word(journal, head,
                   vmpf_row_header(VMPF_ROW_PAD, (uint32_t)(pad / 8), check, VMPF_ROW_COMMITTED));
        head += pad;
    }
    if (how == PUBLISH_NOTHING) {
        return true;
    }
    store_word(journal, head, vmpf_row_header(kind, (uint32_t)(bytes / 8), 0, 0));
    memcpy(ring_of(journal) + (head & (journal->capacity_bytes - 1)) + 8, payload, payload_bytes);
    if (how == PUBLISH_WHOLE) {
        uint64_t copy[ROW_MAX_BYTES / 8];
        memcpy(copy, payload, payload_bytes);
        uint64_t check =
            vmpf_row_check(journal->session_id, head, kind, copy, (uint32_t)(payload_bytes / 8));
        store_word(journal, head,
                   vmpf_row_header(kind, (uint32_t)(bytes / 8), check, VMPF_ROW_COMMITTED));
    }
    return true;
}

static size_t padded(size_t size)
{
    return (size + 7) / 8 * 8;
}

/* Without its NUL: the row says how long it is. */
static void put_text(uint8_t *to, const char *text)
{
    for (; *text != '\0'; text++) {
        *to++ = (uint8_t)*text;
    }
}

bool produce_code(struct vmpf_journal *journal, uint32_t number, const char *name, const char *file,
                  uint32_t first_line, uint64_t address)
{
    struct vmpf_row_code row = {.code = number,
                                .first_line = first_line,
                                .address = address,
                                .kind = 1,
                                .name_size_bytes = (uint32_t)strlen(name),
                                .file_size_bytes = (uint32_t)strlen(file)};
    size_t bytes = sizeof row + padded(strlen(name)) + padded(strlen(file));
    uint8_t payload[ROW_MAX_BYTES] = {0};
    if (bytes > sizeof payload) {
        return false;
    }
    memcpy(payload, &row, sizeof row);
    put_text(payload + sizeof row, name);
    put_text(payload + sizeof row + padded(strlen(name)), file);
    return produce_row(journal, VMPF_ROW_CODE, payload, bytes, PUBLISH_WHOLE);
}

bool produce_sample(struct vmpf_journal *journal, uint64_t time_ns, uint32_t thread_id,
                    uint64_t weight, const uint32_t *codes, uint32_t frame_count, enum publish how)
{
    struct vmpf_row_sample row = {
        .time_ns = time_ns, .thread_id = thread_id, .frame_count = frame_count, .value_count = 1};
    size_t bytes = sizeof row + 8 + frame_count * sizeof(struct vmpf_row_frame);
    uint8_t payload[ROW_MAX_BYTES] = {0};
    if (bytes > sizeof payload) {
        return false;
    }
    memcpy(payload, &row, sizeof row);
    memcpy(payload + sizeof row, &weight, sizeof weight);
    for (uint32_t i = 0; i < frame_count; i++) {
        const struct vmpf_row_frame frame = {.code = codes[i], .offset = VMPF_NO_OFFSET};
        memcpy(payload + sizeof row + 8 + i * sizeof frame, &frame, sizeof frame);
    }
    return produce_row(journal, VMPF_ROW_SAMPLE, payload, bytes, how);
}
