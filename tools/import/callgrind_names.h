/* callgrind_names.h: the names of callgrind's format, which numbers may stand for. */
#ifndef VMPROF_TOOLS_IMPORT_CALLGRIND_NAMES_H
#define VMPROF_TOOLS_IMPORT_CALLGRIND_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vmprof/vmpf.h>

#include "tools/analysis/memory.h"
#include "tools/import/keys.h"

/* Each has numbers of its own. */
enum { CALLGRIND_OBJECT, CALLGRIND_FILE, CALLGRIND_FUNCTION };

/* What costs are of. */
struct callgrind_place {
    struct vmpf_string object, file, function;
};

struct callgrind_names {
    struct import_keys keys; /* of names, by kind and number */
    struct vmpf_string *names;
    size_t count, capacity;
    struct vmpt_arena arena;
};

void callgrind_names_init(struct callgrind_names *names);
void callgrind_names_fini(struct callgrind_names *names);
/* The name of "NAME", "(12) NAME" or "(12)"; it lives as long as names. *is_known is false where a number stands for nothing.
 * False: memory is short. */
bool callgrind_name(struct callgrind_names *names, unsigned kind, struct vmpf_string text,
                    struct vmpf_string *name, bool *is_known);

/* The function of a place. One whose file is not known is told by the object that it is of. */
struct vmpf_function callgrind_function(const struct callgrind_place *place);

#endif
