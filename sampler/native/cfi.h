/* cfi.h: from a module's .eh_frame to rows that a signal handler can use.
 *
 * What the bytes are is not trusted: whatever they say, no more is read than there is, and what is not
 * understood becomes a row that says that nothing is known.
 *
 * Thread: any.  Signal: unsafe. */
#ifndef VMPROF_SAMPLER_NATIVE_CFI_H
#define VMPROF_SAMPLER_NATIVE_CFI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sampler/native/unwind_walk.h"

/* Bytes of a module, and where the process has them. */
struct vmps_cfi_bytes {
    const uint8_t *data;
    size_t size_bytes;
    uint64_t address;
};

struct vmps_cfi {
    struct vmps_cfi_bytes header; /* .eh_frame_hdr */
    struct vmps_cfi_bytes frames; /* from .eh_frame on; more may follow */
    uint64_t begin, end;          /* of the module: rows count from begin */
};

/* Rows under construction. Zero-filled is empty. */
struct vmps_cfi_rows {
    struct vmps_unwind_row *rows; /* the caller's to free */
    size_t count, capacity;
};

/* vmps_cfi_frames_address() reads in the header where .eh_frame is. 0: it does not say. */
uint64_t vmps_cfi_frames_address(const struct vmps_cfi_bytes *header);

/* vmps_cfi_read() makes the rows, sorted. False: memory is short. */
bool vmps_cfi_read(const struct vmps_cfi *cfi, struct vmps_cfi_rows *out);

/* vmps_cfi_function() finds the piece of code that one description covers, and that holds address. */
bool vmps_cfi_function(const struct vmps_cfi *cfi, uint64_t address, uint64_t *begin,
                       uint64_t *end);

#endif
