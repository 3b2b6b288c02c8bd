#include <stdlib.h>
#include <string.h>

#include "tools/symbols/dwarf.h"

#define UNITS_MAX 1048576

static void add_unit_ranges(struct sym_dwarf *dwarf, Dwarf_Die die, uint32_t unit,
                            struct sym_ranges *ranges)
{
    Dwarf_Error error = NULL;
    Dwarf_Addr base = 0;
    (void)sym_dwarf_ok(dwarf, dwarf_lowpc(die, &base, &error), &error);
    if (!sym_die_ranges(dwarf, die, base, ranges)) {
        return;
    }
    if (!vmpt_reserve(&dwarf->ranges, &dwarf->range_capacity, dwarf->range_count + ranges->count,
                      sizeof(*dwarf->ranges))) {
        dwarf->no_memory = true;
        return;
    }
    for (size_t i = 0; i < ranges->count; i++) {
        dwarf->ranges[dwarf->range_count++] =
            (struct sym_unit_range){.range = ranges->items[i], .unit = unit};
    }
}

static void add_unit(struct sym_dwarf *dwarf, struct sym_ranges *ranges)
{
    Dwarf_Error error = NULL;
    Dwarf_Die die = NULL;
    Dwarf_Half tag = 0;
    Dwarf_Off offset = 0;
    if (!sym_dwarf_ok(dwarf, dwarf_siblingof_b(dwarf->debug, NULL, 1, &die, &error), &error)) {
        return;
    }
    bool is_unit = sym_dwarf_ok(dwarf, dwarf_tag(die, &tag, &error), &error) &&
                   (tag == DW_TAG_compile_unit || tag == DW_TAG_skeleton_unit) &&
                   sym_dwarf_ok(dwarf, dwarf_dieoffset(die, &offset, &error), &error);
    if (is_unit && !vmpt_reserve(&dwarf->units, &dwarf->unit_capacity, dwarf->unit_count + 1,
                                 sizeof(*dwarf->units))) {
        dwarf->no_memory = true;
    } else if (is_unit) {
        dwarf->units[dwarf->unit_count++] = (struct sym_unit){offset};
        add_unit_ranges(dwarf, die, (uint32_t)(dwarf->unit_count - 1), ranges);
    }
    sym_die_free(dwarf, die);
}

static void read_units(struct sym_dwarf *dwarf)
{
    struct sym_ranges ranges = {0};
    Dwarf_Error error = NULL;
    for (size_t i = 0; i < UNITS_MAX && !dwarf->no_memory; i++) {
        Dwarf_Unsigned length = 0;
        Dwarf_Unsigned type_offset = 0;
        Dwarf_Unsigned next = 0;
        Dwarf_Off abbreviations = 0;
        Dwarf_Half version = 0;
        Dwarf_Half sizes[3] = {0, 0, 0};
        Dwarf_Half type = 0;
        Dwarf_Sig8 signature;
        int result = dwarf_next_cu_header_d(dwarf->debug, 1, &length, &version, &abbreviations,
                                            &sizes[0], &sizes[1], &sizes[2], &signature,
                                            &type_offset, &next, &type, &error);
        if (!sym_dwarf_ok(dwarf, result, &error)) {
            break;
        }
        add_unit(dwarf, &ranges);
    }
    free(ranges.items);
}

static int by_begin(const void *left, const void *right)
{
    const struct sym_unit_range *a = left;
    const struct sym_unit_range *b = right;
    if (a->range.begin != b->range.begin) {
        return a->range.begin < b->range.begin ? -1 : 1;
    }
    return a->unit < b->unit ? -1 : a->unit > b->unit;
}

static void sort_ranges(struct sym_dwarf *dwarf)
{
    if (dwarf->range_count > 1) {
        qsort(dwarf->ranges, dwarf->range_count, sizeof(*dwarf->ranges), by_begin);
    }
    uint64_t reach = 0;
    for (size_t i = 0; i < dwarf->range_count; i++) {
        reach = dwarf->ranges[i].range.end > reach ? dwarf->ranges[i].range.end : reach;
        dwarf->ranges[i].reach = reach;
    }
}

bool sym_dwarf_open(struct sym_dwarf *dwarf, int fd, struct vmpt_arena *arena)
{
    Dwarf_Error error = NULL;
    memset(dwarf, 0, sizeof(*dwarf));
    dwarf->arena = arena;
    int result =
        dwarf_init_b(fd, DW_DLC_READ, DW_GROUPNUMBER_ANY, NULL, NULL, &dwarf->debug, &error);
    if (!sym_dwarf_ok(dwarf, result, &error)) {
        return false;
    }
    read_units(dwarf);
    sort_ranges(dwarf);
    return true;
}

void sym_dwarf_close(struct sym_dwarf *dwarf)
{
    Dwarf_Error error = NULL;
    if (!dwarf->debug) {
        return;
    }
    sym_dwarf_names_close(dwarf);
    free(dwarf->units);
    free(dwarf->ranges);
    (void)dwarf_finish(dwarf->debug, &error);
    dwarf->debug = NULL;
}

bool sym_dwarf_unit_of(const struct sym_dwarf *dwarf, uint64_t address, uint32_t *unit)
{
    size_t low = 0;
    size_t high = dwarf->range_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (dwarf->ranges[middle].range.begin <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    /* Where units overlap, the one whose code begins last is the closest. */
    for (size_t i = low; i-- > 0 && dwarf->ranges[i].reach > address;) {
        if (dwarf->ranges[i].range.end > address) {
            *unit = dwarf->ranges[i].unit;
            return true;
        }
    }
    return false;
}
