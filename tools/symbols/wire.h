/* wire.h: results as bytes, from the process that reads files to the one that asked. */
#ifndef VMPROF_TOOLS_SYMBOLS_WIRE_H
#define VMPROF_TOOLS_SYMBOLS_WIRE_H

#include "tools/symbols/symbols.h"

/* Zeroed, it is empty; data is freed with free(). */
struct sym_wire {
    char *data;
    size_t size;
    size_t capacity;
    size_t at; /* of what is taken next */
    bool failed;
};

void sym_wire_put(struct sym_wire *wire, const struct vmpt_sym_report *report,
                  const struct vmpt_sym_result *results, size_t count);
/* False: the bytes are not those of `count` results, or memory is short. */
bool sym_wire_take(struct sym_wire *wire, struct vmpt_arena *arena, struct vmpt_sym_report *report,
                   struct vmpt_sym_result *results, size_t count);

#endif
