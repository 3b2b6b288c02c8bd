/* text.c: an annotated listing for people. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"
#include "tools/common/function_columns.h"
#include "tools/common/terminal.h"
#include "tools/lines/output.h"

#define TAB_COLUMNS 8
#define GAP UINT32_MAX /* a row that stands for lines that are not shown */

/* A line that is shown: of the table, or only of the source. */
struct shown_line {
    uint32_t number;                 /* 0: not known; of a gap: GAP */
    const struct vmpt_line_row *row; /* NULL: no sample is of it */
};

/* The rows of a table with `columns`. */
struct listing {
    const struct vmpt_profile *profile;
    const struct source *source;
    bool
        marks_gaps; /* lines are shown with those around them: the reader must not take two blocks for one */
    struct shown_line *lines;
    size_t count;
    size_t capacity;
};

static const struct shown_line *line_at(const void *rows, size_t row)
{
    return &((const struct listing *)rows)->lines[row];
}

static const struct vmpt_profile *profile_of(const void *rows)
{
    return ((const struct listing *)rows)->profile;
}

static void self_share_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    const struct vmpt_line_row *line = line_at(rows, row)->row;
    if (line && line->self.samples) {
        vmpt_profile_add_sure_share(out, profile_of(rows), line->self.weight);
    }
}

static void self_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    const struct vmpt_line_row *line = line_at(rows, row)->row;
    if (line && line->self.samples) {
        vmpt_format_weight(out, profile_of(rows), line->self.weight);
    }
}

static void total_share_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    const struct vmpt_line_row *line = line_at(rows, row)->row;
    if (line) {
        vmpt_profile_add_sure_share(out, profile_of(rows), line->total.weight);
    }
}

static void total_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    const struct vmpt_line_row *line = line_at(rows, row)->row;
    if (line) {
        vmpt_format_weight(out, profile_of(rows), line->total.weight);
    }
}

static void number_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    uint32_t number = line_at(rows, row)->number;
    if (number == GAP && !line_at(rows, row)->row) {
        vmpt_buffer_add_text(out, "...");
    } else if (number) {
        vmpt_buffer_printf(out, "%" PRIu32, number);
    } else {
        vmpt_buffer_add_text(out, "-");
    }
}

/* Tabs as far as the next stop; all else that a terminal would obey is shown. */
static void source_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    size_t size;
    size_t column = 0;
    const struct listing *listing = rows;
    const char *text = source_line(listing->source, line_at(rows, row)->number, &size);
    while (size > 0) {
        const char *tab = memchr(text, '\t', size);
        size_t piece = tab ? (size_t)(tab - text) : size;
        vmpt_buffer_add_visible(out, text, piece);
        column += vmpt_text_columns(text, piece);
        if (tab) {
            vmpt_buffer_fill(out, ' ', TAB_COLUMNS - column % TAB_COLUMNS);
            column += TAB_COLUMNS - column % TAB_COLUMNS;
            piece++;
        }
        text += piece;
        size -= piece;
    }
}

static enum vmpt_style self_style(const void *rows, size_t row)
{
    const struct vmpt_line_row *line = line_at(rows, row)->row;
    return line ? vmpt_profile_share_style(profile_of(rows), line->self.weight) : VMPT_PLAIN;
}

static enum vmpt_style source_style(const void *rows, size_t row)
{
    return line_at(rows, row)->row ? VMPT_PLAIN : VMPT_FAINT;
}

static const struct vmpt_column columns[] = {
    {.title = "SELF%", .is_number = true, .text = self_share_text, .style = self_style},
    {.title = "SELF", .is_number = true, .text = self_text},
    {.title = "TOTAL%", .is_number = true, .text = total_share_text},
    {.title = "TOTAL", .is_number = true, .text = total_text},
    {.title = "LINE", .is_number = true, .text = number_text, .style = source_style},
    {.title = "SOURCE", .can_shrink = true, .text = source_text, .style = source_style},
};

/* ---- which lines ----------------------------------------------------------------------------------- */

static bool push_line(struct listing *listing, uint32_t number, const struct vmpt_line_row *row)
{
    if (!vmpt_reserve(&listing->lines, &listing->capacity, listing->count + 1,
                      sizeof(*listing->lines))) {
        return false;
    }
    listing->lines[listing->count++] = (struct shown_line){number, row};
    return true;
}

static bool add_line(struct listing *listing, uint32_t number, const struct vmpt_line_row *row)
{
    uint32_t last = listing->count ? listing->lines[listing->count - 1].number : 0;
    bool is_gap = listing->marks_gaps && last && number > (uint64_t)last + 1;
    return (!is_gap || push_line(listing, GAP, NULL)) && push_line(listing, number, row);
}

/* Lines of the source from `from` to before `to`, as far as there are such and they are not shown yet. */
static bool add_source_lines(struct listing *listing, uint64_t from, uint64_t to)
{
    uint64_t next = listing->count ? (uint64_t)listing->lines[listing->count - 1].number + 1 : 1;
    uint64_t end = listing->source->line_count + (uint64_t)1;
    bool done = true;
    to = to < end ? to : end;
    for (uint64_t number = from > next ? from : next; number < to && done; number++) {
        done = add_line(listing, (uint32_t)number, NULL);
    }
    return done;
}

