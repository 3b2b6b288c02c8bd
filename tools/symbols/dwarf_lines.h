/* dwarf_lines.h: the line table of a unit. */
#ifndef VMPROF_TOOLS_SYMBOLS_DWARF_LINES_H
#define VMPROF_TOOLS_SYMBOLS_DWARF_LINES_H

#include "tools/symbols/dwarf.h"

struct sym_row {
    uint64_t address;
    uint32_t file;
    uint32_t line; /* 0: the compiler names none */
};

/* Rows of ascending addresses: one stretch of code without a gap. The last row is behind its end. */
struct sym_sequence {
    struct sym_range range;
    uint64_t reach; /* the greatest end of this one and those before it */
    size_t first_row;
    size_t row_count;
};

/* Zeroed, it is empty; it can be read into again and again. */
struct sym_lines {
    struct sym_row *rows;
    size_t row_count;
    size_t row_capacity;
    struct sym_sequence *sequences; /* by their beginning */
    size_t sequence_count;
    size_t sequence_capacity;
};

/* Reads the table of the unit with that first entry. */
void sym_lines_read(struct sym_lines *lines, struct sym_dwarf *dwarf, Dwarf_Die unit);
/* The row that address belongs to, or NULL. */
const struct sym_row *sym_lines_find(const struct sym_lines *lines, uint64_t address);
void sym_lines_fini(struct sym_lines *lines);

#endif
