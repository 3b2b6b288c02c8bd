#include "libvmprof_fmt/src/journal/paths.h"

#include "libvmprof_fmt/src/base/buffer.h"
#include "libvmprof_fmt/src/wire/cursor.h"

#include <stdlib.h>
#include <string.h>

/* Bounds the memory of all paths to some megabytes. */
#define MAX_DEPTH 4096u

void vmpfi_paths_fini(struct vmpfi_paths *paths)
{
    for (size_t i = 0; i < VMPFI_PATHS; i++) {
        free(paths->path[i].frames);
        free(paths->path[i].nodes);
    }
    memset(paths, 0, sizeof *paths);
}

void vmpfi_paths_forget(struct vmpfi_paths *paths)
{
    for (size_t i = 0; i < VMPFI_PATHS; i++) {
        paths->path[i].count = 0;
    }
}

static uint64_t frame_from_root(const uint8_t *frames, size_t count, size_t depth)
{
    return vmpfi_load_u64(frames + (count - 1 - depth) * VMPFI_FRAME_BYTES);
}

size_t vmpfi_path_shared(const struct vmpfi_path *path, const uint8_t *frames, size_t frame_count)
{
    /* Most samples of a thread are of the stack that it was in before. */
    if (frame_count == path->count && frame_count > 0 &&
        memcmp(frames, path->frames, frame_count * VMPFI_FRAME_BYTES) == 0) {
        return frame_count;
    }
    size_t most = frame_count < path->count ? frame_count : path->count;
    size_t depth = 0;
    while (depth < most && frame_from_root(frames, frame_count, depth) ==
                               frame_from_root(path->frames, path->count, depth)) {
        depth++;
    }
    return depth;
}

void vmpfi_path_keep(struct vmpfi_path *path, const uint8_t *frames, size_t frame_count)
{
    size_t hidden = frame_count - path->count;
    if (path->count > 0) {
        memcpy(path->frames, frames + hidden * VMPFI_FRAME_BYTES, path->count * VMPFI_FRAME_BYTES);
    }
}

size_t vmpfi_path_reserve(struct vmpfi_path *path, size_t count)
{
    size_t wanted = count < MAX_DEPTH ? count : MAX_DEPTH;
    void *frames = path->frames;
    void *nodes = path->nodes;
    bool room = vmpfi_grow(&frames, &path->frame_capacity, wanted, VMPFI_FRAME_BYTES) &&
                vmpfi_grow(&nodes, &path->node_capacity, wanted, sizeof *path->nodes);
    path->frames = frames;
    path->nodes = nodes;
    return room ? wanted : 0;
}
