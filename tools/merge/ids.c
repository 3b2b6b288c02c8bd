#include "tools/merge/ids.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"

void merge_ids_init(struct merge_ids *ids, const vmpf_reader *reader, vmpf_writer *writer,
                    const struct merge_choice *choice)
{
    memset(ids, 0, sizeof(*ids));
    ids->choice = choice;
    ids->reader = reader;
    ids->writer = writer;
    ids->reader_epoch = vmpf_reader_epoch(reader);
    ids->writer_epoch = vmpf_writer_epoch(writer);
}

void merge_ids_fini(struct merge_ids *ids)
{
    free(ids->modules.ids);
    free(ids->functions.ids);
    free(ids->locations.ids);
    free(ids->stacks.ids);
    free(ids->labels.ids);
    free(ids->threads.ids);
    free(ids->path);
}

static void forget(struct merge_id_map *map)
{
    if (map->used) {
        memset(map->ids, 0, map->used * sizeof(*map->ids));
    }
    map->used = 0;
}

void merge_ids_follow(struct merge_ids *ids)
{
    uint64_t reader_epoch = vmpf_reader_epoch(ids->reader);
    uint32_t writer_epoch = vmpf_writer_epoch(ids->writer);
    if (reader_epoch == ids->reader_epoch && writer_epoch == ids->writer_epoch) {
        return;
    }
    ids->reader_epoch = reader_epoch;
    ids->writer_epoch = writer_epoch;
    forget(&ids->modules);
    forget(&ids->functions);
    forget(&ids->locations);
    forget(&ids->stacks);
    forget(&ids->labels);
}

vmpf_status merge_no_memory(struct vmpf_error *err)
{
    memset(err, 0, sizeof(*err));
    err->status = VMPF_E_NOMEM;
    (void)snprintf(err->message, sizeof(err->message), "not enough memory");
    return VMPF_E_NOMEM;
}

static bool push(struct merge_ids *ids, size_t *depth, uint32_t id)
{
    if (!vmpt_reserve(&ids->path, &ids->path_capacity, *depth + 1, sizeof(*ids->path))) {
        return false;
    }
    ids->path[(*depth)++] = id;
    return true;
}

static bool find(const struct merge_id_map *map, uint32_t id, uint32_t *out)
{
    if (id >= map->used || !map->ids[id]) {
        return false;
    }
    *out = map->ids[id] - 1;
    return true;
}

static vmpf_status keep(struct merge_id_map *map, uint32_t id, uint32_t made,
                        struct vmpf_error *err)
{
    if (!vmpt_reserve(&map->ids, &map->capacity, (size_t)id + 1, sizeof(*map->ids))) {
        return merge_no_memory(err);
    }
    map->ids[id] = made + 1;
    if (id >= map->used) {
        map->used = (size_t)id + 1;
    }
    return VMPF_OK;
}

/* 0 is nothing, of every table but that of threads, on both sides. */
static vmpf_status module_id(struct merge_ids *ids, uint32_t id, uint32_t *out,
                             struct vmpf_error *err)
{
    *out = 0;
    if (id == 0 || find(&ids->modules, id, out)) {
        return VMPF_OK;
    }
    struct vmpf_module module = vmpf_reader_module(ids->reader, id);
    vmpf_status status = vmpf_writer_module(ids->writer, &module, out, err);
    return status == VMPF_OK ? keep(&ids->modules, id, *out, err) : status;
}

static vmpf_status function_id(struct merge_ids *ids, uint32_t id, uint32_t *out,
                               struct vmpf_error *err)
{
    *out = 0;
    if (id == 0 || find(&ids->functions, id, out)) {
        return VMPF_OK;
    }
    struct vmpf_function function = vmpf_reader_function(ids->reader, id);
    vmpf_status status = module_id(ids, function.module, &function.module, err);
    if (status == VMPF_OK) {
        status = vmpf_writer_function(ids->writer, &function, out, err);
    }
    return status == VMPF_OK ? keep(&ids->functions, id, *out, err) : status;
}

