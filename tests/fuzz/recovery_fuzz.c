/* recovery_fuzz.c: a sound profile is damaged as the input says. What is read of it is true, and damage is never
 * called whole. This one is built with its checksums: they are what it tests.
 *
 * Input: one byte, the kind of profile; then edits of 8 bytes: u8 what, u24 where, u16 how much, u16 a number.
 * With bit 7 of `what` set, where and how much count chunks, not bytes. */
#include "tests/fuzz/witness.h"

#include <stdlib.h>
#include <string.h>

#define EDIT_BYTES 8u
#define MAX_EDITS 24u
#define MAX_CHUNKS 256u
#define MAX_BYTES ((size_t)1 << 20)

enum edit_kind { FLIP, CUT, INSERT, DELETE, DUPLICATE, SWAP, EDIT_KINDS };

struct edit {
    enum edit_kind kind;
    size_t begin, end;
    uint32_t number;
};

/* Where a chunk or a superblock may begin; the last one is the end. */
static size_t find_chunks(const struct fuzz_bytes *bytes, size_t *offsets)
{
    static const uint8_t sync[] = {0x9E, 0x56, 0x4D, 0x43};
    static const uint8_t magic[] = {0x89, 0x56, 0x4D, 0x50, 0x46, 0x0D, 0x0A, 0x1A};
    size_t count = 0;
    for (size_t i = 0; i + sizeof magic <= bytes->size_bytes && count + 1 < MAX_CHUNKS; i++) {
        if (memcmp(bytes->data + i, sync, sizeof sync) == 0 ||
            memcmp(bytes->data + i, magic, sizeof magic) == 0) {
            offsets[count++] = i;
        }
    }
    offsets[count++] = bytes->size_bytes;
    return count;
}

static struct edit decode(const struct fuzz_bytes *bytes, const uint8_t *data)
{
    size_t where = (size_t)data[1] | (size_t)data[2] << 8 | (size_t)data[3] << 16;
    size_t length = (size_t)data[4] | (size_t)data[5] << 8;
    struct edit edit = {.kind = (enum edit_kind)((data[0] & 0x7F) % EDIT_KINDS),
                        .number = (uint32_t)data[6] | (uint32_t)data[7] << 8};
    if ((data[0] & 0x80) != 0) {
        size_t offsets[MAX_CHUNKS];
        size_t count = find_chunks(bytes, offsets);
        where %= count;
        length = where + length % 4 < count ? length % 4 : 0;
        edit.begin = offsets[where];
        edit.end = offsets[where + length];
        return edit;
    }
    edit.begin = where % (bytes->size_bytes + 1);
    edit.end = edit.begin + length;
    edit.end = edit.end < bytes->size_bytes ? edit.end : bytes->size_bytes;
    return edit;
}

static void delete_range(struct fuzz_bytes *bytes, size_t begin, size_t end)
{
    if (end > begin) {
        memmove(bytes->data + begin, bytes->data + end, bytes->size_bytes - end);
        bytes->size_bytes -= end - begin;
    }
}

static void insert_range(struct fuzz_bytes *bytes, size_t at, const uint8_t *data, size_t size)
{
    if (size == 0 || size > MAX_BYTES - bytes->size_bytes) {
        return;
    }
    fuzz_bytes_append(bytes, data, size);
    memmove(bytes->data + at + size, bytes->data + at, bytes->size_bytes - size - at);
    memcpy(bytes->data + at, data, size);
}

/* Takes a range out and puts it, or a copy, in elsewhere. */
static void move_range(struct fuzz_bytes *bytes, const struct edit *edit, size_t to, bool keep)
{
    size_t size = edit->end - edit->begin;
    uint8_t *range = malloc(size + 1);
    FUZZ_MUST(range != NULL);
    memcpy(range, bytes->data + edit->begin, size);
    if (!keep) {
        delete_range(bytes, edit->begin, edit->end);
    }
    insert_range(bytes, to % (bytes->size_bytes + 1), range, size);
    free(range);
}

static void apply(struct fuzz_bytes *bytes, const struct edit *edit)
{
    uint8_t filler[256];
    switch (edit->kind) {
    case FLIP:
        if (edit->begin < bytes->size_bytes) {
            bytes->data[edit->begin] ^= (uint8_t)(1u << edit->number % 8);
        }
        break;
    case CUT: bytes->size_bytes = edit->begin; break;
    case INSERT:
        memset(filler, (int)(edit->number & 0xFF), sizeof filler);
        insert_range(bytes, edit->begin, filler, (edit->end - edit->begin) % sizeof filler);
        break;
    case DELETE: delete_range(bytes, edit->begin, edit->end); break;
    case DUPLICATE:
        move_range(bytes, edit, edit->number % 2 != 0 ? edit->end : edit->number, true);
        break;
    case SWAP: move_range(bytes, edit, edit->end + edit->number, false); break;
    default: break;
    }
}

static bool is_same(const struct fuzz_bytes *a, const struct fuzz_bytes *b)
{
    return a->size_bytes == b->size_bytes && memcmp(a->data, b->data, a->size_bytes) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fuzz_bytes originals[WITNESS_KINDS];
    struct fuzz_bytes bytes = {0};
    bool whole = false;
    bool only_flips = true;
    if (size == 0) {
        return 0;
    }
    enum witness_kind kind = (enum witness_kind)(data[0] % WITNESS_KINDS);
    struct fuzz_bytes *original = &originals[kind];
    if (original->data == NULL) {
        witness_make(kind, original);
        bool read = witness_check(original->data, original->size_bytes, &whole);
        FUZZ_MUST(read && whole == witness_is_finished(kind));
    }
    fuzz_bytes_append(&bytes, original->data, original->size_bytes);
    for (size_t i = 0; i < MAX_EDITS && 1 + (i + 1) * EDIT_BYTES <= size; i++) {
        struct edit edit = decode(&bytes, data + 1 + i * EDIT_BYTES);
        only_flips = only_flips && edit.kind == FLIP;
        apply(&bytes, &edit);
    }
    bool read = witness_check(bytes.data, bytes.size_bytes, &whole);
    /* Without insertions and deletions nothing but the original is whole: every byte has a checksum. */
    FUZZ_MUST(!read || !whole || !only_flips || is_same(&bytes, original));
    fuzz_bytes_free(&bytes);
    return 0;
}
