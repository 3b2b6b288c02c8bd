/* column.h: a list of integers, most of them near the one before, in some bytes each. */
#ifndef VMPROF_TOOLS_CONVERT_COLUMN_H
#define VMPROF_TOOLS_CONVERT_COLUMN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conv_piece;

/* Zeroed, it is empty. It grows piece by piece, so that it never has to move. */
struct conv_column {
    struct conv_piece *first;
    struct conv_piece *newest;
    uint64_t last;
};

/* Zeroed but for `piece`, which is the column's first, it stands before the first number. */
struct conv_column_place {
    const struct conv_piece *piece;
    size_t at;
    uint64_t last;
};

/* False: memory is short. */
bool conv_column_add(struct conv_column *column, uint64_t number);
/* Reads the next numbers, at most `most`; returns how many: fewer only at the end. */
size_t conv_column_read(struct conv_column_place *place, uint64_t *out, size_t most);
void conv_column_fini(struct conv_column *column);

#endif
