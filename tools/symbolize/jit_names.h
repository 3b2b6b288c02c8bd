/* jit_names.h: names of JIT code of a process. */
#ifndef VMPROF_TOOLS_SYMBOLIZE_JIT_NAMES_H
#define VMPROF_TOOLS_SYMBOLIZE_JIT_NAMES_H

#include "tools/symbolize/names.h"

/* Fills module->results from the files that the user named, else from the map that the process left in /tmp, where it is
 * this machine's, and was not written by an older process of that number. False: memory is short. */
bool symz_jit_resolve(const struct symz_jit *jit, struct symz_module *module,
                      struct vmpt_arena *arena);

#endif
