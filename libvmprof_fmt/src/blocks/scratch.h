/* scratch.h: reused memory for encoding and decoding one chunk. Private. */
#ifndef VMPROF_FMT_BLOCKS_SCRATCH_H
#define VMPROF_FMT_BLOCKS_SCRATCH_H

#include "libvmprof_fmt/src/base/buffer.h"

#define VMPFI_SCRATCH_COLUMNS 13u /* as many as the widest chunk has: SAMPLES, 5 and 8 values */

struct vmpfi_scratch {
    struct vmpfi_buffer bytes;
    struct vmpfi_buffer integers[VMPFI_SCRATCH_COLUMNS];
};

void vmpfi_scratch_fini(struct vmpfi_scratch *scratch);
/* Room for count integers in column `column`; NULL: no memory. */
uint64_t *vmpfi_scratch_integers(struct vmpfi_scratch *scratch, unsigned column, size_t count);

#endif
