/* keep.h: profiles merged so that every sample is kept: the sessions of one file behind those of another.
 *
 * A file that is whole goes through as it is, byte for byte, and costs what copying costs. What can be read of a
 * damaged or unfinished one is written anew.
 */
#ifndef VMPROF_TOOLS_MERGE_KEEP_H
#define VMPROF_TOOLS_MERGE_KEEP_H

#include <stdbool.h>
#include <stddef.h>

/* What came together. */
struct merge_sum {
    unsigned long long samples;
    unsigned long long lost_samples;
    size_t sessions;
    bool damaged; /* an input was */
};

/* Writes names to fd, the file called output. Says what fails, and what is damaged. False: something failed. */
bool merge_keep(const char *tool, const char *const *names, size_t count, int fd,
                const char *output, struct merge_sum *sum);

#endif
