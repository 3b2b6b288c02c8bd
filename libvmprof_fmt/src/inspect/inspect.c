#include "libvmprof_fmt/src/inspect/content.h"

#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/blocks/chunk.h"
#include "libvmprof_fmt/src/reader/input.h"
#include "libvmprof_fmt/src/wire/cursor.h"

#include <stdlib.h>
#include <string.h>

/* A superblock with the header of a chunk behind it: what recovery of a damaged superblock looks at [F-2-2]. */
#define OPENING_BYTES (VMPFI_SUPERBLOCK_BYTES + VMPFI_CHUNK_HEADER_BYTES)
/* Enough to tell what stands here. */
#define LOOK_BYTES OPENING_BYTES

struct vmpf_inspector {
    struct vmpfi_input input;
    struct vmpf_item first; /* the superblock that opening has read */
    bool first_given;
    uint64_t session_id;
    uint32_t next_sequence;
    uint32_t epoch;
    bool finished; /* its END was seen */
    bool journal_seen;
    struct vmpf_column_info columns[VMPF_MAX_COLUMNS];
    struct vmpf_error failure; /* final; status VMPF_OK: none */
};

/* ---- superblocks ------------------------------------------------------------------------------------- */

static void begin_session(vmpf_inspector *i, uint64_t session_id)
{
    i->session_id = session_id;
    i->next_sequence = 0;
    i->epoch = 0;
    i->finished = false;
    i->journal_seen = false;
}

/* Takes the superblock at the window's start, and the bytes that later versions may have appended to it. What is wrong
 * with it is in item->problem already; a newer one may be of any size. */
static vmpf_status take_superblock(vmpf_inspector *i, const struct vmpfi_superblock *superblock,
                                   struct vmpf_item *item, struct vmpf_error *err)
{
    const uint8_t *data = vmpfi_input_data(&i->input);
    bool right = vmpfi_crc32_matches(vmpfi_load_u32(data + 60), data, 60);
    bool newer = item->problem.status == VMPF_E_VERSION;
    size_t size_bytes = newer ? VMPFI_SUPERBLOCK_BYTES : superblock->size_bytes;
    item->type = VMPF_ITEM_SUPERBLOCK;
    item->superblock = (struct vmpf_superblock_info){
        .read_version = superblock->read_version,
        .write_version = superblock->write_version,
        .session_id = superblock->session_id,
        .start_unix_ns = superblock->start_unix_ns,
        .checksum = right ? VMPF_CHECK_RIGHT : VMPF_CHECK_WRONG,
        .recovered = item->problem.status == VMPF_E_CORRUPT,
    };
    begin_session(i, superblock->session_id);
    VMPF_TRY(vmpfi_input_ensure(&i->input, size_bytes, err));
    size_t available = vmpfi_input_available(&i->input);
    item->size_bytes = size_bytes;
    if (available < size_bytes) {
        item->size_bytes = available;
        vmpfi_fail(&item->problem, VMPF_E_TRUNCATED, item->offset, "F-2-4",
                   "the superblock was cut");
    }
    vmpfi_input_advance(&i->input, (size_t)item->size_bytes);
    return VMPF_OK;
}

static vmpf_status refuse_opening(const vmpf_inspector *i, bool magic, struct vmpf_error *err)
{
    size_t available = vmpfi_input_available(&i->input);
    if (available == 0 || (magic && available < VMPFI_SUPERBLOCK_BYTES)) {
        return vmpfi_fail(err, VMPF_E_TRUNCATED, available, "F-2-1",
                          "the input ends within its first 64 bytes");
    }
    return vmpfi_fail(err, VMPF_E_NOT_VMPROF, 0, "F-2-1", "this is not a vmprof profile");
}

static vmpf_status take_opening(vmpf_inspector *i, struct vmpf_error *err)
{
    struct vmpf_item *item = &i->first;
    struct vmpfi_superblock superblock = {0};
    VMPF_TRY(vmpfi_input_ensure(&i->input, OPENING_BYTES, err));
    const uint8_t *data = vmpfi_input_data(&i->input);
    size_t available = vmpfi_input_available(&i->input);
    bool magic = available >= VMPFI_MAGIC_BYTES && vmpfi_is_magic(data);
    if (available < VMPFI_SUPERBLOCK_BYTES) {
        return refuse_opening(i, magic, err);
    }
    vmpf_status status =
        magic ? vmpfi_superblock_decode(data, &superblock, 0, &item->problem)
              : vmpfi_fail(&item->problem, VMPF_E_CORRUPT, 0, "F-2-1", "the magic is damaged");
    bool taken = status == VMPF_OK;
    if (!taken && status != VMPF_E_VERSION) {
        taken = vmpfi_superblock_recover(data, available, &superblock);
    }
    if (taken) {
        return take_superblock(i, &superblock, item, err);
    }
    if (!magic) {
        return refuse_opening(i, magic, err);
    }
    if (err != NULL) {
        *err = item->problem;
    }
    return status;
}

