#include "tools/symbolize/copy.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- what is known by id ------------------------------------------------------------------------------- */

static void forget_map(struct symz_map *map)
{
    if (map->capacity) {
        memset(map->ids, 0, map->capacity * sizeof(*map->ids));
    }
}

static void forget_lists(struct symz_lists *lists)
{
    if (lists->capacity) {
        memset(lists->items, 0, lists->capacity * sizeof(*lists->items));
    }
}

/* Ids of all tables but that of threads are good for one epoch, of the reader and of the writer. */
static void forget(struct symz_copy *copy)
{
    forget_map(&copy->modules);
    forget_map(&copy->callers);
    forget_map(&copy->leaves);
    forget_map(&copy->labels);
    forget_lists(&copy->caller_frames);
    forget_lists(&copy->leaf_frames);
    copy->pool_count = 0;
    copy->modules_put = 0;
}

static bool remember(struct symz_map *map, uint32_t id, uint32_t written, uint32_t count)
{
    if (id >= count) {
        return true; /* there is no end to what damage may name */
    }
    if (!vmpt_reserve(&map->ids, &map->capacity, count, sizeof(*map->ids))) {
        return false;
    }
    map->ids[id] = written + 1;
    return true;
}

static uint32_t known(const struct symz_map *map, uint32_t id)
{
    return id < map->capacity ? map->ids[id] : 0;
}

static bool push(struct symz_copy *copy, size_t depth, uint32_t id)
{
    if (!vmpt_reserve(&copy->path, &copy->path_capacity, depth + 1, sizeof(*copy->path))) {
        return false;
    }
    copy->path[depth] = id;
    return true;
}

/* ---- stacks, labels, threads --------------------------------------------------------------------------- */

/* One node becomes as many as it has frames. */
static bool put_node(struct symz_copy *copy, const vmpf_reader *reader, uint32_t node,
                     bool is_caller, uint32_t *id)
{
    struct symz_list list;
    if (!symz_put_frames(copy, reader, vmpf_reader_stack(reader, node).location, is_caller,
                         &list)) {
        return false;
    }
    for (uint32_t i = 0; i < list.count; i++) {
        if (vmpf_writer_stack(copy->writer, *id, copy->pool[list.first + i], id, &copy->err) !=
            VMPF_OK) {
            return false;
        }
    }
    return remember(is_caller ? &copy->callers : &copy->leaves, node, *id,
                    vmpf_reader_stack_count(reader));
}

static bool put_callers(struct symz_copy *copy, const vmpf_reader *reader, uint32_t node,
                        uint32_t *id)
{
    size_t depth = 0;
    while (node && !known(&copy->callers, node)) {
        if (!push(copy, depth++, node)) {
            return false;
        }
        uint32_t parent = vmpf_reader_stack(reader, node).parent;
        node = parent < node ? parent : 0;
    }
    *id = node ? known(&copy->callers, node) - 1 : 0;
    while (depth > 0) {
        if (!put_node(copy, reader, copy->path[--depth], true, id)) {
            return false;
        }
    }
    return true;
}

static bool put_stack(struct symz_copy *copy, const vmpf_reader *reader, uint32_t stack,
                      uint32_t *id)
{
    uint32_t written = known(&copy->leaves, stack);
    *id = written ? written - 1 : 0;
    if (written || stack == 0) {
        return true;
    }
    uint32_t parent = vmpf_reader_stack(reader, stack).parent;
    return put_callers(copy, reader, parent < stack ? parent : 0, id) &&
           put_node(copy, reader, stack, false, id);
}

static bool put_label(struct symz_copy *copy, const vmpf_reader *reader, uint32_t set, uint32_t *id)
{
    size_t depth = 0;
    while (set && !known(&copy->labels, set)) {
        if (!push(copy, depth++, set)) {
            return false;
        }
        uint32_t parent = vmpf_reader_label(reader, set).parent;
        set = parent < set ? parent : 0;
    }
    *id = set ? known(&copy->labels, set) - 1 : 0;
    while (depth > 0) {
        uint32_t from = copy->path[--depth];
        struct vmpf_label label = vmpf_reader_label(reader, from);
        if (vmpf_writer_label(copy->writer, *id, label.key, label.text, label.number, id,
                              &copy->err) != VMPF_OK ||
            !remember(&copy->labels, from, *id, vmpf_reader_label_count(reader))) {
            return false;
        }
    }
    return true;
}

