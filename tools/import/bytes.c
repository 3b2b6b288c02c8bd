#include "tools/import/bytes.h"

#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"
#include "tools/import/made.h"

void import_bytes_init(struct import_bytes *bytes,
                       vmpf_status (*refill)(void *, struct import_bytes *, struct vmpf_error *),
                       void *ctx)
{
    memset(bytes, 0, sizeof(*bytes));
    bytes->refill = refill;
    bytes->ctx = ctx;
}

void import_bytes_fini(struct import_bytes *bytes)
{
    free(bytes->text);
    bytes->text = NULL;
}

uint64_t import_bytes_offset(const struct import_bytes *bytes)
{
    return bytes->end_offset - (uint64_t)(bytes->end - bytes->at);
}

bool import_bytes_at_end(struct import_bytes *bytes)
{
    if (bytes->status == VMPF_OK && bytes->at == bytes->end) {
        bytes->status = bytes->refill(bytes->ctx, bytes, &bytes->err);
    }
    return bytes->status != VMPF_OK;
}

uint8_t import_bytes_u8(struct import_bytes *bytes)
{
    return import_bytes_at_end(bytes) ? 0 : *bytes->at++;
}

uint64_t import_bytes_fixed(struct import_bytes *bytes, size_t size_bytes, bool is_big)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size_bytes; i++) {
        uint64_t byte = import_bytes_u8(bytes);
        value = is_big ? value << 8 | byte : value | byte << (8 * i);
    }
    return bytes->status == VMPF_OK ? value : 0;
}

uint64_t import_bytes_varint(struct import_bytes *bytes, unsigned first_bits, uint8_t *extra)
{
    uint8_t byte = import_bytes_u8(bytes);
    uint64_t value = byte & ((1u << first_bits) - 1);
    *extra = (uint8_t)((byte & 0x7Fu) >> first_bits);
    for (unsigned shift = first_bits; byte & 0x80u; shift += 7) {
        byte = import_bytes_u8(bytes);
        uint64_t part = byte & 0x7Fu;
        if (bytes->status == VMPF_OK && (shift >= 64 || part << shift >> shift != part)) {
            bytes->status = VMPF_E_CORRUPT;
        }
        if (bytes->status != VMPF_OK) {
            return 0;
        }
        value |= part << shift;
    }
    return bytes->status == VMPF_OK ? value : 0;
}

bool import_bytes_string(struct import_bytes *bytes)
{
    bytes->text_size = 0;
    while (!import_bytes_at_end(bytes)) {
        size_t there = (size_t)(bytes->end - bytes->at);
        const uint8_t *nul = memchr(bytes->at, 0, there);
        size_t size = nul ? (size_t)(nul - bytes->at) : there;
        size_t needed = bytes->text_size + size;
        if (needed > BYTES_MAX_STRING_BYTES) {
            bytes->status =
                import_fail(&bytes->err, VMPF_E_LIMIT, "a string is longer than 64 MiB");
            return false;
        }
        if (!vmpt_reserve(&bytes->text, &bytes->text_capacity, needed + 1, 1)) {
            bytes->status = import_fail(&bytes->err, VMPF_E_NOMEM, "not enough memory");
            return false;
        }
        memcpy(bytes->text + bytes->text_size, bytes->at, size);
        bytes->text_size = needed;
        bytes->at += size + (nul ? 1 : 0);
        if (nul) {
            return true;
        }
    }
    return false;
}
