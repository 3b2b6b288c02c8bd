/* sums.h: the blocks of all files, added up by kind and by column. */
#ifndef VMPROF_TOOLS_INFO_SUMS_H
#define VMPROF_TOOLS_INFO_SUMS_H

#include "tools/info/report.h"

#define INFO_NAMES_BYTES 80

/* Superblocks come first, then chunks by their kinds, then what belongs to nothing. */
struct info_kind {
    vmpf_item_type type;
    uint16_t kind; /* of a chunk */
    uint64_t count;
    uint64_t entries;
    uint64_t stored_bytes;
    uint64_t raw_bytes;
};

struct info_column_sum {
    uint16_t kind;
    uint16_t id;
    uint64_t chunks;
    uint64_t encodings; /* a bit for each, those from 63 on share the last */
    uint64_t codecs;
    char encoding_names[INFO_NAMES_BYTES]; /* with commas between them */
    char codec_names[INFO_NAMES_BYTES];
    uint64_t stored_bytes;
    uint64_t raw_bytes;
};

struct info_sums {
    uint64_t size_bytes; /* of all files: what shares are of */
    uint64_t samples;
    struct info_kind *kinds;
    size_t kind_count;
    size_t kind_capacity;
    struct info_column_sum *columns;
    size_t column_count;
    size_t column_capacity;
};

/* False: memory is short. */
bool info_sums_init(struct info_sums *sums, const struct info_report *report);
void info_sums_fini(struct info_sums *sums);

#endif
