/* to_callgrind.c: the format of callgrind, for KCachegrind and callgrind_annotate: a function, its lines, its calls. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"
#include "tools/convert/call_costs.h"
#include "tools/convert/format.h"
#include "tools/convert/names.h"

#define PIECE_BYTES ((size_t)32 * 1024)

struct callgrind {
    struct conv_job *job;
    const struct vmpt_view *view;
    struct vmpt_buffer out;
    uint8_t *named;       /* by function: its number has its name already */
    uint32_t *file;       /* by function: number of its file, from 1 */
    uint8_t *file_named;  /* by number of a file */
    uint8_t *shares_name; /* by function: another one of the same file has its name */
};

static void drain(struct callgrind *grind, size_t least_bytes)
{
    if (grind->out.size > least_bytes && !grind->out.failed) {
        vmpt_output_write(&grind->job->target.output, grind->out.data, grind->out.size);
        grind->out.size = 0;
    }
}

/* ---- names -------------------------------------------------------------------------------------------- */

struct entry {
    struct vmpt_function function;
    uint32_t index;
};

static int compare_bytes(const char *a, size_t a_size, const char *b, size_t b_size)
{
    size_t size = a_size < b_size ? a_size : b_size;
    int order = size ? memcmp(a, b, size) : 0;
    return order ? order : (a_size > b_size) - (a_size < b_size);
}

static int compare_entries(const void *left, const void *right)
{
    const struct vmpt_function *a = &((const struct entry *)left)->function;
    const struct vmpt_function *b = &((const struct entry *)right)->function;
    int order = compare_bytes(a->file, a->file_size, b->file, b->file_size);
    return order ? order : compare_bytes(a->name, a->name_size, b->name, b->name_size);
}

/* Functions with their neighbours by file and name: those that callgrind would take for one are marked. */
static void number_files(struct callgrind *grind, const struct entry *entries, size_t count)
{
    uint32_t number = 0;
    for (size_t i = 0; i < count; i++) {
        const struct vmpt_function *now = &entries[i].function;
        const struct vmpt_function *last = i ? &entries[i - 1].function : NULL;
        bool same_file =
            last && compare_bytes(now->file, now->file_size, last->file, last->file_size) == 0;
        number += same_file ? 0 : 1;
        grind->file[entries[i].index] = number;
        if (same_file &&
            compare_bytes(now->name, now->name_size, last->name, last->name_size) == 0) {
            grind->shares_name[entries[i].index] = 1;
            grind->shares_name[entries[i - 1].index] = 1;
        }
    }
}

static struct vmpt_function function_of(const struct callgrind *grind, uint32_t index)
{
    struct vmpt_function root = {.name = "<all>", .name_size = 5, .file = ""};
    return index == conv_costs_root(grind->view) ? root : conv_function(grind->view, index);
}

static bool learn_names(struct callgrind *grind)
{
    size_t count = (size_t)conv_costs_root(grind->view) + 1;
    struct entry *entries = vmpt_array(count, sizeof(*entries));
    grind->named = vmpt_array(count, 1);
    grind->file = vmpt_array(count, sizeof(*grind->file));
    grind->file_named = vmpt_array(count + 1, 1);
    grind->shares_name = vmpt_array(count, 1);
    bool done = entries && grind->named && grind->file && grind->file_named && grind->shares_name;
    for (uint32_t i = 0; done && i < count; i++) {
        entries[i].function = function_of(grind, i);
        entries[i].index = i;
    }
    if (done) {
        qsort(entries, count, sizeof(*entries), compare_entries);
        number_files(grind, entries, count);
    }
    free(entries);
    return done;
}

/* A number stands for a name that was given once. */
static void add_name(struct vmpt_buffer *out, const char *name, size_t size_bytes)
{
    vmpt_buffer_add_text(out, " ");
    conv_add_clean(out, name, size_bytes);
}

static void add_file(struct callgrind *grind, const char *key, uint32_t index)
{
    struct vmpt_function function = function_of(grind, index);
    uint32_t number = grind->file[index];
    vmpt_buffer_printf(&grind->out, "%s=(%u)", key, (unsigned)number);
    if (!grind->file_named[number]) {
        grind->file_named[number] = 1;
        if (function.file_size) {
            add_name(&grind->out, function.file, function.file_size);
        } else {
            vmpt_buffer_add_text(&grind->out, " ???");
        }
    }
    vmpt_buffer_add_text(&grind->out, "\n");
}

