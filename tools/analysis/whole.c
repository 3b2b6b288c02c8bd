#include "tools/analysis/whole.h"

#include <vmprof/vmpf_inspect.h>

/* Reads another source from its beginning on, by position. */
struct view {
    const struct vmpf_source *source;
    uint64_t at;
};

static int64_t view_read(void *ctx, void *buffer, size_t size)
{
    struct view *view = ctx;
    int64_t count = view->source->ops->read_at(view->source->ctx, view->at, buffer, size);
    view->at += count > 0 ? (uint64_t)count : 0;
    return count;
}

static bool is_sound(const struct vmpf_item *item)
{
    return item->type != VMPF_ITEM_LOST && item->problem.status == VMPF_OK &&
           (item->type != VMPF_ITEM_CHUNK || item->chunk.payload_checksum != VMPF_CHECK_WRONG);
}

bool vmpt_source_is_whole(const struct vmpf_source *source)
{
    static const struct vmpf_source_ops ops = {.read = view_read};
    struct view view = {.source = source};
    struct vmpf_error error;
    struct vmpf_item item;
    vmpf_inspector *inspector = NULL;
    if (source->ops->size == NULL || source->ops->read_at == NULL ||
        vmpf_inspect_open(&inspector, (struct vmpf_source){.ops = &ops, .ctx = &view}, &error) !=
            VMPF_OK) {
        return false;
    }
    vmpf_status status;
    do {
        status = vmpf_inspect_next(inspector, &item, &error);
    } while (status == VMPF_OK && is_sound(&item));
    vmpf_inspect_close(inspector);
    return status == VMPF_END;
}
