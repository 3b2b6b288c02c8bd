#include "sampler/native/marks.h"

#include <stdlib.h>
#include <string.h>

#include "sampler/native/elf_symbols.h"
#include "sampler/native/inner_names.h"
#include "sampler/native/remote.h"

#define MAX_LOOP_BYTES ((size_t)4 << 20)
#define MAX_PARTS 16u
#define MAX_CANDIDATES 256u
/* Jumps there and back that make another piece of code a part of the loop: bytes that only look like a jump
 * lead anywhere, but not twice to one place and back. */
#define JUMPS_TO_BELIEVE 3u

struct range {
    uint64_t begin, end;
};

struct making {
    struct vmps_image *image;
    const struct vmps_cfi *cfi;
    struct range parts[MAX_PARTS]; /* of the loop; the first has its entry */
    size_t part_count;
    size_t capacity;
    const char *loop; /* the name of the symbol that is where the loop is; NULL: none is */
};

/* ---- marks ------------------------------------------------------------------------------------ */

static void add_mark(struct making *making, const struct range *range, enum vmps_mark mark)
{
    struct vmps_image *image = making->image;
    if (range->begin < image->begin || range->end > image->end || range->begin >= range->end) {
        return;
    }
    if (image->mark_count == making->capacity) {
        size_t capacity = making->capacity == 0 ? 256 : 2 * making->capacity;
        struct vmps_mark_range *grown = realloc(image->marks, capacity * sizeof *grown);
        if (grown == NULL) {
            return;
        }
        image->marks = grown;
        making->capacity = capacity;
    }
    image->marks[image->mark_count++] = (struct vmps_mark_range){
        .begin = (uint32_t)(range->begin - image->begin),
        .end = (uint32_t)(range->end - image->begin),
        .mark = mark,
    };
}

static int by_begin(const void *left, const void *right)
{
    const struct vmps_mark_range *a = left, *b = right;
    if (a->begin != b->begin) {
        return a->begin > b->begin ? 1 : -1;
    }
    return (a->mark > b->mark) - (a->mark < b->mark);
}

/* Two names may stand for one function, and one for a part of another. */
static void sort_marks(struct vmps_image *image)
{
    size_t kept = 0;
    if (image->mark_count == 0) {
        return;
    }
    qsort(image->marks, image->mark_count, sizeof *image->marks, by_begin);
    for (size_t i = 0; i < image->mark_count; i++) {
        if (kept == 0 || image->marks[i].begin >= image->marks[kept - 1].end) {
            image->marks[kept++] = image->marks[i];
        }
    }
    image->mark_count = (uint32_t)kept;
}

/* ---- the loop's parts --------------------------------------------------------------------------- */

static bool is_part(const struct making *making, uint64_t address)
{
    for (size_t i = 0; i < making->part_count; i++) {
        if (address >= making->parts[i].begin && address < making->parts[i].end) {
            return true;
        }
    }
    return false;
}

static void add_part(struct making *making, const struct range *part)
{
    if (making->part_count < MAX_PARTS && !is_part(making, part->begin)) {
        making->parts[making->part_count++] = *part;
    }
}

/* The target of what looks like a jump with a displacement of 32 bits (E9, or 0F 80 to 0F 8F); 0: it does not. */
static uint64_t jump_target(const uint8_t *code, size_t size_bytes, size_t at, uint64_t address)
{
    size_t opcode = 0;
    if (code[at] == 0xE9) {
        opcode = 1;
    } else if (code[at] == 0x0F && at + 1 < size_bytes && (code[at + 1] & 0xF0) == 0x80) {
        opcode = 2;
    }
    int32_t displacement;
    if (opcode == 0 || at + opcode + sizeof displacement > size_bytes) {
        return 0;
    }
    memcpy(&displacement, code + at + opcode, sizeof displacement);
    return address + at + opcode + sizeof displacement + (uint64_t)(int64_t)displacement;
}

/* A piece of code that the loop jumps into the middle of. */
struct candidate {
    struct range range;
    unsigned jumps;
};

struct candidates {
    struct candidate items[MAX_CANDIDATES];
    size_t count;
};

