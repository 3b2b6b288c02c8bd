/* journal.c: the chunks JOURNAL and CODES, put aside until all other chunks of the session are read (spec section 7). */
#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/journal/assemble.h"
#include "libvmprof_fmt/src/reader/state.h"
#include "libvmprof_fmt/src/wire/cursor.h"

#include <vmprof/vmpf_journal.h>

#define MIN_CAPACITY UINT64_C(65536)

static vmpf_status broken(const struct vmpfi_payload *payload, const char *rule, const char *what,
                          struct vmpf_error *err)
{
    return vmpfi_fail(err, VMPF_E_CORRUPT, payload->offset, rule, "%s", what);
}

/* [F-7.1-1]: all but the layout. */
static vmpf_status check_fixed_part(const vmpf_reader *r, const struct vmpfi_chunk_header *header,
                                    const struct vmpfi_payload *payload, struct vmpf_error *err)
{
    const uint8_t *data = payload->data;
    uint64_t capacity = vmpfi_load_u64(data + 8);
    if (vmpfi_load_u32(data + 4) != VMPFI_JOURNAL_HEADER_BYTES ||
        vmpfi_load_u64(data + 16) != r->session_id) {
        return broken(payload, "F-7.1-1", "the journal's header is damaged", err);
    }
    if (capacity < MIN_CAPACITY || capacity > VMPFI_MAX_PAYLOAD_BYTES ||
        (capacity & (capacity - 1)) != 0 ||
        header->payload_bytes != VMPFI_JOURNAL_HEADER_BYTES + capacity) {
        return broken(payload, "F-7.1-1", "the journal's size is damaged", err);
    }
    return VMPF_OK;
}

vmpf_status vmpfi_journal_take(vmpf_reader *r, const struct vmpfi_chunk_header *header,
                               const struct vmpfi_payload *payload, struct vmpf_error *err)
{
    struct vmpfi_reader_journal *journal = &r->journal;
    if (journal->seen) {
        return broken(payload, "F-7.1-3", "a session has two journals", err);
    }
    if (payload->size_bytes < VMPFI_JOURNAL_HEADER_BYTES ||
        !vmpfi_crc32_matches(vmpfi_load_u32(payload->data + 24), payload->data, 24)) {
        return broken(payload, "F-7.1-1", "the journal's header is damaged", err);
    }
    uint32_t layout = vmpfi_load_u32(payload->data);
    if (layout == VMPF_JOURNAL_LAYOUT) {
        VMPF_TRY(check_fixed_part(r, header, payload, err));
        journal->payload.size_bytes = 0;
        if (!vmpfi_buffer_append(&journal->payload, payload->data, payload->size_bytes)) {
            return vmpfi_fail_nomem(err);
        }
    }
    journal->offset = payload->offset;
    journal->layout = layout;
    journal->seen = true;
    return VMPF_OK;
}

vmpf_status vmpfi_journal_take_codes(vmpf_reader *r, const struct vmpfi_payload *payload,
                                     struct vmpf_error *err)
{
    const uint8_t *rows;
    size_t size_bytes;
    VMPF_TRY(vmpfi_codes_decode(&r->scratch, payload, &rows, &size_bytes, err));
    if (!vmpfi_codes_are_sound(rows, size_bytes)) {
        return broken(payload, "F-7.5-4", "a table of code is damaged", err);
    }
    if (r->journal.codes.size_bytes + size_bytes > r->tables.memory_limit_bytes) {
        return vmpfi_fail(err, VMPF_E_LIMIT, payload->offset, "",
                          "the code tables are over the memory limit");
    }
    return vmpfi_buffer_append(&r->journal.codes, rows, size_bytes) ? VMPF_OK
                                                                    : vmpfi_fail_nomem(err);
}
