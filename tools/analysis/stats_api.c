#include "tools/analysis/stats_api.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/function_table.h"
#include "tools/analysis/memory.h"
#include "tools/analysis/profile.h"
#include "tools/analysis/utf8.h"
#include "tools/analysis/view.h"

struct vmpt_stats {
    struct vmpt_profile *profile;
    struct vmpt_view view;
    struct vmpt_function_table table; /* <hidden> left out: it is no function of the process */
    const char **names;               /* by row: UTF-8 */
    const char **files;
    struct vmpt_arena strings;
    char warning[256]; /* "": the file is whole */
};

static vmpf_status open_path(void *ctx, size_t index, uint32_t skip_columns, struct vmpt_feed *feed,
                             struct vmpf_error *err)
{
    const char *const *path = ctx;
    struct vmpf_source source;
    (void)index;
    vmpf_status status = vmpf_source_open_file(&source, *path, err);
    if (status != VMPF_OK) {
        return status;
    }
    return vmpt_feed_open_vmpf(feed, source, skip_columns, err);
}

static void write_warning(struct vmpt_stats *stats, const char *path)
{
    const struct vmpf_damage *damage = &stats->profile->inputs[0].damage;
    if (!damage->damaged) {
        return;
    }
    if (damage->lost_samples || damage->lost_bytes || damage->bad_chunks || damage->unknown_names) {
        (void)snprintf(stats->warning, sizeof(stats->warning),
                       "%.100s: damaged: %" PRIu64 " samples and %" PRIu64
                       " bytes are lost; the rest is used",
                       path, damage->lost_samples, damage->lost_bytes);
    } else {
        (void)snprintf(stats->warning, sizeof(stats->warning),
                       "%.100s: the recording has no end; what was written of it is used", path);
    }
}

static const char *copy_utf8(struct vmpt_arena *arena, const char *data, size_t size_bytes)
{
    size_t size = vmpt_utf8_repair(data, size_bytes, NULL);
    char *copy = vmpt_arena_alloc(arena, size + 1);
    if (copy) {
        vmpt_utf8_repair(data, size_bytes, copy);
    }
    return copy;
}

static bool copy_names(struct vmpt_stats *stats)
{
    const struct vmpt_function_table *table = &stats->table;
    stats->names = vmpt_array(table->count, sizeof(*stats->names));
    stats->files = vmpt_array(table->count, sizeof(*stats->files));
    if (!stats->names || !stats->files) {
        return false;
    }
    for (size_t i = 0; i < table->count; i++) {
        const struct vmpt_function *function = &table->rows[i].function;
        stats->names[i] = copy_utf8(&stats->strings, function->name, function->name_size);
        stats->files[i] = copy_utf8(&stats->strings, function->file, function->file_size);
        if (!stats->names[i] || !stats->files[i]) {
            return false;
        }
    }
    return true;
}

static void drop_hidden(struct vmpt_stats *stats)
{
    size_t kept = 0;
    for (size_t i = 0; i < stats->table.count; i++) {
        if (stats->table.rows[i].index != stats->view.hidden) {
            stats->table.rows[kept++] = stats->table.rows[i];
        }
    }
    stats->table.count = kept;
}

static bool analyse(struct vmpt_stats *stats, bool virtual_only)
{
    struct vmpt_frame_filter filter = {.native = !virtual_only};
    if (!vmpt_view_init(&stats->view, stats->profile, &filter) ||
        !vmpt_function_table_init(&stats->table, &stats->view)) {
        return false;
    }
    drop_hidden(stats);
    vmpt_function_table_sort(&stats->table, VMPT_SORT_SAMPLES);
    return copy_names(stats);
}

static void say(char *error, size_t error_size, const char *path, const struct vmpf_error *what)
{
    if (!error || error_size == 0) {
        return;
    }
    if (what->offset) {
        (void)snprintf(error, error_size, "%.200s: offset %" PRIu64 ": %s", path, what->offset,
                       what->message);
    } else {
        (void)snprintf(error, error_size, "%.200s: %s", path, what->message);
    }
}

vmpt_stats *vmpt_stats_open(const char *path, int virtual_only, const char *metric, char *error,
                            size_t error_size)
{
    static const struct vmpf_error no_memory = {.status = VMPF_E_NOMEM,
                                                .message = "not enough memory"};
    struct vmpt_inputs inputs = {.count = 1, .open = open_path, .ctx = (void *)&path};
    struct vmpt_load_options options = {
        .metric = metric, .split_addresses = true, .read_samples = true};
    struct vmpt_load_error err;
    memset(&err, 0, sizeof(err));
    vmpt_stats *stats = calloc(1, sizeof(*stats));
    if (!stats) {
        say(error, error_size, path, &no_memory);
        return NULL;
    }
    vmpt_arena_init(&stats->strings);
    if (vmpt_profile_load(&stats->profile, &inputs, &options, &err) != VMPF_OK) {
        say(error, error_size, path, &err.error);
        vmpt_stats_close(stats);
        return NULL;
    }
    if (!analyse(stats, virtual_only != 0)) {
        say(error, error_size, path, &no_memory);
        vmpt_stats_close(stats);
        return NULL;
    }
    write_warning(stats, path);
    return stats;
}