static vmpf_status location_id(struct merge_ids *ids, uint32_t id, uint32_t *out,
                               struct vmpf_error *err)
{
    uint32_t function;
    *out = 0;
    if (id == 0 || find(&ids->locations, id, out)) {
        return VMPF_OK;
    }
    struct vmpf_location location = vmpf_reader_location(ids->reader, id);
    vmpf_status status = function_id(ids, location.function, &function, err);
    if (status == VMPF_OK) {
        status = vmpf_writer_location(ids->writer, function, location.line, out, err);
    }
    return status == VMPF_OK ? keep(&ids->locations, id, *out, err) : status;
}

static uint32_t caller_of(const struct merge_ids *ids, uint32_t id)
{
    uint32_t parent = ids->choice ? merge_choice_caller(ids->choice, id)
                                  : vmpf_reader_stack(ids->reader, id).parent;
    return parent < id ? parent : 0;
}

/* From the outermost of the stacks that have no id yet to the one that was asked for. */
static vmpf_status make_stacks(struct merge_ids *ids, size_t depth, uint32_t *out,
                               struct vmpf_error *err)
{
    vmpf_status status = VMPF_OK;
    while (status == VMPF_OK && depth-- > 0) {
        uint32_t id = ids->path[depth];
        uint32_t location;
        status = location_id(ids, vmpf_reader_stack(ids->reader, id).location, &location, err);
        if (status == VMPF_OK) {
            status = vmpf_writer_stack(ids->writer, *out, location, out, err);
        }
        if (status == VMPF_OK) {
            status = keep(&ids->stacks, id, *out, err);
        }
    }
    return status;
}

vmpf_status merge_ids_stack(struct merge_ids *ids, uint32_t id, uint32_t *out,
                            struct vmpf_error *err)
{
    size_t depth = 0;
    *out = 0;
    for (; id != 0 && !find(&ids->stacks, id, out); id = caller_of(ids, id)) {
        if (!push(ids, &depth, id)) {
            return merge_no_memory(err);
        }
    }
    return make_stacks(ids, depth, out, err);
}

/* From the set that has no id yet and the fewest labels to the one that was asked for. */
static vmpf_status make_labels(struct merge_ids *ids, size_t depth, uint32_t *out,
                               struct vmpf_error *err)
{
    vmpf_status status = VMPF_OK;
    while (status == VMPF_OK && depth-- > 0) {
        struct vmpf_label label = vmpf_reader_label(ids->reader, ids->path[depth]);
        status =
            vmpf_writer_label(ids->writer, *out, label.key, label.text, label.number, out, err);
        if (status == VMPF_OK) {
            status = keep(&ids->labels, ids->path[depth], *out, err);
        }
    }
    return status;
}

vmpf_status merge_ids_label(struct merge_ids *ids, uint32_t id, uint32_t *out,
                            struct vmpf_error *err)
{
    size_t depth = 0;
    *out = 0;
    while (id != 0 && !find(&ids->labels, id, out)) {
        uint32_t parent = vmpf_reader_label(ids->reader, id).parent;
        if (!push(ids, &depth, id)) {
            return merge_no_memory(err);
        }
        id = parent < id ? parent : 0;
    }
    return make_labels(ids, depth, out, err);
}

vmpf_status merge_ids_thread(struct merge_ids *ids, uint32_t id, uint32_t *out,
                             struct vmpf_error *err)
{
    if (find(&ids->threads, id, out)) {
        return VMPF_OK;
    }
    struct vmpf_thread thread = vmpf_reader_thread(ids->reader, id);
    vmpf_status status = vmpf_writer_thread(ids->writer, &thread, out, err);
    return status == VMPF_OK ? keep(&ids->threads, id, *out, err) : status;
}

vmpf_status merge_ids_rename_threads(struct merge_ids *ids, struct vmpf_error *err)
{
    for (size_t id = 0; id < ids->threads.used; id++) {
        uint32_t made;
        if (!ids->threads.ids[id]) {
            continue;
        }
        struct vmpf_thread thread = vmpf_reader_thread(ids->reader, (uint32_t)id);
        vmpf_status status = vmpf_writer_thread(ids->writer, &thread, &made, err);
        if (status != VMPF_OK) {
            return status;
        }
    }
    return VMPF_OK;
}
