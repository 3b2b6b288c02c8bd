/* bytes.h: a stream of bytes, piece by piece, for formats that are read forward once. */
#ifndef VMPROF_TOOLS_IMPORT_BYTES_H
#define VMPROF_TOOLS_IMPORT_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vmprof/vmpf.h>

/* A longer string is none of a profile. */
#define BYTES_MAX_STRING_BYTES ((size_t)64 << 20)

struct import_bytes {
    const uint8_t *at, *end; /* the piece that is there */
    uint64_t end_offset;     /* of end in the stream */
    /* Sets at and end to the next piece, which is not empty. VMPF_END: there is none. */
    vmpf_status (*refill)(void *ctx, struct import_bytes *bytes, struct vmpf_error *err);
    void *ctx;
    vmpf_status
        status; /* VMPF_OK until refill() says otherwise; VMPF_E_CORRUPT: a number was none */
    struct vmpf_error err;
    char *text; /* of the last string */
    size_t text_size, text_capacity;
};

void import_bytes_init(struct import_bytes *bytes,
                       vmpf_status (*refill)(void *, struct import_bytes *, struct vmpf_error *),
                       void *ctx);
void import_bytes_fini(struct import_bytes *bytes);

/* Where the next byte stands. */
uint64_t import_bytes_offset(const struct import_bytes *bytes);

/* What is read once status is not VMPF_OK is 0, or false. */
bool import_bytes_at_end(struct import_bytes *bytes);
uint8_t import_bytes_u8(struct import_bytes *bytes);
/* An integer of size_bytes (at most 8) bytes, the lowest first, or last. */
uint64_t import_bytes_fixed(struct import_bytes *bytes, size_t size_bytes, bool is_big);
/* LEB128; of first_bits in its first byte, which has other uses for what is between them and the highest bit: *extra is that.
 * More than 64 bits are VMPF_E_CORRUPT. */
uint64_t import_bytes_varint(struct import_bytes *bytes, unsigned first_bits, uint8_t *extra);
/* Up to a NUL, which is left out: text and text_size. False: status says why. */
bool import_bytes_string(struct import_bytes *bytes);

#endif
