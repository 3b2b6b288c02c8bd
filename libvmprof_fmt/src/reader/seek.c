#include "libvmprof_fmt/src/reader/seek.h"

#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/wire/cursor.h"

#include <stdlib.h>
#include <string.h>

bool vmpfi_seek_init(struct vmpfi_seek *seek, struct vmpf_source source,
                     struct vmpfi_scratch *scratch, uint64_t memory_limit_bytes)
{
    int64_t size_bytes = -1;
    if (source.ops->size != NULL && source.ops->read_at != NULL) {
        size_bytes = source.ops->size(source.ctx);
    }
    *seek = (struct vmpfi_seek){.source = source,
                                .size_bytes = size_bytes < 0 ? 0 : (uint64_t)size_bytes,
                                .memory_limit_bytes = memory_limit_bytes,
                                .scratch = scratch};
    return size_bytes > 0;
}

void vmpfi_seek_fini(struct vmpfi_seek *seek)
{
    vmpfi_buffer_fini(&seek->bytes);
}

bool vmpfi_seek_read(const struct vmpfi_seek *seek, uint64_t offset, void *to, size_t size_bytes)
{
    uint8_t *at = to;
    size_t done = 0;
    while (done < size_bytes) {
        int64_t got = seek->source.ops->read_at(seek->source.ctx, offset + done, at + done,
                                                size_bytes - done);
        if (got <= 0) {
            return false;
        }
        done += (size_t)got;
    }
    return true;
}

bool vmpfi_seek_header(const struct vmpfi_seek *seek, uint64_t offset,
                       struct vmpfi_chunk_header *header)
{
    uint8_t bytes[VMPFI_CHUNK_HEADER_BYTES];
    return offset <= seek->size_bytes && seek->size_bytes - offset >= sizeof bytes &&
           vmpfi_seek_read(seek, offset, bytes, sizeof bytes) &&
           vmpfi_chunk_header_decode(bytes, header) &&
           header->payload_bytes <= seek->size_bytes - offset - sizeof bytes;
}

vmpf_status vmpfi_seek_payload(struct vmpfi_seek *seek, uint64_t offset,
                               const struct vmpfi_chunk_header *header,
                               struct vmpfi_payload *payload)
{
    seek->bytes.size_bytes = 0;
    if (!vmpfi_buffer_reserve(&seek->bytes, (size_t)header->payload_bytes + 1)) {
        return VMPF_E_NOMEM;
    }
    *payload = (struct vmpfi_payload){.data = seek->bytes.data,
                                      .size_bytes = header->payload_bytes,
                                      .offset = offset + VMPFI_CHUNK_HEADER_BYTES};
    bool whole = vmpfi_seek_read(seek, payload->offset, seek->bytes.data, payload->size_bytes) &&
                 vmpfi_crc32_matches(header->payload_crc, payload->data, payload->size_bytes);
    return whole ? VMPF_OK : VMPF_E_CORRUPT;
}

/* ---- the sessions ---------------------------------------------------------------------------------- */

/* An END chunk with so many values that ends at end_at and says where it stands. */
static bool end_with_values(struct vmpfi_seek *seek, uint64_t end_at, unsigned value_count,
                            struct vmpfi_sought_session *session)
{
    uint64_t size_bytes = VMPFI_CHUNK_HEADER_BYTES + VMPFI_END_BYTES(value_count);
    struct vmpfi_payload payload;
    if (size_bytes > end_at) {
        return false;
    }
    uint64_t at = end_at - size_bytes;
    struct vmpfi_chunk_header *header = &session->end_header;
    if (!vmpfi_seek_header(seek, at, header) || header->kind != VMPFI_END ||
        VMPFI_CHUNK_HEADER_BYTES + header->payload_bytes != size_bytes ||
        vmpfi_seek_payload(seek, at, header, &payload) != VMPF_OK ||
        vmpfi_end_decode(&session->end, &payload, NULL) != VMPF_OK || !session->end.placed ||
        session->end.value_count != value_count || session->end.own_offset > at) {
        return false;
    }
    session->start = at - session->end.own_offset;
    return true;
}

/* The session that ends at end_at [F-5.10-3]. */
static bool session_before(struct vmpfi_seek *seek, uint64_t end_at,
                           struct vmpfi_sought_session *session)
{
    uint8_t bytes[VMPFI_SUPERBLOCK_BYTES];
    bool found = false;
    for (unsigned k = 0; !found && k <= VMPF_MAX_VALUES; k++) {
        found = end_with_values(seek, end_at, k, session);
    }
    return found && session->end.own_offset >= sizeof bytes &&
           vmpfi_seek_read(seek, session->start, bytes, sizeof bytes) && vmpfi_is_magic(bytes) &&
           vmpfi_superblock_decode(bytes, &session->superblock, session->start, NULL) == VMPF_OK &&
           session->superblock.session_id == session->end_header.session_id &&
           session->superblock.size_bytes <= session->end.own_offset;
}

static void reverse(struct vmpfi_sought *sought)
{
    for (size_t i = 0; i < sought->count / 2; i++) {
        struct vmpfi_sought_session *other = &sought->sessions[sought->count - 1 - i];
        struct vmpfi_sought_session session = sought->sessions[i];
        sought->sessions[i] = *other;
        *other = session;
    }
}

vmpf_status vmpfi_seek_sessions(struct vmpfi_seek *seek, struct vmpfi_sought *sought)
{
    uint64_t end_at = seek->size_bytes;
    size_t capacity = 0;
    *sought = (struct vmpfi_sought){0};
    while (end_at > 0) {
        struct vmpfi_sought_session session;
        void *sessions = sought->sessions;
        if (sought->count >= VMPFI_MAX_SOUGHT_SESSIONS || !session_before(seek, end_at, &session)) {
            return VMPF_E_CORRUPT;
        }
        bool grown = vmpfi_grow(&sessions, &capacity, sought->count + 1, sizeof session);
        sought->sessions = sessions;
        if (!grown) {
            return VMPF_E_NOMEM;
        }
        sought->sessions[sought->count++] = session;
        end_at = session.start;
    }
    reverse(sought);
    return VMPF_OK;
}
