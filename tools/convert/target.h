/* target.h: where the output goes: standard output, or a file that gets its name when it is whole.
 *
 * A file is written without a name where the file system can do that (O_TMPFILE), so that nothing is left of it
 * however the tool ends; else under a temporary name beside it, which only a signal can leave there. A device or a
 * named pipe is written as it is.
 */
#ifndef VMPROF_TOOLS_CONVERT_TARGET_H
#define VMPROF_TOOLS_CONVERT_TARGET_H

#include <stdbool.h>

#include "tools/common/output.h"

struct conv_target {
    int fd;
    bool is_file;              /* it gets its name at the end */
    char *path;                /* of the file, symbolic links followed; NULL: standard output */
    char *temporary;           /* its name until then; NULL: it has none */
    struct vmpt_output output; /* writes to fd */
};

/* Opens name, or standard output for NULL. Returns 0 or an errno. conv_target_close() may always be called after it. */
int conv_target_open(struct conv_target *target, const char *name);
/* Writes what is pending and, where keep is set and all was written, gives the file its name. Returns the first
 * error, or 0; a reader that went away is none. */
int conv_target_close(struct conv_target *target, bool keep);

/* Whether writing to name (NULL: standard output) would go over the file that is called input. */
bool conv_target_is_input(const char *name, const char *input);

#endif
