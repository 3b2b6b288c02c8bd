/* rewrite.h: what can be read of a profile, written anew, sample by sample.
 */
#ifndef VMPROF_TOOLS_MERGE_REWRITE_H
#define VMPROF_TOOLS_MERGE_REWRITE_H

#include <stdbool.h>
#include <stdint.h>
#include <vmprof/vmpf.h>

#include "tools/merge/choice.h"

struct merge_rewrite {
    int fd;                      /* where the sessions go, one behind the other */
    struct merge_choice *choice; /* what is kept; NULL: everything */
    uint64_t session_id;     /* of the next one; they differ, and the same inputs give the same */
    void (*tick)(void *ctx); /* once a block */
    void *ctx;
};

/* Writes all sessions of reader, which was opened with one_epoch and has not been read from. What is lost counts
 * as lost in the last session. VMPF_OK, or what failed: *is_output says on which side. */
vmpf_status merge_rewrite(struct merge_rewrite *rewrite, vmpf_reader *reader, bool *is_output,
                          struct vmpf_error *err);

#endif
