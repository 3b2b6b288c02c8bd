/* log_meta.h: what the META records of a log say: the last value of each key (spec section 8, [L-8-5]). Private. */
#ifndef VMPROF_FMT_LEGACY_LOG_META_H
#define VMPROF_FMT_LEGACY_LOG_META_H

#include "libvmprof_fmt/src/base/map.h"

#include <vmprof/vmpf.h>

#define VMPFI_LOG_META_KEYS                                                                        \
    4000u /* [L-8-8]: with our own they are fewer than a session may have [F-5.1-1] */

/* Each text is of malloc. */
struct vmpfi_log_meta_entry {
    struct vmpf_string key, value;
};

struct vmpfi_log_meta {
    struct vmpfi_log_meta_entry *entries; /* in the order of the keys' first records */
    size_t count, capacity;
    struct vmpfi_index index; /* by key */
    size_t text_bytes;
};

void vmpfi_log_meta_fini(struct vmpfi_log_meta *meta);
/* Copies both. VMPF_E_LIMIT: there are too many keys, or the texts would take more than limit_bytes; nothing changed.
 * VMPF_E_NOMEM. */
vmpf_status vmpfi_log_meta_put(struct vmpfi_log_meta *meta, struct vmpf_string key,
                               struct vmpf_string value, size_t limit_bytes);
/* Whether the values of a key are not a log's to say. */
bool vmpfi_log_meta_is_ours(struct vmpf_string key);

#endif