static bool put_thread(struct symz_copy *copy, const vmpf_reader *reader, uint32_t thread,
                       uint32_t *id)
{
    uint32_t written = known(&copy->threads, thread);
    if (written) {
        *id = written - 1;
        return true;
    }
    struct vmpf_thread from = vmpf_reader_thread(reader, thread);
    return vmpf_writer_thread(copy->writer, &from, id, &copy->err) == VMPF_OK &&
           remember(&copy->threads, thread, *id, vmpf_reader_thread_count(reader));
}

/* ---- sessions ------------------------------------------------------------------------------------------ */

/* Keys end with NUL for the writer, and not in a file. */
static bool put_meta(struct symz_copy *copy, const struct vmpf_meta *meta)
{
    vmpf_status status = VMPF_OK;
    if (!meta->key.size_bytes || memchr(meta->key.data, '\0', meta->key.size_bytes)) {
        return true;
    }
    char *key = strndup(meta->key.data, meta->key.size_bytes);
    if (!key) {
        return false;
    }
    switch (meta->type) {
    case VMPF_META_STRING:
        status = vmpf_writer_meta_string(copy->writer, key, meta->string, &copy->err);
        break;
    case VMPF_META_INTEGER:
        status = vmpf_writer_meta_integer(copy->writer, key, meta->integer, &copy->err);
        break;
    case VMPF_META_LIST:
        status =
            vmpf_writer_meta_list(copy->writer, key, meta->items, meta->item_count, &copy->err);
        break;
    }
    free(key);
    return status == VMPF_OK;
}

static bool is_values(const struct vmpf_meta *meta)
{
    return meta->key.size_bytes == strlen(VMPF_META_VALUES) &&
           memcmp(meta->key.data, VMPF_META_VALUES, meta->key.size_bytes) == 0;
}

static bool put_all_meta(struct symz_copy *copy, const struct vmpf_info *info, bool with_values)
{
    for (size_t i = 0; i < info->meta_count; i++) {
        if ((with_values || !is_values(&info->meta[i])) && !put_meta(copy, &info->meta[i])) {
            return false;
        }
    }
    return true;
}

/* The same input gives the same bytes: the id follows from the session's start and number. It is never 0. */
static uint64_t session_id(const struct vmpf_info *info, size_t session)
{
    uint64_t x = info->start_unix_ns + UINT64_C(0x9E3779B97F4A7C15) * (session + 1);
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return x ? x : 1;
}

static bool begin(struct symz_copy *copy, const vmpf_reader *reader)
{
    const struct vmpf_info *info = vmpf_reader_info(reader, copy->session);
    struct vmpf_writer_options options = {.size = sizeof(options)};
    struct vmpf_sink sink;
    if (!info) {
        return true;
    }
    options.session_id = session_id(info, copy->session);
    options.start_unix_ns = info->start_unix_ns;
    /* Sessions stand behind one another. A pipe cannot seek, and need not. */
    (void)lseek(copy->fd, 0, SEEK_END);
    if (vmpf_sink_open_fd(&sink, copy->fd, &copy->err) != VMPF_OK ||
        vmpf_writer_open(&copy->writer, sink, &options, &copy->err) != VMPF_OK) {
        copy->writer = NULL;
        return false;
    }
    forget(copy);
    forget_map(&copy->threads);
    copy->writer_epoch = vmpf_writer_epoch(copy->writer);
    return put_all_meta(copy, info, true);
}

