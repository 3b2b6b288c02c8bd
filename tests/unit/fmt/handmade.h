/* handmade.h: files of chunks that are put together byte by byte from the spec, without the library's own code. */
#ifndef VMPROF_TESTS_UNIT_FMT_HANDMADE_H
#define VMPROF_TESTS_UNIT_FMT_HANDMADE_H

#include <stddef.h>
#include <stdint.h>

#define HANDMADE_SESSION UINT64_C(0x0807060504030201)
#define HANDMADE_HEADER_BYTES ((size_t)56)

struct handmade {
    uint8_t bytes[4096];
    size_t size;
    uint32_t sequence;
};

/* An integer column as it stands in a payload: a varint an entry (encoding 1), pairs (3), ... */
struct handmade_column {
    uint16_t id;
    uint8_t encoding;
    uint8_t size;
    uint8_t bytes[30];
};

/* The superblock alone. */
void handmade_begin(struct handmade *file);
void handmade_chunk(struct handmade *file, uint16_t kind, uint16_t flags, const void *payload,
                    size_t size);
/* A chunk of columns that are stored as they are. */
void handmade_columns(struct handmade *file, uint16_t kind, uint16_t flags, uint64_t first,
                      uint32_t count, const struct handmade_column *columns, uint32_t column_count);

/* The offset of the nth chunk of that kind (from 0), SIZE_MAX: there is none. The file is whole. */
size_t handmade_find(const uint8_t *data, size_t size, uint16_t kind, unsigned nth);
uint32_t handmade_payload_size(const uint8_t *header);

#endif
