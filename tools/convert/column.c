#include "tools/convert/column.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_BYTES ((size_t)256)
#define MOST_BYTES ((size_t)64 * 1024)
#define NUMBER_BYTES 10 /* the most that one takes */

struct conv_piece {
    struct conv_piece *next;
    size_t used_bytes;
    size_t size_bytes;
    unsigned char data[];
};

/* A difference, small whichever way it goes. */
static uint64_t fold(uint64_t now, uint64_t before)
{
    uint64_t difference = now - before;
    return difference >> 63 ? ~(difference << 1) : difference << 1;
}

static uint64_t unfold(uint64_t folded, uint64_t before)
{
    return before + (folded & 1 ? ~(folded >> 1) : folded >> 1);
}

static bool add_piece(struct conv_column *column)
{
    size_t size = column->newest ? column->newest->size_bytes * 2 : FIRST_BYTES;
    size = size < MOST_BYTES ? size : MOST_BYTES;
    struct conv_piece *piece = malloc(sizeof(*piece) + size);
    if (!piece) {
        return false;
    }
    memset(piece, 0, sizeof(*piece));
    piece->size_bytes = size;
    if (column->newest) {
        column->newest->next = piece;
    } else {
        column->first = piece;
    }
    column->newest = piece;
    return true;
}

bool conv_column_add(struct conv_column *column, uint64_t number)
{
    struct conv_piece *piece = column->newest;
    uint64_t folded = fold(number, column->last);
    if (!piece || piece->size_bytes - piece->used_bytes < NUMBER_BYTES) {
        if (!add_piece(column)) {
            return false;
        }
        piece = column->newest;
    }
    unsigned char *at = piece->data + piece->used_bytes;
    for (; folded >= 0x80; folded >>= 7) {
        *at++ = (unsigned char)(folded | 0x80);
    }
    *at++ = (unsigned char)folded;
    piece->used_bytes = (size_t)(at - piece->data);
    column->last = number;
    return true;
}

size_t conv_column_read(struct conv_column_place *place, uint64_t *out, size_t most)
{
    size_t count = 0;
    while (count < most && place->piece) {
        if (place->at == place->piece->used_bytes) {
            place->piece = place->piece->next;
            place->at = 0;
            continue;
        }
        const unsigned char *at = place->piece->data + place->at;
        uint64_t folded = *at & 0x7F;
        for (unsigned shift = 7; *at++ & 0x80; shift += 7) {
            folded |= (uint64_t)(*at & 0x7F) << shift;
        }
        place->at = (size_t)(at - place->piece->data);
        place->last = unfold(folded, place->last);
        out[count++] = place->last;
    }
    return count;
}

void conv_column_fini(struct conv_column *column)
{
    while (column->first) {
        struct conv_piece *next = column->first->next;
        free(column->first);
        column->first = next;
    }
    memset(column, 0, sizeof(*column));
}
