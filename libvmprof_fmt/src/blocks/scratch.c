#include "libvmprof_fmt/src/blocks/scratch.h"

#include "libvmprof_fmt/src/columns/column.h"

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

static void *room(struct vmpfi_scratch *scratch, unsigned column, size_t count,
                  size_t element_bytes)
{
    struct vmpfi_buffer *buffer = &scratch->integers[column];
    buffer->size_bytes = 0;
    if (count > SIZE_MAX / element_bytes - 1 ||
        !vmpfi_buffer_reserve(buffer, (count + 1) * element_bytes)) {
        return NULL;
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
