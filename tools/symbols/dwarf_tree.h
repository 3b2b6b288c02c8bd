/* dwarf_tree.h: the functions and inlined functions of a unit that addresses lie in. */
#ifndef VMPROF_TOOLS_SYMBOLS_DWARF_TREE_H
#define VMPROF_TOOLS_SYMBOLS_DWARF_TREE_H

#include "tools/symbols/dwarf.h"

/* A function that an address lies in, and the one that it was inlined into. */
struct sym_scope {
    const struct sym_scope *outer; /* NULL: this one was not inlined */
    const struct sym_function *function;
    uint64_t begin;     /* the function's first byte of code */
    uint64_t call_file; /* where it was inlined, in numbers of its unit */
    uint32_t call_line;
};

struct sym_query {
    uint64_t address;
    const struct sym_scope *innermost; /* found; NULL: none. Of the arena. */
    uint64_t size_bytes;               /* of the piece of its code that the address lies in */
};

/* Finds the scopes of queries, which are ascending, in the unit with that first entry. */
void sym_tree_find(struct sym_dwarf *dwarf, struct vmpt_arena *arena, Dwarf_Die unit,
                   struct sym_query *queries, size_t count);

#endif
