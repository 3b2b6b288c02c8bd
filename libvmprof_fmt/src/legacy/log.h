/* log.h: a log of upstream vmprof, versions 0 to 6, read from its start to its end (spec/vmprof-log.md). Private.
 *
 * Opening reads all of it once, for the names, which stand behind the samples, for its modules and metadata; then its records
 * come one by one. Memory is that of these, whatever the number of samples. */
#ifndef VMPROF_FMT_LEGACY_LOG_H
#define VMPROF_FMT_LEGACY_LOG_H

#include "libvmprof_fmt/src/legacy/log_frames.h"
#include "libvmprof_fmt/src/legacy/log_maps.h"
#include "libvmprof_fmt/src/legacy/log_meta.h"
#include "libvmprof_fmt/src/legacy/log_scan.h"

struct vmpfi_log {
    struct vmpfi_log_stream stream;
    struct vmpfi_log_window window;
    struct vmpfi_log_layout layout;
    struct vmpfi_log_scan scan;
    struct vmpfi_log_names code, native; /* from VIRTUAL_IP, from NATIVE_SYMBOLS */
    struct vmpfi_log_maps maps;
    struct vmpfi_log_meta meta;
    uint64_t renamed; /* how often what an id means has changed */
};

/* Whether an input that begins so is to be read as one. */
bool vmpfi_log_recognise(const uint8_t *head, size_t head_bytes);

/* vmpfi_log_open(): head is what was read from source so far; source must stay. Names, modules and metadata take at most
 * memory_limit_bytes each [L-8-8]. on_damage is told what is over that, and what vmpfi_log_next() passes over. fini is due whatever comes back. VMPF_E_NOT_VMPROF,
 * VMPF_E_VERSION, VMPF_E_UNSUPPORTED, VMPF_E_CORRUPT, VMPF_E_TRUNCATED, VMPF_E_NOMEM, VMPF_E_IO. */
vmpf_status vmpfi_log_open(struct vmpfi_log *log, struct vmpf_source source, const uint8_t *head,
                           size_t head_bytes, size_t memory_limit_bytes,
                           vmpfi_log_on_damage *on_damage, void *damage_ctx,
                           struct vmpf_error *err);
void vmpfi_log_fini(struct vmpfi_log *log);

/* The next STACKTRACE, TIME_N_ZONE or TRAILER; VMPF_END behind the last. Valid until the next call. VMPF_E_IO,
 * VMPF_E_NOMEM. */
vmpf_status vmpfi_log_next(struct vmpfi_log *log, struct vmpfi_log_record *record,
                           struct vmpf_error *err);

/* Where the name of a frame is from [L-6-1]. */
struct vmpfi_log_name_of {
    const struct vmpfi_log_names *names; /* NULL: it has none */
    uint32_t number;
};
/* Offsets only grow from call to call. */
struct vmpfi_log_name_of vmpfi_log_name(struct vmpfi_log *log, const struct vmpfi_log_frame *frame,
                                        uint64_t offset);
/* What a frame is of: name, file, line, kind and address. The strings are the log's, or constant, or in `room`. */
#define VMPFI_LOG_ID_BYTES 24
struct vmpf_function vmpfi_log_function(const struct vmpfi_log *log,
                                        const struct vmpfi_log_frame *frame,
                                        struct vmpfi_log_name_of name,
                                        char room[VMPFI_LOG_ID_BYTES]);

#endif
