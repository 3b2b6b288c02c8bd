#include "libvmprof_fmt/src/legacy/log_window.h"

#include "libvmprof_fmt/src/base/error.h"

#include <string.h>

#define READ_BYTES ((size_t)256 * 1024)

void vmpfi_log_window_fini(struct vmpfi_log_window *window)
{
    vmpfi_buffer_fini(&window->buffer);
}

void vmpfi_log_window_rewind(struct vmpfi_log_window *window)
{
    vmpfi_log_stream_rewind(window->stream);
    window->buffer.size_bytes = 0;
    window->begin = 0;
    window->offset = 0;
    window->ended = false;
}

vmpf_status vmpfi_log_window_fill(struct vmpfi_log_window *window, size_t size_bytes,
                                  struct vmpf_error *err)
{
    struct vmpfi_buffer *buffer = &window->buffer;
    size_t left = vmpfi_log_window_left(window);
    if (window->begin > 0 && left > 0) {
        memmove(buffer->data, buffer->data + window->begin, left);
    }
    window->begin = 0;
    buffer->size_bytes = left;
    while (buffer->size_bytes < size_bytes && !window->ended) {
        size_t got;
        if (!vmpfi_buffer_reserve(buffer, READ_BYTES)) {
            return vmpfi_fail_nomem(err);
        }
        VMPF_TRY(vmpfi_log_stream_read(window->stream, buffer->data + buffer->size_bytes,
                                       READ_BYTES, &got, err));
        buffer->size_bytes += got;
        window->ended = got == 0;
    }
    return VMPF_OK;
}
