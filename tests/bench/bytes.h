/* bytes.h: bytes that grow, for the peers' formats. */
#ifndef VMPROF_TESTS_BENCH_BYTES_H
#define VMPROF_TESTS_BENCH_BYTES_H

#include <stddef.h>
#include <stdint.h>

struct bench_bytes {
    uint8_t *data;
    size_t size_bytes, capacity_bytes;
};

/* Room for size bytes more; they count as written. */
uint8_t *bench_bytes_add(struct bench_bytes *bytes, size_t size);
void bench_bytes_text(struct bench_bytes *bytes, const char *text);
/* 64 bits, little-endian. */
void bench_bytes_word(struct bench_bytes *bytes, uint64_t word);

#endif