static uint8_t *read_code(const struct range *range, size_t *size_bytes)
{
    size_t size = (size_t)(range->end - range->begin);
    uint8_t *code = size <= MAX_LOOP_BYTES ? malloc(size) : NULL;
    *size_bytes = code != NULL ? vmps_remote_read(range->begin, code, size) : 0;
    return code;
}

static void count_target(const struct making *making, struct candidates *candidates,
                         uint64_t target)
{
    for (size_t i = 0; i < candidates->count; i++) {
        const struct range *range = &candidates->items[i].range;
        if (target > range->begin && target < range->end) {
            candidates->items[i].jumps++;
            return;
        }
    }
    struct range range;
    if (candidates->count < MAX_CANDIDATES &&
        vmps_cfi_function(making->cfi, target, &range.begin, &range.end) && target != range.begin) {
        candidates->items[candidates->count++] = (struct candidate){.range = range, .jumps = 1};
    }
}

static unsigned count_jumps_back(const struct range *from, const struct range *into)
{
    size_t size;
    uint8_t *code = read_code(from, &size);
    unsigned count = 0;
    for (size_t at = 0; at < size; at++) {
        uint64_t target = jump_target(code, size, at, from->begin);
        count += target > into->begin && target < into->end;
    }
    free(code);
    return count;
}

/* Compilers put what seldom runs, or what they think so, into a piece of its own, which need not have a symbol.
 * A function is entered at its begin; what the loop jumps into the middle of, and what jumps back into the
 * loop's, is the loop. */
static void find_parts(struct making *making)
{
    const struct range entry = making->parts[0];
    struct candidates candidates = {.count = 0};
    size_t size;
    uint8_t *code = read_code(&entry, &size);
    for (size_t at = 0; at < size; at++) {
        uint64_t target = jump_target(code, size, at, entry.begin);
        bool inside = target >= making->image->begin && target < making->image->end;
        if (inside && !is_part(making, target)) {
            count_target(making, &candidates, target);
        }
    }
    free(code);
    for (size_t i = 0; i < candidates.count; i++) {
        const struct candidate *candidate = &candidates.items[i];
        if (candidate->jumps >= JUMPS_TO_BELIEVE &&
            count_jumps_back(&candidate->range, &entry) >= JUMPS_TO_BELIEVE) {
            add_part(making, &candidate->range);
        }
    }
}

/* ---- symbols ---------------------------------------------------------------------------------- */

static void look_for_entry(void *context, const char *name, uint64_t address, uint64_t size_bytes)
{
    struct making *making = context;
    (void)size_bytes;
    if (address == making->parts[0].begin && making->loop == NULL) {
        making->loop = vmps_loop_name(name);
    }
}

static void look_for_rest(void *context, const char *name, uint64_t address, uint64_t size_bytes)
{
    struct making *making = context;
    const struct range range = {address, address + size_bytes};
    if (vmps_loop_name(name) == making->loop) {
        add_part(making, &range);
    } else if (!is_part(making, address) && vmps_is_inner_name(name)) {
        add_mark(making, &range, VMPS_MARK_INNER);
    }
}

void vmps_marks_make(struct vmps_image *image, const struct vmps_cfi *cfi, uint64_t eval_address)
{
    struct making making = {.image = image, .cfi = cfi};
    struct range entry;
    if (!vmps_cfi_function(cfi, eval_address, &entry.begin, &entry.end)) {
        return;
    }
    add_part(&making, &entry);
    find_parts(&making);
    /* Where the file has the loop elsewhere, it is not the one that was loaded. */
    (void)vmps_elf_symbols(image->path, image->begin, look_for_entry, &making);
    if (making.loop != NULL) {
        (void)vmps_elf_symbols(image->path, image->begin, look_for_rest, &making);
    }
    for (size_t i = 0; i < making.part_count; i++) {
        add_mark(&making, &making.parts[i], VMPS_MARK_EVAL);
    }
    sort_marks(image);
}

void vmps_marks_make_ours(struct vmps_image *image)
{
    struct making making = {.image = image};
    const struct range all = {image->begin, image->end};
    add_mark(&making, &all, VMPS_MARK_OURS);
}
