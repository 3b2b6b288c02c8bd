/* mapped.h: which files the modules of a session were, where it says that in place of build ids (spec/vmprof-log.md, section 7). */
#ifndef VMPROF_TOOLS_SYMBOLIZE_MAPPED_H
#define VMPROF_TOOLS_SYMBOLIZE_MAPPED_H

#include <vmprof/vmpf.h>

#include "tools/symbols/symbols.h"

struct symz_mapped_file {
    struct vmpf_string path;
    struct vmpt_sym_inode inode;
};

/* Of one session; by path. */
struct symz_mapped {
    bool is_read;
    size_t session;
    char *text; /* of the paths */
    struct symz_mapped_file *files;
    size_t count;
};

/* Takes in what the metadata of the session says, unless that was done last. False: memory is short. */
bool symz_mapped_read(struct symz_mapped *mapped, const struct vmpf_info *info, size_t session);
/* Which file had that path; not known where nothing says it, or more than one had it. */
struct vmpt_sym_inode symz_mapped_find(const struct symz_mapped *mapped, struct vmpf_string path);
void symz_mapped_fini(struct symz_mapped *mapped);

#endif
