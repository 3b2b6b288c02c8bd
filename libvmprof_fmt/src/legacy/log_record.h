/* log_record.h: one record of a log, and whether it stands (spec sections 3.3 and 4). Private. */
#ifndef VMPROF_FMT_LEGACY_LOG_RECORD_H
#define VMPROF_FMT_LEGACY_LOG_RECORD_H

#include "libvmprof_fmt/src/legacy/log_layout.h"
#include "libvmprof_fmt/src/legacy/log_window.h"

enum vmpfi_log_marker {
    VMPFI_LOG_STACKTRACE = 1,
    VMPFI_LOG_VIRTUAL_IP = 2,
    VMPFI_LOG_TRAILER = 3,
    VMPFI_LOG_INTERP_NAME = 4,
    VMPFI_LOG_HEADER = 5,
    VMPFI_LOG_TIME_N_ZONE = 6,
    VMPFI_LOG_META = 7,
    VMPFI_LOG_NATIVE_SYMBOLS = 8,
};

/* Its parts lie in the window: they are valid until that is filled again. What belongs to the marker is set. */
struct vmpfi_log_record {
    enum vmpfi_log_marker marker;
    uint64_t offset;
    size_t size_bytes;
    /* STACKTRACE: addresses, leaf first, without a thread among them. */
    const uint8_t *words;
    size_t word_count;
    uint64_t thread;
    uint64_t memory_kb;
    bool memory_known;
    uint64_t id;                /* VIRTUAL_IP, NATIVE_SYMBOLS */
    struct vmpf_string text;    /* the name; of META the key */
    struct vmpf_string value;   /* META */
    struct vmpfi_log_time time; /* TIME_N_ZONE, TRAILER */
};

/* What is read: a log whose layout is known. */
struct vmpfi_log_place {
    const struct vmpfi_log_layout *layout;
    struct vmpfi_log_window *window;
    struct vmpfi_log_time start; /* once it is known [L-3.3-1] */
};

/* Whether the record at the window's start stands [L-3.3-1], and what it is. VMPF_E_IO, VMPF_E_NOMEM. */
vmpf_status vmpfi_log_record_here(const struct vmpfi_log_place *place,
                                  struct vmpfi_log_record *record, bool *stands,
                                  struct vmpf_error *err);
/* Whether a record may end so far from the window's start: what is there is the log's end, or may begin a record, perhaps
 * behind one byte that is no marker [L-3.3-1]. */
vmpf_status vmpfi_log_may_end(const struct vmpfi_log_place *place, size_t at, bool *may,
                              struct vmpf_error *err);
/* Whether a record that stands is one to go on with behind damage [L-3.3-3]. */
vmpf_status vmpfi_log_record_is_sure(const struct vmpfi_log_place *place,
                                     const struct vmpfi_log_record *record, bool *sure,
                                     struct vmpf_error *err);
/* [L-3.2-3]: the text of maps begins behind the record, a TRAILER. */
bool vmpfi_log_maps_follow(const struct vmpfi_log_place *place,
                           const struct vmpfi_log_record *record);

/* How many bytes the prefix of a name has, with its colon [L-6-3]; 0: none. */
size_t vmpfi_log_prefix_bytes(struct vmpf_string text);

#endif
