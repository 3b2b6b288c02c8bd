/* metadata.h: what a profile says about its recording. */
#ifndef VMPROF_SAMPLER_CORE_METADATA_H
#define VMPROF_SAMPLER_CORE_METADATA_H

#include "sampler/core/session.h"

/* vmps_metadata_write() writes all that is known at the start. */
vmpf_status vmps_metadata_write(struct vmps_session *session, const struct vmps_options *options,
                                struct vmpf_error *err);

/* vmps_metadata_reached() writes, at the end, what period was reached. */
vmpf_status vmps_metadata_reached(struct vmps_session *session, struct vmpf_error *err);

/* vmps_metadata_note() says what a reader should be told. */
vmpf_status vmps_metadata_note(struct vmps_session *session, const char *note,
                               struct vmpf_error *err);

/* vmps_metadata_paused() says how much of the session was not recorded. */
vmpf_status vmps_metadata_paused(struct vmps_session *session, uint64_t paused_ns,
                                 struct vmpf_error *err);

#endif
