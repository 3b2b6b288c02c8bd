/* chunkmap.h: where the chunks of a sound file stand: from the text of the format, sections 2 to 4, and from no code of
 * the library, since what must survive a damage is told by it.
 */
#ifndef VMPROF_TESTS_BENCH_CHUNKMAP_H
#define VMPROF_TESTS_BENCH_CHUNKMAP_H

#include <stddef.h>
#include <stdint.h>

struct chunkmap_entry {
    size_t offset, end;
    uint64_t samples; /* in it; 0: of another kind */
};

struct chunkmap {
    struct chunkmap_entry *entries;
    size_t count, capacity;
};

/* Ends the process where data is no sequence of whole chunks behind a superblock. */
void chunkmap_read(struct chunkmap *map, const uint8_t *data, size_t size_bytes);
/* Samples in chunks that end at or before the offset, and in the chunk around it. */
uint64_t chunkmap_samples_before(const struct chunkmap *map, size_t offset);
uint64_t chunkmap_samples_around(const struct chunkmap *map, size_t offset);

#endif
