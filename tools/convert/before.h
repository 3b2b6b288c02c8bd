/* before.h: the other profile of a comparison, loaded and filtered as the first one is. */
#ifndef VMPROF_TOOLS_CONVERT_BEFORE_H
#define VMPROF_TOOLS_CONVERT_BEFORE_H

#include "tools/convert/format.h"

struct conv_before {
    struct vmpt_app app; /* its settings are the job's, lent */
};

/* Loads job->before. Returns VMPT_GO_ON, or the exit code: what was wrong is said, weights in another unit too.
 * conv_before_fini() may be called on what is zeroed. */
int conv_before_load(struct conv_before *before, const struct conv_job *job,
                     struct vmpt_load_options *options);
void conv_before_fini(struct conv_before *before);

#endif
