/* cfi_program.h: runs the program of one frame description. Private to cfi*.c. */
#ifndef VMPROF_SAMPLER_NATIVE_CFI_PROGRAM_H
#define VMPROF_SAMPLER_NATIVE_CFI_PROGRAM_H

#include "sampler/native/cfi.h"
#include "sampler/native/cfi_cursor.h"

/* What several descriptions have in common (a CIE). */
struct vmps_cfi_common {
    uint64_t code_align;
    int64_t data_align;
    uint8_t pointer_encoding;
    bool has_augmentation; /* data of its own in each description */
    bool is_signal;        /* the kernel's frame of a signal */
    struct vmps_cfi_cursor program;
};

/* One description (an FDE). */
struct vmps_cfi_description {
    const struct vmps_cfi_common *common;
    uint64_t begin, end; /* the code */
    struct vmps_cfi_cursor program;
};

/* vmps_cfi_run() appends the rows of a description; they count from `base`. False: memory is short. */
bool vmps_cfi_run(const struct vmps_cfi_description *description, uint64_t base,
                  struct vmps_cfi_rows *rows);

/* vmps_cfi_append() adds a row, where it says something else than the one before. False: memory is short. */
bool vmps_cfi_append(struct vmps_cfi_rows *rows, const struct vmps_unwind_row *row);

#endif
