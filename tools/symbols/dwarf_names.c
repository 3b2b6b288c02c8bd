#include <stdlib.h>
#include <string.h>

#include "tools/symbols/demangle.h"
#include "tools/symbols/dwarf.h"

/* From an inlined call to its abstract instance to the declaration in a class: more are a loop. */
#define HOPS_MAX 8
#define SLOTS_AT_FIRST 1024

struct sym_function_slot {
    Dwarf_Off offset; /* of the entry; 0: free (no entry is at 0) */
    const struct sym_function *function;
};

/* ---- files --------------------------------------------------------------------------------------------- */

static struct sym_file_table *add_table(struct sym_dwarf *dwarf, Dwarf_Off unit)
{
    Dwarf_Error error = NULL;
    Dwarf_Die die = NULL;
    Dwarf_Half version = 0;
    Dwarf_Half offset_size = 0;
    if (!vmpt_reserve(&dwarf->tables, &dwarf->table_capacity, dwarf->table_count + 1,
                      sizeof(*dwarf->tables))) {
        dwarf->no_memory = true;
        return NULL;
    }
    struct sym_file_table *table = &dwarf->tables[dwarf->table_count++];
    *table = (struct sym_file_table){.unit = unit};
    if (!sym_dwarf_ok(dwarf, dwarf_offdie_b(dwarf->debug, unit, 1, &die, &error), &error)) {
        return table;
    }
    if (!sym_dwarf_ok(dwarf, dwarf_srcfiles(die, &table->names, &table->count, &error), &error)) {
        table->count = 0;
    }
    (void)dwarf_get_version_of_die(die, &version, &offset_size);
    table->from_one = version < 5;
    sym_die_free(dwarf, die);
    return table;
}

static const struct sym_file_table *table_of(struct sym_dwarf *dwarf, Dwarf_Off unit)
{
    /* The unit at hand is mostly the last one. */
    for (size_t i = dwarf->table_count; i-- > 0;) {
        if (dwarf->tables[i].unit == unit) {
            return &dwarf->tables[i];
        }
    }
    return add_table(dwarf, unit);
}

const char *sym_dwarf_file(struct sym_dwarf *dwarf, Dwarf_Off unit, uint64_t file)
{
    const struct sym_file_table *table = table_of(dwarf, unit);
    if (!table || (table->from_one && file == 0)) {
        return "";
    }
    uint64_t index = table->from_one ? file - 1 : file;
    bool is_there = index < (uint64_t)table->count && table->names[index];
    return is_there ? table->names[index] : "";
}

static void free_tables(struct sym_dwarf *dwarf)
{
    for (size_t i = 0; i < dwarf->table_count; i++) {
        struct sym_file_table *table = &dwarf->tables[i];
        for (Dwarf_Signed name = 0; name < table->count; name++) {
            dwarf_dealloc(dwarf->debug, table->names[name], DW_DLA_STRING);
        }
        if (table->count) {
            dwarf_dealloc(dwarf->debug, table->names, DW_DLA_LIST);
        }
    }
    free(dwarf->tables);
}

/* ---- functions ----------------------------------------------------------------------------------------- */

static void take_text(struct sym_dwarf *dwarf, Dwarf_Die die, Dwarf_Half attribute,
                      const char **out)
{
    Dwarf_Error error = NULL;
    char *text = NULL;
    if (!*out && sym_dwarf_ok(dwarf, dwarf_die_text(die, attribute, &text, &error), &error) &&
        text && text[0]) {
        *out = text;
    }
}

static void take_place(struct sym_dwarf *dwarf, Dwarf_Die die, struct sym_function *out)
{
    Dwarf_Error error = NULL;
    Dwarf_Off unit = 0;
    uint64_t number = 0;
    if (!out->file && sym_die_number(dwarf, die, DW_AT_decl_file, &number) &&
        sym_dwarf_ok(dwarf, dwarf_CU_dieoffset_given_die(die, &unit, &error), &error)) {
        out->file = sym_dwarf_file(dwarf, unit, number);
    }
    if (!out->line && sym_die_number(dwarf, die, DW_AT_decl_line, &number) &&
        number <= UINT32_MAX) {
        out->line = (uint32_t)number;
    }
}

