/* log_gzip.h: a gzip file of one member or several, inflated as it is read [L-1-3]. Private. */
#ifndef VMPROF_FMT_LEGACY_LOG_GZIP_H
#define VMPROF_FMT_LEGACY_LOG_GZIP_H

#include "libvmprof_fmt/src/legacy/log_stream.h"

/* Whether an input that begins so is one. */
bool vmpfi_log_is_gzip(const uint8_t *head, size_t head_bytes);
/* NULL: no memory. */
struct vmpfi_log_gzip *vmpfi_log_gzip_new(void);
void vmpfi_log_gzip_free(struct vmpfi_log_gzip *gzip);
void vmpfi_log_gzip_rewind(struct vmpfi_log_gzip *gzip);
vmpf_status vmpfi_log_gzip_read(struct vmpfi_log_stream *stream, uint8_t *to, size_t size_bytes,
                                size_t *got, struct vmpf_error *err);
struct vmpfi_log_gzip_damage vmpfi_log_gzip_damage(const struct vmpfi_log_gzip *gzip);

#endif
