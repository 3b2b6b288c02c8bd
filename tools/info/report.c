#include "tools/info/report.h"

#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"

#define FUNCTIONS 3
#define LOCATIONS 4
#define STACKS 5
#define THREADS 6
#define SAMPLES 7
#define TOTALS 11

bool info_report_init(struct info_report *report, const char *const *names, size_t count)
{
    memset(report, 0, sizeof(*report));
    report->files = vmpt_array(count, sizeof(*report->files));
    if (!report->files) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        report->files[i].name = names[i];
    }
    return true;
}

void info_report_fini(struct info_report *report)
{
    for (size_t i = 0; i < report->file_count; i++) {
        vmpf_reader_close(report->files[i].reader);
        info_totals_fini(&report->files[i].totals);
    }
    free(report->files);
    free(report->sessions);
    free(report->blocks);
    free(report->columns);
    memset(report, 0, sizeof(*report));
}

bool info_block_counts(const struct info_block *block)
{
    return block->item.type == VMPF_ITEM_CHUNK && block->item.chunk.used;
}

uint64_t info_block_raw_bytes(const struct info_report *report, const struct info_block *block)
{
    uint64_t raw_bytes = block->item.size_bytes;
    for (size_t i = 0; i < block->item.chunk.columns.column_count; i++) {
        const struct vmpf_column_info *column = &report->columns[block->first_column + i].info;
        raw_bytes += (uint64_t)column->raw_bytes - column->stored_bytes;
    }
    return raw_bytes;
}

uint64_t info_session_samples(const struct info_session *session)
{
    return session->info ? session->info->samples : session->chunk_samples;
}

uint64_t info_session_journal_samples(const struct info_session *session)
{
    uint64_t samples = info_session_samples(session);
    bool has = session->journal != INFO_NONE && samples > session->chunk_samples;
    return has ? samples - session->chunk_samples : 0;
}

bool info_session_finished(const struct info_session *session)
{
    return session->is_log ? session->info->finished : session->end != INFO_NONE;
}

/* ---- the blocks -------------------------------------------------------------------------------------- */

static bool add_session(struct info_report *report, size_t file, const struct vmpf_item *item)
{
    if (!vmpt_reserve(&report->sessions, &report->session_capacity, report->session_count + 1,
                      sizeof(*report->sessions))) {
        return false;
    }
    report->sessions[report->session_count++] = (struct info_session){
        .file = file,
        .offset = item->offset,
        .superblock = item->superblock,
        .journal = INFO_NONE,
        .end = INFO_NONE,
    };
    report->files[file].session_count++;
    return true;
}

static bool add_block(struct info_report *report, size_t file, const struct vmpf_item *item)
{
    const struct vmpf_columns_info *columns = &item->chunk.columns;
    if (!vmpt_reserve(&report->blocks, &report->block_capacity, report->block_count + 1,
                      sizeof(*report->blocks)) ||
        !vmpt_reserve(&report->columns, &report->column_capacity,
                      report->column_count + columns->column_count, sizeof(*report->columns))) {
        return false;
    }
    for (size_t i = 0; i < columns->column_count; i++) {
        report->columns[report->column_count + i] =
            (struct info_column){.block = report->block_count, .info = columns->columns[i]};
    }
    struct info_block *block = &report->blocks[report->block_count++];
    block->file = file;
    block->session = report->session_count - 1;
    block->item = *item;
    block->item.chunk.columns.columns = NULL; /* the inspector's own */
    block->first_column = report->column_count;
    report->column_count += columns->column_count;
    report->files[file].block_count++;
    return true;
}

static void count_entries(struct info_session *session, const struct vmpf_chunk_info *chunk)
{
    uint32_t count = chunk->columns.count;
    switch (chunk->kind) {
    case FUNCTIONS: session->functions += count; break;
    case LOCATIONS: session->locations += count; break;
    case STACKS: session->stacks += count; break;
    case THREADS: /* entries that were there before are replaced */
        if (chunk->columns.first + count > session->threads) {
            session->threads = chunk->columns.first + count;
        }
        break;
    case SAMPLES: session->chunk_samples += count; break;
    default: break;
    }
}

