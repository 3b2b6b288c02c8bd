/* function_table.h: what each function of a view came to. */
#ifndef VMPROF_TOOLS_ANALYSIS_FUNCTION_TABLE_H
#define VMPROF_TOOLS_ANALYSIS_FUNCTION_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/analysis/interval.h"
#include "tools/analysis/view.h"

struct vmpt_function_row {
    struct vmpt_function function; /* kind: that of the greater weight; strings: the profile's */
    uint32_t index;                /* in the profile's functions, or the view's hidden */
    uint32_t min_depth;            /* of its outermost frame */
    struct vmpt_cell self;
    struct vmpt_cell total; /* once a stack, however often it recurs */
    uint64_t self_peak;     /* of a gauge: the greatest weight of one of these samples; else 0 */
    uint64_t total_peak;
    uint64_t jit_weight;   /* total of its frames that are a JIT's machine code, */
    uint64_t plain_weight; /* and of those that are not: they tell the row's kind */
};

struct vmpt_function_table {
    struct vmpt_function_row *rows; /* functions with samples only */
    size_t count;
};

enum vmpt_sort {
    VMPT_SORT_TOTAL, /* the greatest first (of a gauge: the greatest peak), callers before callees where totals are equal */
    VMPT_SORT_SELF,
    VMPT_SORT_NAME,
    VMPT_SORT_SAMPLES, /* total, counted in samples */
};

/* False: memory is short. vmpt_function_table_fini() may always be called after it.
 * Lifetime: the profile's. */
bool vmpt_function_table_init(struct vmpt_function_table *table, const struct vmpt_view *view);
void vmpt_function_table_fini(struct vmpt_function_table *table);

/* The rows of all functions and, last, of <hidden>, as numbers only; those without samples, too. NULL: memory is short. */
struct vmpt_function_row *vmpt_function_rows(const struct vmpt_view *view);

/* Fills in index and function of a row whose numbers are there. */
void vmpt_function_row_describe(struct vmpt_function_row *row, const struct vmpt_view *view,
                                uint32_t index);

/* A total order: it depends on what the rows say and on nothing else. */
void vmpt_function_table_sort(struct vmpt_function_table *table, enum vmpt_sort sort);

/* descendants[i], by function (the view's hidden too), gets what stands below the outermost frames
 * of functions with of[i] set: each function once a stack, those themselves left out. *total gets what
 * the stacks with such a frame came to. Both arrays have hidden + 1 items. False: memory is short. */
bool vmpt_descendants(const struct vmpt_view *view, const uint8_t *of,
                      struct vmpt_cell *descendants, struct vmpt_cell *total);

#endif
