#include "sampler/native/images.h"

#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sampler/native/image_rows.h"
#include "sampler/native/remote.h"

#define MAX_HEADERS 64u
#define MAX_NOTE_BYTES 4096u

/* What the loader says of a file, copied while it holds its lock. */
struct listed {
    uint64_t bias;
    char name[PATH_MAX];
    ElfW(Phdr) headers[MAX_HEADERS];
    size_t header_count;
};

struct listing {
    struct vmps_images *images;
    struct listed *items;
    size_t count, capacity;
    uint64_t adds, subs;
    bool is_known; /* nothing happened since the last time */
    int failed;
};

/* ---- what the loader has ---------------------------------------------------------------------- */

static bool grow(struct listing *listing)
{
    if (listing->count < listing->capacity) {
        return true;
    }
    size_t capacity = listing->capacity == 0 ? 16 : 2 * listing->capacity;
    struct listed *grown = realloc(listing->items, capacity * sizeof *grown);
    if (grown == NULL) {
        listing->failed = ENOMEM;
        return false;
    }
    listing->items = grown;
    listing->capacity = capacity;
    return true;
}

/* The loader's lock is held: only copies are made. */
static int list_one(struct dl_phdr_info *info, size_t size, void *context)
{
    struct listing *listing = context;
    (void)size;
    listing->adds = info->dlpi_adds;
    listing->subs = info->dlpi_subs;
    if (listing->images->adds == listing->adds && listing->images->subs == listing->subs) {
        listing->is_known = true;
        return 1;
    }
    if (!grow(listing)) {
        return 1;
    }
    struct listed *item = &listing->items[listing->count++];
    item->bias = info->dlpi_addr;
    item->header_count = info->dlpi_phnum < MAX_HEADERS ? info->dlpi_phnum : MAX_HEADERS;
    memcpy(item->headers, info->dlpi_phdr, item->header_count * sizeof *item->headers);
    snprintf(item->name, sizeof item->name, "%s", info->dlpi_name != NULL ? info->dlpi_name : "");
    return 0;
}

/* ---- what a file is --------------------------------------------------------------------------- */

static void add_segment(struct vmps_image *image, uint64_t address, const ElfW(Phdr) * header)
{
    uint64_t end = address + header->p_memsz;
    image->begin = image->begin == 0 || address < image->begin ? address : image->begin;
    image->end = end > image->end ? end : image->end;
    if ((header->p_flags & PF_X) != 0 && image->segment_count < VMPS_IMAGE_SEGMENTS) {
        image->segments[image->segment_count++] = (struct vmps_segment){
            .address = address,
            .size_bytes = header->p_memsz,
            .file_offset = header->p_offset,
        };
    }
}

/* Looks in notes for the one that the linker calls GNU's build id. */
static void find_build_id(struct vmps_image *image, const uint8_t *notes, size_t size_bytes)
{
    ElfW(Nhdr) note;
    for (size_t at = 0; size_bytes - at >= sizeof note;) {
        memcpy(&note, notes + at, sizeof note);
        size_t name = at + sizeof note;
        size_t data = name + ((note.n_namesz + UINT64_C(3)) & ~UINT64_C(3));
        size_t end = data + ((note.n_descsz + UINT64_C(3)) & ~UINT64_C(3));
        if (data > size_bytes || data + note.n_descsz > size_bytes) {
            return;
        }
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
            memcmp(notes + name, "GNU", 4) == 0 && note.n_descsz <= VMPS_BUILD_ID_BYTES) {
            memcpy(image->build_id, notes + data, note.n_descsz);
            image->build_id_size = note.n_descsz;
            return;
        }
        if (end > size_bytes) {
            return;
        }
        at = end;
    }
}

static void read_notes(struct vmps_image *image, uint64_t address, const ElfW(Phdr) * header)
{
    uint8_t notes[MAX_NOTE_BYTES];
    size_t size = header->p_memsz < sizeof notes ? header->p_memsz : sizeof notes;
    if (image->build_id_size == 0) {
        find_build_id(image, notes, vmps_remote_read(address, notes, size));
    }
}

