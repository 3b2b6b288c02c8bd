/* seek_index.c: a session's index, from its last INDEX chunk backwards (spec 5.10). */
#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/reader/seek.h"

#include <stdlib.h>

/* What an INDEX chunk has to fit to: the one behind it, or END. */
struct behind {
    bool is_end;
    uint64_t offset; /* where END, or the first chunk that the INDEX chunk behind lists, begins */
    uint64_t first;  /* entries before it */
    uint32_t next_sequence; /* the number behind this INDEX chunk's */
};

/* Entries that cannot be is what a chain of small chunks could claim: each entry is of a chunk of its own. */
static bool could_be(const struct vmpfi_seek *seek, const struct vmpfi_index_head *head)
{
    uint64_t most = head->own_offset / VMPFI_CHUNK_HEADER_BYTES;
    uint64_t affordable = seek->memory_limit_bytes / sizeof(struct vmpfi_index_entry);
    return head->count > 0 && head->first <= most && head->count <= most - head->first &&
           head->first + head->count <= affordable && head->previous_offset < head->own_offset &&
           (head->previous_offset == 0) == (head->first == 0);
}

/* The numbers of the entries, and then that of the INDEX chunk, grow by one [F-3-5]. */
static bool numbers_grow(const struct vmpfi_index_chunk *chunk, uint32_t own_sequence)
{
    const uint64_t *sequence = chunk->columns[VMPFI_INDEX_SEQUENCE];
    for (size_t i = 0; i < chunk->head.count; i++) {
        uint64_t next = i + 1 < chunk->head.count ? sequence[i + 1] : own_sequence;
        if (sequence[i] + 1 != next) {
            return false;
        }
    }
    return chunk->head.first > 0 || sequence[0] == 0;
}

/* The INDEX chunk at an offset of the session, when it fits to what stands behind it. */
static vmpf_status read_one(struct vmpfi_seek *seek, const struct vmpfi_sought_session *session,
                            uint64_t at, const struct behind *behind,
                            struct vmpfi_index_chunk *chunk)
{
    struct vmpfi_chunk_header header;
    struct vmpfi_payload payload;
    if (!vmpfi_seek_header(seek, session->start + at, &header) || header.kind != VMPFI_INDEX ||
        header.session_id != session->superblock.session_id ||
        header.sequence + 1 != behind->next_sequence) {
        return VMPF_E_CORRUPT;
    }
    VMPF_TRY(vmpfi_seek_payload(seek, session->start + at, &header, &payload));
    vmpf_status status = vmpfi_index_decode(chunk, seek->scratch, &payload, NULL);
    if (status != VMPF_OK) {
        return status == VMPF_E_NOMEM ? status : VMPF_E_CORRUPT;
    }
    uint64_t end = at + VMPFI_CHUNK_HEADER_BYTES + header.payload_bytes;
    bool fits = behind->is_end ? end == behind->offset
                               : end <= behind->offset &&
                                     chunk->head.first + chunk->head.count == behind->first;
    return fits && chunk->head.own_offset == at && could_be(seek, &chunk->head) &&
                   numbers_grow(chunk, header.sequence)
               ? VMPF_OK
               : VMPF_E_CORRUPT;
}

/* The last INDEX chunk comes first, and knows how many entries there are. */
static vmpf_status put_entries(struct vmpfi_sought_index *index,
                               const struct vmpfi_index_chunk *chunk)
{
    if (index->entries == NULL) {
        index->count = (size_t)(chunk->head.first + chunk->head.count);
        index->entries = calloc(index->count, sizeof *index->entries);
        if (index->entries == NULL) {
            return VMPF_E_NOMEM;
        }
    }
    for (size_t i = 0; i < chunk->head.count; i++) {
        if (!vmpfi_index_entry_at(chunk, i, &index->entries[chunk->head.first + i])) {
            return VMPF_E_CORRUPT;
        }
    }
    return VMPF_OK;
}

/* JOURNAL, PAD and CODES are not numbered, and INDEX and END are not listed [F-5.10-1]. */
static bool may_be_listed(uint16_t kind)
{
    return kind != VMPFI_JOURNAL && kind != VMPFI_PAD && kind != VMPFI_CODES &&
           kind != VMPFI_INDEX && kind != VMPFI_END;
}

/* The chunks stand one behind the other, epochs never fall [F-3-6], and the samples are those that END counts. */
static bool is_coherent(const struct vmpfi_sought_session *session,
                        const struct vmpfi_sought_index *index)
{
    uint64_t at = session->superblock.size_bytes;
    uint64_t samples = 0;
    uint32_t epoch = 0;
    for (size_t i = 0; i < index->count; i++) {
        const struct vmpfi_index_entry *entry = &index->entries[i];
        if (!may_be_listed(entry->kind) || entry->offset < at || entry->epoch < epoch ||
            entry->offset > session->end.own_offset ||
            entry->size_bytes < VMPFI_CHUNK_HEADER_BYTES || entry->begin_ns > entry->end_ns ||
            (entry->kind != VMPFI_SAMPLES && entry->samples != 0)) {
            return false;
        }
        at = entry->offset + entry->size_bytes;
        epoch = entry->epoch;
        samples += entry->samples;
    }
    return at <= session->end.own_offset && samples == session->end.samples;
}

vmpf_status vmpfi_seek_index(struct vmpfi_seek *seek, const struct vmpfi_sought_session *session,
                             struct vmpfi_sought_index *index)
{
    struct behind behind = {.is_end = true,
                            .offset = session->end.own_offset,
                            .next_sequence = session->end_header.sequence};
    uint64_t at = session->end.index_offset;
    *index = (struct vmpfi_sought_index){0};
    if (at == 0) { /* nothing is listed: there is nothing but END */
        bool empty = session->end.own_offset == session->superblock.size_bytes;
        return empty ? VMPF_OK : VMPF_E_CORRUPT;
    }
    while (at != 0) {
        struct vmpfi_index_chunk chunk;
        VMPF_TRY(read_one(seek, session, at, &behind, &chunk));
        VMPF_TRY(put_entries(index, &chunk));
        const struct vmpfi_index_entry *front = &index->entries[chunk.head.first];
        behind = (struct behind){
            .offset = front->offset, .first = chunk.head.first, .next_sequence = front->sequence};
        at = chunk.head.previous_offset;
    }
    return is_coherent(session, index) ? VMPF_OK : VMPF_E_CORRUPT;
}
