/* cells.h: the cells of this tool's tables. Rows of all of them are a struct info_rows. */
#ifndef VMPROF_TOOLS_INFO_CELLS_H
#define VMPROF_TOOLS_INFO_CELLS_H

#include <inttypes.h>
#include <string.h>

#include "tools/common/table.h"
#include "tools/info/checks.h"
#include "tools/info/report.h"
#include "tools/info/sums.h"

struct info_rows {
    const struct info_report *report;
    const struct info_sums *sums;
    const struct info_checks *checks;
};

static inline void info_set_number(struct vmpt_value *out, uint64_t number)
{
    out->type = VMPT_INTEGER;
    out->integer = number;
}

/* NULL leaves the cell empty. */
static inline void info_set_text(struct vmpt_value *out, const char *text)
{
    if (text) {
        out->type = VMPT_STRING;
        out->string = text;
        out->string_size = strlen(text);
    }
}

static inline void info_set_boolean(struct vmpt_value *out, bool truth)
{
    out->type = VMPT_BOOLEAN;
    out->integer = truth;
}

static inline void info_add_number(struct vmpt_buffer *out, uint64_t number)
{
    vmpt_buffer_printf(out, "%" PRIu64, number);
}

/* A name, or the number where it has none. */
static inline void info_add_name(struct vmpt_buffer *out, const char *name, unsigned number)
{
    if (name) {
        vmpt_buffer_add_text(out, name);
    } else {
        vmpt_buffer_printf(out, "%u", number);
    }
}

static inline void info_add_kind(struct vmpt_buffer *out, uint16_t kind)
{
    info_add_name(out, vmpf_chunk_kind_name(kind), kind);
}

static inline void info_add_column(struct vmpt_buffer *out, uint16_t kind, uint16_t column)
{
    info_add_name(out, vmpf_column_name(kind, column), column);
}

static inline void info_add_bytes(struct vmpt_buffer *out, const char *text)
{
    vmpt_buffer_add_visible(out, text, strlen(text));
}

/* "12.3%"; nothing is no share of nothing. */
static inline void info_add_share(struct vmpt_buffer *out, uint64_t part, uint64_t whole)
{
    vmpt_buffer_printf(out, "%.1f%%", whole ? 100 * (double)part / (double)whole : 0);
}

static inline void info_add_ratio(struct vmpt_buffer *out, uint64_t part, uint64_t whole)
{
    if (whole) {
        vmpt_buffer_printf(out, "%.2f", (double)part / (double)whole);
    } else {
        vmpt_buffer_add_text(out, "-");
    }
}

/* Cells that are one expression over (rows, row): NAME_value() and NAME_text(). */
#define INFO_NUMBER_VALUE(name, expression)                                                        \
    static void name##_value(const void *rows, size_t row, struct vmpt_value *out)                 \
    {                                                                                              \
        info_set_number(out, (expression));                                                        \
    }
#define INFO_NUMBER_TEXT(name, expression)                                                         \
    static void name##_text(const void *rows, size_t row, struct vmpt_buffer *out)                 \
    {                                                                                              \
        info_add_number(out, (expression));                                                        \
    }
#define INFO_NUMBER(name, expression)                                                              \
    INFO_NUMBER_VALUE(name, expression)                                                            \
    INFO_NUMBER_TEXT(name, expression)
/* What it adds to `out` is the expression's to say. */
#define INFO_TEXT(name, expression)                                                                \
    static void name##_text(const void *rows, size_t row, struct vmpt_buffer *out)                 \
    {                                                                                              \
        expression;                                                                                \
    }
#define INFO_STRING_VALUE(name, expression)                                                        \
    static void name##_value(const void *rows, size_t row, struct vmpt_value *out)                 \
    {                                                                                              \
        info_set_text(out, (expression));                                                          \
    }

/* A column of a table for programs alone, of numbers for both, and of text for both. */
#define INFO_KEY(key_, name)                                                                       \
    {                                                                                              \
        .key = (key_), .value = name##_value                                                       \
    }
#define INFO_NUMBERS(key_, title_, name)                                                           \
    {                                                                                              \
        .key = (key_), .value = name##_value, .title = (title_), .text = name##_text,              \
        .is_number = true                                                                          \
    }
#define INFO_WORDS(key_, title_, name)                                                             \
    {                                                                                              \
        .key = (key_), .value = name##_value, .title = (title_), .text = name##_text               \
    }

#define INFO_TABLE(columns_, rows_, count, noun_)                                                  \
    (struct vmpt_table)                                                                            \
    {                                                                                              \
        .columns = (columns_), .column_count = sizeof(columns_) / sizeof((columns_)[0]),           \
        .rows = (rows_), .row_count = (count), .noun = (noun_)                                     \
    }

/* The tables, each with its columns; the caller sets how many rows are shown. */
struct vmpt_table info_session_table(const struct info_rows *rows);
struct vmpt_table info_block_table(const struct info_rows *rows);
struct vmpt_table info_block_column_table(const struct info_rows *rows);
struct vmpt_table info_kind_table(const struct info_rows *rows);
struct vmpt_table info_column_table(const struct info_rows *rows);
struct vmpt_table info_check_table(const struct info_rows *rows);

#endif
