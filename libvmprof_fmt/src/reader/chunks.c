/* chunks.c: from bytes to chunks and superblocks, past all that is damaged (spec sections 2 and 3). */
#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/reader/state.h"
#include "libvmprof_fmt/src/wire/cursor.h"

/* ---- the bytes between chunks ---------------------------------------------------------------------- */

enum found {
    FOUND_NOTHING, /* the input ended */
    FOUND_CHUNK,
    FOUND_SUPERBLOCK,
};

struct find {
    enum found what;
    struct vmpfi_chunk_header header;
    struct vmpfi_superblock superblock;
    struct vmpf_error
        problem; /* of the superblock: VMPF_E_VERSION, or why it had to be recovered */
};

/* A chunk of the session [F-3-1]; behind END only a copy of one that was read is one [F-6-4]. */
static bool chunk_here(const vmpf_reader *r, struct vmpfi_chunk_header *header)
{
    return vmpfi_input_available(&r->input) >= VMPFI_CHUNK_HEADER_BYTES &&
           vmpfi_chunk_header_decode(vmpfi_input_data(&r->input), header) &&
           header->session_id == r->session_id &&
           (!vmpfi_reader_current(r)->info.finished || vmpfi_reader_has_read(r, header));
}

/* A superblock, or what is left of one in front of another session's chunk [F-2-2]. */
static bool superblock_here(const vmpf_reader *r, struct find *find)
{
    const uint8_t *data = vmpfi_input_data(&r->input);
    size_t available = vmpfi_input_available(&r->input);
    if (available < VMPFI_SUPERBLOCK_BYTES || !vmpfi_is_magic(data)) {
        return false;
    }
    find->problem.status = VMPF_OK;
    vmpf_status status =
        vmpfi_superblock_decode(data, &find->superblock, r->input.offset, &find->problem);
    if (status == VMPF_OK || status == VMPF_E_VERSION) {
        return true;
    }
    return vmpfi_superblock_recover(data, available, &find->superblock) &&
           find->superblock.session_id != r->session_id;
}

static bool look_here(const vmpf_reader *r, struct find *find)
{
    if (chunk_here(r, &find->header)) {
        find->what = FOUND_CHUNK;
        return true;
    }
    find->what = FOUND_SUPERBLOCK;
    return superblock_here(r, find);
}

/* Skips to the next byte that could begin a sync or a magic. */
static size_t useless_bytes(const vmpf_reader *r)
{
    const uint8_t *data = vmpfi_input_data(&r->input);
    size_t available = vmpfi_input_available(&r->input);
    size_t skip = 1;
    while (skip < available && data[skip] != 0x9E && data[skip] != 0x89) {
        skip++;
    }
    return skip;
}

static void count_lost_bytes(vmpf_reader *r, uint64_t start)
{
    struct vmpf_error error;
    bool behind_end = vmpfi_reader_current(r)->info.finished;
    uint64_t bytes = r->input.offset - start;
    if (r->refused) {
        return; /* nobody knows what they are */
    }
    vmpfi_fail(&error, VMPF_E_CORRUPT, start, behind_end ? "F-6-4" : "F-3-1",
               behind_end ? "%llu bytes stand behind the end of a session"
                          : "%llu bytes are no part of a chunk",
               (unsigned long long)bytes);
    vmpfi_damage_bytes(r, bytes, &error);
}

/* Goes to the next chunk or superblock; what lies before it is lost. */
static vmpf_status find_next(vmpf_reader *r, struct find *find, struct vmpf_error *err)
{
    uint64_t start = r->input.offset;
    for (;;) {
        VMPF_TRY(
            vmpfi_input_ensure(&r->input, VMPFI_SUPERBLOCK_BYTES + VMPFI_CHUNK_HEADER_BYTES, err));
        if (vmpfi_input_available(&r->input) == 0) {
            find->what = FOUND_NOTHING;
            break;
        }
        if (look_here(r, find)) {
            break;
        }
        vmpfi_input_advance(&r->input, useless_bytes(r));
    }
    count_lost_bytes(r, start);
    return VMPF_OK;
}

/* The payload of the chunk whose header is at the window's start. A journal that was cut is still a journal. */
static vmpf_status load_payload(vmpf_reader *r, const struct vmpfi_chunk_header *header,
                                struct vmpfi_payload *payload, bool *whole, struct vmpf_error *err)
{
    size_t wanted = VMPFI_CHUNK_HEADER_BYTES + (size_t)header->payload_bytes;
    VMPF_TRY(vmpfi_input_ensure(&r->input, wanted, err));
    size_t available = vmpfi_input_available(&r->input);
    payload->data = vmpfi_input_data(&r->input) + VMPFI_CHUNK_HEADER_BYTES;
    payload->size_bytes = (available < wanted ? available : wanted) - VMPFI_CHUNK_HEADER_BYTES;
    payload->offset = r->input.offset + VMPFI_CHUNK_HEADER_BYTES;
    *whole = available >= wanted;
    return VMPF_OK;
}

