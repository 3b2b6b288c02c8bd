#include "libvmprof_fmt/src/blocks/chunk.h"

#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/wire/cursor.h"

#include <string.h>

/* As in PNG: not text, and broken by a transfer that rewrites line ends. */
static const uint8_t magic[VMPFI_MAGIC_BYTES] = {0x89, 'V', 'M', 'P', 'F', 0x0D, 0x0A, 0x1A};
static const uint8_t sync[4] = {0x9E, 'V', 'M', 'C'};

bool vmpfi_is_magic(const uint8_t *data)
{
    return memcmp(data, magic, sizeof magic) == 0;
}

bool vmpfi_is_sync(const uint8_t *data)
{
    return memcmp(data, sync, sizeof sync) == 0;
}

void vmpfi_superblock_encode(uint8_t *to, const struct vmpfi_superblock *superblock)
{
    memset(to, 0, VMPFI_SUPERBLOCK_BYTES);
    memcpy(to, magic, sizeof magic);
    vmpfi_store_u16(to + 8, superblock->read_version);
    vmpfi_store_u16(to + 10, superblock->write_version);
    vmpfi_store_u32(to + 12, superblock->size_bytes);
    vmpfi_store_u64(to + 16, superblock->session_id);
    vmpfi_store_u64(to + 24, superblock->start_unix_ns);
    vmpfi_store_u32(to + 60, vmpfi_crc32(to, 60));
}

vmpf_status vmpfi_superblock_decode(const uint8_t *from, struct vmpfi_superblock *superblock,
                                    uint64_t offset, struct vmpf_error *err)
{
    if (!vmpfi_crc32_matches(vmpfi_load_u32(from + 60), from, 60)) {
        return vmpfi_fail(err, VMPF_E_CORRUPT, offset, "F-2-2",
                          "the superblock's checksum is wrong");
    }
    superblock->read_version = vmpfi_load_u16(from + 8);
    superblock->write_version = vmpfi_load_u16(from + 10);
    superblock->size_bytes = vmpfi_load_u32(from + 12);
    superblock->session_id = vmpfi_load_u64(from + 16);
    superblock->start_unix_ns = vmpfi_load_u64(from + 24);
    if (superblock->read_version > VMPF_FORMAT_VERSION) {
        return vmpfi_fail(
            err, VMPF_E_VERSION, offset + 8, "F-2-3",
            "written in format version %u, newer than version %u, the newest known here",
            (unsigned)superblock->read_version, (unsigned)VMPF_FORMAT_VERSION);
    }
    if (superblock->read_version == 0) {
        return vmpfi_fail(err, VMPF_E_CORRUPT, offset + 8, "F-2-3",
                          "format version 0 does not exist");
    }
    if (superblock->size_bytes < VMPFI_SUPERBLOCK_BYTES ||
        superblock->size_bytes > VMPFI_MAX_SUPERBLOCK_BYTES) {
        return vmpfi_fail(err, VMPF_E_CORRUPT, offset + 12, "F-2-4",
                          "the superblock cannot be %u bytes long",
                          (unsigned)superblock->size_bytes);
    }
    if (superblock->session_id == 0) {
        return vmpfi_fail(err, VMPF_E_CORRUPT, offset + 16, "F-2-5", "a session's id cannot be 0");
    }
    return VMPF_OK;
}

bool vmpfi_superblock_recover(const uint8_t *from, size_t size_bytes,
                              struct vmpfi_superblock *superblock)
{
    struct vmpfi_chunk_header header;
    if (size_bytes < VMPFI_SUPERBLOCK_BYTES + VMPFI_CHUNK_HEADER_BYTES ||
        !vmpfi_chunk_header_decode(from + VMPFI_SUPERBLOCK_BYTES, &header) ||
        header.session_id == 0) {
        return false;
    }
    *superblock = (struct vmpfi_superblock){.read_version = VMPF_FORMAT_VERSION,
                                            .write_version = VMPF_FORMAT_VERSION,
                                            .size_bytes = VMPFI_SUPERBLOCK_BYTES,
                                            .session_id = header.session_id};
    return true;
}

