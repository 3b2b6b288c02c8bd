/* settings.h: what vmprof-symbolize was asked for. */
#ifndef VMPROF_TOOLS_SYMBOLIZE_SETTINGS_H
#define VMPROF_TOOLS_SYMBOLIZE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "tools/symbols/symbols.h"

struct symz_texts {
    const char **items; /* of argv */
    size_t count;
    size_t capacity;
};

struct symz_settings {
    const char *input;
    const char *output;
    bool in_place;
    bool strict;
    struct symz_texts debug_dirs;
    struct symz_texts jit_maps;
    struct vmpt_sym_search search;
};

/* Returns -1 to go on, or the exit code. */
int symz_settings_read(struct symz_settings *settings, int argc, char **argv);
void symz_settings_fini(struct symz_settings *settings);

#endif
