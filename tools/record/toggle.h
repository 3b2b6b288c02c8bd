/* toggle.h: the signal that turns a recording on and off. */
#ifndef VMPROF_TOOLS_RECORD_TOGGLE_H
#define VMPROF_TOOLS_RECORD_TOGGLE_H

/* record_toggle_signal() gives the number of "SIGUSR2", "USR2" or "RTMIN+3"; 0: it is none that will do. */
int record_toggle_signal(const char *name);

#endif
