/* log_ids.h: what functions are called in a log of the upstream vmprof: a number each, and a text.
 *
 * A number tells the kind too: machine code has an odd one, all else a multiple of 4. A function keeps its address for a
 * number where that fits and nobody else has it.
 */
#ifndef VMPROF_TOOLS_CONVERT_LOG_IDS_H
#define VMPROF_TOOLS_CONVERT_LOG_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/analysis/functions.h"
#include "tools/common/buffer.h"
#include "tools/convert/names.h"

struct conv_log_ids {
    struct vmpt_functions functions; /* those that have a number */
    uint64_t *numbers;               /* by index */
    size_t capacity;
    uint64_t *used; /* a hash table of numbers; 0: free */
    size_t used_count;
    size_t used_capacity;
    uint64_t next; /* where addresses do not do */
};

void conv_log_ids_init(struct conv_log_ids *ids);
void conv_log_ids_fini(struct conv_log_ids *ids);

bool conv_log_is_native(vmpf_kind kind);
/* *id gets function's number. Where it is a new one, name gets its text, to be freed by the caller. False: memory is
 * short. */
bool conv_log_id(struct conv_log_ids *ids, const struct vmpf_function *function, uint64_t *id,
                 struct vmpt_buffer *name);

#endif
