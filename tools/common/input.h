/* input.h: the FILE arguments, as inputs for analysis. */
#ifndef VMPROF_TOOLS_COMMON_INPUT_H
#define VMPROF_TOOLS_COMMON_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "tools/analysis/profile.h"
#include "tools/common/progress.h"

#define VMPT_DEFAULT_INPUT "out.prof"
#define VMPT_STDIN "-"

/* What is read with no FILE: "-" where standard input is a pipe or a regular file, else out.prof. */
const char *vmpt_default_input(void);

struct vmpt_input_set {
    const char *const *names;
    size_t count;
    bool stdin_taken;
    uint64_t done_bytes; /* of the inputs before, and of the current one */
    bool has_kept;       /* vmpt_input_set_keep() was called, for the input `kept` */
    size_t kept;
    int kept_fd;
    off_t kept_start;
    struct vmpt_progress progress;
};

/* Lifetime: names must outlive it. */
void vmpt_input_set_init(struct vmpt_input_set *set, const char *const *names, size_t count);
void vmpt_input_set_fini(struct vmpt_input_set *set);
/* The set as vmpt_profile_load() wants it. Lifetime: set's. */
struct vmpt_inputs vmpt_input_set_inputs(struct vmpt_input_set *set);

/* From now on, and until it is called for another one, this input can be opened any number of times, one after the
 * other, and has the same bytes each time: what cannot seek is copied to a file without a name. */
vmpf_status vmpt_input_set_keep(struct vmpt_input_set *set, size_t index, struct vmpf_error *err);

/* Opens the input called name as a descriptor of the caller's, unless it is standard input, which is taken once. */
vmpf_status vmpt_input_open_fd(struct vmpt_input_set *set, const char *name, int *fd,
                               struct vmpf_error *err);
/* Finds what reads an input that starts so, as vmpt_importer_find() does. An error: nothing does. */
struct vmpt_importer;
vmpf_status vmpt_input_recognise(const uint8_t *head, size_t size_bytes,
                                 const struct vmpt_importer **out, struct vmpf_error *err);

/* Says in one line why the input called name could not be read, and what to do. */
void vmpt_say_input_error(const char *tool, const char *name, const struct vmpf_error *err);
/* Says what is lost of an input that could be read in part, and how it was read where that has to be told; else nothing. */
void vmpt_say_damage(const char *tool, const char *name, const struct vmpt_input_facts *facts);

#endif
