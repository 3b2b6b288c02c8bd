/* metadata.h: the META entries of a session (spec 5.1). Private. */
#ifndef VMPROF_FMT_MODEL_METADATA_H
#define VMPROF_FMT_MODEL_METADATA_H

#include "libvmprof_fmt/src/base/buffer.h"

#include <vmprof/vmpf.h>

#define VMPFI_MAX_META_ENTRIES 4096u /* [F-5.1-1] */
#define VMPFI_MAX_META_ITEMS 65536u
/* Of all entries: they are written as one chunk, whose payload has a limit [F-3-3]. */
#define VMPFI_MAX_META_BYTES ((size_t)32 * 1024 * 1024)

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

/* What the values of a sample are. */
struct vmpfi_value_list {
    const struct vmpf_value_type *types;
    size_t count;
};

/* Reads a payload into m: what is there already stays, or is replaced. fixed: the values that a `values` entry has to
 * say, NULL when there are no samples yet. VMPF_E_CORRUPT: a rule is broken, nothing changed. VMPF_E_NOMEM. */
vmpf_status vmpfi_metadata_decode(struct vmpfi_metadata *m, const uint8_t *payload,
                                  size_t size_bytes, const struct vmpfi_value_list *fixed,
                                  uint64_t payload_offset, struct vmpf_error *err);

/* vmpfi_value_types() takes the `values` entry apart; without one: samples:count. The strings point into
 * the entry. VMPF_E_CORRUPT when it breaks [F-5.1-4]. */
vmpf_status vmpfi_value_types(const struct vmpf_meta *entries, size_t count,
                              struct vmpf_value_type types[VMPF_MAX_VALUES], size_t *type_count,
                              struct vmpf_error *err);

#endif
