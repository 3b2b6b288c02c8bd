/* metadata.h: the META entries of a session (spec 5.1). Private. */
#ifndef VMPROF_FMT_MODEL_METADATA_H
#define VMPROF_FMT_MODEL_METADATA_H

#include "libvmprof_fmt/src/base/buffer.h"

#include <vmprof/vmpf.h>

#define VMPFI_MAX_META_ENTRIES 4096u /* [F-5.1-1] */
#define VMPFI_MAX_META_ITEMS 65536u

struct vmpfi_metadata {
    struct vmpfi_arena text;
    struct vmpf_meta *entries;
    size_t count, capacity;
};

void vmpfi_metadata_fini(struct vmpfi_metadata *m);

/* vmpfi_metadata_set() copies entry; an entry with the same key is replaced [F-5.1-2]. VMPF_E_NOMEM, VMPF_E_LIMIT. */
vmpf_status vmpfi_metadata_set(struct vmpfi_metadata *m, const struct vmpf_meta *entry);
const struct vmpf_meta *vmpfi_metadata_find(const struct vmpf_meta *entries, size_t count,
                                            const char *key);

/* The payload of a META chunk. false: no memory. */
bool vmpfi_metadata_encode(struct vmpfi_buffer *out, const struct vmpfi_metadata *m);
/* Reads a payload into m: what is there already stays, or is replaced. */
vmpf_status vmpfi_metadata_decode(struct vmpfi_metadata *m, const uint8_t *payload,
                                  size_t size_bytes, uint64_t payload_offset,
                                  struct vmpf_error *err);

/* vmpfi_value_types() takes the `values` entry apart [F-5.1-4]; without one: samples:count. The strings point into
 * the entry. VMPF_E_CORRUPT when there are too many or an item has no colon. */
vmpf_status vmpfi_value_types(const struct vmpf_meta *entries, size_t count,
                              struct vmpf_value_type types[VMPF_MAX_VALUES], size_t *type_count,
                              struct vmpf_error *err);

#endif
