/* walk.h: a file taken apart from the spec alone, without the library: where its chunks stand, and what its INDEX
 * chunks and its END say of that. The oracle of the tests of index and range. */
#ifndef VMPROF_TESTS_UNIT_FMT_WALK_H
#define VMPROF_TESTS_UNIT_FMT_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum walked_kind {
    WALKED_META = 1,
    WALKED_STRINGS = 2,
    WALKED_THREADS = 6,
    WALKED_SAMPLES = 7,
    WALKED_JOURNAL = 8,
    WALKED_PAD = 9,
    WALKED_END = 10,
    WALKED_INDEX = 12,
    WALKED_CODES = 14,
};

struct walked_chunk {
    uint64_t offset; /* from the session's superblock */
    uint64_t size_bytes;
    uint64_t kind, flags, epoch, sequence, begin_ns, end_ns;
    uint64_t samples;       /* of SAMPLES */
    const uint8_t *payload; /* in the file */
};

/* One session: the chunks from the superblock at data on, up to END or the end of the bytes. */
struct walked {
    struct walked_chunk *chunks;
    size_t count;
    uint64_t size_bytes; /* of the session */
    bool ended;
};
struct walked walk_session(const uint8_t *data, size_t size_bytes);
void walk_free(struct walked *walked);
/* The chunk at an offset; NULL: none begins there. */
const struct walked_chunk *walked_at(const struct walked *walked, uint64_t offset);

/* A column of integers of a column set, by its id. The caller frees it. */
uint64_t *walk_column(const uint8_t *payload, unsigned id, size_t *count);

/* Fails the test where an INDEX chunk, or END, does not say what the walk has seen [F-5.10-1], [F-6-2]. Returns how many INDEX
 * chunks there are. */
size_t check_index(const struct walked *walked);

#endif
