/* stepping.h: runs a function one instruction at a time, and unwinds after each.
 *
 * The oracle knows nothing of unwind tables: it keeps a stack of return addresses from the calls and returns that
 * the processor ran. */
#ifndef VMPROF_TESTS_UNIT_NATIVE_STEPPING_H
#define VMPROF_TESTS_UNIT_NATIVE_STEPPING_H

#include <stdint.h>

#include "sampler/native/unwind_walk.h"

struct stepping {
    uint64_t steps;
    uint64_t frames; /* that were compared, and were right */
    uint64_t cut;    /* steps at which the walk ended before it should */
    uint64_t wrong;  /* steps at which a frame was another than the oracle's */
    uint64_t wrong_pc;
};

/* stepping_run() calls work(argument). stack_end as in struct vmps_unwind. */
void stepping_run(const struct vmps_unwind_tables *tables, struct vmps_unwind_memory *memory,
                  uint64_t stack_end, long (*work)(long), long argument, struct stepping *out);

#endif
