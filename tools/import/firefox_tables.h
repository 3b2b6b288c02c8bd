/* firefox_tables.h: stacks of the Firefox Profiler's JSON, in either of its shapes: a processed profile's tables are columns
 * by name, all of a profile's or each thread's own; what a browser writes has rows, and a schema that names their fields. */
#ifndef VMPROF_TOOLS_IMPORT_FIREFOX_TABLES_H
#define VMPROF_TOOLS_IMPORT_FIREFOX_TABLES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/import/made.h"

/* A column of a table, in either shape. */
struct firefox_column {
    const json_t *rows;
    json_int_t field; /* of a row; -1: the row is the cell */
    size_t count;
};

struct firefox_column firefox_column(const json_t *table, const char *name);
/* NULL: there is none. */
const json_t *firefox_cell(const struct firefox_column *column, json_int_t row);

struct firefox_tables {
    uint32_t *stacks; /* by row: the stack; 0: it is broken */
    size_t stack_count;
};

/* profile: where categories and libraries stand. holder: where tables stand, a thread or what threads share. VMPF_E_NOMEM;
 * firefox_tables_fini() may always be called after it. What was read before is forgotten. */
bool firefox_tables_read(struct firefox_tables *tables, const json_t *profile, const json_t *holder,
                         struct import_made *made);
void firefox_tables_fini(struct firefox_tables *tables);

#endif
