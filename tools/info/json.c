/* json.c: all that is known, as spec/json/info.schema.json describes it. */
#include "tools/info/output.h"

#define SCHEMA "vmprof/info/1"

/* Appends item to array; what fails once makes the whole fail. */
static void append(json_t *array, json_t *item, bool *failed)
{
    *failed = json_array_append_new(array, item) != 0 || *failed;
}

static void set(json_t *object, const char *key, json_t *item, bool *failed)
{
    *failed = json_object_set_new(object, key, item) != 0 || *failed;
}

static json_t *json_bytes(const struct vmpf_string *string)
{
    return vmpt_json_string(string->data ? string->data : "", string->size_bytes);
}

/* ---- sessions ------------------------------------------------------------------------------------------ */

static json_t *json_meta(const struct vmpf_meta *meta, bool *failed)
{
    if (meta->type == VMPF_META_STRING) {
        return json_bytes(&meta->string);
    }
    if (meta->type == VMPF_META_INTEGER) {
        return vmpt_json_integer(meta->integer);
    }
    json_t *list = json_array();
    for (size_t i = 0; i < meta->item_count; i++) {
        append(list, json_bytes(&meta->items[i]), failed);
    }
    return list;
}

/* Keys are text by convention only: pairs, since two that are not may look the same once repaired. */
static json_t *json_metadata(const struct vmpf_info *info, bool *failed)
{
    json_t *list = json_array();
    for (size_t i = 0; info && i < info->meta_count; i++) {
        json_t *pair = json_object();
        set(pair, "key", json_bytes(&info->meta[i].key), failed);
        set(pair, "value", json_meta(&info->meta[i], failed), failed);
        append(list, pair, failed);
    }
    return list;
}

static json_t *json_values(const struct info_session *session, bool *failed)
{
    json_t *list = json_array();
    size_t count = session->info ? session->info->value_count : 0;
    for (size_t k = 0; k < count; k++) {
        json_t *value = json_object();
        set(value, "name", json_bytes(&session->info->values[k].name), failed);
        set(value, "unit", json_bytes(&session->info->values[k].unit), failed);
        set(value, "sum", vmpt_json_integer(session->sums[k]), failed);
        append(list, value, failed);
    }
    return list;
}

static json_t *json_sessions(const struct info_rows *rows, bool *failed)
{
    struct vmpt_table table = info_session_table(rows);
    json_t *list = vmpt_table_json(&table);
    for (size_t i = 0; i < rows->report->session_count; i++) {
        json_t *session = json_array_get(list, i);
        set(session, "values", json_values(&rows->report->sessions[i], failed), failed);
        set(session, "metadata", json_metadata(rows->report->sessions[i].info, failed), failed);
    }
    return list;
}

/* ---- files --------------------------------------------------------------------------------------------- */

static json_t *json_threads(const vmpf_reader *reader, bool *failed)
{
    json_t *list = json_array();
    uint32_t count = reader ? vmpf_reader_thread_count(reader) : 0;
    for (uint32_t i = 0; i < count; i++) {
        struct vmpf_thread thread = vmpf_reader_thread(reader, i);
        json_t *object = json_object();
        set(object, "process_id", vmpt_json_integer(thread.process_id), failed);
        set(object, "thread_id", vmpt_json_integer(thread.thread_id), failed);
        set(object, "name", json_bytes(&thread.name), failed);
        append(list, object, failed);
    }
    return list;
}

static json_t *json_text(const char *text)
{
    return vmpt_json_string(text, strlen(text));
}

static json_t *json_files(const struct info_rows *rows, bool *failed)
{
    json_t *list = json_array();
    for (size_t i = 0; i < rows->report->file_count; i++) {
        const struct info_file *file = &rows->report->files[i];
        const char *verdict = info_verdict_name(info_file_verdict(rows->checks, i));
        json_t *object = json_object();
        set(object, "file", json_text(file->name), failed);
        set(object, "size_bytes", vmpt_json_integer(file->size_bytes), failed);
        set(object, "verdict", json_text(verdict), failed);
        set(object, "threads", json_threads(file->reader, failed), failed);
        append(list, object, failed);
    }
    return list;
}

