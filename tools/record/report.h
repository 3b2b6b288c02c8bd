/* report.h: what a recording came to, in one line. */
#ifndef VMPROF_TOOLS_RECORD_REPORT_H
#define VMPROF_TOOLS_RECORD_REPORT_H

#include <stdbool.h>
#include <stdint.h>

/* record_report() reads the profile at path, which the user calls `shown`, and says on stderr what is
 * in it. cpu_ns: what the program used, sampled or not. */
void record_report(const char *path, const char *shown, uint64_t asked_period_ns, uint64_t cpu_ns,
                   bool has_toggle);

/* record_look() says whether the profile at path has an end, and whether it has samples. */
bool record_look(const char *path, bool *has_samples);

#endif
