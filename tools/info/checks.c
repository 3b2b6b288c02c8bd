#include "tools/info/checks.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"

#define INDEX 12

/* What a check looks at, and what it says of it. */
struct look {
    const struct info_report *report;
    const struct info_file *file;
    struct info_check *check;
};

static void pass(const struct look *look)
{
    look->check->checked++;
}

__attribute__((format(printf, 2, 3))) static void fail(const struct look *look, const char *format,
                                                       ...)
{
    struct info_check *check = look->check;
    va_list arguments;
    if (check->failed == 0) {
        va_start(arguments, format);
        (void)vsnprintf(check->detail, sizeof(check->detail), format, arguments);
        va_end(arguments);
    }
    check->checked++;
    check->failed++;
}

static void fail_item(const struct look *look, const struct vmpf_item *item)
{
    fail(look, "offset %" PRIu64 ": %s", item->offset, item->problem.message);
}

static const struct info_block *block_at(const struct look *look, size_t i)
{
    return &look->report->blocks[look->file->first_block + i];
}

static const struct info_session *session_at(const struct look *look, size_t i)
{
    return &look->report->sessions[look->file->first_session + i];
}

static const struct vmpf_end_info *end_of(const struct look *look,
                                          const struct info_session *session)
{
    return session->end == INFO_NONE ? NULL : &look->report->blocks[session->end].item.chunk.end;
}

/* ---- what the bytes say of themselves ------------------------------------------------------------------ */

static void check_superblocks(const struct look *look)
{
    for (size_t i = 0; i < look->file->block_count; i++) {
        const struct vmpf_item *item = &block_at(look, i)->item;
        if (item->type == VMPF_ITEM_SUPERBLOCK && item->problem.status != VMPF_OK) {
            fail_item(look, item);
        } else if (item->type == VMPF_ITEM_SUPERBLOCK) {
            pass(look);
        }
    }
}

/* A header whose checksum is wrong is no header: its bytes belong to nothing. */
static void check_headers(const struct look *look)
{
    for (size_t i = 0; i < look->file->block_count; i++) {
        const struct vmpf_item *item = &block_at(look, i)->item;
        if (item->type == VMPF_ITEM_LOST) {
            fail_item(look, item);
        } else if (item->type == VMPF_ITEM_CHUNK) {
            pass(look);
        }
    }
}

/* A copy that is damaged does no harm, and is no problem. */
static bool payload_is_bad(const struct vmpf_item *item)
{
    const struct vmpf_chunk_info *chunk = &item->chunk;
    return item->problem.status != VMPF_OK &&
           (chunk->cut || chunk->payload_checksum == VMPF_CHECK_WRONG);
}

static void check_payloads(const struct look *look)
{
    for (size_t i = 0; i < look->file->block_count; i++) {
        const struct vmpf_item *item = &block_at(look, i)->item;
        if (payload_is_bad(item)) {
            fail_item(look, item);
        } else if (item->chunk.payload_checksum == VMPF_CHECK_RIGHT) {
            pass(look);
        }
    }
}

static void check_sequence(const struct look *look)
{
    for (size_t i = 0; i < look->file->block_count; i++) {
        const struct vmpf_item *item = &block_at(look, i)->item;
        if (item->chunk.order == VMPF_ORDER_GAP) {
            fail_item(look, item);
        } else if (item->chunk.order == VMPF_ORDER_NEXT) {
            pass(look);
        }
    }
}

/* What a payload holds must be what its kind asks for, so far as that can be seen without decoding. */
static void check_contents(const struct look *look)
{
    for (size_t i = 0; i < look->file->block_count; i++) {
        const struct vmpf_item *item = &block_at(look, i)->item;
        const struct vmpf_chunk_info *chunk = &item->chunk;
        if (item->type != VMPF_ITEM_CHUNK || payload_is_bad(item) ||
            chunk->order == VMPF_ORDER_COPY) {
            continue;
        }
        if (!chunk->used || (item->problem.status != VMPF_OK && chunk->order != VMPF_ORDER_GAP)) {
            fail_item(look, item);
        } else if (chunk->content != VMPF_CONTENT_NONE) {
            pass(look);
        }
    }
}

/* ---- what the reader makes of them --------------------------------------------------------------------- */

static uint64_t bad_payloads(const struct look *look)
{
    uint64_t count = 0;
    for (size_t i = 0; i < look->file->block_count; i++) {
        const struct vmpf_item *item = &block_at(look, i)->item;
        count += payload_is_bad(item) && item->chunk.content != VMPF_CONTENT_JOURNAL;
    }
    return count;
}

