/* content.h: what a chunk's payload holds, without decoding it. Private. */
#ifndef VMPROF_FMT_INSPECT_CONTENT_H
#define VMPROF_FMT_INSPECT_CONTENT_H

#include <vmprof/vmpf_inspect.h>

/* vmpfi_content_inspect() fills in the content of item->chunk, whose other fields are set. item->problem says which rule
 * the payload breaks, and is left alone where it breaks none. false: a reader uses nothing of it. columns has room for
 * VMPF_MAX_COLUMNS. */
bool vmpfi_content_inspect(struct vmpf_item *item, struct vmpf_column_info *columns,
                           const uint8_t *payload, size_t size_bytes);

#endif
