/* images.h: the files whose code is loaded in this process, and the tables that a handler unwinds by.
 *
 * The loader may put files in and take them out at any time, in any thread. So no byte of a file is read where it
 * lies: the kernel copies it, and says so when it has gone.
 *
 * Thread: one at a time.  Signal: unsafe. */
#ifndef VMPROF_SAMPLER_NATIVE_IMAGES_H
#define VMPROF_SAMPLER_NATIVE_IMAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sampler/native/unwind_walk.h"

#define VMPS_BUILD_ID_BYTES 64u
#define VMPS_IMAGE_SEGMENTS 4u

/* A part of a file that is executable. */
struct vmps_segment {
    uint64_t address, size_bytes, file_offset;
};

struct vmps_image {
    uint64_t begin, end; /* of all its segments */
    char *path;          /* absolute, where that can be told; "[vdso]" */
    uint8_t build_id[VMPS_BUILD_ID_BYTES];
    uint32_t build_id_size;
    struct vmps_segment segments[VMPS_IMAGE_SEGMENTS];
    uint32_t segment_count;
    uint32_t serial;
    bool is_written; /* for the owner: the profile knows it */
    bool is_runtime; /* see struct vmps_unwind_module */
    /* Private. */
    bool listed;
    uint64_t header_address, header_size_bytes, frames_end;
    struct vmps_unwind_row *rows;
    struct vmps_mark_range *marks;
    uint32_t row_count, mark_count;
};

/* Rows and marks of images that are gone, which tables may still point to. */
struct vmps_gone {
    struct vmps_gone *next;
    void *rows, *marks;
};

struct vmps_images {
    struct vmps_image *images; /* sorted by begin */
    size_t count, capacity;
    uint64_t eval_address; /* of an interpreter's loop; 0: there is none */
    uint64_t adds, subs;   /* the loader's own counts */
    struct vmps_gone *gone;
    uint32_t last_serial, generation;
};

/* vmps_images_init(): eval may be 0. vmps_images_fini() frees all but tables. */
void vmps_images_init(struct vmps_images *images, uint64_t eval_address);
void vmps_images_fini(struct vmps_images *images);

/* vmps_images_refresh() looks whether the loader did anything since the last time, and if so what.
 * *changed: there are other images now. 0 or an errno. */
int vmps_images_refresh(struct vmps_images *images, bool *changed);

/* vmps_images_tables() makes the tables of what is there now; they are the caller's to free, and point to
 * rows of the images, see vmps_images_take_gone(). NULL: memory is short. */
struct vmps_unwind_tables *vmps_images_tables(struct vmps_images *images);

/* vmps_images_take_gone() hands over what images that went away have left, to be freed with
 * vmps_gone_free() once no handler uses the tables of that time. */
struct vmps_gone *vmps_images_take_gone(struct vmps_images *images);
void vmps_gone_free(struct vmps_gone *gone);

/* vmps_images_find() finds the image that holds an address; NULL: none. */
const struct vmps_image *vmps_images_find(const struct vmps_images *images, uint64_t address);

#endif
