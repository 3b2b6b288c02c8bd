/* inner_names.h: the names of CPython's functions that lead from one Python function to the next. */
#ifndef VMPROF_SAMPLER_NATIVE_INNER_NAMES_H
#define VMPROF_SAMPLER_NATIVE_INNER_NAMES_H

#include <stdbool.h>

/* vmps_loop_name() gives, for the name of a loop or of a part that the compiler split off (NAME.cold,
 * NAME.part.0), the loop's, always by the same pointer; NULL: it is none. */
const char *vmps_loop_name(const char *name);

/* vmps_is_inner_name(): calls, and nothing that a program would call a function of its own or of a library. */
bool vmps_is_inner_name(const char *name);

#endif
