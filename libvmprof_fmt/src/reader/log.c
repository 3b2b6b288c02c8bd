#include "libvmprof_fmt/src/reader/log.h"

#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/reader/log_stacks.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_SAMPLES ((size_t)16384)
/* With one_epoch the tables start anew at so many nodes. */
#define EPOCH_NODES ((size_t)1 << 20)
#define MAX_MEMORY_KB (UINT64_C(1) << 40) /* [L-8-2] */

struct vmpfi_reader_log {
    struct vmpfi_log log;
    struct vmpfi_log_stacks stacks;
    struct vmpfi_map64 threads; /* words to numbers */
    uint64_t last_thread;
    uint32_t last_thread_number;
    bool some_thread;
    bool ended;
    /* the samples of a block */
    uint32_t stack[BLOCK_SAMPLES], thread[BLOCK_SAMPLES], flags[BLOCK_SAMPLES];
    uint64_t time_ns[BLOCK_SAMPLES], ones[BLOCK_SAMPLES], memory[BLOCK_SAMPLES];
};

void vmpfi_reader_log_free(struct vmpfi_reader_log *log)
{
    if (log != NULL) {
        vmpfi_log_fini(&log->log);
        vmpfi_log_stacks_fini(&log->stacks);
        vmpfi_map64_fini(&log->threads);
        free(log);
    }
}

bool vmpfi_reader_log_is_input(const vmpf_reader *r)
{
    return vmpfi_log_recognise(vmpfi_input_data(&r->input), vmpfi_input_available(&r->input));
}

/* ---- metadata ------------------------------------------------------------------------------------------ */

static struct vmpf_string string_of(const char *text)
{
    return (struct vmpf_string){.data = text, .size_bytes = strlen(text)};
}

static vmpf_status set_meta(vmpf_reader *r, const struct vmpf_meta *entry)
{
    struct vmpfi_session *s = vmpfi_reader_current(r);
    vmpf_status status = vmpfi_metadata_set(&s->metadata, entry);
    s->info.meta = s->metadata.entries;
    s->info.meta_count = s->metadata.count;
    return status;
}

static vmpf_status set_string(vmpf_reader *r, const char *key, struct vmpf_string value)
{
    const struct vmpf_meta entry = {
        .key = string_of(key), .type = VMPF_META_STRING, .string = value};
    return set_meta(r, &entry);
}

static vmpf_status set_integer(vmpf_reader *r, const char *key, uint64_t value)
{
    const struct vmpf_meta entry = {
        .key = string_of(key), .type = VMPF_META_INTEGER, .integer = value};
    return set_meta(r, &entry);
}

/* [L-7-3] */
static vmpf_status set_mapped_files(vmpf_reader *r, const struct vmpfi_log_maps *maps)
{
    const struct vmpf_meta entry = {.key = string_of(VMPF_META_MAPPED_FILES),
                                    .type = VMPF_META_LIST,
                                    .items = maps->files,
                                    .item_count = maps->file_count};
    return maps->file_count > 0 ? set_meta(r, &entry) : VMPF_OK;
}

/* META */
static vmpf_status set_records(vmpf_reader *r, const struct vmpfi_log_meta *meta)
{
    for (size_t i = 0; i < meta->count; i++) {
        const struct vmpf_meta entry = {.key = meta->entries[i].key,
                                        .type = VMPF_META_STRING,
                                        .string = meta->entries[i].value};
        VMPF_TRY(set_meta(r, &entry));
    }
    return VMPF_OK;
}