/* ---- what stands where ------------------------------------------------------------------------------- */

enum here {
    HERE_NOTHING,
    HERE_CHUNK,
    HERE_SUPERBLOCK,
};

/* [F-3-5]: the number of the chunk was seen already. */
static bool is_copy(const vmpf_inspector *i, const struct vmpfi_chunk_header *header)
{
    return vmpfi_chunk_is_numbered(header) && header->sequence < i->next_sequence;
}

static bool superblock_here(const vmpf_inspector *i, struct vmpfi_superblock *superblock,
                            struct vmpf_error *problem)
{
    const uint8_t *data = vmpfi_input_data(&i->input);
    size_t available = vmpfi_input_available(&i->input);
    if (available < VMPFI_SUPERBLOCK_BYTES || !vmpfi_is_magic(data)) {
        return false;
    }
    vmpf_status status = vmpfi_superblock_decode(data, superblock, i->input.offset, problem);
    if (status == VMPF_OK || status == VMPF_E_VERSION) {
        return true;
    }
    /* Behind another session the chunk must be of one of its own [F-2-2]. */
    return vmpfi_superblock_recover(data, available, superblock) &&
           superblock->session_id != i->session_id;
}

/* [F-3-1], for the window's start. Behind END only copies may stand [F-6-4]. */
static enum here look(const vmpf_inspector *i, struct vmpfi_chunk_header *header,
                      struct vmpfi_superblock *superblock, struct vmpf_error *problem)
{
    if (vmpfi_input_available(&i->input) >= VMPFI_CHUNK_HEADER_BYTES &&
        vmpfi_chunk_header_decode(vmpfi_input_data(&i->input), header) &&
        header->session_id == i->session_id && (!i->finished || is_copy(i, header))) {
        return HERE_CHUNK;
    }
    return superblock_here(i, superblock, problem) ? HERE_SUPERBLOCK : HERE_NOTHING;
}

/* Why nothing that begins at the window's start can be read. */
static vmpf_lost why_lost(const vmpf_inspector *i)
{
    const uint8_t *data = vmpfi_input_data(&i->input);
    size_t available = vmpfi_input_available(&i->input);
    struct vmpfi_chunk_header header;
    if (available >= VMPFI_MAGIC_BYTES && vmpfi_is_magic(data)) {
        return VMPF_LOST_SUPERBLOCK;
    }
    if (available < VMPFI_CHUNK_HEADER_BYTES || !vmpfi_is_sync(data)) {
        return VMPF_LOST_UNKNOWN;
    }
    if (!vmpfi_chunk_header_decode(data, &header)) {
        return VMPF_LOST_HEADER;
    }
    return header.session_id == i->session_id ? VMPF_LOST_BEHIND_END : VMPF_LOST_OTHER_SESSION;
}

/* Moves the window to the next chunk or superblock, at least `least` bytes on, or to the end of the input. */
static vmpf_status search(vmpf_inspector *i, size_t least, struct vmpf_error *err)
{
    struct vmpfi_chunk_header header;
    struct vmpfi_superblock superblock;
    struct vmpf_error problem;
    vmpfi_input_advance(&i->input, least);
    for (;;) {
        VMPF_TRY(vmpfi_input_ensure(&i->input, LOOK_BYTES, err));
        size_t available = vmpfi_input_available(&i->input);
        if (available == 0 || look(i, &header, &superblock, &problem) != HERE_NOTHING) {
            return VMPF_OK;
        }
        /* On to the next byte that can begin a sync or a magic. */
        const uint8_t *data = vmpfi_input_data(&i->input);
        size_t skip = 1;
        while (skip < available && data[skip] != 0x9E && data[skip] != 0x89) {
            skip++;
        }
        vmpfi_input_advance(&i->input, skip);
    }
}

static vmpf_status take_lost(vmpf_inspector *i, struct vmpf_item *item, struct vmpf_error *err)
{
    item->type = VMPF_ITEM_LOST;
    item->lost = why_lost(i);
    VMPF_TRY(search(i, 1, err));
    item->size_bytes = i->input.offset - item->offset;
    vmpfi_fail(&item->problem, VMPF_E_CORRUPT, item->offset, "F-3-1",
               "%llu bytes are no part of a chunk", (unsigned long long)item->size_bytes);
    return VMPF_OK;
}

/* ---- chunks -------------------------------------------------------------------------------------------- */

