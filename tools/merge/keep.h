/* keep.h: profiles merged so that samples are kept one by one: the sessions of one file behind those of another.
 *
 * A file that is whole goes through as it is, byte for byte, and costs what copying costs, unless filters choose what
 * is kept of it. What they choose, and what can be read of a damaged or unfinished file, is written anew.
 */
#ifndef VMPROF_TOOLS_MERGE_KEEP_H
#define VMPROF_TOOLS_MERGE_KEEP_H

#include <stdbool.h>
#include <stddef.h>

#include "tools/merge/choice.h"

/* What came together. */
struct merge_sum {
    unsigned long long samples;
    unsigned long long lost_samples;
    size_t sessions;
    bool damaged;     /* an input was */
    bool reader_gone; /* of the output: that failed, and is nobody's business any more */
};

/* Writes what choice keeps of names to fd, the file called output. Says what fails, and what is damaged. False: something failed. */
bool merge_keep(const char *tool, const char *const *names, size_t count, int fd,
                const char *output, struct merge_choice *choice, struct merge_sum *sum);

#endif