static void count_block(struct info_report *report, const struct info_block *block)
{
    struct info_session *session = &report->sessions[block->session];
    const struct vmpf_chunk_info *chunk = &block->item.chunk;
    session->size_bytes += block->item.size_bytes;
    if (!info_block_counts(block)) {
        return;
    }
    if (chunk->order != VMPF_ORDER_UNNUMBERED && chunk->epoch >= session->epochs) {
        session->epochs = (uint64_t)chunk->epoch + 1;
    }
    report->files[block->file].has_totals |= chunk->kind == TOTALS;
    switch (chunk->content) {
    case VMPF_CONTENT_COLUMNS: count_entries(session, chunk); break;
    case VMPF_CONTENT_JOURNAL: session->journal = (size_t)(block - report->blocks); break;
    case VMPF_CONTENT_END: session->end = (size_t)(block - report->blocks); break;
    default: break;
    }
}

static bool take_item(struct info_report *report, size_t file, const struct vmpf_item *item)
{
    bool begins = item->type == VMPF_ITEM_SUPERBLOCK;
    if ((begins && !add_session(report, file, item)) || !add_block(report, file, item)) {
        return false;
    }
    count_block(report, &report->blocks[report->block_count - 1]);
    report->files[file].size_bytes += item->size_bytes;
    return true;
}

static vmpf_status no_memory(struct vmpf_error *err)
{
    *err = (struct vmpf_error){.status = VMPF_E_NOMEM, .message = "not enough memory"};
    return VMPF_E_NOMEM;
}

static vmpf_status read_blocks(struct info_report *report, size_t file, struct info_source *source,
                               struct vmpf_error *err)
{
    struct vmpf_source bytes;
    struct vmpf_item item;
    vmpf_inspector *inspector = NULL;
    vmpf_status status = info_source_rewind(source, &bytes, err);
    if (status == VMPF_OK) {
        status = vmpf_inspect_open(&inspector, bytes, err);
    }
    while (status == VMPF_OK && (status = vmpf_inspect_next(inspector, &item, err)) == VMPF_OK) {
        status = take_item(report, file, &item) ? VMPF_OK : no_memory(err);
        info_source_tick(source);
    }
    vmpf_inspect_close(inspector);
    return status == VMPF_END ? VMPF_OK : status;
}

/* ---- the samples --------------------------------------------------------------------------------------- */

static void add_sums(struct info_session *session, const struct vmpf_block *block)
{
    for (size_t k = 0; k < VMPF_MAX_VALUES && block->values[k]; k++) {
        for (size_t i = 0; i < block->count; i++) {
            session->sums[k] += block->values[k][i];
        }
    }
}

static vmpf_status read_samples(struct info_report *report, size_t file,
                                const struct info_source *source, vmpf_reader *reader,
                                struct vmpf_error *err)
{
    struct info_file *f = &report->files[file];
    struct vmpf_block block;
    struct vmpf_error refusal = {.status = VMPF_END};
    for (;;) {
        vmpf_status status = vmpf_reader_next(reader, &block, err);
        if (status == VMPF_E_UNSUPPORTED || status == VMPF_E_VERSION) {
            /* One session that cannot be read does not keep us from the next. */
            refusal = refusal.status == VMPF_END ? *err : refusal;
            continue;
        }
        if (status == VMPF_END && refusal.status != VMPF_END) {
            *err = refusal;
        }
        if (status != VMPF_OK) {
            return status == VMPF_END ? refusal.status : status;
        }
        size_t session = vmpf_reader_session(reader);
        if (session < f->session_count) {
            add_sums(&report->sessions[f->first_session + session], &block);
        }
        if (f->has_totals &&
            !info_totals_add(&f->totals, vmpf_reader_stack_count(reader), &block)) {
            return no_memory(err);
        }
        info_source_tick(source);
    }
}