static bool fill_listing(struct listing *listing, const struct lines_request *request,
                         const struct vmpt_line_file *file, const uint8_t *marks)
{
    const struct vmpt_line_row *rows = request->table->rows;
    uint64_t context = request->context;
    bool done = true;
    for (size_t i = file->first_row; i < file->first_row + file->row_count && done; i++) {
        uint64_t number = rows[i].line;
        if (!marks[i]) {
            continue;
        }
        if (number && request->whole_function) {
            done = add_source_lines(listing, request->first_line, number);
        } else if (number) {
            done = add_source_lines(listing, number > context ? number - context : 1, number);
        }
        done = done && add_line(listing, rows[i].line, &rows[i]);
        /* The lines behind end where the next line with samples stands. */
        uint64_t next = i + 1 < file->first_row + file->row_count && marks[i + 1] ? rows[i + 1].line
                                                                                  : UINT64_MAX;
        uint64_t end = number + 1 + context;
        done = done && (!number || add_source_lines(listing, number + 1, end < next ? end : next));
    }
    return done;
}

/* ---- what is shown --------------------------------------------------------------------------------- */

static const char *note_of(enum source_state state)
{
    switch (state) {
    case SOURCE_MISSING: return "  (the source is missing: --source-dir says where to look)";
    case SOURCE_TOO_LARGE: return "  (the source is larger than 64 MiB)";
    case SOURCE_CHANGED:
        return "  (the source has changed since the recording: lines may have moved)";
    case SOURCE_NONE:
    case SOURCE_FOUND: break;
    }
    return "";
}

static bool write_heading(struct vmpt_app *app, const struct vmpt_line_file *file,
                          const struct source *source)
{
    struct vmpt_buffer out = {0};
    vmpt_buffer_add_text(&out, "\n");
    if (file->name_size) {
        vmpt_buffer_add_visible(&out, file->name, file->name_size);
    } else {
        vmpt_buffer_add_text(&out, "-");
    }
    vmpt_buffer_add_text(&out, ": self ");
    vmpt_profile_add_sure_share(&out, app->profile, file->self.weight);
    vmpt_buffer_add_text(&out, ", total ");
    vmpt_profile_add_sure_share(&out, app->profile, file->total.weight);
    vmpt_buffer_add_text(&out, note_of(source->state));
    vmpt_buffer_add_text(&out, "\n");
    if (!out.failed) {
        vmpt_output_write(&app->output, out.data, out.size);
    }
    bool done = !out.failed;
    vmpt_buffer_fini(&out);
    return done;
}

static bool write_file(struct vmpt_app *app, const struct lines_request *request,
                       const struct vmpt_line_file *file, const uint8_t *marks)
{
    struct vmpt_text_look look = vmpt_terminal_look(app->settings.color);
    struct source source;
    struct listing listing = {.profile = app->profile, .source = &source};
    bool done = source_init(&source, file->name, file->name_size, &request->folders,
                            app->profile->start_unix_ns);
    listing.marks_gaps = request->context > 0 && source.line_count > 0;
    done = done && fill_listing(&listing, request, file, marks);
    struct vmpt_table table = {.columns = columns,
                               .column_count = sizeof(columns) / sizeof(columns[0]),
                               .rows = &listing,
                               .row_count = listing.count,
                               .noun = "lines"};
    if (done && listing.count) {
        done =
            write_heading(app, file, &source) && vmpt_table_write_text(&table, &look, &app->output);
    }
    free(listing.lines);
    source_fini(&source);
    return done;
}

static bool write_end(struct vmpt_app *app, const struct vmpt_line_table *table, size_t shown)
{
    struct vmpt_buffer out = {0};
    if (table->row_count == 0) {
        vmpt_buffer_add_text(&out, vmpt_profile_why_empty(app->profile));
    } else if (shown < table->row_count) {
        vmpt_buffer_printf(&out, "\n%zu more lines not shown; use -n 0\n",
                           table->row_count - shown);
    }
    if (out.size) {
        vmpt_output_write(&app->output, out.data, out.size);
    }
    bool done = !out.failed;
    vmpt_buffer_fini(&out);
    return done;
}

bool lines_write_text(struct vmpt_app *app, const struct lines_request *request)
{
    const struct vmpt_line_table *table = request->table;
    bool all = request->whole_function && !app->settings.has_limit;
    size_t shown = all ? table->row_count : vmpt_settings_limit(&app->settings, table->row_count);
    uint8_t *marks = vmpt_array(table->row_count, 1);
    bool done = marks && vmpt_line_table_mark(table, app->settings.sort, shown, marks) &&
                vmpt_profile_headline(app, &app->output);
    for (size_t i = 0; done && i < table->file_count && !app->output.broken; i++) {
        done = write_file(app, request, &table->files[i], marks);
    }
    done = done && write_end(app, table, shown);
    free(marks);
    return done;
}
