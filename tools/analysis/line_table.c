#include "tools/analysis/line_table.h"

#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"

/* ---- which files there are ------------------------------------------------------------------------- */

static struct vmpt_line_file file_of(const struct vmpt_view *view, uint32_t function)
{
    struct vmpt_line_file file = {.name = VMPT_HIDDEN_NAME, .name_size = strlen(VMPT_HIDDEN_NAME)};
    if (function != view->hidden) {
        file.name = view->profile->functions.items[function].file;
        file.name_size = view->profile->functions.items[function].file_size;
    }
    return file;
}

static int compare_names(const struct vmpt_line_file *a, const struct vmpt_line_file *b)
{
    size_t common = a->name_size < b->name_size ? a->name_size : b->name_size;
    int order = common ? memcmp(a->name, b->name, common) : 0;
    return order ? order : (a->name_size > b->name_size) - (a->name_size < b->name_size);
}

struct named {
    struct vmpt_line_file file;
    uint32_t function;
    bool is_hidden; /* a file of the same name is another */
};

static int by_file(const void *left, const void *right)
{
    const struct named *a = left;
    const struct named *b = right;
    int order = a->is_hidden - b->is_hidden;
    return order ? order : compare_names(&a->file, &b->file);
}

/* Numbers the files, in the order of their names; file_numbers: by function. */
static bool number_files(struct vmpt_line_table *table, const struct vmpt_view *view,
                         uint32_t *file_numbers)
{
    size_t functions = (size_t)view->hidden + 1;
    struct named *all = vmpt_array(functions, sizeof(*all));
    table->files = vmpt_array(functions, sizeof(*table->files));
    if (!all || !table->files) {
        free(all);
        return false;
    }
    for (uint32_t i = 0; i < functions; i++) {
        all[i] = (struct named){file_of(view, i), i, i == view->hidden};
    }
    qsort(all, functions, sizeof(*all), by_file);
    for (size_t i = 0; i < functions; i++) {
        if (i == 0 || by_file(&all[i - 1], &all[i]) != 0) {
            table->files[table->file_count++] = all[i].file;
        }
        file_numbers[all[i].function] = (uint32_t)(table->file_count - 1);
    }
    free(all);
    return true;
}

/* ---- which lines ----------------------------------------------------------------------------------- */

#define NO_ROW UINT32_MAX

/* Lines by (file, number): open addressing, index + 1 or 0. */
struct line_index {
    struct vmpt_line_table *table;
    size_t row_capacity;
    uint32_t *slots;
    size_t slot_count;
};

static size_t slot_of(const struct line_index *index, uint32_t file, uint32_t line)
{
    uint64_t hash = ((uint64_t)file << 32 | line) * UINT64_C(0x9E3779B97F4A7C15);
    size_t at = (size_t)(hash >> 32) & (index->slot_count - 1);
    for (; index->slots[at]; at = (at + 1) & (index->slot_count - 1)) {
        const struct vmpt_line_row *row = &index->table->rows[index->slots[at] - 1];
        if (row->file == file && row->line == line) {
            break;
        }
    }
    return at;
}

static bool grow_slots(struct line_index *index)
{
    size_t count = index->slot_count ? 2 * index->slot_count : 256;
    uint32_t *slots = vmpt_array(count, sizeof(*slots));
    if (!slots) {
        return false;
    }
    free(index->slots);
    index->slots = slots;
    index->slot_count = count;
    for (size_t i = 0; i < index->table->row_count; i++) {
        const struct vmpt_line_row *row = &index->table->rows[i];
        index->slots[slot_of(index, row->file, row->line)] = (uint32_t)i + 1;
    }
    return true;
}

/* The row of a line, made when there is none yet. NO_ROW: memory is short. */
static uint32_t row_for(struct line_index *index, uint32_t file, uint32_t line)
{
    struct vmpt_line_table *table = index->table;
    if (table->row_count * 2 >= index->slot_count && !grow_slots(index)) {
        return NO_ROW;
    }
    size_t slot = slot_of(index, file, line);
    if (index->slots[slot]) {
        return index->slots[slot] - 1;
    }
    if (!vmpt_reserve(&table->rows, &index->row_capacity, table->row_count + 1,
                      sizeof(*table->rows))) {
        return NO_ROW;
    }
    table->rows[table->row_count].file = file;
    table->rows[table->row_count].line = line;
    index->slots[slot] = (uint32_t)++table->row_count;
    return (uint32_t)table->row_count - 1;
}

