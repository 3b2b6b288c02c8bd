/* paths.h: the last stack of each thread, frame by frame, with its nodes. Private.
 *
 * Consecutive stacks of a thread mostly share all but a few frames at the leaf. What they share needs no
 * look-up. A path is only a memory: one of another thread in its place costs time, never truth. */
#ifndef VMPROF_FMT_JOURNAL_PATHS_H
#define VMPROF_FMT_JOURNAL_PATHS_H

#include <stddef.h>
#include <stdint.h>

#define VMPFI_PATHS 64u

struct vmpfi_path {
    uint8_t *
        frames; /* as they stand in a row, leaf first; of a very deep stack those next to the root */
    uint32_t *nodes; /* of the dictionary, root first: of the stack up to this frame */
    size_t count;
    size_t frame_capacity, node_capacity;
};

struct vmpfi_paths {
    struct vmpfi_path path[VMPFI_PATHS];
};

void vmpfi_paths_fini(struct vmpfi_paths *paths);
/* Nodes have new numbers. */
void vmpfi_paths_forget(struct vmpfi_paths *paths);
#define VMPFI_FRAME_BYTES ((size_t)8)

/* How many frames, from the root on, a row's stack shares with the path. */
size_t vmpfi_path_shared(const struct vmpfi_path *path, const uint8_t *frames, size_t frame_count);
/* The path is now that of the row, as far as its nodes were put in. */
void vmpfi_path_keep(struct vmpfi_path *path, const uint8_t *frames, size_t frame_count);

/* vmpfi_path_reserve() makes room for count frames, and returns how many of them can be remembered: fewer of very deep
 * stacks, none where there is no memory. */
size_t vmpfi_path_reserve(struct vmpfi_path *path, size_t count);

#endif