static void add_function(struct callgrind *grind, const char *key, uint32_t index)
{
    struct vmpt_function function = function_of(grind, index);
    vmpt_buffer_printf(&grind->out, "%s=(%u)", key, (unsigned)index + 1);
    if (!grind->named[index]) {
        grind->named[index] = 1;
        add_name(&grind->out, function.name, function.name_size);
        if (grind->shares_name[index]) {
            vmpt_buffer_printf(&grind->out, ":%u", (unsigned)function.first_line);
            if (function.kind != VMPF_KIND_PY) {
                vmpt_buffer_printf(&grind->out, ":%s", vmpt_kind_name(function.kind));
            }
        }
    }
    vmpt_buffer_add_text(&grind->out, "\n");
}

/* ---- the file ------------------------------------------------------------------------------------------ */

/* The name of an event is a word. */
static void add_event(struct vmpt_buffer *out, const struct vmpt_metric *metric)
{
    for (const char *at = metric->name; *at; at++) {
        char c = *at;
        bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        vmpt_buffer_add(out, is_word ? at : "_", 1);
    }
    vmpt_buffer_printf(out, "_%s",
                       strcmp(metric->unit, "ns") == 0 || strcmp(metric->unit, "bytes") == 0
                           ? metric->unit
                           : "count");
}

static void add_header(struct callgrind *grind)
{
    const struct vmpt_profile *profile = grind->job->app.profile;
    struct vmpt_buffer *out = &grind->out;
    vmpt_buffer_add_text(out, "# callgrind format\nversion: 1\ncreator: vmprof " VMPF_VERSION_STRING
                              "\ncmd: ");
    if (profile->program.text) {
        conv_add_clean(out, profile->program.text, strlen(profile->program.text));
    } else {
        vmpt_buffer_add_text(out, "unknown");
    }
    vmpt_buffer_add_text(out, "\npositions: line\nevents: ");
    add_event(out, &profile->metric);
    vmpt_buffer_printf(out, "\nsummary: %" PRIu64 "\n", grind->view->total[0].weight);
}

static void add_call(struct callgrind *grind, const struct conv_cost *cost)
{
    struct vmpt_function callee = function_of(grind, cost->callee);
    if (grind->file[cost->callee] != grind->file[cost->function]) {
        add_file(grind, "cfi", cost->callee);
    }
    add_function(grind, "cfn", cost->callee);
    vmpt_buffer_printf(&grind->out, "calls=%" PRIu64 " %u\n%u %" PRIu64 "\n",
                       cost->samples ? cost->samples : 1, (unsigned)callee.first_line,
                       (unsigned)cost->line, cost->weight);
}

static void add_costs(struct callgrind *grind, const struct conv_costs *costs)
{
    uint32_t function = UINT32_MAX;
    for (size_t i = 0; i < costs->count; i++) {
        const struct conv_cost *cost = &costs->items[i];
        if (cost->function != function || i == 0) {
            function = cost->function;
            vmpt_buffer_add_text(&grind->out, "\n");
            add_file(grind, "fl", function);
            add_function(grind, "fn", function);
        }
        if (cost->callee == CONV_NO_CALLEE) {
            vmpt_buffer_printf(&grind->out, "%u %" PRIu64 "\n", (unsigned)cost->line, cost->weight);
        } else {
            add_call(grind, cost);
        }
        drain(grind, PIECE_BYTES);
    }
}

static bool write_tree(struct conv_job *job)
{
    struct callgrind grind = {.job = job, .view = &job->app.view};
    struct conv_costs costs;
    bool done = conv_costs_init(&costs, grind.view) && learn_names(&grind);
    if (done) {
        add_header(&grind);
        add_costs(&grind, &costs);
        drain(&grind, 0);
        done = !grind.out.failed;
    }
    conv_costs_fini(&costs);
    free(grind.named);
    free(grind.file);
    free(grind.file_named);
    free(grind.shares_name);
    vmpt_buffer_fini(&grind.out);
    return done;
}

const struct conv_format conv_to_callgrind = {
    .option = "callgrind",
    .extension = "callgrind",
    .title = "the format of callgrind",
    .help = "callgrind's format, for KCachegrind and callgrind_annotate",
    .holds = VMPT_HOLDS_WEIGHTS | VMPT_HOLDS_LINES,
    .keep_lines = true,
    .write_tree = write_tree,
};
