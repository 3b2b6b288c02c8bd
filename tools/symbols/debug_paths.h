/* debug_paths.h: where a binary, or its debug information, may lie. */
#ifndef VMPROF_TOOLS_SYMBOLS_DEBUG_PATHS_H
#define VMPROF_TOOLS_SYMBOLS_DEBUG_PATHS_H

#include <limits.h>

#include "tools/symbols/symbols.h"

/* Takes a path; true: it was the right one, and the search ends. */
typedef bool sym_visit_path(void *ctx, const char *path);

/* The places of a module's binary, in the order in which they are tried. */
bool sym_visit_binaries(const struct vmpt_sym_search *search, const struct vmpt_sym_module *module,
                        sym_visit_path *visit, void *ctx);
/* Those of debug information that a build id names. */
bool sym_visit_by_build_id(const struct vmpt_sym_search *search, const uint8_t *build_id,
                           size_t build_id_size, sym_visit_path *visit, void *ctx);
/* Those of one that `.gnu_debuglink` of the file at `binary` names. */
bool sym_visit_by_link(const struct vmpt_sym_search *search, const char *binary, const char *link,
                       sym_visit_path *visit, void *ctx);

#endif