/* Everything in the file is decoded: columns inflate, ids are defined, rows of the journal are whole. */
static void check_decoding(const struct look *look)
{
    const struct vmpf_error *error = &look->file->error;
    if (error->status != VMPF_OK || !look->file->reader) {
        fail(look, "offset %" PRIu64 ": %s", error->offset, error->message);
        return;
    }
    const struct vmpf_damage *damage = vmpf_reader_damage(look->file->reader);
    uint64_t bad = bad_payloads(look);
    if (damage->bad_chunks > bad) {
        fail(look,
             "%" PRIu64 " chunks cannot be decoded; the first trouble at offset %" PRIu64 ": %s",
             damage->bad_chunks - bad, damage->first.offset, damage->first.message);
    } else if (damage->lost_samples > 0 || damage->unknown_names > 0) {
        fail(look, "%" PRIu64 " samples and %" PRIu64 " names are lost", damage->lost_samples,
             damage->unknown_names);
    } else {
        pass(look);
    }
}

static void check_end(const struct look *look)
{
    for (size_t i = 0; i < look->file->session_count; i++) {
        const struct info_session *session = session_at(look, i);
        if (!info_session_finished(session)) {
            fail(look, "offset %" PRIu64 ": the session that begins here has no end",
                 session->offset);
        } else {
            pass(look);
        }
    }
}

static void check_end_samples(const struct look *look)
{
    for (size_t i = 0; i < look->file->session_count; i++) {
        const struct info_session *session = session_at(look, i);
        const struct vmpf_end_info *end = end_of(look, session);
        uint64_t samples = info_session_samples(session);
        if (end && end->samples != samples) {
            fail(look, "the end counts %" PRIu64 " samples, and there are %" PRIu64, end->samples,
                 samples);
        } else if (end) {
            pass(look);
        }
    }
}

static void check_end_sums(const struct look *look)
{
    for (size_t i = 0; i < look->file->session_count; i++) {
        const struct info_session *session = session_at(look, i);
        const struct vmpf_end_info *end = end_of(look, session);
        size_t count = end && session->info ? end->value_count : 0;
        if (count && count != session->info->value_count) {
            fail(look, "the end has sums of %zu values, and samples have %zu", count,
                 session->info->value_count);
            continue;
        }
        for (size_t k = 0; k < count; k++) {
            if (end->sums[k] != session->sums[k]) {
                fail(look,
                     "the end's sum of value %zu is %" PRIu64 ", that of the samples %" PRIu64, k,
                     end->sums[k], session->sums[k]);
            } else {
                pass(look);
            }
        }
    }
}

/* [F-5.10-1], [F-6-2]: END and INDEX say where they stand, and where the INDEX before them does. */
static void check_offset(const struct look *look, const struct info_block *block, uint64_t own,
                         uint64_t index, uint64_t expected_index)
{
    uint64_t expected = block->item.offset - look->report->sessions[block->session].offset;
    if (own != expected) {
        fail(look,
             "offset %" PRIu64 ": the chunk says that it stands at %" PRIu64 " of its session",
             block->item.offset, own);
    } else if (index != expected_index) {
        fail(look, "offset %" PRIu64 ": the chunk says that an index stands at %" PRIu64,
             block->item.offset, index);
    } else {
        pass(look);
    }
}

static void check_offsets(const struct look *look)
{
    uint64_t last_index = 0;
    for (size_t i = 0; i < look->file->block_count; i++) {
        const struct info_block *block = block_at(look, i);
        const struct vmpf_chunk_info *chunk = &block->item.chunk;
        if (block->item.type == VMPF_ITEM_SUPERBLOCK) {
            last_index = 0;
        } else if (info_block_counts(block) && chunk->content == VMPF_CONTENT_END &&
                   chunk->end.has_offsets) {
            check_offset(look, block, chunk->end.end_offset, chunk->end.index_offset, last_index);
        } else if (info_block_counts(block) && chunk->kind == INDEX &&
                   chunk->content == VMPF_CONTENT_COLUMNS) {
            const struct vmpf_columns_info *head = &chunk->columns;
            check_offset(look, block, head->lost_samples, head->journal_position, last_index);
            last_index = block->item.offset - look->report->sessions[block->session].offset;
        }
    }
}

