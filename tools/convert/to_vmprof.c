/* to_vmprof.c: our own format, with all that a reader gives of the input. Each session of each input stays one, so
 * that nothing has to be made to fit another's values or clock.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/analysis/memory.h"
#include "tools/common/diag.h"
#include "tools/convert/stream.h"

/* By id of the feed: the writer's id + 1; 0: none yet. Good for one epoch of both. */
struct id_map {
    uint32_t *ids;
    size_t capacity;
};

struct import {
    struct conv_job *job;
    vmpf_writer *writer;
    uint64_t sessions;
    uint32_t writer_epoch;
    struct id_map modules;
    struct id_map functions;
    struct id_map locations;
    struct id_map stacks;
    struct id_map labels;
    struct id_map threads; /* of the session: these outlive epochs */
    uint32_t *path;        /* nodes whose parents come first */
    size_t path_capacity;
    struct vmpf_error err;
    bool no_memory;
};

/* ---- ids -------------------------------------------------------------------------------------------- */

static uint32_t map_get(const struct id_map *map, uint32_t id)
{
    return id < map->capacity ? map->ids[id] : 0;
}

/* An id that is beyond any table is looked up each time: there is no end to what damage may name. */
static bool map_set(struct import *import, struct id_map *map, uint32_t id, uint32_t to,
                    uint32_t count)
{
    if (id >= count) {
        return true;
    }
    if (!vmpt_reserve(&map->ids, &map->capacity, count, sizeof(*map->ids))) {
        import->no_memory = true;
        return false;
    }
    map->ids[id] = to + 1;
    return true;
}

static void map_clear(struct id_map *map)
{
    if (map->capacity) {
        memset(map->ids, 0, map->capacity * sizeof(*map->ids));
    }
}

static void forget(struct import *import)
{
    map_clear(&import->modules);
    map_clear(&import->functions);
    map_clear(&import->locations);
    map_clear(&import->stacks);
    map_clear(&import->labels);
}

/* ---- tables ------------------------------------------------------------------------------------------ */

static bool put_module(struct import *import, const struct vmpt_feed *feed, uint32_t id,
                       uint32_t *out)
{
    uint32_t known = map_get(&import->modules, id);
    *out = known ? known - 1 : 0;
    if (known || id == 0 || !feed->ops->module) {
        return true;
    }
    struct vmpf_module module = feed->ops->module(feed->ctx, id);
    return vmpf_writer_module(import->writer, &module, out, &import->err) == VMPF_OK &&
           map_set(import, &import->modules, id, *out, id < UINT16_MAX ? id + 1 : 0);
}

static bool put_function(struct import *import, const struct vmpt_feed *feed, uint32_t id,
                         uint32_t *out)
{
    uint32_t known = map_get(&import->functions, id);
    *out = known ? known - 1 : 0;
    if (known || id == 0) {
        return true;
    }
    struct vmpf_function function = feed->ops->function(feed->ctx, id);
    return put_module(import, feed, function.module, &function.module) &&
           vmpf_writer_function(import->writer, &function, out, &import->err) == VMPF_OK &&
           map_set(import, &import->functions, id, *out, feed->ops->function_count(feed->ctx));
}

static bool put_location(struct import *import, const struct vmpt_feed *feed, uint32_t id,
                         uint32_t *out)
{
    uint32_t known = map_get(&import->locations, id);
    *out = known ? known - 1 : 0;
    if (known || id == 0) {
        return true;
    }
    struct vmpf_location location = feed->ops->location(feed->ctx, id);
    return put_function(import, feed, location.function, &location.function) &&
           vmpf_writer_location(import->writer, location.function, location.line, out,
                                &import->err) == VMPF_OK &&
           map_set(import, &import->locations, id, *out, feed->ops->location_count(feed->ctx));
}

static bool put_node(struct import *import, const struct vmpt_feed *feed, uint32_t node,
                     uint32_t parent, uint32_t *out)
{
    uint32_t location;
    return put_location(import, feed, feed->ops->stack(feed->ctx, node).location, &location) &&
           vmpf_writer_stack(import->writer, parent, location, out, &import->err) == VMPF_OK &&
           map_set(import, &import->stacks, node, *out, feed->ops->stack_count(feed->ctx));
}

static bool push(struct import *import, size_t depth, uint32_t node)
{
    import->no_memory =
        !vmpt_reserve(&import->path, &import->path_capacity, depth + 1, sizeof(*import->path));
    if (!import->no_memory) {
        import->path[depth] = node;
    }
    return !import->no_memory;
}

/* Callers first: a node's parent has to be there before it. */
static bool put_stack(struct import *import, struct conv_stream *stream, uint32_t stack,
                      uint32_t *out)
{
    size_t depth = 0;
    uint32_t node = stack;
    uint32_t known = 0;
    for (; node && !known; node = conv_stream_caller(stream, node)) {
        known = map_get(&import->stacks, node);
        if (known) {
            break;
        }
        if (!push(import, depth++, node)) {
            return false;
        }
    }
    *out = known ? known - 1 : 0;
    while (depth > 0) {
        if (!put_node(import, &stream->feed, import->path[--depth], *out, out)) {
            return false;
        }
    }
    return true;
}

