/* inspect.h: why a program could not be recorded. */
#ifndef VMPROF_TOOLS_RECORD_INSPECT_H
#define VMPROF_TOOLS_RECORD_INSPECT_H

/* record_inspect() looks at the program, found as execvp() does, and returns in one line why no
 * sampler ran in it, and what to do. Lifetime of the text: static. */
const char *record_inspect(const char *program);

#endif
