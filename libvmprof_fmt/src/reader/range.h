/* range.h: which samples are wanted, by their time. Private. */
#ifndef VMPROF_FMT_READER_RANGE_H
#define VMPROF_FMT_READER_RANGE_H

#include "libvmprof_fmt/src/blocks/samples.h"

#include <vmprof/vmpf.h>

struct vmpfi_range {
    bool set; /* else all are wanted */
    uint64_t first_ns, last_ns;
    bool hides_time; /* the caller skips the times, which have to be read nevertheless */
};

/* Reads from_ns and to_ns; times are not skipped any more when they have to be looked at. */
struct vmpfi_range vmpfi_range_of(struct vmpf_reader_options *options);

/* true when no sample of a SAMPLES chunk with that time span is wanted. Both 0: it says nothing of its times. */
bool vmpfi_range_excludes(const struct vmpfi_range *range, uint64_t begin_ns, uint64_t end_ns);

/* Removes the samples that are not wanted. false: none is left. */
bool vmpfi_range_filter(const struct vmpfi_range *range, struct vmpfi_samples *samples);

/* What stands before the columns of a SAMPLES chunk whose samples are not wanted [F-4-1], [F-4-6]. */
vmpf_status vmpfi_range_head(struct vmpfi_columnset_head *head, const struct vmpfi_payload *payload,
                             struct vmpf_error *err);

#endif