static bool put_label(struct import *import, const struct vmpt_feed *feed, uint32_t set,
                      uint32_t *out)
{
    size_t depth = 0;
    uint32_t known = 0;
    for (uint32_t id = set; id && !known;) {
        known = map_get(&import->labels, id);
        if (!known && !push(import, depth++, id)) {
            return false;
        }
        uint32_t parent = feed->ops->label(feed->ctx, id).parent;
        id = parent < id ? parent : 0;
    }
    *out = known ? known - 1 : 0;
    while (depth > 0) {
        uint32_t id = import->path[--depth];
        struct vmpf_label label = feed->ops->label(feed->ctx, id);
        if (vmpf_writer_label(import->writer, *out, label.key, label.text, label.number, out,
                              &import->err) != VMPF_OK ||
            !map_set(import, &import->labels, id, *out, feed->ops->label_count(feed->ctx))) {
            return false;
        }
    }
    return true;
}

static bool put_thread(struct import *import, const struct vmpt_feed *feed, uint32_t id,
                       uint32_t *out)
{
    uint32_t known = map_get(&import->threads, id);
    if (known) {
        *out = known - 1;
        return true;
    }
    struct vmpf_thread thread = feed->ops->thread(feed->ctx, id);
    return vmpf_writer_thread(import->writer, &thread, out, &import->err) == VMPF_OK &&
           map_set(import, &import->threads, id, *out, feed->ops->thread_count(feed->ctx));
}

/* ---- sessions ---------------------------------------------------------------------------------------- */

/* A failure of the output or of memory, in a line. */
static int fail(struct import *import)
{
    const struct vmpf_error *err = &import->err;
    if (import->no_memory || err->status == VMPF_E_NOMEM) {
        return vmpt_app_no_memory(&import->job->app);
    }
    if (err->status == VMPF_E_IO && err->sys_errno == EPIPE) {
        import->job->target.output.broken = true; /* a reader that went away is no error */
        return VMPT_EXIT_DONE;
    }
    vmpt_say(import->job->app.tool->name, "%s: %s%s%s; nothing was written there",
             import->job->output ? import->job->output : "standard output", err->message,
             err->sys_errno ? ": " : "", err->sys_errno ? strerror(err->sys_errno) : "");
    return VMPT_EXIT_FAILED;
}

static uint64_t mix(uint64_t hash, const void *data, size_t size_bytes)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < size_bytes; i++) {
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001B3);
    }
    return (hash ^ hash >> 31) * UINT64_C(0x94D049BB133111EB);
}

/* The same input gives the same bytes, so the id cannot be random; it need only differ from those of other sessions. */
static uint64_t session_id(const struct import *import, const struct vmpf_info *info)
{
    uint64_t hash = mix(UINT64_C(0xCBF29CE484222325), &info->start_unix_ns, 8);
    hash = mix(hash, &import->sessions, sizeof(import->sessions));
    for (size_t i = 0; i < info->meta_count; i++) {
        const struct vmpf_meta *meta = &info->meta[i];
        hash = mix(hash, meta->key.data, meta->key.size_bytes);
        hash = mix(hash, meta->string.data, meta->string.size_bytes);
        hash = mix(hash, &meta->integer, sizeof(meta->integer));
    }
    return hash ? hash : 1;
}

/* Keys are NUL-terminated for the writer, and not in a file: one that is empty or holds a NUL cannot be given to it. */
static bool can_put(const struct vmpf_meta *meta)
{
    return meta->key.size_bytes && !memchr(meta->key.data, '\0', meta->key.size_bytes);
}

static bool put_meta(struct import *import, const struct vmpf_meta *meta)
{
    char *key = strndup(meta->key.data, meta->key.size_bytes);
    vmpf_status status = VMPF_E_NOMEM;
    if (!key) {
        import->no_memory = true;
        return false;
    }
    switch (meta->type) {
    case VMPF_META_STRING:
        status = vmpf_writer_meta_string(import->writer, key, meta->string, &import->err);
        break;
    case VMPF_META_INTEGER:
        status = vmpf_writer_meta_integer(import->writer, key, meta->integer, &import->err);
        break;
    case VMPF_META_LIST:
        status =
            vmpf_writer_meta_list(import->writer, key, meta->items, meta->item_count, &import->err);
        break;
    }
    free(key);
    return status == VMPF_OK;
}

static bool put_all_meta(struct import *import, const struct vmpf_info *info, bool at_end)
{
    for (size_t i = 0; i < info->meta_count; i++) {
        const struct vmpf_meta *meta = &info->meta[i];
        bool is_values = meta->key.size_bytes == strlen(VMPF_META_VALUES) &&
                         memcmp(meta->key.data, VMPF_META_VALUES, meta->key.size_bytes) == 0;
        /* What the values are cannot change any more once there are samples. */
        if (can_put(meta) && !(at_end && is_values) && !put_meta(import, meta)) {
            return false;
        }
    }
    return true;
}

