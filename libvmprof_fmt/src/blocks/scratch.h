/* scratch.h: reused memory for encoding and decoding one chunk. Private. */
#ifndef VMPROF_FMT_BLOCKS_SCRATCH_H
#define VMPROF_FMT_BLOCKS_SCRATCH_H

#include "libvmprof_fmt/src/base/buffer.h"
#include "libvmprof_fmt/src/base/map.h"

#define VMPFI_SCRATCH_COLUMNS 22u /* the widest chunk: SAMPLES, 13 as they are, 8 for its runs */
#define VMPFI_SCRATCH_WIDE 21u    /* the last is the encoder's own */

struct libdeflate_compressor;
struct libdeflate_decompressor;

struct vmpfi_scratch {
    struct vmpfi_buffer bytes;
    struct vmpfi_buffer integers[VMPFI_SCRATCH_COLUMNS];
    struct vmpfi_map64 maps[2];
    struct libdeflate_compressor *deflater; /* both NULL until they are wanted */
    struct libdeflate_decompressor *inflater;
};

void vmpfi_scratch_fini(struct vmpfi_scratch *scratch);
/* Entries behind the last that may be written too, so that copies need not end where what is copied does. */
#define VMPFI_SCRATCH_SLACK ((size_t)16)
/* Room for count integers in column `column`; NULL: no memory. */
uint64_t *vmpfi_scratch_integers(struct vmpfi_scratch *scratch, unsigned column, size_t count);
/* The same, of 32 bits. */
uint32_t *vmpfi_scratch_words(struct vmpfi_scratch *scratch, unsigned column, size_t count);

#endif
