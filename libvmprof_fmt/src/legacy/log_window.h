/* log_window.h: a window that moves forward over the bytes of a log. Private. */
#ifndef VMPROF_FMT_LEGACY_LOG_WINDOW_H
#define VMPROF_FMT_LEGACY_LOG_WINDOW_H

#include "libvmprof_fmt/src/base/buffer.h"
#include "libvmprof_fmt/src/legacy/log_stream.h"

struct vmpfi_log_window {
    struct vmpfi_log_stream *stream;
    struct vmpfi_buffer buffer;
    size_t begin;    /* of the window in buffer; it ends with the buffer's size */
    uint64_t offset; /* of the window's first byte in the log */
    bool ended;      /* nothing comes behind what is there */
};

void vmpfi_log_window_fini(struct vmpfi_log_window *window);
/* Back to the first byte. */
void vmpfi_log_window_rewind(struct vmpfi_log_window *window);
vmpf_status vmpfi_log_window_fill(struct vmpfi_log_window *window, size_t size_bytes,
                                  struct vmpf_error *err);

static inline size_t vmpfi_log_window_left(const struct vmpfi_log_window *window)
{
    return window->buffer.size_bytes - window->begin;
}

/* Valid until the window is filled again. */
static inline const uint8_t *vmpfi_log_window_data(const struct vmpfi_log_window *window)
{
    return window->buffer.data + window->begin;
}

/* Reads until the window has size_bytes, or the log ends. VMPF_E_IO, VMPF_E_NOMEM. */
static inline vmpf_status vmpfi_log_window_ensure(struct vmpfi_log_window *window,
                                                  size_t size_bytes, struct vmpf_error *err)
{
    return vmpfi_log_window_left(window) >= size_bytes || window->ended
               ? VMPF_OK
               : vmpfi_log_window_fill(window, size_bytes, err);
}

/* At most what is left. */
static inline void vmpfi_log_window_advance(struct vmpfi_log_window *window, size_t size_bytes)
{
    window->begin += size_bytes;
    window->offset += size_bytes;
}

#endif
