/* fuzz_write.c: what was read, written again. */
#include "tests/fuzz/fuzz_profile.h"

#include <stdlib.h>
#include <string.h>

struct copy {
    const struct fuzz_profile *profile;
    vmpf_writer *w;
    uint32_t epoch;
    uint32_t *nodes; /* the writer's id of a reader's node; 0: not in this epoch yet */
    uint32_t *path;
    uint32_t *labels; /* the same of label sets */
    uint32_t *label_path;
};

static void copy_value_types(vmpf_writer *w, const struct vmpf_info *info)
{
    struct fuzz_bytes text[VMPF_MAX_VALUES] = {0};
    struct vmpf_string items[VMPF_MAX_VALUES];
    for (size_t k = 0; k < info->value_count; k++) {
        const struct vmpf_value_type *type = &info->values[k];
        fuzz_bytes_append(&text[k], type->name.data, type->name.size_bytes);
        fuzz_bytes_append(&text[k], ":", 1);
        fuzz_bytes_append(&text[k], type->unit.data, type->unit.size_bytes);
        items[k] = (struct vmpf_string){.data = (const char *)text[k].data,
                                        .size_bytes = text[k].size_bytes};
    }
    FUZZ_MUST(vmpf_writer_meta_list(w, VMPF_META_VALUES, items, info->value_count, NULL) ==
              VMPF_OK);
    for (size_t k = 0; k < info->value_count; k++) {
        fuzz_bytes_free(&text[k]);
    }
}

static void copy_entry(vmpf_writer *w, const struct vmpf_meta *meta)
{
    struct fuzz_bytes key = {0};
    vmpf_status status = VMPF_E_ARG;
    fuzz_bytes_append(&key, meta->key.data, meta->key.size_bytes);
    fuzz_bytes_append(&key, "", 1);
    switch (meta->type) {
    case VMPF_META_STRING:
        status = vmpf_writer_meta_string(w, (const char *)key.data, meta->string, NULL);
        break;
    case VMPF_META_INTEGER:
        status = vmpf_writer_meta_integer(w, (const char *)key.data, meta->integer, NULL);
        break;
    case VMPF_META_LIST:
        status =
            vmpf_writer_meta_list(w, (const char *)key.data, meta->items, meta->item_count, NULL);
        break;
    default: break;
    }
    FUZZ_MUST(status == VMPF_OK);
    fuzz_bytes_free(&key);
}

static void copy_metadata(vmpf_writer *w, const struct vmpf_info *info)
{
    if (info->samples > 0 && info->value_count > 0) {
        copy_value_types(w, info);
    }
    for (size_t i = 0; i < info->meta_count; i++) {
        const struct vmpf_string key = info->meta[i].key;
        bool writable = key.size_bytes > 0 && memchr(key.data, '\0', key.size_bytes) == NULL;
        bool values = key.size_bytes == 6 && memcmp(key.data, VMPF_META_VALUES, 6) == 0;
        if (writable && !values) {
            copy_entry(w, &info->meta[i]);
        }
    }
}

static uint32_t copy_module(const struct copy *c, uint32_t id)
{
    const struct vmpf_module module = vmpf_reader_module(c->profile->r, id);
    FUZZ_MUST(id == 0 || vmpf_writer_module(c->w, &module, &id, NULL) == VMPF_OK);
    return id;
}

/* Location 0 and function 0 are "nothing", and stay that. */
static uint32_t copy_location(const struct copy *c, uint32_t id)
{
    uint32_t function_id = 0;
    if (id == 0) {
        return 0;
    }
    const struct vmpf_location location = vmpf_reader_location(c->profile->r, id);
    if (location.function != 0) {
        struct vmpf_function function = vmpf_reader_function(c->profile->r, location.function);
        function.module = copy_module(c, function.module);
        FUZZ_MUST(vmpf_writer_function(c->w, &function, &function_id, NULL) == VMPF_OK);
    }
    FUZZ_MUST(vmpf_writer_location(c->w, function_id, location.line, &id, NULL) == VMPF_OK);
    return id;
}

static uint32_t copy_stack(struct copy *c, uint32_t node)
{
    const vmpf_reader *r = c->profile->r;
    size_t depth = 0;
    while (node != 0 && c->nodes[node] == 0) {
        c->path[depth++] = node;
        node = vmpf_reader_stack(r, node).parent;
    }
    uint32_t copied = node == 0 ? 0 : c->nodes[node];
    while (depth > 0) {
        node = c->path[--depth];
        uint32_t location = copy_location(c, vmpf_reader_stack(r, node).location);
        FUZZ_MUST(vmpf_writer_stack(c->w, copied, location, &copied, NULL) == VMPF_OK);
        c->nodes[node] = copied;
    }
    return copied;
}