/* What the reader found that was asked to verify. */
static void check_cross(const struct look *look, uint64_t wrong, const char *what)
{
    const struct vmpf_damage *damage = vmpf_reader_damage(look->file->reader);
    if (wrong != 0) {
        fail(look, "%" PRIu64 " %s; the first trouble at offset %" PRIu64 ": %s", wrong, what,
             damage->first.offset, damage->first.message);
    }
}

/* [F-5.9-3]: a stack passes when its number of samples and all its sums are right. */
static void check_totals(const struct look *look)
{
    const struct info_totals *totals = &look->file->totals;
    uint32_t count = totals->compared ? vmpf_reader_stack_count(look->file->reader) : 0;
    static const uint64_t nothing[1 + VMPF_MAX_VALUES];
    bool named = false;
    for (uint32_t i = 0; i < count; i++) {
        const struct info_difference *stack = &totals->stacks[i];
        if (memcmp(stack->left, nothing, sizeof(nothing)) != 0) {
            fail(look, "the totals of stack %" PRIu32 " are not what its samples come to", i);
            named = true;
        } else if (stack->stored) {
            pass(look);
        }
    }
    if (look->file->reader && !named) {
        check_cross(look, vmpf_reader_damage(look->file->reader)->wrong_totals,
                    "blocks of totals are not what their samples come to");
    }
}

/* [F-5.10-1], [F-5.10-3] */
static void check_index(const struct look *look)
{
    for (size_t i = 0; i < look->file->block_count; i++) {
        const struct vmpf_item *item = &block_at(look, i)->item;
        const char *name =
            item->type == VMPF_ITEM_CHUNK ? vmpf_chunk_kind_name(item->chunk.kind) : NULL;
        if (name != NULL && !payload_is_bad(item) && strcmp(name, "INDEX") == 0) {
            pass(look);
        }
    }
    if (look->file->reader) {
        check_cross(look, vmpf_reader_damage(look->file->reader)->wrong_indexes,
                    "indexes do not list the chunks as they are");
    }
}

/* ---- all of them --------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    void (*check)(const struct look *look);
} table[] = {
    {"superblocks", check_superblocks},
    {"chunk headers", check_headers},
    {"payloads", check_payloads},
    {"sequence", check_sequence},
    {"contents", check_contents},
    {"decoding", check_decoding},
    {"end", check_end},
    {"samples of the end", check_end_samples},
    {"sums of the end", check_end_sums},
    {"offsets", check_offsets},
    {"totals", check_totals},
    {"index", check_index},
};
#define CHECK_COUNT (sizeof(table) / sizeof(table[0]))

bool info_checks_init(struct info_checks *checks, const struct info_report *report)
{
    memset(checks, 0, sizeof(*checks));
    checks->items = vmpt_array(report->file_count * CHECK_COUNT, sizeof(*checks->items));
    if (!checks->items) {
        return false;
    }
    checks->per_file = CHECK_COUNT;
    for (size_t file = 0; file < report->file_count; file++) {
        for (size_t i = 0; i < CHECK_COUNT; i++) {
            struct info_check *check = &checks->items[checks->count++];
            struct look look = {report, &report->files[file], check};
            check->file = file;
            check->name = table[i].name;
            table[i].check(&look);
        }
    }
    return true;
}

void info_checks_fini(struct info_checks *checks)
{
    free(checks->items);
    memset(checks, 0, sizeof(*checks));
}

enum info_verdict info_file_verdict(const struct info_checks *checks, size_t file)
{
    enum info_verdict verdict = INFO_SOUND;
    for (size_t i = 0; i < checks->per_file; i++) {
        if (checks->items[file * checks->per_file + i].failed == 0) {
            continue;
        }
        /* Without an end a recording is not finished, and may be whole all the same. */
        if (table[i].check != check_end) {
            return INFO_DAMAGED;
        }
        verdict = INFO_UNFINISHED;
    }
    return verdict;
}

enum info_verdict info_verdict(const struct info_checks *checks)
{
    enum info_verdict worst = INFO_SOUND;
    for (size_t file = 0; file * checks->per_file < checks->count; file++) {
        enum info_verdict verdict = info_file_verdict(checks, file);
        worst = verdict > worst ? verdict : worst;
    }
    return worst;
}

const char *info_verdict_name(enum info_verdict verdict)
{
    static const char *const names[] = {"sound", "unfinished", "damaged"};
    return names[verdict];
}

const struct info_check *info_first_failure(const struct info_checks *checks, size_t file)
{
    for (size_t i = 0; i < checks->per_file; i++) {
        const struct info_check *check = &checks->items[file * checks->per_file + i];
        if (check->failed) {
            return check;
        }
    }
    return NULL;
}
