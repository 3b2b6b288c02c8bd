/* target.h: the file that is written: under another name until it is whole. */
#ifndef VMPROF_TOOLS_SYMBOLIZE_TARGET_H
#define VMPROF_TOOLS_SYMBOLIZE_TARGET_H

#include <stdbool.h>

struct symz_target {
    int fd;
    const char *path; /* NULL: standard output */
    char *made;       /* the name that it has until it is whole */
};

/* Returns 0 or errno. path "-": standard output. */
int symz_target_open(struct symz_target *target, const char *path);
/* Gives the file its name, or takes it away again where it is not to be kept. Returns 0 or errno. */
int symz_target_close(struct symz_target *target, bool keep);

#endif
