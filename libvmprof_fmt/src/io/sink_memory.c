/* sink_memory.c: a profile that is written to memory. It cannot be mapped: it moves when it grows. */
#include "libvmprof_fmt/src/base/buffer.h"
#include "libvmprof_fmt/src/base/error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int memory_write(void *ctx, uint64_t offset, const void *data, size_t size)
{
    struct vmpfi_buffer *buffer = ctx;
    if (offset > SIZE_MAX - size) {
        return -EFBIG;
    }
    size_t end = (size_t)offset + size;
    if (end > buffer->size_bytes && !vmpfi_buffer_append(buffer, NULL, end - buffer->size_bytes)) {
        return -ENOMEM;
    }
    if (size > 0) {
        memcpy(buffer->data + offset, data, size);
    }
    return 0;
}

static int memory_read_back(void *ctx, uint64_t offset, void *data, size_t size)
{
    const struct vmpfi_buffer *buffer = ctx;
    if (offset > buffer->size_bytes || size > buffer->size_bytes - offset) {
        return -EINVAL;
    }
    if (size > 0) {
        memcpy(data, buffer->data + offset, size);
    }
    return 0;
}

static int memory_truncate(void *ctx, uint64_t size)
{
    struct vmpfi_buffer *buffer = ctx;
    if (size < buffer->size_bytes) {
        buffer->size_bytes = (size_t)size;
    }
    return 0;
}

static void memory_close(void *ctx)
{
    vmpfi_buffer_fini(ctx);
    free(ctx);
}

static const struct vmpf_sink_ops memory_ops = {.write = memory_write,
                                                .read = memory_read_back,
                                                .truncate = memory_truncate,
                                                .close = memory_close};

vmpf_status vmpf_sink_open_memory(struct vmpf_sink *out, struct vmpf_error *err)
{
    if (out == NULL) {
        return vmpfi_fail(err, VMPF_E_ARG, VMPFI_NO_OFFSET, "", "nowhere to put the sink");
    }
    struct vmpfi_buffer *buffer = calloc(1, sizeof *buffer);
    if (buffer == NULL) {
        return vmpfi_fail_nomem(err);
    }
    *out = (struct vmpf_sink){.ops = &memory_ops, .ctx = buffer};
    return VMPF_OK;
}

const void *vmpf_sink_memory(const struct vmpf_sink *sink, size_t *size_bytes)
{
    if (sink == NULL || sink->ops != &memory_ops) {
        *size_bytes = 0;
        return NULL;
    }
    const struct vmpfi_buffer *buffer = sink->ctx;
    *size_bytes = buffer->size_bytes;
    return buffer->data;
}

void vmpf_sink_close(struct vmpf_sink *sink)
{
    if (sink != NULL && sink->ops != NULL && sink->ops->close != NULL) {
        sink->ops->close(sink->ctx);
    }
    if (sink != NULL) {
        *sink = (struct vmpf_sink){0};
    }
}