/* Threads that were renamed, or have no samples: of the session are those that came since the one before it ended. */
static bool put_threads(struct symz_copy *copy, const vmpf_reader *reader)
{
    for (uint32_t id = copy->first_thread; id < copy->thread_end; id++) {
        struct vmpf_thread thread = vmpf_reader_thread(reader, id);
        uint32_t written = 0;
        if (vmpf_writer_thread(copy->writer, &thread, &written, &copy->err) != VMPF_OK) {
            return false;
        }
    }
    copy->first_thread = copy->thread_end;
    return true;
}

static bool end(struct symz_copy *copy, const vmpf_reader *reader)
{
    const struct vmpf_info *info = vmpf_reader_info(reader, copy->session);
    uint64_t lost = vmpf_reader_damage(reader)->lost_samples;
    if (!copy->writer) {
        return true;
    }
    bool done = put_all_meta(copy, info, false) && put_threads(copy, reader);
    vmpf_writer_count_lost(copy->writer, info->lost_samples + (lost - copy->lost_samples));
    copy->lost_samples = lost;
    struct vmpf_error later = {0};
    if (vmpf_writer_close(copy->writer, info->end_ns, &later) != VMPF_OK && done) {
        copy->err = later;
        done = false;
    }
    copy->writer = NULL;
    return done;
}

/* Ends and begins sessions up to `session`: those without a sample are kept too. */
static bool go_to(struct symz_copy *copy, const vmpf_reader *reader, size_t session)
{
    while (copy->session < session) {
        if ((!copy->writer && !begin(copy, reader)) || !end(copy, reader)) {
            return false;
        }
        copy->session++;
    }
    return copy->writer || begin(copy, reader);
}

/* ---- samples ------------------------------------------------------------------------------------------- */

static bool put_sample(struct symz_copy *copy, const vmpf_reader *reader,
                       const struct vmpf_block *block, size_t i, size_t value_count)
{
    struct vmpf_sample sample = {.time_ns = block->time_ns[i], .flags = block->flags[i]};
    if (!put_stack(copy, reader, block->stack[i], &sample.stack) ||
        !put_thread(copy, reader, block->thread[i], &sample.thread) ||
        !put_label(copy, reader, block->label[i], &sample.label)) {
        return false;
    }
    for (size_t value = 0; value < value_count; value++) {
        sample.values[value] = block->values[value][i];
    }
    if (vmpf_writer_sample(copy->writer, &sample, &copy->err) != VMPF_OK) {
        return false;
    }
    if (vmpf_writer_epoch(copy->writer) != copy->writer_epoch) {
        copy->writer_epoch = vmpf_writer_epoch(copy->writer);
        forget(copy);
        return symz_put_modules(copy, reader);
    }
    return true;
}

bool symz_copy_block(struct symz_copy *copy, const vmpf_reader *reader,
                     const struct vmpf_block *block)
{
    size_t session = vmpf_reader_session(reader);
    if (!go_to(copy, reader, session)) {
        return false;
    }
    if (copy->reader_epoch != vmpf_reader_epoch(reader)) {
        copy->reader_epoch = vmpf_reader_epoch(reader);
        forget(copy);
    }
    const struct vmpf_info *info = vmpf_reader_info(reader, session);
    bool done = symz_put_modules(copy, reader);
    for (size_t i = 0; i < block->count && done; i++) {
        done = put_sample(copy, reader, block, i, info->value_count);
    }
    copy->thread_end = vmpf_reader_thread_count(reader);
    return done;
}

bool symz_copy_end(struct symz_copy *copy, const vmpf_reader *reader)
{
    size_t count = vmpf_reader_session_count(reader);
    if (count == 0) {
        return true;
    }
    if (!go_to(copy, reader, count - 1) || !symz_put_modules(copy, reader)) {
        return false;
    }
    copy->thread_end = vmpf_reader_thread_count(reader);
    return end(copy, reader);
}

void symz_copy_fini(struct symz_copy *copy)
{
    vmpf_writer_abandon(copy->writer);
    free(copy->modules.ids);
    free(copy->callers.ids);
    free(copy->leaves.ids);
    free(copy->labels.ids);
    free(copy->threads.ids);
    free(copy->caller_frames.items);
    free(copy->leaf_frames.items);
    free(copy->pool);
    free(copy->path);
}