/* The row of each node; NO_ROW for those of functions that are not wanted. */
static bool find_rows(struct vmpt_line_table *table, const struct vmpt_view *view, uint32_t only,
                      const uint32_t *file_numbers, uint32_t *row_of_node)
{
    struct line_index index = {.table = table};
    bool done = true;
    row_of_node[0] = NO_ROW;
    for (size_t i = 1; i < view->count && done; i++) {
        uint32_t function = view->function[i];
        bool wanted = only == VMPT_NO_FUNCTION || only == function;
        uint32_t line = function == view->hidden ? 0 : view->line[i];
        row_of_node[i] = wanted ? row_for(&index, file_numbers[function], line) : NO_ROW;
        done = !wanted || row_of_node[i] != NO_ROW;
    }
    free(index.slots);
    return done;
}

/* ---- what they came to ----------------------------------------------------------------------------- */

static void add_cell(struct vmpt_cell *sum, const struct vmpt_cell *cell)
{
    sum->samples += cell->samples;
    sum->weight += cell->weight;
}

/* A path through the view: which lines and which files are on it, and how often. */
struct path {
    uint32_t *nodes;
    size_t depth, capacity;
    uint32_t *rows, *files;
};

static void leave(struct path *path, const struct vmpt_line_table *table,
                  const uint32_t *row_of_node)
{
    uint32_t row = row_of_node[path->nodes[--path->depth]];
    if (row != NO_ROW) {
        path->rows[row]--;
        path->files[table->rows[row].file]--;
    }
}

static bool enter(struct path *path, struct vmpt_line_table *table, const struct vmpt_view *view,
                  uint32_t node, uint32_t row_number)
{
    if (!vmpt_reserve(&path->nodes, &path->capacity, path->depth + 1, sizeof(*path->nodes))) {
        return false;
    }
    path->nodes[path->depth++] = node;
    if (row_number == NO_ROW) {
        return true;
    }
    struct vmpt_line_row *row = &table->rows[row_number];
    struct vmpt_line_file *file = &table->files[row->file];
    add_cell(&row->self, &view->self[node]);
    add_cell(&file->self, &view->self[node]);
    if (path->rows[row_number]++ == 0) {
        add_cell(&row->total, &view->total[node]);
    }
    if (path->files[row->file]++ == 0) {
        add_cell(&file->total, &view->total[node]);
    }
    return true;
}

static bool add_up(struct vmpt_line_table *table, const struct vmpt_view *view,
                   const uint32_t *row_of_node)
{
    struct path path = {.rows = vmpt_array(table->row_count, sizeof(*path.rows)),
                        .files = vmpt_array(table->file_count, sizeof(*path.files))};
    bool done = path.rows && path.files;
    for (uint32_t node = 1; node < view->count && done; node++) {
        while (path.depth > 0) {
            uint32_t caller = path.nodes[path.depth - 1];
            if (node < (size_t)caller + view->size[caller]) {
                break;
            }
            leave(&path, table, row_of_node);
        }
        done = enter(&path, table, view, node, row_of_node[node]);
    }
    free(path.nodes);
    free(path.rows);
    free(path.files);
    return done;
}

/* ---- their order ----------------------------------------------------------------------------------- */

static int greater_first(uint64_t a, uint64_t b)
{
    return (a < b) - (a > b);
}

static int by_place(const void *left, const void *right)
{
    const struct vmpt_line_row *a = left;
    const struct vmpt_line_row *b = right;
    return a->file != b->file ? (a->file > b->file) - (a->file < b->file)
                              : (a->line > b->line) - (a->line < b->line);
}

static int files_by_name(const void *left, const void *right)
{
    return compare_names(left, right);
}

static int files_by_total(const void *left, const void *right)
{
    const struct vmpt_line_file *a = left;
    const struct vmpt_line_file *b = right;
    int order = greater_first(a->total.weight, b->total.weight);
    return order ? order : compare_names(a, b);
}

