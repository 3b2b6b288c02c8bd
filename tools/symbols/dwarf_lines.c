#include "tools/symbols/dwarf_lines.h"

#include <stdlib.h>
#include <string.h>

static bool is_ascending(const struct sym_lines *lines, const struct sym_sequence *sequence)
{
    const struct sym_row *rows = lines->rows + sequence->first_row;
    for (size_t i = 1; i < sequence->row_count; i++) {
        if (rows[i].address < rows[i - 1].address) {
            return false;
        }
    }
    return true;
}

/* Closes the stretch that begins at row `first`. What a linker threw away begins at 0. */
static void add_sequence(struct sym_lines *lines, struct sym_dwarf *dwarf, size_t first)
{
    struct sym_sequence sequence = {.first_row = first, .row_count = lines->row_count - first};
    sequence.range.begin = lines->rows[first].address;
    sequence.range.end = lines->rows[lines->row_count - 1].address;
    if (!is_ascending(lines, &sequence)) {
        dwarf->is_corrupt = true;
        return;
    }
    if (sequence.range.begin == 0 || sequence.range.begin == sequence.range.end) {
        return;
    }
    if (!vmpt_reserve(&lines->sequences, &lines->sequence_capacity, lines->sequence_count + 1,
                      sizeof(*lines->sequences))) {
        dwarf->no_memory = true;
        return;
    }
    lines->sequences[lines->sequence_count++] = sequence;
}

static bool read_row(struct sym_dwarf *dwarf, Dwarf_Line line, struct sym_row *row, bool *is_end)
{
    Dwarf_Error error = NULL;
    Dwarf_Addr address = 0;
    Dwarf_Unsigned file = 0;
    Dwarf_Unsigned number = 0;
    Dwarf_Bool end = 0;
    Dwarf_Bool prologue = 0;
    Dwarf_Bool epilogue = 0;
    Dwarf_Unsigned unused[2];
    if (!sym_dwarf_ok(dwarf, dwarf_lineaddr(line, &address, &error), &error) ||
        !sym_dwarf_ok(dwarf, dwarf_lineendsequence(line, &end, &error), &error) ||
        !sym_dwarf_ok(dwarf, dwarf_line_srcfileno(line, &file, &error), &error) ||
        !sym_dwarf_ok(dwarf, dwarf_lineno(line, &number, &error), &error) ||
        !sym_dwarf_ok(
            dwarf,
            dwarf_prologue_end_etc(line, &prologue, &epilogue, &unused[0], &unused[1], &error),
            &error)) {
        return false;
    }
    row->address = address;
    row->file = file <= UINT32_MAX ? (uint32_t)file : 0;
    row->line = number <= UINT32_MAX ? (uint32_t)number : 0;
    /* Where an epilogue begins, libdwarf 20210528 says that the stretch ends; no compiler marks both in one row. */
    *is_end = end && !epilogue;
    return true;
}

static void read_rows(struct sym_lines *lines, struct sym_dwarf *dwarf, Dwarf_Line *from,
                      size_t count)
{
    size_t first = 0;
    if (!vmpt_reserve(&lines->rows, &lines->row_capacity, count, sizeof(*lines->rows))) {
        dwarf->no_memory = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        bool is_end = false;
        if (!read_row(dwarf, from[i], &lines->rows[lines->row_count], &is_end)) {
            return;
        }
        lines->row_count++;
        if (is_end) {
            add_sequence(lines, dwarf, first);
            first = lines->row_count;
        }
    }
}

static int by_begin(const void *left, const void *right)
{
    const struct sym_sequence *a = left;
    const struct sym_sequence *b = right;
    if (a->range.begin != b->range.begin) {
        return a->range.begin < b->range.begin ? -1 : 1;
    }
    return a->first_row < b->first_row ? -1 : a->first_row > b->first_row;
}

static void sort_sequences(struct sym_lines *lines)
{
    if (lines->sequence_count > 1) {
        qsort(lines->sequences, lines->sequence_count, sizeof(*lines->sequences), by_begin);
    }
    uint64_t reach = 0;
    for (size_t i = 0; i < lines->sequence_count; i++) {
        struct sym_sequence *sequence = &lines->sequences[i];
        reach = sequence->range.end > reach ? sequence->range.end : reach;
        sequence->reach = reach;
    }
}

void sym_lines_read(struct sym_lines *lines, struct sym_dwarf *dwarf, Dwarf_Die unit)
{
    Dwarf_Error error = NULL;
    Dwarf_Unsigned version = 0;
    Dwarf_Small table_count = 0;
    Dwarf_Line_Context context = NULL;
    Dwarf_Line *rows = NULL;
    Dwarf_Signed count = 0;
    lines->row_count = 0;
    lines->sequence_count = 0;
    if (!sym_dwarf_ok(dwarf, dwarf_srclines_b(unit, &version, &table_count, &context, &error),
                      &error)) {
        return;
    }
    if (table_count == 1 &&
        sym_dwarf_ok(dwarf, dwarf_srclines_from_linecontext(context, &rows, &count, &error),
                     &error) &&
        count > 0) {
        read_rows(lines, dwarf, rows, (size_t)count);
    }
    dwarf_srclines_dealloc_b(context);
    sort_sequences(lines);
}

/* Of several rows at one address the last counts: the others are of no instruction. */
static const struct sym_row *find_in(const struct sym_lines *lines,
                                     const struct sym_sequence *sequence, uint64_t address)
{
    const struct sym_row *rows = lines->rows + sequence->first_row;
    size_t low = 0;
    size_t high = sequence->row_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (rows[middle].address <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low ? &rows[low - 1] : NULL;
}

const struct sym_row *sym_lines_find(const struct sym_lines *lines, uint64_t address)
{
    const struct sym_sequence *best = NULL;
    size_t low = 0;
    size_t high = lines->sequence_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (lines->sequences[middle].range.begin <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    /* Where stretches overlap, the one that begins last is the closest to the code. */
    for (size_t i = low; i-- > 0 && !best && lines->sequences[i].reach > address;) {
        best = lines->sequences[i].range.end > address ? &lines->sequences[i] : NULL;
    }
    return best ? find_in(lines, best, address) : NULL;
}

void sym_lines_fini(struct sym_lines *lines)
{
    free(lines->rows);
    free(lines->sequences);
    memset(lines, 0, sizeof(*lines));
}