void vmpfi_chunk_header_encode(uint8_t *to, const struct vmpfi_chunk_header *header)
{
    memset(to, 0, VMPFI_CHUNK_HEADER_BYTES);
    memcpy(to, sync, sizeof sync);
    vmpfi_store_u16(to + 4, header->kind);
    vmpfi_store_u16(to + 6, header->flags);
    vmpfi_store_u64(to + 8, header->session_id);
    vmpfi_store_u32(to + 16, header->sequence);
    vmpfi_store_u32(to + 20, header->epoch);
    vmpfi_store_u32(to + 24, header->payload_bytes);
    vmpfi_store_u32(to + 28, header->payload_crc);
    vmpfi_store_u64(to + 32, header->begin_ns);
    vmpfi_store_u64(to + 40, header->end_ns);
    vmpfi_store_u32(to + 52, vmpfi_crc32(to, 52));
}

bool vmpfi_chunk_header_decode(const uint8_t *from, struct vmpfi_chunk_header *header)
{
    if (!vmpfi_is_sync(from) || !vmpfi_crc32_matches(vmpfi_load_u32(from + 52), from, 52)) {
        return false;
    }
    header->kind = vmpfi_load_u16(from + 4);
    header->flags = vmpfi_load_u16(from + 6);
    header->session_id = vmpfi_load_u64(from + 8);
    header->sequence = vmpfi_load_u32(from + 16);
    header->epoch = vmpfi_load_u32(from + 20);
    header->payload_bytes = vmpfi_load_u32(from + 24);
    header->payload_crc = vmpfi_load_u32(from + 28);
    header->begin_ns = vmpfi_load_u64(from + 32);
    header->end_ns = vmpfi_load_u64(from + 40);
    uint32_t limit = VMPFI_MAX_PAYLOAD_BYTES;
    if (header->kind == VMPFI_JOURNAL) {
        limit += VMPFI_JOURNAL_HEADER_BYTES;
    }
    return header->payload_bytes <= limit;
}

bool vmpfi_chunk_has_crc(uint16_t kind)
{
    return kind != VMPFI_JOURNAL && kind != VMPFI_PAD;
}

bool vmpfi_chunk_kind_is_known(uint16_t kind)
{
    return kind >= VMPFI_META && kind <= VMPFI_LABELS;
}

bool vmpfi_chunk_is_numbered(const struct vmpfi_chunk_header *header)
{
    if (header->kind == VMPFI_JOURNAL || header->kind == VMPFI_PAD || header->kind == VMPFI_CODES) {
        return false;
    }
    return vmpfi_chunk_kind_is_known(header->kind) || header->sequence != VMPFI_UNNUMBERED;
}

bool vmpfi_chunk_begin(struct vmpfi_buffer *out, size_t *mark)
{
    *mark = out->size_bytes;
    return vmpfi_buffer_append(out, NULL, VMPFI_CHUNK_HEADER_BYTES);
}

bool vmpfi_chunk_end(struct vmpfi_buffer *out, size_t mark, struct vmpfi_chunk_header *header)
{
    size_t payload_bytes = out->size_bytes - mark - VMPFI_CHUNK_HEADER_BYTES;
    if (payload_bytes > VMPFI_MAX_PAYLOAD_BYTES) {
        return false;
    }
    const uint8_t *payload = out->data + mark + VMPFI_CHUNK_HEADER_BYTES;
    header->payload_bytes = (uint32_t)payload_bytes;
    header->payload_crc =
        vmpfi_chunk_has_crc(header->kind) ? vmpfi_crc32(payload, payload_bytes) : 0;
    vmpfi_chunk_header_encode(out->data + mark, header);
    return true;
}
