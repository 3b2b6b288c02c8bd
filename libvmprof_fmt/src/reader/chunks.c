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

/* What stands at the window's start [F-3-1]. */
static bool look_here(const vmpf_reader *r, enum found *found, struct vmpfi_chunk_header *header,
                      struct vmpfi_superblock *superblock)
{
    const uint8_t *data = vmpfi_input_data(&r->input);
    size_t available = vmpfi_input_available(&r->input);
    if (available >= VMPFI_CHUNK_HEADER_BYTES && vmpfi_chunk_header_decode(data, header) &&
        header->session_id == r->session_id) {
        *found = FOUND_CHUNK;
        return true;
    }
    if (available >= VMPFI_SUPERBLOCK_BYTES && vmpfi_is_magic(data)) {
        vmpf_status status = vmpfi_superblock_decode(data, superblock, r->input.offset, NULL);
        *found = FOUND_SUPERBLOCK;
        return status == VMPF_OK || status == VMPF_E_VERSION;
    }
    return false;
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

/* Goes to the next chunk or superblock; what lies before it is lost. */
static vmpf_status find_next(vmpf_reader *r, enum found *found, struct vmpfi_chunk_header *header,
                             struct vmpfi_superblock *superblock, struct vmpf_error *err)
{
    uint64_t start = r->input.offset;
    for (;;) {
        VMPF_TRY(vmpfi_input_ensure(&r->input, VMPFI_SUPERBLOCK_BYTES, err));
        if (vmpfi_input_available(&r->input) == 0) {
            *found = FOUND_NOTHING;
            break;
        }
        if (look_here(r, found, header, superblock)) {
            break;
        }
        vmpfi_input_advance(&r->input, useless_bytes(r));
    }
    struct vmpf_error error;
    vmpfi_fail(&error, VMPF_E_CORRUPT, start, "F-3-1", "%llu bytes are no part of a chunk",
               (unsigned long long)(r->input.offset - start));
    vmpfi_damage_bytes(r, r->input.offset - start, &error);
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

/* A chunk whose payload is damaged: on with the byte behind it when a chunk begins there, else with the
 * byte behind its sync, since bytes may be missing in the middle. */
static vmpf_status pass_damaged(vmpf_reader *r, const struct vmpfi_chunk_header *header, bool whole,
                                struct vmpf_error *err)
{
    struct vmpf_error error;
    struct vmpfi_chunk_header next;
    size_t size = VMPFI_CHUNK_HEADER_BYTES + (size_t)header->payload_bytes;
    vmpfi_fail(&error, whole ? VMPF_E_CORRUPT : VMPF_E_TRUNCATED, r->input.offset, "F-3-2",
               whole ? "the checksum of a chunk of kind %u is wrong" : "a chunk of kind %u was cut",
               (unsigned)header->kind);
    vmpfi_damage_chunk(r, &error);
    VMPF_TRY(vmpfi_input_ensure(&r->input, size + VMPFI_SUPERBLOCK_BYTES, err));
    const uint8_t *data = vmpfi_input_data(&r->input);
    size_t available = vmpfi_input_available(&r->input);
    bool at_end = available == size;
    bool chunk = available >= size + VMPFI_CHUNK_HEADER_BYTES &&
                 vmpfi_chunk_header_decode(data + size, &next);
    bool magic = available >= size + VMPFI_MAGIC_BYTES && vmpfi_is_magic(data + size);
    size_t skip = at_end || chunk || magic ? size : 1;
    vmpfi_damage_bytes(r, skip, &error);
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
    VMPF_TRY(vmpfi_session_chunk(r, header, &payload, block, err));
    vmpfi_input_advance(&r->input, VMPFI_CHUNK_HEADER_BYTES + payload.size_bytes);
    return VMPF_OK;
}

static vmpf_status begin_next_session(vmpf_reader *r, const struct vmpfi_superblock *superblock,
                                      struct vmpf_error *err)
{
    VMPF_TRY(vmpfi_superblock_decode(vmpfi_input_data(&r->input), &(struct vmpfi_superblock){0},
                                     r->input.offset, err));
    VMPF_TRY(vmpfi_session_begin(r, superblock, err));
    VMPF_TRY(vmpfi_input_ensure(&r->input, superblock->size_bytes, err));
    size_t available = vmpfi_input_available(&r->input);
    vmpfi_input_advance(&r->input,
                        superblock->size_bytes < available ? superblock->size_bytes : available);
    return VMPF_OK;
}

vmpf_status vmpfi_reader_step(vmpf_reader *r, bool *block, struct vmpf_error *err)
{
    enum found found;
    struct vmpfi_chunk_header header;
    struct vmpfi_superblock superblock;
    *block = false;
    VMPF_TRY(find_next(r, &found, &header, &superblock, err));
    if (found == FOUND_CHUNK) {
        return next_chunk(r, &header, block, err);
    }
    if (r->session_open) {
        return vmpfi_session_end(r, block, err);
    }
    return found == FOUND_SUPERBLOCK ? begin_next_session(r, &superblock, err) : VMPF_END;
}