/* [L-8-5] */
static vmpf_status set_metadata(vmpf_reader *r, const struct vmpfi_log_layout *layout)
{
    const struct vmpf_string values[] = {string_of("samples:count"), string_of("memory:bytes")};
    const struct vmpf_meta entry = {.key = string_of(VMPF_META_VALUES),
                                    .type = VMPF_META_LIST,
                                    .items = values,
                                    .item_count = layout->memory ? 2 : 1};
    VMPF_TRY(set_meta(r, &entry));
    VMPF_TRY(set_integer(r, VMPF_META_LOG_VERSION, layout->version));
    if (layout->interpreter_bytes > 0) {
        VMPF_TRY(set_string(r, VMPF_META_INTERPRETER,
                            (struct vmpf_string){.data = layout->interpreter,
                                                 .size_bytes = layout->interpreter_bytes}));
    }
    if (layout->period_us > 0) {
        VMPF_TRY(set_integer(r, VMPF_META_PERIOD_NS, layout->period_us * 1000));
    }
    if (layout->real_time) {
        VMPF_TRY(set_string(r, VMPF_META_CLOCK, string_of("wall")));
    }
    VMPF_TRY(set_mapped_files(r, &r->log->log.maps));
    return set_records(r, &r->log->log.meta);
}

/* ---- opening ------------------------------------------------------------------------------------------- */

/* What stood at a place that no record is at [L-8-7]. */
static void take_damage(void *ctx, const struct vmpf_error *error, uint64_t lost_bytes,
                        uint64_t lost_samples)
{
    vmpf_reader *r = ctx;
    vmpfi_damage_chunk(r, error);
    vmpfi_damage_bytes(r, lost_bytes, error);
    vmpfi_damage_samples(r, lost_samples, error);
}

static vmpf_status fail(struct vmpf_error *err, vmpf_status status, uint64_t offset,
                        const char *what)
{
    return vmpfi_fail(err, status, offset, "", "%s: %s", what, vmpf_status_name(status));
}

static vmpf_status begin_session(vmpf_reader *r, struct vmpf_error *err)
{
    const struct vmpfi_log_layout *layout = &r->log->log.layout;
    const struct vmpfi_superblock superblock = {.write_version = (uint16_t)layout->version,
                                                .start_unix_ns = layout->start.unix_ns};
    VMPF_TRY(vmpfi_session_begin(r, &superblock, err));
    struct vmpfi_session *s = vmpfi_reader_current(r);
    s->info.format = VMPF_FORMAT_LOG;
    vmpf_status status = set_metadata(r, layout);
    if (status == VMPF_OK) {
        vmpfi_session_fix_values(r);
        status = vmpfi_log_stacks_begin(&r->log->stacks, &r->tables, &r->log->log);
    }
    return status == VMPF_OK ? VMPF_OK : fail(err, status, VMPFI_NO_OFFSET, "a log's tables");
}

vmpf_status vmpfi_reader_log_open(vmpf_reader *r, struct vmpf_error *err)
{
    uint64_t limit_bytes = r->options.memory_limit_bytes;
    r->log = calloc(1, sizeof *r->log);
    if (r->log == NULL) {
        return vmpfi_fail_nomem(err);
    }
    VMPF_TRY(vmpfi_log_open(&r->log->log, r->input.source, vmpfi_input_data(&r->input),
                            vmpfi_input_available(&r->input),
                            limit_bytes < SIZE_MAX ? (size_t)limit_bytes : SIZE_MAX, take_damage, r,
                            err));
    return begin_session(r, err);
}

/* ---- samples ------------------------------------------------------------------------------------------- */

/* [L-8-4] */
static vmpf_status find_thread(vmpf_reader *r, uint64_t word, uint32_t *number)
{
    struct vmpfi_reader_log *l = r->log;
    if (l->some_thread && l->last_thread == word) {
        *number = l->last_thread_number;
        return VMPF_OK;
    }
    if (!vmpfi_map64_find(&l->threads, word, number)) {
        const struct vmpf_thread thread = {.thread_id = word, .name = string_of("")};
        *number = (uint32_t)r->tables.session_thread_count;
        VMPF_TRY(vmpfi_tables_append_thread(&r->tables, &thread));
        if (!vmpfi_map64_insert(&l->threads, word, *number)) {
            return VMPF_E_NOMEM;
        }
    }
    l->some_thread = true;
    l->last_thread = word;
    l->last_thread_number = *number;
    return VMPF_OK;
}

