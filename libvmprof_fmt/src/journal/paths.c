#include "libvmprof_fmt/src/journal/paths.h"

#include "libvmprof_fmt/src/base/buffer.h"

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

size_t vmpfi_path_reserve(struct vmpfi_path *path, size_t count)
{
    size_t wanted = count < MAX_DEPTH ? count : MAX_DEPTH;
    void *frames = path->frames;
    void *nodes = path->nodes;
    bool room = vmpfi_grow(&frames, &path->frame_capacity, wanted, sizeof *path->frames) &&
                vmpfi_grow(&nodes, &path->node_capacity, wanted, sizeof *path->nodes);
    path->frames = frames;
    path->nodes = nodes;
    return room ? wanted : 0;
}
