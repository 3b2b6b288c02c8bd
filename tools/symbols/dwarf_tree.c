#include "tools/symbols/dwarf_tree.h"

#include <stdlib.h>

/* Deeper than compilers nest; and entries that lead back to themselves have to end somewhere. */
#define DEPTH_MAX 256

struct walk {
    struct sym_dwarf *dwarf;
    struct vmpt_arena *arena;
    uint64_t base; /* of the unit */
    struct sym_query *queries;
    Dwarf_Off newest; /* the greatest offset so far: entries come in their order */
};

/* A query on its way down, and what it is in by now. */
struct inside {
    size_t query;
    const struct sym_scope *scope;
};

struct group {
    struct inside *items;
    size_t count;
};

static void walk_children(struct walk *walk, Dwarf_Die parent, const struct group *group,
                          int depth);

/* The first query of the group that is not before address. */
static size_t first_from(const struct walk *walk, const struct group *group, uint64_t address)
{
    size_t low = 0;
    size_t high = group->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (walk->queries[group->items[middle].query].address < address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* The smallest piece of code around an address is the innermost one; of equal ones the deeper. */
static void settle(struct walk *walk, const struct inside *inside, const struct sym_range *range)
{
    struct sym_query *query = &walk->queries[inside->query];
    uint64_t size = range->end - range->begin;
    if (inside->scope && (!query->innermost || size <= query->size_bytes)) {
        query->innermost = inside->scope;
        query->size_bytes = size;
    }
}

static size_t count_in(const struct walk *walk, const struct group *group,
                       const struct sym_ranges *ranges)
{
    size_t count = 0;
    for (size_t i = 0; i < ranges->count; i++) {
        size_t first = first_from(walk, group, ranges->items[i].begin);
        count += first_from(walk, group, ranges->items[i].end) - first;
    }
    return count;
}

static const struct sym_scope *make_scope(struct walk *walk, Dwarf_Die die, bool is_inlined,
                                          const struct sym_scope *outer, uint64_t begin)
{
    struct sym_scope *scope = vmpt_arena_alloc(walk->arena, sizeof(*scope));
    const struct sym_function *function = sym_dwarf_function(walk->dwarf, die, is_inlined);
    uint64_t line = 0;
    if (!scope || !function) {
        walk->dwarf->no_memory |= !scope;
        return outer;
    }
    scope->outer = is_inlined ? outer : NULL;
    scope->function = function;
    scope->begin = begin;
    if (is_inlined) {
        (void)sym_die_number(walk->dwarf, die, DW_AT_call_file, &scope->call_file);
        (void)sym_die_number(walk->dwarf, die, DW_AT_call_line, &line);
        scope->call_line = line <= UINT32_MAX ? (uint32_t)line : 0;
    }
    return scope;
}

/* What of the group lies in the entry's code goes down into it. is_function: the entry is a scope of its own. */
static void enter(struct walk *walk, Dwarf_Die die, const struct group *group,
                  const struct sym_ranges *ranges, Dwarf_Half tag, int depth)
{
    size_t room = count_in(walk, group, ranges);
    struct group in = {.items = room ? malloc(room * sizeof(*in.items)) : NULL};
    const struct sym_scope *made = NULL;
    const struct sym_scope *made_in = NULL;
    bool is_scope = tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine;
    if (!in.items) {
        walk->dwarf->no_memory |= room > 0;
        return;
    }
    for (size_t i = 0; i < ranges->count; i++) {
        size_t next = first_from(walk, group, ranges->items[i].begin);
        size_t end = first_from(walk, group, ranges->items[i].end);
        for (; next < end; next++) {
            struct inside inside = group->items[next];
            if (in.count && in.items[in.count - 1].query >= inside.query) {
                continue; /* pieces that overlap */
            }
            if (is_scope && (!made || made_in != inside.scope)) {
                made_in = inside.scope;
                made = make_scope(walk, die, tag == DW_TAG_inlined_subroutine, made_in,
                                  ranges->items[0].begin);
            }
            if (is_scope && made) {
                inside.scope = made;
            }
            settle(walk, &inside, &ranges->items[i]);
            in.items[in.count++] = inside;
        }
    }
    walk_children(walk, die, &in, depth + 1);
    free(in.items);
}

/* Ranges are read into a list of their own at each level: those below use theirs while it is still needed. */
static void visit(struct walk *walk, Dwarf_Die die, const struct group *group, int depth)
{
    Dwarf_Error error = NULL;
    Dwarf_Half tag = 0;
    struct sym_ranges ranges = {0};
    if (!sym_dwarf_ok(walk->dwarf, dwarf_tag(die, &tag, &error), &error)) {
        return;
    }
    switch (tag) {
    case DW_TAG_subprogram:
    case DW_TAG_inlined_subroutine:
        if (sym_die_ranges(walk->dwarf, die, walk->base, &ranges)) {
            enter(walk, die, group, &ranges, tag, depth);
        }
        break;
    case DW_TAG_lexical_block:
    case DW_TAG_try_block:
    case DW_TAG_catch_block:
    case DW_TAG_with_stmt:
        if (sym_die_ranges(walk->dwarf, die, walk->base, &ranges)) {
            enter(walk, die, group, &ranges, tag, depth);
        } else {
            walk_children(walk, die, group, depth + 1);
        }
        break;
    case DW_TAG_namespace:
    case DW_TAG_module:
    case DW_TAG_class_type:
    case DW_TAG_structure_type:
    case DW_TAG_union_type:
    case DW_TAG_enumeration_type: walk_children(walk, die, group, depth + 1); break;
    default: break;
    }
    free(ranges.items);
}

static void walk_children(struct walk *walk, Dwarf_Die parent, const struct group *group, int depth)
{
    struct sym_dwarf *dwarf = walk->dwarf;
    Dwarf_Error error = NULL;
    Dwarf_Die die = NULL;
    if (depth > DEPTH_MAX) {
        dwarf->is_corrupt = true;
        return;
    }
    int result = dwarf_child(parent, &die, &error);
    while (sym_dwarf_ok(dwarf, result, &error) && !dwarf->no_memory) {
        Dwarf_Die next = NULL;
        Dwarf_Off offset = 0;
        if (!sym_dwarf_ok(dwarf, dwarf_dieoffset(die, &offset, &error), &error) ||
            offset <= walk->newest) {
            dwarf->is_corrupt = true; /* a sibling that lies before its own sister */
            break;
        }
        walk->newest = offset;
        visit(walk, die, group, depth);
        result = dwarf_siblingof_b(dwarf->debug, die, 1, &next, &error);
        sym_die_free(dwarf, die);
        die = next;
    }
    sym_die_free(dwarf, die);
}

void sym_tree_find(struct sym_dwarf *dwarf, struct vmpt_arena *arena, Dwarf_Die unit,
                   struct sym_query *queries, size_t count)
{
    Dwarf_Error error = NULL;
    Dwarf_Addr base = 0;
    struct walk walk = {.dwarf = dwarf, .arena = arena, .queries = queries};
    struct group all = {.items = malloc(count * sizeof(*all.items)), .count = count};
    if (!all.items) {
        dwarf->no_memory = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        all.items[i] = (struct inside){.query = i};
    }
    (void)sym_dwarf_ok(dwarf, dwarf_lowpc(unit, &base, &error), &error);
    (void)sym_dwarf_ok(dwarf, dwarf_dieoffset(unit, &walk.newest, &error), &error);
    walk.base = base;
    walk_children(&walk, unit, &all, 0);
    free(all.items);
}
