/* function_columns.h: a function and what it came to, as columns: the same in every tool that shows functions.
 */
#ifndef VMPROF_TOOLS_COMMON_FUNCTION_COLUMNS_H
#define VMPROF_TOOLS_COMMON_FUNCTION_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/analysis/function_table.h"
#include "tools/common/app.h"
#include "tools/common/buffer.h"
#include "tools/common/table.h"

/* The rows of a table with vmpt_function_columns. */
struct vmpt_function_rows {
    const struct vmpt_profile *profile;
    const struct vmpt_function_row *items;
    bool has_intervals; /* see vmpt_profile_has_intervals() */
};

#define VMPT_FUNCTION_COLUMN_COUNT 16
extern const struct vmpt_column vmpt_function_columns[VMPT_FUNCTION_COLUMN_COUNT];

/* The same columns for text: that of addresses only where show_address is set. */
void vmpt_function_columns_shown(struct vmpt_column out[VMPT_FUNCTION_COLUMN_COUNT],
                                 bool show_address);

/* The metric is sampled, and there are samples: shares have an interval. */
bool vmpt_profile_has_intervals(const struct vmpt_profile *profile);

/* What a table of other columns, of rows that are a struct vmpt_function_rows too, says of the function. */
void vmpt_function_name_value(const void *rows, size_t row, struct vmpt_value *out);
void vmpt_function_file_value(const void *rows, size_t row, struct vmpt_value *out);
void vmpt_function_line_value(const void *rows, size_t row, struct vmpt_value *out);
void vmpt_function_kind_value(const void *rows, size_t row, struct vmpt_value *out);
void vmpt_function_address_value(const void *rows, size_t row, struct vmpt_value *out);
void vmpt_function_address_text(const void *rows, size_t row, struct vmpt_buffer *out);
void vmpt_function_name_text(const void *rows, size_t row, struct vmpt_buffer *out);
void vmpt_function_place_text(const void *rows, size_t row, struct vmpt_buffer *out);

/* The parts of a row, for tables of other shape. */
void vmpt_function_add_name(struct vmpt_buffer *out, const struct vmpt_function *function);
void vmpt_function_add_place(struct vmpt_buffer *out, const struct vmpt_function *function);
void vmpt_function_add_address(struct vmpt_buffer *out, const struct vmpt_function *function);
void vmpt_profile_add_share(struct vmpt_buffer *out, const struct vmpt_profile *profile,
                            uint64_t weight);
/* The share with how far the 95 % interval reaches from it, where there is one: "14.4% ±0.7". */
void vmpt_profile_add_sure_share(struct vmpt_buffer *out, const struct vmpt_profile *profile,
                                 uint64_t weight);
enum vmpt_style vmpt_profile_share_style(const struct vmpt_profile *profile, uint64_t weight);

/* Why there is no row to show, as a line. */
const char *vmpt_profile_why_empty(const struct vmpt_profile *profile);

#endif
