/* log_frames.h: from the words of a stack to its frames (spec section 5). Private. */
#ifndef VMPROF_FMT_LEGACY_LOG_FRAMES_H
#define VMPROF_FMT_LEGACY_LOG_FRAMES_H

#include "libvmprof_fmt/src/base/buffer.h"
#include "libvmprof_fmt/src/legacy/log_names.h"
#include "libvmprof_fmt/src/legacy/log_record.h"

struct vmpfi_log_frame {
    uint64_t id;
    uint32_t line;
    uint32_t run; /* number of its run in the stack [L-5-6]; 0: none */
    vmpf_kind kind;
    bool may_have_name;       /* a record may name it [L-6-1] */
    const char *without_name; /* how it is called then [L-6-6]; NULL: by its id */
};

struct vmpfi_log_frames {
    struct vmpfi_log_frame *frames; /* leaf first */
    size_t count, capacity;
};

/* The frames of a STACKTRACE. code: the names that VIRTUAL_IP gives. VMPF_E_NOMEM. */
vmpf_status vmpfi_log_frames_of(struct vmpfi_log_frames *out, const struct vmpfi_log_layout *layout,
                                const struct vmpfi_log_record *record,
                                const struct vmpfi_log_names *code);
/* [L-4-7]: whether the stack had lost its outermost frames. */
bool vmpfi_log_is_truncated(const struct vmpfi_log_layout *layout,
                            const struct vmpfi_log_record *record);

#endif
