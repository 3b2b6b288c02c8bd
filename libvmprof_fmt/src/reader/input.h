/* input.h: a window that moves forward over a source. Private. */
#ifndef VMPROF_FMT_READER_INPUT_H
#define VMPROF_FMT_READER_INPUT_H

#include "libvmprof_fmt/src/base/buffer.h"

#include <vmprof/vmpf.h>

struct vmpfi_input {
    struct vmpf_source source;
    struct vmpfi_buffer buffer;
    size_t begin;    /* of the window in buffer; it ends with the buffer's size */
    uint64_t offset; /* of the window's first byte in the source */
    bool ended;
};

void vmpfi_input_fini(struct vmpfi_input *input);
/* vmpfi_input_ensure() reads until the window has size_bytes, or the source ends. Memory follows what is really there,
 * not what is asked for. VMPF_E_IO, VMPF_E_NOMEM. */
vmpf_status vmpfi_input_ensure(struct vmpfi_input *input, size_t size_bytes,
                               struct vmpf_error *err);
size_t vmpfi_input_available(const struct vmpfi_input *input);
/* The window's first byte; valid until the next ensure. */
const uint8_t *vmpfi_input_data(const struct vmpfi_input *input);
/* At most what is available. */
void vmpfi_input_advance(struct vmpfi_input *input, size_t size_bytes);

#endif