/* One entry of a function says only what the one that it refers to does not. */
static bool follow(struct sym_dwarf *dwarf, Dwarf_Die die, struct sym_function *out,
                   Dwarf_Off *next)
{
    take_text(dwarf, die, DW_AT_linkage_name, &out->linkage_name);
    take_text(dwarf, die, DW_AT_MIPS_linkage_name, &out->linkage_name);
    take_text(dwarf, die, DW_AT_name, &out->name);
    take_place(dwarf, die, out);
    return sym_die_reference(dwarf, die, DW_AT_abstract_origin, next) ||
           sym_die_reference(dwarf, die, DW_AT_specification, next);
}

static void read_function(struct sym_dwarf *dwarf, Dwarf_Die first, struct sym_function *out)
{
    Dwarf_Error error = NULL;
    Dwarf_Off next = 0;
    bool goes_on = follow(dwarf, first, out, &next);
    for (int hop = 0; goes_on && hop < HOPS_MAX; hop++) {
        Dwarf_Die die = NULL;
        if (!sym_dwarf_ok(dwarf, dwarf_offdie_b(dwarf->debug, next, 1, &die, &error), &error)) {
            break;
        }
        goes_on = follow(dwarf, die, out, &next);
        sym_die_free(dwarf, die);
    }
}

static const struct sym_function *make(struct sym_dwarf *dwarf, Dwarf_Die die)
{
    struct sym_function found = {0};
    struct sym_function *function = vmpt_arena_alloc(dwarf->arena, sizeof(*function));
    read_function(dwarf, die, &found);
    const char *linkage = found.linkage_name ? found.linkage_name : found.name ? found.name : "";
    const char *file = found.file ? found.file : "";
    if (!function) {
        dwarf->no_memory = true;
        return NULL;
    }
    function->line = found.line;
    function->linkage_name = vmpt_arena_copy(dwarf->arena, linkage, strlen(linkage));
    function->name = sym_demangle(dwarf->arena, linkage);
    function->file = vmpt_arena_copy(dwarf->arena, file, strlen(file));
    if (!function->linkage_name || !function->name || !function->file) {
        dwarf->no_memory = true;
        return NULL;
    }
    return function;
}

/* ---- one entry, one function --------------------------------------------------------------------------- */

static struct sym_function_slot *slot_of(struct sym_function_slot *slots, size_t capacity,
                                         Dwarf_Off offset)
{
    size_t at = (size_t)(offset * UINT64_C(0x9E3779B97F4A7C15) >> 32) & (capacity - 1);
    while (slots[at].offset && slots[at].offset != offset) {
        at = (at + 1) & (capacity - 1);
    }
    return &slots[at];
}

static bool make_room(struct sym_dwarf *dwarf)
{
    if (dwarf->function_count * 2 < dwarf->function_capacity) {
        return true;
    }
    size_t capacity = dwarf->function_capacity ? dwarf->function_capacity * 2 : SLOTS_AT_FIRST;
    struct sym_function_slot *slots = vmpt_array(capacity, sizeof(*slots));
    if (!slots) {
        dwarf->no_memory = true;
        return false;
    }
    for (size_t i = 0; i < dwarf->function_capacity; i++) {
        if (dwarf->functions[i].offset) {
            *slot_of(slots, capacity, dwarf->functions[i].offset) = dwarf->functions[i];
        }
    }
    free(dwarf->functions);
    dwarf->functions = slots;
    dwarf->function_capacity = capacity;
    return true;
}

const struct sym_function *sym_dwarf_function(struct sym_dwarf *dwarf, Dwarf_Die die,
                                              bool is_inlined)
{
    Dwarf_Error error = NULL;
    Dwarf_Off offset = 0;
    /* Every inlined call of a function refers to one abstract instance, which is read once. What has code of its own may have
     * a name of its own: C++ makes several destructors of one. */
    if (!(is_inlined && sym_die_reference(dwarf, die, DW_AT_abstract_origin, &offset)) &&
        !sym_dwarf_ok(dwarf, dwarf_dieoffset(die, &offset, &error), &error)) {
        return NULL;
    }
    if (!make_room(dwarf)) {
        return NULL;
    }
    struct sym_function_slot *slot = slot_of(dwarf->functions, dwarf->function_capacity, offset);
    if (!slot->offset) {
        const struct sym_function *function = make(dwarf, die);
        if (!function) {
            return NULL;
        }
        *slot = (struct sym_function_slot){offset, function};
        dwarf->function_count++;
    }
    return slot->function;
}

void sym_dwarf_names_close(struct sym_dwarf *dwarf)
{
    free_tables(dwarf);
    free(dwarf->functions);
}
