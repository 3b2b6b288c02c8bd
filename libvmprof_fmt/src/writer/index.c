#include "libvmprof_fmt/src/writer/index.h"

#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/writer/state.h"

#include <stdlib.h>

/* Moving costs as much as writing once more; in a file of this size the journal's share is small. What is remembered of a
 * chunk until it is moved and listed takes 64 bytes: 2 MiB in all. */
const struct vmpfi_writer_limits vmpfi_writer_default_limits = {
    .moved_file_bytes = (uint64_t)64 << 20, .moved_chunks = 32768, .index_entries = 4096};

/* ---- the chunks so far --------------------------------------------------------------------------- */

static bool record_chunk(vmpf_writer *w, struct vmpfi_noted *noted,
                         const struct vmpfi_chunk_record *record)
{
    struct vmpfi_writer_journal *journal = &w->journal;
    if (!vmpfi_writer_moves(w)) {
        return true;
    }
    void *chunks = journal->chunks;
    size_t at = journal->chunk_count + noted->record_count;
    bool grown = vmpfi_grow(&chunks, &journal->chunk_capacity, at + 1, sizeof *journal->chunks);
    journal->chunks = chunks;
    if (!grown) {
        return false;
    }
    journal->chunks[at] = *record;
    noted->record_count++;
    return true;
}

static bool list_chunk(vmpf_writer *w, struct vmpfi_noted *noted,
                       const struct vmpfi_index_entry *entry)
{
    struct vmpfi_writer_index *index = &w->index;
    void *entries = index->entries;
    size_t at = index->count + noted->entry_count;
    bool grown = vmpfi_grow(&entries, &index->capacity, at + 1, sizeof *index->entries);
    index->entries = entries;
    if (!grown) {
        return false;
    }
    index->entries[at] = *entry;
    noted->entry_count++;
    return true;
}

bool vmpfi_writer_note_chunk(vmpf_writer *w, struct vmpfi_noted *noted, size_t mark,
                             const struct vmpfi_chunk_header *header, bool dropped)
{
    const struct vmpfi_chunk_record record = {.offset = w->offset + mark,
                                              .size_bytes = (uint32_t)(w->out.size_bytes - mark),
                                              .dropped = dropped};
    const struct vmpfi_index_entry entry = {
        .offset = record.offset,
        .size_bytes = record.size_bytes,
        .kind = header->kind,
        .epoch = header->epoch,
        .sequence = header->sequence,
        .begin_ns = header->begin_ns,
        .end_ns = header->end_ns,
        .samples = header->kind == VMPFI_SAMPLES ? (uint32_t)w->pending.count : 0};
    bool listed = header->sequence != VMPFI_UNNUMBERED && header->kind != VMPFI_INDEX &&
                  header->kind != VMPFI_END; /* [F-5.10-1] */
    return record_chunk(w, noted, &record) && (!listed || list_chunk(w, noted, &entry));
}

void vmpfi_writer_index_commit(vmpf_writer *w, const struct vmpfi_noted *noted)
{
    struct vmpfi_writer_index *index = &w->index;
    w->journal.chunk_count += noted->record_count;
    index->count += noted->entry_count;
    if (noted->indexed_count > 0) {
        index->first += noted->indexed_count;
        index->last_offset = noted->index_offset;
        index->count = 0;
    }
}

void vmpfi_writer_index_fini(vmpf_writer *w)
{
    free(w->index.entries);
    free(w->journal.chunks);
    w->index.entries = NULL;
    w->journal.chunks = NULL;
}

/* ---- where they will stand ------------------------------------------------------------------------- */

/* offsets gets the final ones of the first `count` entries; NULL where count is 0. Gives the state of the placing behind the
 * last chunk that was noted. */
static struct vmpfi_placing place_noted(const vmpf_writer *w, const struct vmpfi_noted *noted,
                                        size_t count, uint64_t *offsets)
{
    const struct vmpfi_writer_journal *journal = &w->journal;
    const struct vmpfi_index_entry *entries = w->index.entries;
    bool moves = vmpfi_writer_moves(w);
    struct vmpfi_placing placing = {.to = journal->region_offset};
    size_t i = 0;
    while (i < count && (!moves || entries[i].offset < journal->region_offset)) {
        offsets[i] = entries[i].offset;
        i++;
    }
    for (size_t k = 0; moves && k < journal->chunk_count + noted->record_count; k++) {
        uint64_t at = vmpfi_place(&placing, &journal->chunks[k]);
        if (i < count && entries[i].offset == journal->chunks[k].offset) {
            offsets[i++] = at;
        }
    }
    return placing;
}

/* Where a chunk of this size will stand that begins at mark in w->out, behind all that were noted. */
static uint64_t place_next(const vmpf_writer *w, struct vmpfi_placing placing, size_t mark,
                           size_t size_bytes)
{
    const struct vmpfi_chunk_record chunk = {.offset = w->offset + mark,
                                             .size_bytes = (uint32_t)size_bytes};
    return vmpfi_writer_moves(w) ? vmpfi_place(&placing, &chunk) : chunk.offset;
}

/* ---- INDEX and END ----------------------------------------------------------------------------------- */

bool vmpfi_writer_index_is_due(const vmpf_writer *w, const struct vmpfi_noted *noted, bool last)
{
    size_t count = w->index.count + noted->entry_count;
    return last ? count > 0 : !vmpfi_writer_moves(w) && count >= w->limits.index_entries;
}

vmpf_status vmpfi_writer_index_encode(vmpf_writer *w, struct vmpfi_noted *noted, size_t mark)
{
    size_t count = w->index.count + noted->entry_count;
    const struct vmpfi_index_head head = {
        .first = w->index.first, .count = (uint32_t)count, .previous_offset = w->index.last_offset};
    uint64_t *offsets = vmpfi_scratch_integers(&w->scratch, VMPFI_INDEX_COLUMNS, count);
    if (offsets == NULL) {
        return VMPF_E_NOMEM;
    }
    struct vmpfi_placing placing = place_noted(w, noted, count, offsets);
    VMPF_TRY(vmpfi_index_encode(&w->out, &w->scratch, &head, w->index.entries, offsets));
    noted->indexed_count = count;
    noted->index_offset = place_next(w, placing, mark, w->out.size_bytes - mark);
    vmpfi_index_set_own_offset(w->out.data + mark + VMPFI_CHUNK_HEADER_BYTES, noted->index_offset);
    return VMPF_OK;
}

vmpf_status vmpfi_writer_end_encode(vmpf_writer *w, const struct vmpfi_noted *noted, size_t mark,
                                    const struct vmpfi_end *end)
{
    struct vmpfi_end placed = *end;
    placed.placed = true;
    placed.own_offset = place_next(w, place_noted(w, noted, 0, NULL), mark,
                                   VMPFI_CHUNK_HEADER_BYTES + VMPFI_END_BYTES(end->value_count));
    placed.index_offset = noted->indexed_count > 0 ? noted->index_offset : w->index.last_offset;
    return vmpfi_end_encode(&w->out, &placed) ? VMPF_OK : VMPF_E_NOMEM;
}
