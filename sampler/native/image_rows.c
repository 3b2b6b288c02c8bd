#include "sampler/native/image_rows.h"

#include <stdlib.h>
#include <string.h>

#include "sampler/native/cfi.h"
#include "sampler/native/marks.h"
#include "sampler/native/remote.h"

/* Tables of the largest programs are some tens of megabytes. */
#define MAX_FRAMES_BYTES (UINT64_C(1) << 28)

static bool copy(struct vmps_cfi_bytes *bytes, uint64_t address, uint64_t size_bytes)
{
    uint8_t *data = size_bytes != 0 && size_bytes <= MAX_FRAMES_BYTES ? malloc(size_bytes) : NULL;
    bytes->data = data;
    bytes->address = address;
    bytes->size_bytes = data != NULL ? vmps_remote_read(address, data, size_bytes) : 0;
    return bytes->size_bytes != 0;
}

static bool open_cfi(const struct vmps_image *image, struct vmps_cfi *cfi)
{
    *cfi = (struct vmps_cfi){.begin = image->begin, .end = image->end};
    if (image->header_address == 0 ||
        !copy(&cfi->header, image->header_address, image->header_size_bytes)) {
        return false;
    }
    uint64_t frames = vmps_cfi_frames_address(&cfi->header);
    if (frames < image->begin || frames >= image->end) {
        return false;
    }
    /* Some linkers put the header behind the frames. */
    uint64_t end = frames < image->header_address ? image->header_address : image->frames_end;
    return frames < end && copy(&cfi->frames, frames, end - frames);
}

static void close_cfi(const struct vmps_cfi *cfi)
{
    free((void *)(uintptr_t)cfi->header.data);
    free((void *)(uintptr_t)cfi->frames.data);
}

/* Linked into a program, the sampler has no file of its own. */
static bool is_ours(const struct vmps_image *image)
{
    void (*here)(struct vmps_image *, uint64_t) = vmps_image_read_rows;
    uint64_t address;
    memcpy(&address, &here, sizeof address);
    return address >= image->begin && address < image->end &&
           strstr(image->path, "libvmprof_sampler") != NULL;
}

void vmps_image_read_rows(struct vmps_image *image, uint64_t eval_address)
{
    struct vmps_cfi cfi;
    struct vmps_cfi_rows rows = {0};
    if (open_cfi(image, &cfi) && vmps_cfi_read(&cfi, &rows) && rows.count <= UINT32_MAX) {
        image->row_count = (uint32_t)rows.count;
        image->rows = rows.rows;
        struct vmps_unwind_row *fitting =
            realloc(rows.rows, (rows.count != 0 ? rows.count : 1) * sizeof *fitting);
        image->rows = fitting != NULL ? fitting : rows.rows;
        if (is_ours(image)) {
            vmps_marks_make_ours(image);
        }
        if (eval_address >= image->begin && eval_address < image->end) {
            vmps_marks_make(image, &cfi, eval_address);
        }
    } else {
        free(rows.rows);
    }
    close_cfi(&cfi);
}
