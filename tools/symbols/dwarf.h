/* dwarf.h: debug information by libdwarf: DWARF 2 to 5.
 *
 * Addresses are those of the file, as its segments have them. What libdwarf refuses is left out, and `is_corrupt` set.
 */
#ifndef VMPROF_TOOLS_SYMBOLS_DWARF_H
#define VMPROF_TOOLS_SYMBOLS_DWARF_H

#include <libdwarf/dwarf.h>
#include <libdwarf/libdwarf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/analysis/memory.h"

struct sym_range {
    uint64_t begin;
    uint64_t end;
};

/* A compilation unit's piece of code. */
struct sym_unit_range {
    struct sym_range range;
    uint64_t reach; /* the greatest end of this one and those before it */
    uint32_t unit;
};

struct sym_unit {
    Dwarf_Off die; /* the offset of its first entry */
};

/* A function as its definition says. Text is of sym_dwarf.arena. */
struct sym_function {
    const char *name;
    const char *linkage_name; /* or the name, where debug information has no other */
    const char *file;
    uint32_t line;
};

struct sym_file_table {
    Dwarf_Off unit;
    char **names;
    Dwarf_Signed count;
    bool from_one; /* its first name has the number 1 */
};

struct sym_dwarf {
    Dwarf_Debug debug;
    struct vmpt_arena *arena;
    struct sym_unit *units;
    size_t unit_count;
    size_t unit_capacity;
    struct sym_unit_range *ranges; /* by their beginning */
    size_t range_count;
    size_t range_capacity;
    struct sym_function_slot *functions; /* a hash table by offset */
    size_t function_count;
    size_t function_capacity;
    struct sym_file_table *tables;
    size_t table_count;
    size_t table_capacity;
    bool is_corrupt;
    bool no_memory;
};

/* dwarf_open.c: fd stays the caller's, and open. False: nothing can be read of it, or memory is short. */
bool sym_dwarf_open(struct sym_dwarf *dwarf, int fd, struct vmpt_arena *arena);
void sym_dwarf_close(struct sym_dwarf *dwarf);
/* The unit that address lies in; false: none. */
bool sym_dwarf_unit_of(const struct sym_dwarf *dwarf, uint64_t address, uint32_t *unit);

/* dwarf_read.c: what to do with a result of libdwarf: true for DW_DLV_OK; an error is noted and freed. */
bool sym_dwarf_ok(struct sym_dwarf *dwarf, int result, Dwarf_Error *error);
void sym_die_free(struct sym_dwarf *dwarf, Dwarf_Die die);
bool sym_die_number(struct sym_dwarf *dwarf, Dwarf_Die die, Dwarf_Half attribute, uint64_t *out);
bool sym_die_reference(struct sym_dwarf *dwarf, Dwarf_Die die, Dwarf_Half attribute,
                       Dwarf_Off *out);

struct sym_ranges {
    struct sym_range *items;
    size_t count;
    size_t capacity;
};
/* dwarf_ranges.c: the code of an entry, by address. base: where its unit begins. False: it says nothing about that. */
bool sym_die_ranges(struct sym_dwarf *dwarf, Dwarf_Die die, uint64_t base, struct sym_ranges *out);

/* dwarf_names.c: the function of an entry, through abstract origins and specifications. NULL: memory is short. */
const struct sym_function *sym_dwarf_function(struct sym_dwarf *dwarf, Dwarf_Die die,
                                              bool is_inlined);
/* File number `file` of the unit whose first entry is at `unit`; "": there is none. */
const char *sym_dwarf_file(struct sym_dwarf *dwarf, Dwarf_Off unit, uint64_t file);
void sym_dwarf_names_close(struct sym_dwarf *dwarf);

#endif