/* Whether the input goes on, or ends, right behind a chunk of this size. */
static vmpf_status ends_well(vmpf_reader *r, size_t size, bool *well, struct vmpf_error *err)
{
    struct vmpfi_chunk_header next;
    VMPF_TRY(vmpfi_input_ensure(&r->input, size + VMPFI_SUPERBLOCK_BYTES, err));
    const uint8_t *data = vmpfi_input_data(&r->input);
    size_t available = vmpfi_input_available(&r->input);
    bool chunk = available >= size + VMPFI_CHUNK_HEADER_BYTES &&
                 vmpfi_chunk_header_decode(data + size, &next);
    bool magic = available >= size + VMPFI_MAGIC_BYTES && vmpfi_is_magic(data + size);
    *well = available == size || chunk || magic;
    return VMPF_OK;
}

/* A copy of what was read may be damaged [F-3-5]; behind END only whole ones may stand [F-6-4]. */
static bool may_be_damaged(const vmpf_reader *r, const struct vmpfi_chunk_header *header)
{
    return r->refused ||
           (vmpfi_reader_has_read(r, header) && !vmpfi_reader_current(r)->info.finished);
}

/* A chunk whose payload is damaged: on with the byte behind it when a chunk begins there, else with the
 * byte behind its sync, since bytes may be missing in the middle. */
static vmpf_status pass_damaged(vmpf_reader *r, const struct vmpfi_chunk_header *header, bool whole,
                                struct vmpf_error *err)
{
    struct vmpf_error error;
    bool well;
    size_t size = VMPFI_CHUNK_HEADER_BYTES + (size_t)header->payload_bytes;
    VMPF_TRY(ends_well(r, size, &well, err));
    size_t skip = well ? size : 1;
    if (!may_be_damaged(r, header)) {
        vmpfi_fail(&error, whole ? VMPF_E_CORRUPT : VMPF_E_TRUNCATED, r->input.offset, "F-3-2",
                   whole ? "the checksum of a chunk of kind %u is wrong"
                         : "a chunk of kind %u was cut",
                   (unsigned)header->kind);
        vmpfi_damage_chunk(r, &error);
        vmpfi_damage_bytes(r, skip, &error);
    }
    vmpfi_input_advance(&r->input, skip);
    return VMPF_OK;
}

static vmpf_status next_chunk(vmpf_reader *r, const struct vmpfi_chunk_header *header, bool *block,
                              struct vmpf_error *err)
{
    struct vmpfi_payload payload;
    bool whole;
    *block = false;
    VMPF_TRY(load_payload(r, header, &payload, &whole, err));
    bool has_crc = vmpfi_chunk_has_crc(header->kind);
    bool damaged = has_crc && whole &&
                   !vmpfi_crc32_matches(header->payload_crc, payload.data, payload.size_bytes);
    if (damaged || (!whole && header->kind != VMPFI_JOURNAL)) {
        return pass_damaged(r, header, whole, err);
    }
    vmpf_status status = vmpfi_session_chunk(r, header, &payload, block, err);
    if (status == VMPF_OK || status == VMPF_E_UNSUPPORTED) {
        vmpfi_input_advance(&r->input, VMPFI_CHUNK_HEADER_BYTES + payload.size_bytes);
    }
    return status;
}

/* A newer session is begun, so that its chunks are known and passed over [F-2-3]. */
static vmpf_status begin_next_session(vmpf_reader *r, const struct find *find,
                                      struct vmpf_error *err)
{
    const struct vmpfi_superblock *superblock = &find->superblock;
    bool newer = find->problem.status == VMPF_E_VERSION;
    size_t size_bytes = newer ? VMPFI_SUPERBLOCK_BYTES : superblock->size_bytes;
    VMPF_TRY(vmpfi_session_begin(r, superblock, err));
    VMPF_TRY(vmpfi_input_ensure(&r->input, size_bytes, err));
    size_t available = vmpfi_input_available(&r->input);
    vmpfi_input_advance(&r->input, size_bytes < available ? size_bytes : available);
    if (find->problem.status == VMPF_E_CORRUPT) {
        vmpfi_damage_bytes(r, VMPFI_SUPERBLOCK_BYTES, &find->problem);
    }
    if (newer) {
        vmpfi_session_refuse(r);
        *err = find->problem;
        return VMPF_E_VERSION;
    }
    return VMPF_OK;
}

vmpf_status vmpfi_reader_step(vmpf_reader *r, bool *block, struct vmpf_error *err)
{
    struct find find = {.what = FOUND_NOTHING};
    *block = false;
    VMPF_TRY(find_next(r, &find, err));
    if (find.what == FOUND_CHUNK) {
        return next_chunk(r, &find.header, block, err);
    }
    if (r->session_open) {
        return vmpfi_session_end(r, block, err);
    }
    return find.what == FOUND_SUPERBLOCK ? begin_next_session(r, &find, err) : VMPF_END;
}