static void describe(struct vmpf_chunk_info *chunk, const struct vmpfi_chunk_header *header)
{
    chunk->kind = header->kind;
    chunk->flags = header->flags;
    chunk->critical = (header->flags & VMPFI_FLAG_CRITICAL) != 0;
    chunk->session_id = header->session_id;
    chunk->sequence = header->sequence;
    chunk->epoch = header->epoch;
    chunk->payload_bytes = header->payload_bytes;
    chunk->begin_ns = header->begin_ns;
    chunk->end_ns = header->end_ns;
}

static void break_rule(struct vmpf_item *item, const char *rule, const char *what)
{
    item->chunk.used = false;
    vmpfi_fail(&item->problem, VMPF_E_CORRUPT, item->offset, rule, "%s", what);
}

/* [F-3-5], [F-3-6], for a chunk that is whole. A damaged one does not use up its number: a copy of it may follow. */
static void place(vmpf_inspector *i, const struct vmpfi_chunk_header *header,
                  struct vmpf_item *item)
{
    struct vmpf_chunk_info *chunk = &item->chunk;
    chunk->used = true;
    if (!vmpfi_chunk_is_numbered(header)) {
        return;
    }
    if (chunk->sequence == VMPFI_UNNUMBERED) {
        chunk->order = VMPF_ORDER_UNUSED;
        break_rule(item, "F-3-5", "the chunk has no number");
        return;
    }
    if (is_copy(i, header)) {
        chunk->order = VMPF_ORDER_COPY;
        chunk->used = false;
        return;
    }
    chunk->order = VMPF_ORDER_NEXT;
    if (chunk->sequence > i->next_sequence) {
        chunk->order = VMPF_ORDER_GAP;
        chunk->missing_chunks = chunk->sequence - i->next_sequence;
        vmpfi_fail(&item->problem, VMPF_E_CORRUPT, item->offset, "F-3-5", "%u %s missing before it",
                   (unsigned)chunk->missing_chunks,
                   chunk->missing_chunks == 1 ? "chunk is" : "chunks are");
    }
    i->next_sequence = chunk->sequence + 1;
    if (chunk->epoch < i->epoch) {
        break_rule(item, "F-3-6", "the chunk is of an epoch that is over");
    }
    i->epoch = chunk->epoch > i->epoch ? chunk->epoch : i->epoch;
}

/* What a session may have once. */
static void note_content(vmpf_inspector *i, struct vmpf_item *item)
{
    struct vmpf_chunk_info *chunk = &item->chunk;
    if (chunk->used && chunk->kind == VMPFI_JOURNAL) {
        if (i->journal_seen) {
            break_rule(item, "F-7.1-3", "a session has two journals");
        }
        i->journal_seen = true;
    }
    i->finished = i->finished || (chunk->used && chunk->kind == VMPFI_END);
}

/* A payload that is damaged or cut: the chunk ends where its header says when something begins there, else where
 * the next thing begins, since bytes may be missing or too many. */
static vmpf_status pass_damaged(vmpf_inspector *i, const struct vmpfi_chunk_header *header,
                                struct vmpf_item *item, struct vmpf_error *err)
{
    struct vmpf_chunk_info *chunk = &item->chunk;
    struct vmpfi_chunk_header next;
    size_t size = VMPFI_CHUNK_HEADER_BYTES + (size_t)chunk->payload_bytes;
    bool copy = is_copy(i, header);
    /* A copy may be damaged [F-3-5], but not behind END [F-6-4]. */
    if (!copy || i->finished) {
        vmpfi_fail(&item->problem, chunk->cut ? VMPF_E_TRUNCATED : VMPF_E_CORRUPT, item->offset,
                   "F-3-2",
                   chunk->cut ? "the input ends within a chunk of kind %u"
                              : "the checksum of a chunk of kind %u is wrong",
                   (unsigned)chunk->kind);
    }
    if (vmpfi_chunk_is_numbered(header)) {
        chunk->order = copy ? VMPF_ORDER_COPY : VMPF_ORDER_UNUSED;
    }
    VMPF_TRY(vmpfi_input_ensure(&i->input, size + LOOK_BYTES, err));
    size_t available = vmpfi_input_available(&i->input);
    size_t behind = available > size ? available - size : 0;
    const uint8_t *data = vmpfi_input_data(&i->input);
    bool border =
        available == size || (behind >= VMPFI_MAGIC_BYTES && vmpfi_is_magic(data + size)) ||
        (behind >= VMPFI_CHUNK_HEADER_BYTES && vmpfi_chunk_header_decode(data + size, &next));
    if (border) {
        vmpfi_input_advance(&i->input, size);
    } else {
        VMPF_TRY(search(i, 1, err));
    }
    item->size_bytes = i->input.offset - item->offset;
    return VMPF_OK;
}