static int begin(void *ctx, struct conv_stream *stream, const struct vmpf_info *info)
{
    struct import *import = ctx;
    struct vmpf_sink sink;
    struct vmpf_writer_options options = {.size = sizeof(options)};
    (void)stream;
    options.session_id = session_id(import, info);
    options.start_unix_ns = info->start_unix_ns;
    import->sessions++;
    /* The sink begins where the descriptor stands, which it does not move itself. A pipe cannot seek, and need not. */
    (void)lseek(import->job->target.fd, 0, SEEK_END);
    if (vmpf_sink_open_fd(&sink, import->job->target.fd, &import->err) != VMPF_OK ||
        vmpf_writer_open(&import->writer, sink, &options, &import->err) != VMPF_OK ||
        !put_all_meta(import, info, false)) {
        return fail(import);
    }
    map_clear(&import->threads);
    forget(import);
    import->writer_epoch = vmpf_writer_epoch(import->writer);
    return VMPT_GO_ON;
}

static int epoch(void *ctx, struct conv_stream *stream)
{
    (void)stream;
    forget(ctx);
    return VMPT_GO_ON;
}

static bool put_sample(struct import *import, struct conv_stream *stream,
                       const struct vmpf_block *block, size_t i, size_t value_count)
{
    struct vmpf_sample sample = {.time_ns = block->time_ns[i]};
    uint32_t innermost = conv_stream_innermost(stream, block->stack[i]);
    if (innermost == CONV_NOT_CHOSEN) {
        return !stream->failed;
    }
    /* innermost 0: no frame is kept. The sample has none then, which tools show as <hidden>. */
    bool done = put_stack(import, stream, innermost, &sample.stack) &&
                put_thread(import, &stream->feed, block->thread[i], &sample.thread) &&
                (!block->label || !block->label[i] ||
                 put_label(import, &stream->feed, block->label[i], &sample.label));
    sample.flags = block->flags ? block->flags[i] : 0;
    for (size_t v = 0; v < value_count; v++) {
        sample.values[v] = block->values[v] ? block->values[v][i] : 0;
    }
    if (!done || vmpf_writer_sample(import->writer, &sample, &import->err) != VMPF_OK) {
        return false;
    }
    if (vmpf_writer_epoch(import->writer) != import->writer_epoch) {
        import->writer_epoch = vmpf_writer_epoch(import->writer);
        forget(import);
    }
    return true;
}

static int take_block(void *ctx, struct conv_stream *stream, const struct vmpf_block *block)
{
    struct import *import = ctx;
    const struct vmpt_feed *feed = &stream->feed;
    const struct vmpf_info *info = feed->ops->info(feed->ctx, feed->ops->session(feed->ctx));
    for (size_t i = 0; i < block->count; i++) {
        if (conv_stream_keeps(stream, block, i) &&
            !put_sample(import, stream, block, i, info->value_count)) {
            return stream->failed ? vmpt_app_no_memory(&import->job->app) : fail(import);
        }
    }
    return VMPT_GO_ON;
}

/* Metadata and names of threads may have changed since the session began. */
static int end(void *ctx, struct conv_stream *stream, const struct vmpf_info *info,
               uint64_t lost_samples)
{
    struct import *import = ctx;
    const struct vmpt_feed *feed = &stream->feed;
    bool done = put_all_meta(import, info, true);
    for (uint32_t id = 0; done && id < import->threads.capacity; id++) {
        uint32_t unused;
        if (import->threads.ids[id]) {
            struct vmpf_thread thread = feed->ops->thread(feed->ctx, id);
            done = vmpf_writer_thread(import->writer, &thread, &unused, &import->err) == VMPF_OK;
        }
    }
    if (!done) {
        return fail(import);
    }
    vmpf_writer_count_lost(import->writer, info->lost_samples + lost_samples);
    vmpf_status status = vmpf_writer_close(import->writer, info->end_ns, &import->err);
    import->writer = NULL;
    return status == VMPF_OK ? VMPT_GO_ON : fail(import);
}

static int write_samples(struct conv_job *job)
{
    static const struct conv_visitor visitor = {begin, epoch, take_block, end};
    struct import import = {.job = job};
    int code = conv_stream_run(job, &visitor, &import, 0);
    if (import.writer) {
        vmpf_writer_abandon(import.writer);
    }
    free(import.modules.ids);
    free(import.functions.ids);
    free(import.locations.ids);
    free(import.stacks.ids);
    free(import.labels.ids);
    free(import.threads.ids);
    free(import.path);
    return code;
}

const struct conv_format conv_to_vmprof = {
    .extension = "prof",
    .title = "vmprof's own format",
    .holds = UINT32_MAX,
    .write_samples = write_samples,
};
