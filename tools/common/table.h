/* table.h: columns as data. A tool says what its columns are; how they look as text, JSON or CSV is
 * decided here, the same for every tool.
 */
#ifndef VMPROF_TOOLS_COMMON_TABLE_H
#define VMPROF_TOOLS_COMMON_TABLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/analysis/interval.h"
#include "tools/common/buffer.h"
#include "tools/common/output.h"

/* A value for programs. */
struct vmpt_value {
    enum {
        VMPT_NOTHING, /* null; empty in CSV */
        VMPT_STRING,
        VMPT_INTEGER,
        VMPT_SIGNED,   /* integer, in two's complement */
        VMPT_BOOLEAN,  /* of integer: false is 0 */
        VMPT_ADDRESS,  /* "0x7f..." */
        VMPT_INTERVAL, /* [low, high]; two columns KEY_lo and KEY_hi in CSV */
    } type;
    const char *string; /* bytes, as a profile holds them */
    size_t string_size;
    uint64_t integer; /* or the address */
    struct vmpt_interval interval;
};

enum vmpt_style {
    VMPT_PLAIN,
    VMPT_FAINT,
    VMPT_WARM,
    VMPT_HOT,
    VMPT_HEADING,
};

struct vmpt_column {
    const char *key;   /* in JSON and CSV; NULL: not there */
    const char *title; /* in text; NULL: not there */
    bool is_number;    /* text: aligned to the right */
    bool is_interval;  /* CSV: takes two columns */
    bool can_shrink;   /* text: cut in its middle where the terminal is narrow */
    /* With a key. out is zeroed: VMPT_NOTHING. */
    void (*value)(const void *rows, size_t row, struct vmpt_value *out);
    /* With a title. Adds what is shown; bytes of a profile by vmpt_buffer_add_visible(). */
    void (*text)(const void *rows, size_t row, struct vmpt_buffer *out);
    enum vmpt_style (*style)(const void *rows, size_t row); /* NULL: plain */
};

struct vmpt_table {
    const struct vmpt_column *columns;
    size_t column_count;
    const void *rows;
    size_t row_count; /* shown */
    size_t left_out;  /* not shown */
    const char *noun; /* what a row is, in the plural: "functions" */
};

struct vmpt_text_look {
    bool color;
    size_t width; /* columns of the terminal; 0: as wide as it gets */
};

/* Each returns false when memory is short; what was written is then not whole. */
bool vmpt_table_write_text(const struct vmpt_table *table, const struct vmpt_text_look *look,
                           struct vmpt_output *output);
/* RFC 4180, with a header. visible: control characters are shown and not sent, for a terminal. */
bool vmpt_table_write_csv(const struct vmpt_table *table, bool visible, struct vmpt_output *output);
/* A new array of objects, or NULL. */
json_t *vmpt_table_json(const struct vmpt_table *table);

/* JSON of bytes: what is not UTF-8 is U+FFFD. NULL: memory is short. */
json_t *vmpt_json_string(const char *data, size_t size_bytes);
json_t *vmpt_json_integer(uint64_t value);
/* Writes document and a newline, and takes the reference. False: memory is short, or it was NULL. */
bool vmpt_json_write(json_t *document, struct vmpt_output *output);

#endif
