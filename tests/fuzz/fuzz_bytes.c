#include "tests/fuzz/fuzz_profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fuzz_fail(const char *file, int line, const char *what)
{
    (void)fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
    abort();
}

void fuzz_bytes_append(struct fuzz_bytes *bytes, const void *data, size_t size_bytes)
{
    if (size_bytes == 0) {
        return;
    }
    if (size_bytes > bytes->capacity_bytes - bytes->size_bytes) {
        bytes->capacity_bytes = (bytes->size_bytes + size_bytes) * 2;
        bytes->data = realloc(bytes->data, bytes->capacity_bytes);
        FUZZ_MUST(bytes->data != NULL);
    }
    memcpy(bytes->data + bytes->size_bytes, data, size_bytes);
    bytes->size_bytes += size_bytes;
}

void fuzz_bytes_free(struct fuzz_bytes *bytes)
{
    free(bytes->data);
    *bytes = (struct fuzz_bytes){0};
}