/* The end of the segment that holds the unwind tables' header: the tables lie between. */
static uint64_t end_of_segment(const struct listed *item, uint64_t address)
{
    for (size_t i = 0; i < item->header_count; i++) {
        const ElfW(Phdr) *header = &item->headers[i];
        uint64_t begin = item->bias + header->p_vaddr;
        if (header->p_type == PT_LOAD && address >= begin && address - begin < header->p_memsz) {
            return begin + header->p_memsz;
        }
    }
    return 0;
}

static void describe(const struct listed *item, struct vmps_image *image)
{
    memset(image, 0, sizeof *image);
    for (size_t i = 0; i < item->header_count; i++) {
        const ElfW(Phdr) *header = &item->headers[i];
        uint64_t address = item->bias + header->p_vaddr;
        switch (header->p_type) {
        case PT_LOAD: add_segment(image, address, header); break;
        case PT_NOTE: read_notes(image, address, header); break;
        case PT_GNU_EH_FRAME:
            image->header_address = address;
            image->header_size_bytes = header->p_memsz;
            image->frames_end = end_of_segment(item, address);
            break;
        default: break;
        }
    }
}

/* The path that the kernel knows for what is mapped at an address. False: there is none. */
static bool mapped_path(uint64_t address, char *path, size_t size_bytes)
{
    char *line = NULL;
    size_t room = 0;
    bool found = false;
    FILE *maps = fopen("/proc/self/maps", "re");
    while (maps != NULL && !found && getline(&line, &room, maps) > 0) {
        char *next;
        uint64_t begin = strtoull(line, &next, 16);
        uint64_t end = *next == '-' ? strtoull(next + 1, NULL, 16) : 0;
        const char *name = strchr(line, '/');
        if (address >= begin && address < end && name != NULL) {
            snprintf(path, size_bytes, "%.*s", (int)strcspn(name, "\n"), name);
            found = true;
        }
    }
    free(line);
    if (maps != NULL) {
        (void)fclose(maps);
    }
    return found;
}

static char *path_of(const struct listed *item, const struct vmps_image *image)
{
    char path[PATH_MAX + 64];
    if (item->name[0] == '/') {
        return strdup(item->name);
    }
    if (strstr(item->name, "vdso") != NULL) {
        return strdup("[vdso]");
    }
    return strdup(mapped_path(image->begin, path, sizeof path) ? path : item->name);
}

/* ---- before and after ------------------------------------------------------------------------- */

/* The same file in the same place. Where it has no build id nobody can tell. */
static bool is_same(const struct vmps_image *a, const struct vmps_image *b)
{
    return a->begin == b->begin && a->end == b->end && a->build_id_size != 0 &&
           a->build_id_size == b->build_id_size && a->header_address == b->header_address &&
           memcmp(a->build_id, b->build_id, a->build_id_size) == 0;
}

static struct vmps_image *find_same(struct vmps_images *images, const struct vmps_image *image)
{
    for (size_t i = 0; i < images->count; i++) {
        if (is_same(&images->images[i], image)) {
            return &images->images[i];
        }
    }
    return NULL;
}

/* The C library, the interpreter, and its executable where the interpreter is a library. */
static bool is_runtime(const struct vmps_images *images, const struct vmps_image *image)
{
    static const char *const names[] = {"libc.so", "libc-", "libpthread", "python", "pypy"};
    const char *slash = strrchr(image->path, '/');
    const char *name = slash != NULL ? slash + 1 : image->path;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strncmp(name, names[i], strlen(names[i])) == 0) {
            return true;
        }
    }
    return images->eval_address >= image->begin && images->eval_address < image->end;
}

static int add_image(struct vmps_images *images, const struct listed *item,
                     struct vmps_image *image)
{
    if (images->count == images->capacity) {
        size_t capacity = images->capacity == 0 ? 32 : 2 * images->capacity;
        struct vmps_image *grown = realloc(images->images, capacity * sizeof *grown);
        if (grown == NULL) {
            return ENOMEM;
        }
        images->images = grown;
        images->capacity = capacity;
    }
    image->path = path_of(item, image);
    if (image->path == NULL) {
        return ENOMEM;
    }
    image->is_runtime = is_runtime(images, image);
    image->serial = ++images->last_serial;
    image->listed = true;
    vmps_image_read_rows(image, images->eval_address);
    images->images[images->count++] = *image;
    return 0;
}

