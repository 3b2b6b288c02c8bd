#include "tools/analysis/find.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_equal(const char *text, size_t size, const char *wanted, size_t wanted_size)
{
    return size == wanted_size && memcmp(text, wanted, size) == 0;
}

/* `wanted` is file, or its end from behind a slash on. */
static bool is_file(const struct vmpt_function *function, const char *wanted, size_t wanted_size)
{
    if (wanted_size == 0 || wanted_size > function->file_size) {
        return wanted_size == function->file_size;
    }
    size_t start = function->file_size - wanted_size;
    return memcmp(function->file + start, wanted, wanted_size) == 0 &&
           (start == 0 || function->file[start - 1] == '/');
}

static bool parse_number(const char *text, int base, uint64_t *out)
{
    char *end = NULL;
    if (text[0] < '0' || text[0] > '9') {
        return false;
    }
    errno = 0;
    *out = strtoull(text, &end, base);
    return *end == '\0' && errno == 0;
}

/* NAME:FILE:LINE; a name and a file may hold colons themselves. */
static bool is_place(const struct vmpt_function *function, const char *wanted, size_t size)
{
    const char *last = strrchr(wanted, ':');
    uint64_t line;
    if (!last || !parse_number(last + 1, 10, &line) || line != function->first_line) {
        return false;
    }
    size_t before = (size_t)(last - wanted);
    size_t name = function->name_size;
    return name < before && name < size && memcmp(wanted, function->name, name) == 0 &&
           wanted[name] == ':' && is_file(function, wanted + name + 1, before - name - 1);
}

/* Of `Class.method`, `method`; of `space::Class::method`, that or `Class::method`. */
static bool is_last_part(const struct vmpt_function *function, const char *wanted, size_t size)
{
    size_t start = function->name_size - size;
    if (size == 0 || size >= function->name_size ||
        memcmp(function->name + start, wanted, size) != 0) {
        return false;
    }
    return function->name[start - 1] == '.' ||
           (start > 1 && memcmp(function->name + start - 2, "::", 2) == 0);
}

static bool had_address(const struct vmpt_functions *functions, uint32_t index, uint64_t address)
{
    for (size_t i = 0; i < functions->address_count; i++) {
        if (functions->addresses[i].function == index &&
            functions->addresses[i].address == address) {
            return true;
        }
    }
    return false;
}

static void keep_last_parts(struct vmpt_function_table *table, const char *wanted, size_t size)
{
    size_t kept = 0;
    for (size_t i = 0; i < table->count; i++) {
        if (is_last_part(&table->rows[i].function, wanted, size)) {
            table->rows[kept++] = table->rows[i];
        }
    }
    table->count = kept;
}

void vmpt_find_functions(struct vmpt_function_table *table, const struct vmpt_functions *functions,
                         const char *wanted)
{
    size_t size = strlen(wanted);
    uint64_t address = 0;
    bool is_number = parse_number(wanted, 16, &address) && wanted[1] == 'x';
    size_t kept = 0;
    is_number = is_number || parse_number(wanted, 10, &address);
    for (size_t i = 0; i < table->count; i++) {
        const struct vmpt_function_row *row = &table->rows[i];
        if (is_equal(row->function.name, row->function.name_size, wanted, size) ||
            is_place(&row->function, wanted, size) ||
            (is_number && had_address(functions, row->index, address))) {
            table->rows[kept++] = *row;
        }
    }
    if (kept == 0) {
        keep_last_parts(table, wanted, size);
    } else {
        table->count = kept;
    }
}
