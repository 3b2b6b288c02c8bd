/* line_table.h: what each source line of a view came to, by file.
 *
 * A line is (file, number); number 0 stands for what has none. Its self is what ran while it was the innermost
 * frame's, its total what the stacks came to that it is in, each once, however often it recurs. The selves of all
 * lines sum to what the view holds.
 */
#ifndef VMPROF_TOOLS_ANALYSIS_LINE_TABLE_H
#define VMPROF_TOOLS_ANALYSIS_LINE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/analysis/function_table.h"
#include "tools/analysis/view.h"

struct vmpt_line_row {
    uint32_t line;
    uint32_t file; /* its index */
    struct vmpt_cell self;
    struct vmpt_cell total;
};

struct vmpt_line_file {
    const char
        *name; /* as functions have it; "<hidden>" for what is not shown; lifetime: the profile's */
    size_t name_size;
    struct vmpt_cell self;
    struct vmpt_cell total; /* each stack once */
    size_t first_row;       /* its rows stand together, by number */
    size_t row_count;
};

struct vmpt_line_table {
    struct vmpt_line_file *files; /* with samples only */
    size_t file_count;
    struct vmpt_line_row *rows;
    size_t row_count;
};

/* only: the index of the one function whose lines are wanted, or VMPT_NO_FUNCTION. Files are in the order of `sort`.
 * False: memory is short. vmpt_line_table_fini() may always be called after it. */
bool vmpt_line_table_init(struct vmpt_line_table *table, const struct vmpt_view *view,
                          uint32_t only, enum vmpt_sort sort);
void vmpt_line_table_fini(struct vmpt_line_table *table);

/* The `count` rows that come first in the order of `sort` (by name: in that of files and lines), as marks: marks[i] is set
 * for rows[i]. False: memory is short. */
bool vmpt_line_table_mark(const struct vmpt_line_table *table, enum vmpt_sort sort, size_t count,
                          uint8_t *marks);

#endif