static int drop_image(struct vmps_images *images, struct vmps_image *image)
{
    struct vmps_gone *gone = malloc(sizeof *gone);
    if (gone == NULL) {
        return ENOMEM;
    }
    *gone = (struct vmps_gone){.next = images->gone, .rows = image->rows, .marks = image->marks};
    images->gone = gone;
    free(image->path);
    *image = images->images[--images->count];
    return 0;
}

static int by_begin(const void *left, const void *right)
{
    const struct vmps_image *a = left, *b = right;
    return (a->begin > b->begin) - (a->begin < b->begin);
}

static int compare(struct vmps_images *images, const struct listing *listing, bool *changed)
{
    int failed = 0;
    for (size_t i = 0; i < images->count; i++) {
        images->images[i].listed = false;
    }
    for (size_t i = 0; i < listing->count && failed == 0; i++) {
        struct vmps_image image;
        describe(&listing->items[i], &image);
        struct vmps_image *known = find_same(images, &image);
        if (known != NULL) {
            known->listed = true;
        } else if (image.segment_count != 0) {
            *changed = true;
            failed = add_image(images, &listing->items[i], &image);
        }
    }
    for (size_t i = images->count; i-- > 0 && failed == 0;) {
        if (!images->images[i].listed) {
            *changed = true;
            failed = drop_image(images, &images->images[i]);
        }
    }
    qsort(images->images, images->count, sizeof *images->images, by_begin);
    return failed;
}

/* ---- public ----------------------------------------------------------------------------------- */

void vmps_images_init(struct vmps_images *images, uint64_t eval_address)
{
    memset(images, 0, sizeof *images);
    images->eval_address = eval_address;
}

void vmps_images_fini(struct vmps_images *images)
{
    for (size_t i = 0; i < images->count; i++) {
        free(images->images[i].path);
        free(images->images[i].rows);
        free(images->images[i].marks);
    }
    vmps_gone_free(images->gone);
    free(images->images);
    memset(images, 0, sizeof *images);
}

int vmps_images_refresh(struct vmps_images *images, bool *changed)
{
    struct listing listing = {.images = images};
    *changed = false;
    dl_iterate_phdr(list_one, &listing);
    int failed = listing.failed;
    if (failed == 0 && !listing.is_known) {
        failed = compare(images, &listing, changed);
    }
    /* What came in between is found the next time. */
    if (failed == 0) {
        images->adds = listing.adds;
        images->subs = listing.subs;
    }
    free(listing.items);
    return failed;
}

struct vmps_unwind_tables *vmps_images_tables(struct vmps_images *images)
{
    struct vmps_unwind_tables *tables =
        calloc(1, sizeof *tables + images->count * sizeof tables->modules[0]);
    if (tables == NULL) {
        return NULL;
    }
    tables->generation = ++images->generation;
    tables->module_count = images->count;
    for (size_t i = 0; i < images->count; i++) {
        const struct vmps_image *image = &images->images[i];
        tables->modules[i] = (struct vmps_unwind_module){
            .begin = image->begin,
            .end = image->end,
            .rows = image->rows,
            .marks = image->marks,
            .row_count = image->row_count,
            .mark_count = image->mark_count,
            .is_runtime = image->is_runtime,
            .serial = image->serial,
        };
    }
    return tables;
}

struct vmps_gone *vmps_images_take_gone(struct vmps_images *images)
{
    struct vmps_gone *gone = images->gone;
    images->gone = NULL;
    return gone;
}

void vmps_gone_free(struct vmps_gone *gone)
{
    while (gone != NULL) {
        struct vmps_gone *next = gone->next;
        free(gone->rows);
        free(gone->marks);
        free(gone);
        gone = next;
    }
}

const struct vmps_image *vmps_images_find(const struct vmps_images *images, uint64_t address)
{
    for (size_t i = 0; i < images->count; i++) {
        const struct vmps_image *image = &images->images[i];
        if (address >= image->begin && address < image->end) {
            return image;
        }
    }
    return NULL;
}
