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
    vmpfi_inflater_free(scratch->inflater);
    scratch->inflater = NULL;
}

uint64_t *vmpfi_scratch_integers(struct vmpfi_scratch *scratch, unsigned column, size_t count)
{
    struct vmpfi_buffer *buffer = &scratch->integers[column];
    buffer->size_bytes = 0;
    if (count > SIZE_MAX / sizeof(uint64_t) ||
        !vmpfi_buffer_reserve(buffer, count * sizeof(uint64_t) + sizeof(uint64_t))) {
        return NULL;
    }
    return (uint64_t *)(void *)buffer->data;
}
