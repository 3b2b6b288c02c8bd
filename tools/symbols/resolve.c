/* resolve.c: a module's files put together: what its debug information says, else its symbols. */
#include <stdlib.h>
#include <string.h>

#include "tools/symbols/demangle.h"
#include "tools/symbols/dwarf_lines.h"
#include "tools/symbols/dwarf_tree.h"
#include "tools/symbols/find_files.h"
#include "tools/symbols/symbol_table.h"

struct job {
    struct vmpt_arena *arena;
    struct vmpt_sym_result *results;
    struct vmpt_sym_report *report;
    const struct sym_files *files;
    struct sym_table symbols;
    struct sym_dwarf dwarf;
    bool has_dwarf;
    struct sym_lines lines;
    uint64_t
        *addresses; /* by offset; ascending in each segment, UINT64_MAX where nothing is mapped */
    size_t count;
    bool no_memory;
};

/* An address of a unit, on its way to the unit's turn. */
struct place {
    uint64_t address;
    size_t result;
    uint32_t unit;
};

#define NOT_MAPPED UINT64_MAX

/* ---- frames -------------------------------------------------------------------------------------------- */

static size_t depth_of(const struct sym_scope *scope)
{
    size_t depth = 0;
    for (; scope; scope = scope->outer) {
        depth++;
    }
    return depth;
}

/* Innermost first: the line table says where in the innermost one, each inlined call where in the one around it. */
static void put_frames(struct job *job, struct vmpt_sym_result *result, Dwarf_Off unit,
                       const struct sym_scope *scope, const struct sym_row *row)
{
    size_t depth = scope ? depth_of(scope) : 1;
    struct vmpt_sym_frame *frames = vmpt_arena_alloc(job->arena, depth * sizeof(*frames));
    if (!frames) {
        job->no_memory = true;
        return;
    }
    uint64_t file = row ? row->file : 0;
    uint32_t line = row ? row->line : 0;
    bool has_file = row != NULL;
    for (size_t i = 0; i < depth; i++) {
        const char *path = has_file ? sym_dwarf_file(&job->dwarf, unit, file) : "";
        frames[i] = (struct vmpt_sym_frame){.name = "", .linkage_name = "", .declared_file = ""};
        frames[i].file = vmpt_arena_copy(job->arena, path, strlen(path));
        frames[i].line = line;
        job->no_memory |= !frames[i].file;
        if (!scope) {
            break;
        }
        frames[i].name = scope->function->name;
        frames[i].linkage_name = scope->function->linkage_name;
        frames[i].declared_file = scope->function->file;
        frames[i].declared_line = scope->function->line;
        file = scope->call_file;
        line = scope->call_line;
        has_file = true;
        result->function_offset = scope->begin; /* the last one stays */
        scope = scope->outer;
    }
    result->frames = frames;
    result->frame_count = depth;
}

/* A name in a namespace, which debug information has in pieces only: C++ leaves out linkage names of what is not seen from
 * outside. */
static bool is_scoped(const char *linkage_name)
{
    return strncmp(linkage_name, "_Z", 2) == 0 || strncmp(linkage_name, "_R", 2) == 0;
}

/* The symbol gives a name to what has none, or one without its scope. */
static void put_symbol(struct job *job, struct vmpt_sym_result *result, uint64_t address)
{
    const struct sym_symbol *symbol = sym_table_find(&job->symbols, address);
    struct vmpt_sym_frame *outermost =
        result->frame_count ? &result->frames[result->frame_count - 1] : NULL;
    bool has_name = outermost && outermost->name[0];
    if (!symbol || (has_name && (is_scoped(outermost->linkage_name) || !is_scoped(symbol->name)))) {
        return;
    }
    if (!outermost) {
        outermost = vmpt_arena_alloc(job->arena, sizeof(*outermost));
        if (!outermost) {
            job->no_memory = true;
            return;
        }
        *outermost = (struct vmpt_sym_frame){.file = "", .declared_file = ""};
        result->frames = outermost;
        result->frame_count = 1;
    }
    outermost->linkage_name = vmpt_arena_copy(job->arena, symbol->name, strlen(symbol->name));
    outermost->name = sym_demangle(job->arena, symbol->name);
    result->function_offset = has_name ? result->function_offset : symbol->begin;
    if (!outermost->linkage_name || !outermost->name) {
        *outermost = (struct vmpt_sym_frame){"", "", "", "", 0, 0};
        job->no_memory = true;
    }
}

/* ---- units --------------------------------------------------------------------------------------------- */