static vmpf_status decode(struct info_report *report, size_t file, struct info_source *source,
                          struct vmpf_error *err)
{
    struct info_file *f = &report->files[file];
    struct vmpf_source bytes;
    vmpf_status status = info_source_rewind(source, &bytes, err);
    const struct vmpf_reader_options options = {.size = sizeof(options), .verify = true};
    if (status == VMPF_OK) {
        status = vmpf_reader_open(&f->reader, bytes, &options, err);
    }
    if (status == VMPF_OK) {
        status = read_samples(report, file, source, f->reader, err);
    }
    for (size_t i = 0; f->reader && i < f->session_count; i++) {
        report->sessions[f->first_session + i].info = vmpf_reader_info(f->reader, i);
    }
    return status == VMPF_END ? VMPF_OK : status;
}

/* Only of a file that is read whole: what is lost is no fault of its totals. */
static vmpf_status compare_totals(struct info_file *file, struct info_source *source,
                                  struct vmpf_error *err)
{
    struct vmpf_source bytes;
    if (!file->has_totals || !file->reader || file->error.status != VMPF_OK ||
        (vmpf_reader_damage(file->reader)->damaged &&
         vmpf_reader_damage(file->reader)->wrong_totals == 0)) {
        return VMPF_OK;
    }
    vmpf_status status = info_source_rewind(source, &bytes, err);
    return status == VMPF_OK ? info_totals_compare(&file->totals, bytes,
                                                   vmpf_reader_stack_count(file->reader), err)
                             : status;
}

/* ---- a log of upstream vmprof ------------------------------------------------------------------------ */

/* It has no blocks: all that is known of it is what the reader says. */
static vmpf_status read_log(struct info_report *report, size_t file, struct info_source *source,
                            struct vmpf_error *err)
{
    struct info_file *f = &report->files[file];
    const struct vmpf_item start = {.type = VMPF_ITEM_SUPERBLOCK};
    if (!add_session(report, file, &start)) {
        return no_memory(err);
    }
    vmpf_status status = decode(report, file, source, err);
    if (!f->reader) {
        f->session_count = 0;
        report->session_count--;
        return status;
    }
    struct info_session *session = &report->sessions[f->first_session];
    session->is_log = session->info->format == VMPF_FORMAT_LOG;
    session->superblock.write_version = (uint16_t)session->info->format_version;
    session->superblock.start_unix_ns = session->info->start_unix_ns;
    session->functions = vmpf_reader_function_count(f->reader) - 2; /* two are the reader's own */
    session->locations = vmpf_reader_location_count(f->reader) - 2;
    session->stacks = vmpf_reader_stack_count(f->reader) - 2;
    session->threads = vmpf_reader_thread_count(f->reader);
    session->size_bytes = f->size_bytes = info_source_size(source);
    return status;
}

vmpf_status info_report_read(struct info_report *report, size_t file, struct info_source *source,
                             struct vmpf_error *err)
{
    struct info_file *f = &report->files[file];
    f->first_session = report->session_count;
    f->first_block = report->block_count;
    report->file_count = file + 1;
    vmpf_status status = read_blocks(report, file, source, err);
    bool no_blocks = f->block_count == 0 && status != VMPF_E_NOMEM && status != VMPF_E_IO;
    if (status != VMPF_OK && no_blocks) {
        return read_log(report, file, source, err);
    }
    bool is_final = status == VMPF_E_NOMEM || status == VMPF_E_IO || f->block_count == 0;
    if (status != VMPF_OK && is_final) {
        return status;
    }
    source->before += f->size_bytes;
    if (decode(report, file, source, &f->error) != VMPF_OK &&
        (f->error.status == VMPF_E_NOMEM || f->error.status == VMPF_E_IO)) {
        *err = f->error;
        return err->status;
    }
    if (status != VMPF_OK && f->error.status == VMPF_OK) {
        f->error = *err;
    }
    return compare_totals(f, source, err);
}
