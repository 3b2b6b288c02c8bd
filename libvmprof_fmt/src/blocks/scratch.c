#include "libvmprof_fmt/src/blocks/scratch.h"

#include "libvmprof_fmt/src/columns/column.h"

#include <stdlib.h>

void vmpfi_scratch_fini(struct vmpfi_scratch *scratch)
{
    vmpfi_buffer_fini(&scratch->bytes);
    for (unsigned i = 0; i < VMPFI_SCRATCH_COLUMNS; i++) {
        vmpfi_buffer_fini(&scratch->integers[i]);
    }
    vmpfi_map64_fini(&scratch->maps[0]);
    vmpfi_map64_fini(&scratch->maps[1]);
    vmpfi_deflater_free(scratch->deflater);
    vmpfi_inflater_free(scratch->inflater);
    scratch->deflater = NULL;
    scratch->inflater = NULL;
}

/* Nothing in it has to be kept, so it is not moved but made anew, and not doubled: there are many. */
static void *room(struct vmpfi_scratch *scratch, unsigned column, size_t count,
                  size_t element_bytes)
{
    struct vmpfi_buffer *buffer = &scratch->integers[column];
    buffer->size_bytes = 0;
    if (count >= SIZE_MAX / 4 / element_bytes) {
        return NULL;
    }
    size_t need_bytes = (count + VMPFI_SCRATCH_SLACK) * element_bytes;
    if (need_bytes > buffer->capacity_bytes) {
        vmpfi_buffer_fini(buffer);
        buffer->data = malloc(need_bytes + need_bytes / 8);
        buffer->capacity_bytes = buffer->data == NULL ? 0 : need_bytes + need_bytes / 8;
    }
    return buffer->data;
}

uint64_t *vmpfi_scratch_integers(struct vmpfi_scratch *scratch, unsigned column, size_t count)
{
    return room(scratch, column, count, sizeof(uint64_t));
}

uint32_t *vmpfi_scratch_words(struct vmpfi_scratch *scratch, unsigned column, size_t count)
{
    return room(scratch, column, count, sizeof(uint32_t));
}