/* ---- blocks -------------------------------------------------------------------------------------------- */

static json_t *json_end(const struct vmpf_end_info *end, bool *failed)
{
    json_t *object = json_object();
    json_t *sums = json_array();
    for (size_t k = 0; k < end->value_count; k++) {
        append(sums, vmpt_json_integer(end->sums[k]), failed);
    }
    set(object, "samples", vmpt_json_integer(end->samples), failed);
    set(object, "lost_samples", vmpt_json_integer(end->lost_samples), failed);
    set(object, "duration_ns", vmpt_json_integer(end->end_ns), failed);
    set(object, "sums", sums, failed);
    return object;
}

static json_t *json_journal(const struct vmpf_journal_info *journal, bool *failed)
{
    json_t *object = json_object();
    set(object, "capacity_bytes", vmpt_json_integer(journal->capacity_bytes), failed);
    set(object, "head", vmpt_json_integer(journal->head), failed);
    set(object, "tail", vmpt_json_integer(journal->tail), failed);
    set(object, "lost_samples", vmpt_json_integer(journal->lost_samples), failed);
    return object;
}

static void set_content(json_t *object, const struct vmpf_chunk_info *chunk, bool *failed)
{
    switch (chunk->content) {
    case VMPF_CONTENT_META:
        set(object, "meta_entries", vmpt_json_integer(chunk->meta_entries), failed);
        break;
    case VMPF_CONTENT_JOURNAL:
        set(object, "journal", json_journal(&chunk->journal, failed), failed);
        break;
    case VMPF_CONTENT_END: set(object, "end", json_end(&chunk->end, failed), failed); break;
    case VMPF_CONTENT_COLUMNS:
    case VMPF_CONTENT_NONE: break;
    }
}

/* The columns of all blocks stand in one table, block by block: each block takes its own out of it. */
static json_t *json_blocks(const struct info_rows *rows, bool *failed)
{
    struct vmpt_table table = info_block_table(rows);
    struct vmpt_table column_table = info_block_column_table(rows);
    json_t *list = vmpt_table_json(&table);
    json_t *columns = vmpt_table_json(&column_table);
    for (size_t i = 0; i < rows->report->block_count; i++) {
        const struct info_block *block = &rows->report->blocks[i];
        json_t *object = json_array_get(list, i);
        json_t *own = json_array();
        for (size_t k = 0; k < block->item.chunk.columns.column_count; k++) {
            json_t *column = json_array_get(columns, block->first_column + k);
            *failed = json_array_append(own, column) != 0 || *failed;
        }
        set(object, "columns", own, failed);
        set_content(object, &block->item.chunk, failed);
    }
    json_decref(columns);
    return list;
}

static json_t *json_header(struct vmpt_app *app)
{
    if (app->profile) {
        return vmpt_document_json(app, SCHEMA);
    }
    json_t *document = json_object();
    bool failed = false;
    set(document, "schema", json_text(SCHEMA), &failed);
    set(document, "profile", json_null(), &failed);
    if (failed) {
        json_decref(document);
        return NULL;
    }
    return document;
}

json_t *info_json(struct vmpt_app *app, const struct info_rows *rows)
{
    struct vmpt_table kinds = info_kind_table(rows);
    struct vmpt_table columns = info_column_table(rows);
    struct vmpt_table checks = info_check_table(rows);
    bool failed = false;
    json_t *document = json_header(app);
    set(document, "verdict", json_text(info_verdict_name(info_verdict(rows->checks))), &failed);
    set(document, "files", json_files(rows, &failed), &failed);
    set(document, "sessions", json_sessions(rows, &failed), &failed);
    set(document, "kinds", vmpt_table_json(&kinds), &failed);
    set(document, "columns", vmpt_table_json(&columns), &failed);
    set(document, "blocks", json_blocks(rows, &failed), &failed);
    set(document, "checks", vmpt_table_json(&checks), &failed);
    if (failed) {
        json_decref(document);
        return NULL;
    }
    return document;
}
