#include "tests/reference/alone.h"

#include <vmprof/vmpf_inspect.h>

#include <stdio.h>
#include <stdlib.h>

struct stretch {
    uint64_t begin, end; /* both 0: nothing */
};

static void fail(const char *path, const char *why)
{
    fprintf(stderr, "dump: %s: %s\n", path, why);
    exit(EXIT_FAILURE);
}

/* From a superblock to the next one. */
static struct stretch find_session(const char *path, size_t session)
{
    struct stretch found = {0};
    struct vmpf_error error;
    struct vmpf_source source;
    struct vmpf_item item;
    vmpf_inspector *inspector = NULL;
    size_t superblocks = 0;

    if (vmpf_source_open_file(&source, path, &error) != VMPF_OK) {
        fail(path, error.message);
    }
    if (vmpf_inspect_open(&inspector, source, &error) != VMPF_OK) {
        return found;
    }
    while (vmpf_inspect_next(inspector, &item, &error) == VMPF_OK) {
        superblocks += item.type == VMPF_ITEM_SUPERBLOCK;
        if (superblocks == session + 1) {
            found.begin = item.type == VMPF_ITEM_SUPERBLOCK ? item.offset : found.begin;
            found.end = item.offset + item.size_bytes;
        }
    }
    vmpf_inspect_close(inspector);
    return found;
}

/* The bytes of a stretch; the caller frees them. */
static void *load(const char *path, struct stretch stretch)
{
    size_t size_bytes = (size_t)(stretch.end - stretch.begin);
    char *bytes = malloc(size_bytes + 1);
    FILE *file = fopen(path, "rb");
    if (bytes == NULL || file == NULL || fseek(file, (long)stretch.begin, SEEK_SET) != 0 ||
        fread(bytes, 1, size_bytes, file) != size_bytes) {
        fail(path, "cannot be read again");
    }
    fclose(file);
    return bytes;
}

vmpf_reader *read_alone(const char *path, size_t session)
{
    struct stretch stretch = find_session(path, session);
    struct vmpf_error error;
    struct vmpf_source source;
    struct vmpf_block block;
    vmpf_reader *reader = NULL;

    void *bytes = load(path, stretch);
    size_t size_bytes = (size_t)(stretch.end - stretch.begin);
    if (vmpf_source_open_memory(&source, bytes, size_bytes, &error) != VMPF_OK) {
        fail(path, error.message);
    }
    if (vmpf_reader_open(&reader, source, NULL, &error) == VMPF_OK) {
        while (vmpf_reader_next(reader, &block, NULL) == VMPF_OK) {
        }
    }
    free(bytes); /* all was read, and the tables have copies */
    return reader;
}