static vmpf_status take_sample(vmpf_reader *r, const struct vmpfi_log_record *record)
{
    struct vmpfi_reader_log *l = r->log;
    size_t i = r->samples.count;
    uint32_t node;
    VMPF_TRY(find_thread(r, record->thread, &l->thread[i]));
    VMPF_TRY(vmpfi_log_stacks_node(&l->stacks, record, &node));
    bool memory_known = record->memory_known && record->memory_kb < MAX_MEMORY_KB;
    l->stack[i] = node == 0 ? 0 : node - r->tables.stack_epoch.base;
    l->flags[i] =
        vmpfi_log_is_truncated(&l->log.layout, record) ? VMPF_SAMPLE_TRUNCATED : 0; /* [L-4-7] */
    l->time_ns[i] = 0;                                                              /* [L-8-3] */
    l->ones[i] = 1;
    l->memory[i] = memory_known ? record->memory_kb * 1024 : 0;
    r->samples.count++;
    return VMPF_OK;
}

/* [L-8-1] */
static void take_time(vmpf_reader *r, const struct vmpfi_log_record *record)
{
    const struct vmpfi_log_time *start = &r->log->log.scan.place.start;
    struct vmpf_info *info = &vmpfi_reader_current(r)->info;
    info->start_unix_ns = start->known ? start->unix_ns : 0;
    if (record->marker == VMPFI_LOG_TRAILER && !info->finished) {
        bool known = start->known && record->time.known && record->time.unix_ns >= start->unix_ns;
        info->finished = true;
        info->end_ns = known ? record->time.unix_ns - start->unix_ns : 0;
    }
}

static vmpf_status take_record(vmpf_reader *r, const struct vmpfi_log_record *record)
{
    switch (record->marker) {
    case VMPFI_LOG_STACKTRACE: return take_sample(r, record);
    default: take_time(r, record); return VMPF_OK;
    }
}

static bool epoch_is_full(const vmpf_reader *r)
{
    return r->tables.one_epoch && r->tables.stack_count >= EPOCH_NODES;
}

/* Ids are good for the block that they came with. */
static bool block_is_full(const vmpf_reader *r)
{
    return r->samples.count == BLOCK_SAMPLES || (r->samples.count > 0 && epoch_is_full(r));
}

/* The next block is empty, and has its arrays. */
static vmpf_status begin_block(vmpf_reader *r)
{
    struct vmpfi_reader_log *l = r->log;
    uint32_t skip = r->options.skip_columns;
    r->samples = (struct vmpfi_samples){
        .value_count = vmpfi_reader_current(r)->info.value_count,
        .stack = l->stack,
        .thread = l->thread,
        .time_ns = (skip & VMPF_COLUMN_TIME) != 0 ? NULL : l->time_ns,
        .flags = (skip & VMPF_COLUMN_FLAGS) != 0 ? NULL : l->flags,
        .values = {l->ones, l->memory},
    };
    r->samples_offset = l->log.window.offset;
    if (!epoch_is_full(r)) {
        return VMPF_OK;
    }
    VMPF_TRY(vmpfi_tables_new_epoch(&r->tables));
    return vmpfi_log_stacks_begin(&l->stacks, &r->tables, &l->log);
}

vmpf_status vmpfi_reader_log_step(vmpf_reader *r, bool *block, struct vmpf_error *err)
{
    struct vmpfi_reader_log *l = r->log;
    struct vmpfi_log_record record;
    *block = false;
    if (l->ended) {
        return VMPF_END;
    }
    vmpf_status status = begin_block(r);
    while (status == VMPF_OK && !l->ended && !block_is_full(r)) {
        vmpf_status read = vmpfi_log_next(&l->log, &record, err);
        l->ended = read == VMPF_END;
        if (read != VMPF_OK && read != VMPF_END) {
            return read;
        }
        status = l->ended ? VMPF_OK : take_record(r, &record);
    }
    if (status != VMPF_OK) {
        return fail(err, status, l->log.window.offset, "the tables of a log");
    }
    if (l->ended) {
        VMPF_TRY(vmpfi_session_end(r, block, err));
    }
    vmpfi_samples_digest(&r->samples);
    *block = r->samples.count > 0;
    return VMPF_OK;
}
