#include "tests/bench/bytes.h"

#include "tests/bench/bench.h"

#include <stdlib.h>
#include <string.h>

uint8_t *bench_bytes_add(struct bench_bytes *bytes, size_t size)
{
    if (size > bytes->capacity_bytes - bytes->size_bytes) {
        bytes->capacity_bytes = 2 * (bytes->size_bytes + size) + 4096;
        bytes->data = realloc(bytes->data, bytes->capacity_bytes);
        bench_check(bytes->data != NULL, "no memory");
    }
    bytes->size_bytes += size;
    return bytes->data + bytes->size_bytes - size;
}

void bench_bytes_text(struct bench_bytes *bytes, const char *text)
{
    size_t size = strlen(text);
    memcpy(bench_bytes_add(bytes, size), text, size);
}

void bench_bytes_word(struct bench_bytes *bytes, uint64_t word)
{
    memcpy(bench_bytes_add(bytes, sizeof word), &word, sizeof word);
}