static vmpf_status take_chunk(vmpf_inspector *i, const struct vmpfi_chunk_header *header,
                              struct vmpf_item *item, struct vmpf_error *err)
{
    struct vmpf_chunk_info *chunk = &item->chunk;
    size_t size = VMPFI_CHUNK_HEADER_BYTES + (size_t)header->payload_bytes;
    item->type = VMPF_ITEM_CHUNK;
    describe(chunk, header);
    VMPF_TRY(vmpfi_input_ensure(&i->input, size, err));
    size_t available = vmpfi_input_available(&i->input);
    const uint8_t *payload = vmpfi_input_data(&i->input) + VMPFI_CHUNK_HEADER_BYTES;
    chunk->cut = available < size;
    if (vmpfi_chunk_has_crc(chunk->kind) && !chunk->cut) {
        bool right = vmpfi_crc32_matches(header->payload_crc, payload, header->payload_bytes);
        chunk->payload_checksum = right ? VMPF_CHECK_RIGHT : VMPF_CHECK_WRONG;
    }
    /* A journal that was cut is still a journal [F-7.5-5]. */
    if (chunk->payload_checksum == VMPF_CHECK_WRONG ||
        (chunk->cut && chunk->kind != VMPFI_JOURNAL)) {
        return pass_damaged(i, header, item, err);
    }
    item->size_bytes = chunk->cut ? available : size;
    place(i, header, item);
    if (!vmpfi_content_inspect(item, i->columns, payload,
                               (size_t)item->size_bytes - VMPFI_CHUNK_HEADER_BYTES)) {
        chunk->used = false; /* [F-3-8] */
    }
    note_content(i, item);
    if (chunk->cut) {
        vmpfi_fail(&item->problem, VMPF_E_TRUNCATED, item->offset, "F-7.5-5",
                   "the input ends within the journal");
    }
    vmpfi_input_advance(&i->input, (size_t)item->size_bytes);
    return VMPF_OK;
}

/* ---- the calls ----------------------------------------------------------------------------------------- */

vmpf_status vmpf_inspect_open(vmpf_inspector **out, struct vmpf_source source,
                              struct vmpf_error *err)
{
    if (out == NULL || source.ops == NULL || source.ops->read == NULL) {
        vmpf_source_close(&source);
        return vmpfi_fail(err, VMPF_E_ARG, VMPFI_NO_OFFSET, "", "no source to inspect");
    }
    vmpf_inspector *i = calloc(1, sizeof *i);
    if (i == NULL) {
        vmpf_source_close(&source);
        return vmpfi_fail_nomem(err);
    }
    i->input.source = source;
    vmpf_status status = take_opening(i, err);
    if (status != VMPF_OK) {
        vmpf_inspect_close(i);
        return status;
    }
    *out = i;
    return VMPF_OK;
}

void vmpf_inspect_close(vmpf_inspector *i)
{
    if (i != NULL) {
        vmpfi_input_fini(&i->input);
        free(i);
    }
}

static vmpf_status next(vmpf_inspector *i, struct vmpf_item *item, struct vmpf_error *err)
{
    struct vmpfi_chunk_header header;
    struct vmpfi_superblock superblock;
    VMPF_TRY(vmpfi_input_ensure(&i->input, LOOK_BYTES, err));
    if (vmpfi_input_available(&i->input) == 0) {
        return VMPF_END;
    }
    item->offset = i->input.offset;
    struct vmpf_error problem = {.status = VMPF_OK};
    switch (look(i, &header, &superblock, &problem)) {
    case HERE_CHUNK: return take_chunk(i, &header, item, err);
    case HERE_SUPERBLOCK:
        item->problem = problem;
        return take_superblock(i, &superblock, item, err);
    case HERE_NOTHING: break;
    }
    return take_lost(i, item, err);
}

vmpf_status vmpf_inspect_next(vmpf_inspector *i, struct vmpf_item *item, struct vmpf_error *err)
{
    if (i == NULL || item == NULL) {
        return vmpfi_fail(err, VMPF_E_ARG, VMPFI_NO_OFFSET, "",
                          "no inspector, or nowhere to put the item");
    }
    if (!i->first_given) {
        i->first_given = true;
        *item = i->first;
        return VMPF_OK;
    }
    vmpf_status status = i->failure.status;
    if (status == VMPF_OK) {
        memset(item, 0, sizeof *item);
        struct vmpf_error error = {.status = VMPF_OK};
        status = next(i, item, &error);
        if (status != VMPF_OK && status != VMPF_END) {
            i->failure = error;
        }
    }
    if (status != VMPF_OK && status != VMPF_END && err != NULL) {
        *err = i->failure;
    }
    return status;
}