static void resolve_unit(struct job *job, const struct place *places, size_t count)
{
    Dwarf_Error error = NULL;
    Dwarf_Die die = NULL;
    Dwarf_Off unit = job->dwarf.units[places[0].unit].die;
    struct sym_query *queries = vmpt_array(count, sizeof(*queries));
    struct vmpt_arena scopes;
    if (!queries) {
        job->no_memory = true;
        return;
    }
    vmpt_arena_init(&scopes);
    for (size_t i = 0; i < count; i++) {
        queries[i].address = places[i].address;
    }
    int result = dwarf_offdie_b(job->dwarf.debug, unit, 1, &die, &error);
    if (sym_dwarf_ok(&job->dwarf, result, &error)) {
        sym_tree_find(&job->dwarf, &scopes, die, queries, count);
        sym_lines_read(&job->lines, &job->dwarf, die);
        sym_die_free(&job->dwarf, die);
        for (size_t i = 0; i < count; i++) {
            const struct sym_row *row = sym_lines_find(&job->lines, queries[i].address);
            if (row || queries[i].innermost) {
                put_frames(job, &job->results[places[i].result], unit, queries[i].innermost, row);
            }
        }
    }
    vmpt_arena_fini(&scopes);
    free(queries);
}

static int by_unit(const void *left, const void *right)
{
    const struct place *a = left;
    const struct place *b = right;
    if (a->unit != b->unit) {
        return a->unit < b->unit ? -1 : 1;
    }
    return a->address < b->address ? -1 : a->address > b->address;
}

static void resolve_units(struct job *job)
{
    struct place *places = vmpt_array(job->count, sizeof(*places));
    size_t count = 0;
    if (!places) {
        job->no_memory = true;
        return;
    }
    for (size_t i = 0; i < job->count; i++) {
        struct place place = {.address = job->addresses[i], .result = i};
        if (place.address != NOT_MAPPED &&
            sym_dwarf_unit_of(&job->dwarf, place.address, &place.unit)) {
            places[count++] = place;
        }
    }
    if (count > 1) {
        qsort(places, count, sizeof(*places), by_unit);
    }
    for (size_t first = 0, end = 0; first < count; first = end) {
        for (end = first + 1; end < count && places[end].unit == places[first].unit;) {
            end++;
        }
        resolve_unit(job, places + first, end - first);
    }
    free(places);
}

/* ---- a module ------------------------------------------------------------------------------------------ */

static void read_addresses(struct job *job, const uint64_t *offsets)
{
    for (size_t i = 0; i < job->count; i++) {
        if (!sym_elf_address_of(&job->files->binary, offsets[i], &job->addresses[i])) {
            job->addresses[i] = NOT_MAPPED;
        }
    }
}

static bool read_symbols(struct job *job)
{
    const struct sym_elf *debug = job->files->debug.elf ? &job->files->debug : NULL;
    return sym_table_add(&job->symbols, &job->files->binary) &&
           (!debug || sym_table_add(&job->symbols, debug)) && sym_table_finish(&job->symbols);
}

static void finish(struct job *job)
{
    for (size_t i = 0; i < job->count; i++) {
        struct vmpt_sym_result *result = &job->results[i];
        uint64_t offset = 0;
        if (job->addresses[i] != NOT_MAPPED) {
            put_symbol(job, result, job->addresses[i]);
        }
        if (result->frame_count) {
            (void)sym_elf_offset_of(&job->files->binary, result->function_offset, &offset);
            result->function_offset = offset;
        }
    }
}

static void resolve(struct job *job, bool with_lines)
{
    const struct sym_elf *debug = with_lines ? sym_files_debug(job->files) : NULL;
    job->has_dwarf = debug && debug->fd >= 0 && sym_dwarf_open(&job->dwarf, debug->fd, job->arena);
    if (job->has_dwarf) {
        resolve_units(job);
    }
    if (debug && debug->fd >= 0) {
        job->report->debug_corrupt = job->dwarf.is_corrupt;
        job->report->has_lines = job->has_dwarf && job->dwarf.unit_count > 0;
        job->no_memory |= job->dwarf.no_memory;
    }
    job->no_memory |= !read_symbols(job);
    if (!job->no_memory) {
        finish(job);
    }
    if (job->has_dwarf) {
        sym_dwarf_close(&job->dwarf);
    }
    sym_lines_fini(&job->lines);
    sym_table_fini(&job->symbols);
}

bool vmpt_sym_resolve_here(const struct vmpt_sym_search *search,
                           const struct vmpt_sym_module *module, const uint64_t *offsets,
                           size_t count, bool with_lines, struct vmpt_arena *arena,
                           struct vmpt_sym_result *results, struct vmpt_sym_report *report)
{
    struct sym_files files;
    struct job job = {
        .arena = arena, .results = results, .report = report, .files = &files, .count = count};
    memset(report, 0, sizeof(*report));
    memset(results, 0, count * sizeof(*results));
    if (!sym_files_open(&files, search, module, report)) {
        return true;
    }
    job.addresses = vmpt_array(count, sizeof(*job.addresses));
    job.no_memory = !job.addresses;
    if (job.addresses) {
        read_addresses(&job, offsets);
        resolve(&job, with_lines);
    }
    free(job.addresses);
    sym_files_close(&files);
    return !job.no_memory;
}
