/* demangle.h: the name that a programmer wrote, from the linker's. */
#ifndef VMPROF_TOOLS_SYMBOLS_DEMANGLE_H
#define VMPROF_TOOLS_SYMBOLS_DEMANGLE_H

#include "tools/analysis/memory.h"

/* C++ with its parameters, Rust without its hashes; another name as it is, without the version that a linker put behind an
 * `@`; neither has the `.cold` of a function's rare code. NULL: memory is short. */
const char *sym_demangle(struct vmpt_arena *arena, const char *name);

#endif
