/* log_scan.h: the records of a log one behind the other, and what is lost between them (spec section 3). Private. */
#ifndef VMPROF_FMT_LEGACY_LOG_SCAN_H
#define VMPROF_FMT_LEGACY_LOG_SCAN_H

#include "libvmprof_fmt/src/legacy/log_record.h"

/* Told of each damage [L-8-7]. samples: 1 where a stack is lost. */
typedef void vmpfi_log_on_damage(void *ctx, const struct vmpf_error *error, uint64_t lost_bytes,
                                 uint64_t lost_samples);

struct vmpfi_log_scan {
    struct vmpfi_log_place place;
    struct vmpfi_log_window *window;
    size_t pending_bytes; /* of the record that was given last */
    bool finished;        /* a TRAILER was read */
    bool started;         /* a TIME_N_ZONE was read, or HEADER had one */
    bool maps;            /* what the window is at is the text of maps: there are no more records */
    uint64_t lost_bytes;  /* that belong to no record */
    vmpfi_log_on_damage *on_damage; /* NULL: nobody is told */
    void *damage_ctx;
};

/* vmpfi_log_scan_begin() goes to the first record that counts; scan keeps both pointers. */
vmpf_status vmpfi_log_scan_begin(struct vmpfi_log_scan *scan, const struct vmpfi_log_layout *layout,
                                 struct vmpfi_log_window *window, vmpfi_log_on_damage *on_damage,
                                 void *damage_ctx, struct vmpf_error *err);
/* The next record; VMPF_END: there is none. It is valid until the next call. VMPF_E_IO, VMPF_E_NOMEM. */
vmpf_status vmpfi_log_scan_next(struct vmpfi_log_scan *scan, struct vmpfi_log_record *record,
                                struct vmpf_error *err);

#endif
