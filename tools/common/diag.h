/* diag.h: what a tool says on standard error: one line, `vmprof-NAME: [FILE: [offset N:]] what; what to do`. */
#ifndef VMPROF_TOOLS_COMMON_DIAG_H
#define VMPROF_TOOLS_COMMON_DIAG_H

/* Prints one line. Control characters in it, as a file's name may hold, are shown and not sent. */
__attribute__((format(printf, 2, 3))) void vmpt_say(const char *tool, const char *format, ...);

#endif
