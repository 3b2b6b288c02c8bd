#include "libvmprof_fmt/src/reader/input.h"

#include "libvmprof_fmt/src/base/error.h"

#include <string.h>

#define READ_BYTES ((size_t)64 * 1024)

void vmpfi_input_fini(struct vmpfi_input *input)
{
    vmpf_source_close(&input->source);
    vmpfi_buffer_fini(&input->buffer);
}

size_t vmpfi_input_available(const struct vmpfi_input *input)
{
    return input->buffer.size_bytes - input->begin;
}

const uint8_t *vmpfi_input_data(const struct vmpfi_input *input)
{
    return input->buffer.data + input->begin;
}

void vmpfi_input_advance(struct vmpfi_input *input, size_t size_bytes)
{
    input->begin += size_bytes;
    input->offset += size_bytes;
}

/* Moves the window to the buffer's start, so that the buffer grows only for a large chunk. */
static void slide(struct vmpfi_input *input)
{
    size_t available = vmpfi_input_available(input);
    if (input->begin > 0 && available > 0) {
        memmove(input->buffer.data, input->buffer.data + input->begin, available);
    }
    input->begin = 0;
    input->buffer.size_bytes = available;
}

vmpf_status vmpfi_input_ensure(struct vmpfi_input *input, size_t size_bytes, struct vmpf_error *err)
{
    if (vmpfi_input_available(input) < size_bytes && !input->ended) {
        slide(input);
    }
    while (vmpfi_input_available(input) < size_bytes && !input->ended) {
        if (!vmpfi_buffer_reserve(&input->buffer, READ_BYTES)) {
            return vmpfi_fail_nomem(err);
        }
        int64_t got = input->source.ops->read(
            input->source.ctx, input->buffer.data + input->buffer.size_bytes, READ_BYTES);
        if (got < 0) {
            return vmpfi_fail_errno(err, (int)-got, input->offset + vmpfi_input_available(input),
                                    "cannot read");
        }
        input->ended = got == 0;
        input->buffer.size_bytes += (size_t)got;
    }
    return VMPF_OK;
}