void vmpt_stats_close(vmpt_stats *stats)
{
    if (!stats) {
        return;
    }
    vmpt_function_table_fini(&stats->table);
    vmpt_view_fini(&stats->view);
    vmpt_profile_free(stats->profile);
    vmpt_arena_fini(&stats->strings);
    free((void *)stats->names);
    free((void *)stats->files);
    free(stats);
}

const char *vmpt_stats_warning(const vmpt_stats *stats)
{
    return stats->warning[0] ? stats->warning : NULL;
}

uint64_t vmpt_stats_sample_count(const vmpt_stats *stats)
{
    return stats->profile->total.samples;
}

uint64_t vmpt_stats_total_weight(const vmpt_stats *stats)
{
    return stats->profile->total.weight;
}

uint64_t vmpt_stats_period_ns(const vmpt_stats *stats)
{
    return stats->profile->period_ns;
}

uint64_t vmpt_stats_duration_ns(const vmpt_stats *stats)
{
    return stats->profile->duration_ns;
}

const char *vmpt_stats_interpreter(const vmpt_stats *stats)
{
    const char *text = stats->profile->interpreter.text;
    return text ? text : "";
}

const char *vmpt_stats_program(const vmpt_stats *stats)
{
    const char *text = stats->profile->program.text;
    return text ? text : "";
}

size_t vmpt_stats_function_count(const vmpt_stats *stats)
{
    return stats->table.count;
}

int vmpt_stats_function(const vmpt_stats *stats, size_t index, struct vmpt_stats_function *out)
{
    if (index >= stats->table.count) {
        return -1;
    }
    const struct vmpt_function_row *row = &stats->table.rows[index];
    out->address = row->function.address;
    out->name = stats->names[index];
    out->file = stats->files[index];
    out->first_line = row->function.first_line;
    out->kind = row->function.kind;
    out->self_samples = row->self.samples;
    out->total_samples = row->total.samples;
    out->self_weight = row->self.weight;
    out->total_weight = row->total.weight;
    return 0;
}

static int compare_counts(const void *left, const void *right)
{
    const struct vmpt_stats_count *a = left;
    const struct vmpt_stats_count *b = right;
    if (a->samples != b->samples) {
        return a->samples < b->samples ? 1 : -1;
    }
    return (a->address > b->address) - (a->address < b->address);
}

/* Two sessions may use one address for two functions: both are meant then. */
static bool mark_address(const vmpt_stats *stats, uint64_t address, uint8_t *of)
{
    bool known = false;
    for (size_t i = 0; i < stats->table.count; i++) {
        if (stats->table.rows[i].function.address != address) {
            continue;
        }
        of[stats->table.rows[i].index] = 1;
        known = true;
    }
    return known;
}

static int64_t list_descendants(const vmpt_stats *stats, const struct vmpt_cell *cells,
                                struct vmpt_stats_count *out, size_t capacity)
{
    struct vmpt_stats_count *all = vmpt_array(stats->view.hidden, sizeof(*all));
    if (!all) {
        return -1;
    }
    size_t count = 0;
    for (uint32_t i = 0; i < stats->view.hidden; i++) {
        if (cells[i].samples == 0) {
            continue;
        }
        all[count].address = stats->profile->functions.items[i].address;
        all[count++].samples = cells[i].samples;
    }
    if (count) {
        qsort(all, count, sizeof(*all), compare_counts);
    }
    size_t written = count < capacity ? count : capacity;
    if (written) {
        memcpy(out, all, written * sizeof(*all));
    }
    free(all);
    return (int64_t)count;
}

int64_t vmpt_stats_descendants(const vmpt_stats *stats, uint64_t address,
                               struct vmpt_stats_count *out, size_t capacity, uint64_t *total)
{
    size_t functions = (size_t)stats->view.hidden + 1;
    uint8_t *of = vmpt_array(functions, 1);
    struct vmpt_cell *cells = vmpt_array(functions, sizeof(*cells));
    struct vmpt_cell sum = {0, 0};
    int64_t count = -1;
    if (of && cells && mark_address(stats, address, of) &&
        vmpt_descendants(&stats->view, of, cells, &sum)) {
        count = list_descendants(stats, cells, out, capacity);
    }
    if (count >= 0 && total) {
        *total = sum.samples;
    }
    free(of);
    free(cells);
    return count;
}
