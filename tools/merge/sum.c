#include "tools/merge/sum.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"
#include "tools/merge/canon.h"
#include "tools/merge/ids.h"

#define SUM_SESSION_ID 1
#define NOTE                                                                                       \
    "totals: each stack has its samples and its weight; times, threads, labels and addresses "     \
    "were dropped"

struct sum {
    const struct vmpt_view *view;
    struct merge_canon canon;
    vmpf_writer *writer;
    uint32_t *stacks; /* by node of the tree; 0: not defined */
    uint32_t *path;   /* room for all nodes */
    uint8_t
        *addressed; /* by function: 1 + the kind that has its address, which no other may have */
    uint32_t thread;
    uint32_t epoch;
};

static vmpf_status write_text(struct sum *sum, const char *key, const char *text,
                              struct vmpf_error *err)
{
    struct vmpf_string value = {text, text ? strlen(text) : 0};
    return text ? vmpf_writer_meta_string(sum->writer, key, value, err) : VMPF_OK;
}

/* What the inputs agree on. */
static vmpf_status write_meta(struct sum *sum, struct vmpf_error *err)
{
    const struct vmpt_profile *profile = sum->view->profile;
    char value[VMPT_METRIC_NAME_BYTES + VMPT_METRIC_UNIT_BYTES + 2];
    int size = snprintf(value, sizeof(value), "%s:%s", profile->metric.name, profile->metric.unit);
    struct vmpf_string item = {value, (size_t)size};
    vmpf_status status = vmpf_writer_meta_list(sum->writer, VMPF_META_VALUES, &item, 1, err);
    if (status == VMPF_OK) {
        status = write_text(sum, VMPF_META_INTERPRETER, profile->interpreter.text, err);
    }
    if (status == VMPF_OK) {
        status =
            write_text(sum, VMPF_META_INTERPRETER_VERSION, profile->interpreter_version.text, err);
    }
    if (status == VMPF_OK) {
        status = write_text(sum, VMPF_META_PROGRAM, profile->program.text, err);
    }
    if (status == VMPF_OK && profile->period_ns) {
        status =
            vmpf_writer_meta_integer(sum->writer, VMPF_META_PERIOD_NS, profile->period_ns, err);
    }
    return status == VMPF_OK ? write_text(sum, VMPF_META_NOTE, NOTE, err) : status;
}

/* Without an address: those of several processes mean nothing together, and what two functions had would have to
 * be given to one of them. */
static vmpf_status define_stack(struct sum *sum, uint32_t caller, const struct vmpt_node_key *key,
                                uint32_t *out, struct vmpf_error *err)
{
    const struct vmpt_function *shown = &sum->view->profile->functions.items[key->function];
    struct vmpf_function function = {
        .name = {shown->name, shown->name_size},
        .file = {shown->file, shown->file_size},
        .first_line = shown->first_line,
        .kind = (vmpf_kind)key->kind,
    };
    uint32_t id;
    uint32_t location;
    vmpf_status status = vmpf_writer_function(sum->writer, &function, &id, err);
    if (status == VMPF_OK) {
        status = vmpf_writer_location(sum->writer, id, key->line, &location, err);
    }
    if (status == VMPF_OK) {
        status = vmpf_writer_stack(sum->writer, caller, location, out, err);
    }
    return status;
}

/* Defines a node's stack, and those of its callers that the epoch does not have. */
static vmpf_status stack_of(struct sum *sum, uint32_t node, struct vmpf_error *err)
{
    const struct vmpt_node_key *keys = sum->canon.nodes.keys;
    size_t depth = 0;
    for (; node != 0 && !sum->stacks[node]; node = keys[node].parent) {
        sum->path[depth++] = node;
    }
    vmpf_status status = VMPF_OK;
    while (status == VMPF_OK && depth-- > 0) {
        uint32_t at = sum->path[depth];
        status = define_stack(sum, sum->stacks[keys[at].parent], &keys[at], &sum->stacks[at], err);
    }
    return status;
}

static vmpf_status write_samples(struct sum *sum, uint32_t node, struct vmpf_error *err)
{
    const struct vmpt_cell *cell = &sum->canon.nodes.cells[node];
    uint64_t part = cell->samples ? cell->weight / cell->samples : 0;
    uint64_t rest = cell->samples ? cell->weight % cell->samples : 0;
    vmpf_status status = VMPF_OK;
    for (uint64_t i = 0; status == VMPF_OK && i < cell->samples; i++) {
        if (vmpf_writer_epoch(sum->writer) != sum->epoch) {
            sum->epoch = vmpf_writer_epoch(sum->writer);
            memset(sum->stacks, 0, sum->canon.nodes.count * sizeof(*sum->stacks));
        }
        struct vmpf_sample sample = {.thread = sum->thread};
        status = stack_of(sum, node, err);
        sample.stack = sum->stacks[node];
        sample.values[0] = part + (i < rest);
        if (status == VMPF_OK) {
            status = vmpf_writer_sample(sum->writer, &sample, err);
        }
    }
    return status;
}

static vmpf_status write_all(struct sum *sum, struct vmpf_error *err)
{
    const struct vmpf_thread thread = {.process_id = 0};
    vmpf_status status = write_meta(sum, err);
    if (status == VMPF_OK) {
        status = vmpf_writer_thread(sum->writer, &thread, &sum->thread, err);
    }
    if (status == VMPF_OK) {
        status = write_samples(sum, 0, err);
    }
    for (size_t i = 0; status == VMPF_OK && i < sum->canon.count; i++) {
        status = write_samples(sum, sum->canon.order[i], err);
    }
    vmpf_writer_count_lost(sum->writer, sum->view->profile->lost_samples);
    return status;
}

static vmpf_status open_writer(struct sum *sum, int fd, struct vmpf_error *err)
{
    struct vmpf_writer_options options = {.size = sizeof(options), .session_id = SUM_SESSION_ID};
    struct vmpf_sink sink;
    vmpf_status status = vmpf_sink_open_fd(&sink, fd, err);
    return status == VMPF_OK ? vmpf_writer_open(&sum->writer, sink, &options, err) : status;
}

vmpf_status merge_write_sum(const struct vmpt_view *view, int fd, struct vmpf_error *err)
{
    const struct vmpt_profile *profile = view->profile;
    struct sum sum = {.view = view};
    vmpf_status status = VMPF_OK;
    bool done = merge_canon_init(&sum.canon, view);
    if (done) {
        sum.stacks = vmpt_array(sum.canon.nodes.count, sizeof(*sum.stacks));
        sum.path = vmpt_array(sum.canon.nodes.count, sizeof(*sum.path));
    }
    status = sum.stacks && sum.path ? open_writer(&sum, fd, err) : merge_no_memory(err);
    if (status == VMPF_OK) {
        status = write_all(&sum, err);
        if (status == VMPF_OK) {
            uint64_t end_ns = profile->duration_unknown ? 0 : profile->duration_ns;
            status = vmpf_writer_close(sum.writer, end_ns, err);
        } else {
            vmpf_writer_abandon(sum.writer);
        }
    }
    merge_canon_fini(&sum.canon);
    free(sum.stacks);
    free(sum.path);
    return status;
}
