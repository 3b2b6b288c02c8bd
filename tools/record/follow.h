/* follow.h: the profiles of a program and of all processes that come of it.
 *
 * Each process records into a file of its own (a part), in a folder beside the output. When the program has ended
 * the parts become one file, or get names of their own. */
#ifndef VMPROF_TOOLS_RECORD_FOLLOW_H
#define VMPROF_TOOLS_RECORD_FOLLOW_H

#include <limits.h>
#include <stdbool.h>

struct record_follow {
    char output[PATH_MAX - 64];
    char folder[PATH_MAX];
};

/* record_follow_open() makes the folder. path: of the output, which has to be a regular file, or not there. 0 or an
 * errno. record_follow_drop() removes the folder when nothing ran. */
int record_follow_open(struct record_follow *follow, const char *path);
void record_follow_drop(const struct record_follow *follow);

/* record_follow_finish() puts the parts of processes that have ended into the output, one session each and those that
 * began first first; or, with files, gives each the name OUTPUT.PID. Processes that still run go on writing
 * to files of such names, which is said. shown: the output as the user calls it. The number of parts that are in the output,
 * or have names; -1: they are left in the folder, which was said. */
int record_follow_finish(const struct record_follow *follow, bool files, const char *shown);

#endif
