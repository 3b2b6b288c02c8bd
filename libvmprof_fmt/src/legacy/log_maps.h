/* log_maps.h: the text of /proc/PID/maps behind an old log (spec section 7). Private. */
#ifndef VMPROF_FMT_LEGACY_LOG_MAPS_H
#define VMPROF_FMT_LEGACY_LOG_MAPS_H

#include "libvmprof_fmt/src/legacy/log_window.h"

struct vmpfi_log_maps {
    struct vmpfi_arena text;
    struct vmpf_module *modules;
    size_t count, capacity;
    struct vmpf_string *files; /* "DEVICE INODE PATH" [L-7-3] */
    size_t file_count, file_capacity;
};

void vmpfi_log_maps_fini(struct vmpfi_log_maps *maps);
size_t vmpfi_log_maps_bytes(const struct vmpfi_log_maps *maps);
/* Reads from the window to its end, as long as it takes less than limit_bytes. VMPF_E_IO, VMPF_E_NOMEM, VMPF_E_LIMIT. */
vmpf_status vmpfi_log_maps_read(struct vmpfi_log_maps *maps, struct vmpfi_log_window *window,
                                size_t limit_bytes, struct vmpf_error *err);
/* [L-7-2]: the number of the module that the address lies in; maps->count: none. */
size_t vmpfi_log_maps_find(const struct vmpfi_log_maps *maps, uint64_t address);

#endif