static int files_by_self(const void *left, const void *right)
{
    const struct vmpt_line_file *a = left;
    const struct vmpt_line_file *b = right;
    int order = greater_first(a->self.weight, b->self.weight);
    return order ? order : files_by_total(a, b);
}

/* Rows that stand by file: each file learns where its own are, and those without any go. */
static void drop_empty(struct vmpt_line_table *table)
{
    size_t row = 0;
    size_t kept = 0;
    for (size_t i = 0; i < table->file_count; i++) {
        struct vmpt_line_file file = table->files[i];
        file.first_row = row;
        while (row < table->row_count && table->rows[row].file == i) {
            row++;
        }
        file.row_count = row - file.first_row;
        if (file.row_count) {
            table->files[kept++] = file;
        }
    }
    table->file_count = kept;
}

static void sort_files(struct vmpt_line_table *table, enum vmpt_sort sort)
{
    int (*order)(const void *, const void *) = files_by_total;
    if (sort == VMPT_SORT_NAME) {
        order = files_by_name;
    } else if (sort == VMPT_SORT_SELF) {
        order = files_by_self;
    }
    qsort(table->files, table->file_count, sizeof(*table->files), order);
    for (size_t i = 0; i < table->file_count; i++) {
        struct vmpt_line_file *file = &table->files[i];
        for (size_t k = 0; k < file->row_count; k++) {
            table->rows[file->first_row + k].file = (uint32_t)i;
        }
    }
}

bool vmpt_line_table_init(struct vmpt_line_table *table, const struct vmpt_view *view,
                          uint32_t only, enum vmpt_sort sort)
{
    memset(table, 0, sizeof(*table));
    uint32_t *file_numbers = vmpt_array((size_t)view->hidden + 1, sizeof(*file_numbers));
    uint32_t *row_of_node = vmpt_array(view->count, sizeof(*row_of_node));
    bool done = file_numbers && row_of_node && number_files(table, view, file_numbers) &&
                find_rows(table, view, only, file_numbers, row_of_node) &&
                add_up(table, view, row_of_node);
    free(file_numbers);
    free(row_of_node);
    if (done && table->row_count) {
        qsort(table->rows, table->row_count, sizeof(*table->rows), by_place);
    }
    if (done) {
        drop_empty(table);
        sort_files(table, sort);
    }
    return done;
}

void vmpt_line_table_fini(struct vmpt_line_table *table)
{
    free(table->files);
    free(table->rows);
    memset(table, 0, sizeof(*table));
}

static int rows_by_total(const void *left, const void *right)
{
    const struct vmpt_line_row *a = left;
    const struct vmpt_line_row *b = right;
    int order = greater_first(a->total.weight, b->total.weight);
    return order ? order : by_place(a, b);
}

static int rows_by_self(const void *left, const void *right)
{
    const struct vmpt_line_row *a = left;
    const struct vmpt_line_row *b = right;
    int order = greater_first(a->self.weight, b->self.weight);
    return order ? order : rows_by_total(a, b);
}

/* Where a row stands in table, whose files are in the order of their numbers' rows. */
static size_t place_of(const struct vmpt_line_table *table, const struct vmpt_line_row *row)
{
    const struct vmpt_line_file *file = &table->files[row->file];
    size_t low = file->first_row;
    size_t high = file->first_row + file->row_count;
    while (low + 1 < high) {
        size_t middle = (low + high) / 2;
        if (table->rows[middle].line <= row->line) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

bool vmpt_line_table_mark(const struct vmpt_line_table *table, enum vmpt_sort sort, size_t count,
                          uint8_t *marks)
{
    struct vmpt_line_row *rows = vmpt_array(table->row_count, sizeof(*rows));
    if (!rows) {
        return false;
    }
    if (table->row_count) {
        memcpy(rows, table->rows, table->row_count * sizeof(*rows));
        int (*order)(const void *, const void *) = rows_by_total;
        if (sort == VMPT_SORT_NAME) {
            order = by_place;
        } else if (sort == VMPT_SORT_SELF) {
            order = rows_by_self;
        }
        qsort(rows, table->row_count, sizeof(*rows), order);
    }
    for (size_t i = 0; i < count && i < table->row_count; i++) {
        marks[place_of(table, &rows[i])] = 1;
    }
    free(rows);
    return true;
}
