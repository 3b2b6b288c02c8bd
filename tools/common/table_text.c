#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"
#include "tools/common/table.h"

#define GAP 2
#define LEAST_WIDTH 12 /* a column is not cut below this */

struct cell {
    size_t at; /* in the text of all cells */
    size_t size;
    size_t columns;
};

struct layout {
    const struct vmpt_table *table;
    const struct vmpt_text_look *look;
    struct vmpt_buffer text;
    struct cell *cells; /* row by row; the titles are row 0 */
    size_t *widths;
    size_t last; /* the last column that text shows */
};

static size_t lines(const struct vmpt_table *table)
{
    return table->row_count + 1;
}

static struct cell *cell_at(const struct layout *layout, size_t line, size_t column)
{
    return &layout->cells[line * layout->table->column_count + column];
}

static void fill_cell(struct layout *layout, size_t line, size_t column)
{
    const struct vmpt_column *spec = &layout->table->columns[column];
    struct cell *cell = cell_at(layout, line, column);
    cell->at = layout->text.size;
    if (line == 0) {
        vmpt_buffer_add_text(&layout->text, spec->title);
    } else {
        spec->text(layout->table->rows, line - 1, &layout->text);
    }
    if (layout->text.failed) {
        return;
    }
    cell->size = layout->text.size - cell->at;
    cell->columns = vmpt_text_columns(layout->text.data + cell->at, cell->size);
    if (cell->columns > layout->widths[column]) {
        layout->widths[column] = cell->columns;
    }
}

static bool layout_init(struct layout *layout, const struct vmpt_table *table,
                        const struct vmpt_text_look *look)
{
    memset(layout, 0, sizeof(*layout));
    layout->table = table;
    layout->look = look;
    layout->cells = vmpt_array(lines(table) * table->column_count, sizeof(*layout->cells));
    layout->widths = vmpt_array(table->column_count, sizeof(*layout->widths));
    if (!layout->cells || !layout->widths) {
        return false;
    }
    for (size_t line = 0; line < lines(table); line++) {
        for (size_t column = 0; column < table->column_count; column++) {
            if (!table->columns[column].title) {
                continue;
            }
            fill_cell(layout, line, column);
            layout->last = column;
        }
    }
    return !layout->text.failed;
}

static void layout_fini(struct layout *layout)
{
    vmpt_buffer_fini(&layout->text);
    free(layout->cells);
    free(layout->widths);
}

/* Takes from the columns that may be cut, the last first, until the table fits. */
static void fit(struct layout *layout)
{
    size_t total = 0;
    for (size_t i = 0; i < layout->table->column_count; i++) {
        if (layout->table->columns[i].title) {
            total += layout->widths[i] + (i == layout->last ? 0 : GAP);
        }
    }
    for (size_t i = layout->table->column_count; i-- > 0 && total > layout->look->width;) {
        size_t over = total - layout->look->width;
        size_t width = layout->widths[i];
        if (!layout->table->columns[i].can_shrink || width <= LEAST_WIDTH) {
            continue;
        }
        size_t kept = width > over + LEAST_WIDTH ? width - over : LEAST_WIDTH;
        layout->widths[i] = kept;
        total -= width - kept;
    }
}

static const char *style_start(enum vmpt_style style)
{
    switch (style) {
    case VMPT_FAINT: return "\033[2m";
    case VMPT_WARM: return "\033[33m";
    case VMPT_HOT: return "\033[1;31m";
    case VMPT_HEADING: return "\033[1m";
    case VMPT_PLAIN: break;
    }
    return NULL;
}

static void write_cell(const struct layout *layout, size_t line, size_t column,
                       struct vmpt_buffer *out)
{
    const struct vmpt_column *spec = &layout->table->columns[column];
    const struct cell *cell = cell_at(layout, line, column);
    size_t width = layout->widths[column];
    size_t padding = cell->columns < width ? width - cell->columns : 0;
    enum vmpt_style style = VMPT_PLAIN;
    if (line == 0) {
        style = VMPT_HEADING;
    } else if (spec->style) {
        style = spec->style(layout->table->rows, line - 1);
    }
    const char *start = layout->look->color ? style_start(style) : NULL;
    if (spec->is_number) {
        vmpt_buffer_fill(out, ' ', padding);
    }
    if (start) {
        vmpt_buffer_add_text(out, start);
    }
    if (cell->size) {
        vmpt_buffer_add_shortened(out, layout->text.data + cell->at, cell->size, width);
    }
    if (start) {
        vmpt_buffer_add_text(out, "\033[0m");
    }
    if (column == layout->last) {
        return;
    }
    vmpt_buffer_fill(out, ' ', GAP + (spec->is_number ? 0 : padding));
}

static bool write_lines(const struct layout *layout, struct vmpt_output *output)
{
    struct vmpt_buffer out = {0};
    for (size_t line = 0; line < lines(layout->table) && !output->broken; line++) {
        out.size = 0;
        for (size_t column = 0; column < layout->table->column_count; column++) {
            if (layout->table->columns[column].title) {
                write_cell(layout, line, column, &out);
            }
        }
        while (out.size > 0 && out.data[out.size - 1] == ' ') {
            out.size--;
        }
        vmpt_buffer_add(&out, "\n", 1);
        if (out.failed) {
            break;
        }
        vmpt_output_write(output, out.data, out.size);
    }
    bool done = !out.failed;
    vmpt_buffer_fini(&out);
    return done;
}

static bool write_left_out(const struct vmpt_table *table, struct vmpt_output *output)
{
    struct vmpt_buffer out = {0};
    if (table->left_out) {
        vmpt_buffer_printf(&out, "%zu more %s not shown; use -n 0\n", table->left_out, table->noun);
    }
    if (out.size) {
        vmpt_output_write(output, out.data, out.size);
    }
    bool done = !out.failed;
    vmpt_buffer_fini(&out);
    return done;
}

bool vmpt_table_write_text(const struct vmpt_table *table, const struct vmpt_text_look *look,
                           struct vmpt_output *output)
{
    struct layout layout;
    bool done = layout_init(&layout, table, look);
    if (done && look->width) {
        fit(&layout);
    }
    done = done && write_lines(&layout, output) && write_left_out(table, output);
    layout_fini(&layout);
    return done;
}
