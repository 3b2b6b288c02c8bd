/* log_stream.h: the bytes of a log, inflated where they are gzip, as often as they are wanted. Private.
 *
 * A log has its names behind its samples, so it is read more than once. What cannot seek is copied to a temporary file without
 * a name first. The first pass to the end fixes what later ones read: a log that grows meanwhile is read as it was. */
#ifndef VMPROF_FMT_LEGACY_LOG_STREAM_H
#define VMPROF_FMT_LEGACY_LOG_STREAM_H

#include <vmprof/vmpf.h>

#include <stdio.h>

struct vmpfi_log_gzip;

struct vmpfi_log_stream {
    struct vmpf_source source; /* not owned */
    FILE *spool;               /* NULL: the source can seek */
    uint64_t position;         /* of the next byte of the input */
    uint64_t size_bytes;       /* of the input; UINT64_MAX until its end was seen */
    struct vmpfi_log_gzip *gzip;
};

/* What was wrong with a gzip file; complete once its end was read [L-1-3]. */
struct vmpfi_log_gzip_damage {
    bool damaged;
    bool behind;         /* what stands behind the last member is no gzip */
    uint64_t lost_bytes; /* of the input */
};

/* vmpfi_log_stream_open(): head is what was read from source so far. VMPF_E_IO, VMPF_E_NOMEM; fini is due all the same. */
vmpf_status vmpfi_log_stream_open(struct vmpfi_log_stream *stream, struct vmpf_source source,
                                  const uint8_t *head, size_t head_bytes, struct vmpf_error *err);
void vmpfi_log_stream_fini(struct vmpfi_log_stream *stream);
/* The next at most size_bytes; *got is 0 at the end. VMPF_E_IO, VMPF_E_NOMEM. */
vmpf_status vmpfi_log_stream_read(struct vmpfi_log_stream *stream, uint8_t *to, size_t size_bytes,
                                  size_t *got, struct vmpf_error *err);
/* Back to the first byte. */
void vmpfi_log_stream_rewind(struct vmpfi_log_stream *stream);
struct vmpfi_log_gzip_damage vmpfi_log_stream_damage(const struct vmpfi_log_stream *stream);

/* The bytes of the input as they are, for log_gzip.c. */
vmpf_status vmpfi_log_stream_raw(struct vmpfi_log_stream *stream, uint8_t *to, size_t size_bytes,
                                 size_t *got, struct vmpf_error *err);

#endif