static uint32_t copy_label(struct copy *c, uint32_t set)
{
    const vmpf_reader *r = c->profile->r;
    size_t depth = 0;
    while (set != 0 && c->labels[set] == 0) {
        c->label_path[depth++] = set;
        set = vmpf_reader_label(r, set).parent;
    }
    uint32_t copied = set == 0 ? 0 : c->labels[set];
    while (depth > 0) {
        set = c->label_path[--depth];
        const struct vmpf_label label = vmpf_reader_label(r, set);
        FUZZ_MUST(vmpf_writer_label(c->w, copied, label.key, label.text, label.number, &copied,
                                    NULL) == VMPF_OK);
        c->labels[set] = copied;
    }
    return copied;
}

static void copy_sample(struct copy *c, size_t index)
{
    const struct fuzz_sample *from = &c->profile->samples[index];
    const struct fuzz_origin *origin = &c->profile->origins[index];
    const struct vmpf_thread thread = vmpf_reader_thread(c->profile->r, origin->thread);
    struct vmpf_sample sample = {.time_ns = from->time_ns, .flags = (uint32_t)from->flags};
    memcpy(sample.values, from->values, sizeof sample.values);
    if (vmpf_writer_epoch(c->w) != c->epoch) {
        c->epoch = vmpf_writer_epoch(c->w);
        memset(c->nodes, 0, vmpf_reader_stack_count(c->profile->r) * sizeof *c->nodes);
        memset(c->labels, 0, vmpf_reader_label_count(c->profile->r) * sizeof *c->labels);
    }
    sample.stack = copy_stack(c, origin->stack);
    sample.label = copy_label(c, origin->label);
    FUZZ_MUST(vmpf_writer_thread(c->w, &thread, &sample.thread, NULL) == VMPF_OK);
    FUZZ_MUST(vmpf_writer_sample(c->w, &sample, NULL) == VMPF_OK);
}

static void write_session(struct copy *c, size_t session, const struct vmpf_writer_options *options,
                          struct fuzz_bytes *out)
{
    struct vmpf_sink sink;
    const struct vmpf_info *info = vmpf_reader_info(c->profile->r, session);
    FUZZ_MUST(vmpf_sink_open_memory(&sink, NULL) == VMPF_OK);
    /* The writer closes its sink; this one must live until its bytes are taken. */
    struct vmpf_sink_ops ops = *sink.ops;
    ops.close = NULL;
    const struct vmpf_sink borrowed = {.ops = &ops, .ctx = sink.ctx};
    FUZZ_MUST(vmpf_writer_open(&c->w, borrowed, options, NULL) == VMPF_OK);
    c->epoch = UINT32_MAX;
    copy_metadata(c->w, info);
    vmpf_writer_count_lost(c->w, info->lost_samples);
    for (size_t i = 0; i < c->profile->sample_count; i++) {
        if (c->profile->origins[i].session == session) {
            copy_sample(c, i);
        }
    }
    FUZZ_MUST(vmpf_writer_close(c->w, info->end_ns, NULL) == VMPF_OK);
    size_t size_bytes;
    const void *data = vmpf_sink_memory(&sink, &size_bytes);
    fuzz_bytes_append(out, data, size_bytes);
    vmpf_sink_close(&sink);
}

void fuzz_profile_write(const struct fuzz_profile *profile, uint32_t block_samples,
                        uint32_t epoch_max_nodes, struct fuzz_bytes *out)
{
    size_t nodes = vmpf_reader_stack_count(profile->r);
    size_t sets = vmpf_reader_label_count(profile->r);
    struct copy c = {.profile = profile,
                     .nodes = calloc(nodes, sizeof *c.nodes),
                     .path = calloc(nodes, sizeof *c.path),
                     .labels = calloc(sets, sizeof *c.labels),
                     .label_path = calloc(sets, sizeof *c.label_path)};
    FUZZ_MUST(c.nodes != NULL && c.path != NULL && c.labels != NULL && c.label_path != NULL);
    for (size_t i = 0; i < profile->session_count; i++) {
        const struct vmpf_writer_options options = {.size = sizeof options,
                                                    .session_id = i + 1,
                                                    .start_unix_ns =
                                                        profile->sessions[i].start_unix_ns,
                                                    .block_samples = block_samples,
                                                    .epoch_max_nodes = epoch_max_nodes};
        write_session(&c, i, &options, out);
    }
    free(c.nodes);
    free(c.path);
    free(c.labels);
    free(c.label_path);
}
