/* log_layout.h: the preamble and the first record: how the rest of a log is laid out (spec sections 2 and 3.1). Private. */
#ifndef VMPROF_FMT_LEGACY_LOG_LAYOUT_H
#define VMPROF_FMT_LEGACY_LOG_LAYOUT_H

#include <vmprof/vmpf.h>

#define VMPFI_LOG_NEWEST_VERSION 6u
/* A preamble and a first record take no more than this. */
#define VMPFI_LOG_HEAD_BYTES ((size_t)1024)

/* A time that may be unknown [L-3.2-1]. */
struct vmpfi_log_time {
    bool known;
    uint64_t unix_ns;
};

struct vmpfi_log_layout {
    size_t word_bytes, address_bytes; /* W and A */
    uint64_t period_us;               /* 0: not known [L-2-5] */
    unsigned version;
    bool memory, lines, pairs, real_time; /* as they count: lines not with pairs [L-4-4] */
    bool pypy;
    bool early_5;                /* the layout of the first days of version 5 [L-3.1-6] */
    bool thread_is_word;         /* the layout of August 2015 [L-4-6] */
    struct vmpfi_log_time start; /* of early_5 */
    char interpreter[255];
    size_t interpreter_bytes;
    size_t records_offset; /* of the record behind the first one */
    bool has_first;        /* there is a record 04 or 05 */
};

/* Whether an input that begins so is a log, if need be a cut one or one of another machine [L-2-1], [L-2-3], [L-2-4]. */
bool vmpfi_log_is_preamble(const uint8_t *head, size_t head_bytes);

/* head: VMPFI_LOG_HEAD_BYTES of a log, or all there is. VMPF_E_NOT_VMPROF, VMPF_E_TRUNCATED, VMPF_E_CORRUPT,
 * VMPF_E_UNSUPPORTED, VMPF_E_VERSION. */
vmpf_status vmpfi_log_layout_read(struct vmpfi_log_layout *layout, const uint8_t *head,
                                  size_t head_bytes, struct vmpf_error *err);

/* Stacks are of program counters [L-5-3]. */
static inline bool vmpfi_log_has_counters(const struct vmpfi_log_layout *layout)
{
    return layout->version == 0 || layout->thread_is_word;
}

/* [L-3.2-1] from numbers of number_bytes (4 or 8), signed. */
struct vmpfi_log_time vmpfi_log_time_at(const uint8_t *at, size_t number_bytes);

#endif
