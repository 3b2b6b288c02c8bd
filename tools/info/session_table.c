/* session_table.c: a session's figures. In text each is a line of its own (text.c). */
#include <string.h>
#include <time.h>

#include "tools/common/duration.h"
#include "tools/info/cells.h"

static const struct info_report *report_of(const void *rows)
{
    return ((const struct info_rows *)rows)->report;
}

static const struct info_session *at(const void *rows, size_t row)
{
    return &report_of(rows)->sessions[row];
}

static const struct info_file *file_at(const void *rows, size_t row)
{
    return &report_of(rows)->files[at(rows, row)->file];
}

static const struct vmpf_journal_info *journal_at(const void *rows, size_t row)
{
    size_t block = at(rows, row)->journal;
    return block == INFO_NONE ? NULL : &report_of(rows)->blocks[block].item.chunk.journal;
}

static const struct vmpf_meta *meta_at(const void *rows, size_t row, const char *key)
{
    const struct vmpf_info *info = at(rows, row)->info;
    return info ? vmpf_info_meta(info, key) : NULL;
}

/* ---- metadata ------------------------------------------------------------------------------------------ */

static void meta_value(const struct vmpf_meta *meta, struct vmpt_value *out)
{
    if (meta && meta->type == VMPF_META_STRING) {
        out->type = VMPT_STRING;
        out->string = meta->string.data ? meta->string.data : "";
        out->string_size = meta->string.size_bytes;
    }
    if (meta && meta->type == VMPF_META_INTEGER) {
        info_set_number(out, meta->integer);
    }
}

static void meta_text(const struct vmpf_meta *meta, struct vmpt_buffer *out)
{
    if (meta && meta->type == VMPF_META_STRING && meta->string.data) {
        vmpt_buffer_add_visible(out, meta->string.data, meta->string.size_bytes);
    }
}

static void program_value(const void *rows, size_t row, struct vmpt_value *out)
{
    meta_value(meta_at(rows, row, VMPF_META_PROGRAM), out);
}

static void program_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    meta_text(meta_at(rows, row, VMPF_META_PROGRAM), out);
}

static void interpreter_value(const void *rows, size_t row, struct vmpt_value *out)
{
    meta_value(meta_at(rows, row, VMPF_META_INTERPRETER), out);
}

static void version_value(const void *rows, size_t row, struct vmpt_value *out)
{
    meta_value(meta_at(rows, row, VMPF_META_INTERPRETER_VERSION), out);
}

static void interpreter_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    meta_text(meta_at(rows, row, VMPF_META_INTERPRETER), out);
    vmpt_buffer_add_text(out, " ");
    meta_text(meta_at(rows, row, VMPF_META_INTERPRETER_VERSION), out);
}

static void period_value(const void *rows, size_t row, struct vmpt_value *out)
{
    meta_value(meta_at(rows, row, VMPF_META_PERIOD_NS), out);
}

static void add_duration(struct vmpt_buffer *out, uint64_t ns)
{
    char text[32];
    vmpt_format_duration(ns, text, sizeof(text));
    vmpt_buffer_add_text(out, text);
}

static void period_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    const struct vmpf_meta *meta = meta_at(rows, row, VMPF_META_PERIOD_NS);
    if (meta && meta->type == VMPF_META_INTEGER) {
        add_duration(out, meta->integer);
    }
}

static void values_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    const struct info_session *session = at(rows, row);
    size_t count = session->info ? session->info->value_count : 0;
    for (size_t k = 0; k < count; k++) {
        const struct vmpf_value_type *value = &session->info->values[k];
        vmpt_buffer_add_text(out, k ? ", " : "");
        vmpt_buffer_add_visible(out, value->name.data, value->name.size_bytes);
        /* A level has no sum. */
        uint64_t samples = info_session_samples(session);
        bool is_level = value->name.size_bytes == 6 && memcmp(value->name.data, "memory", 6) == 0;
        uint64_t shown = is_level && samples ? session->sums[k] / samples : session->sums[k];
        vmpt_buffer_printf(out, " %" PRIu64 " ", shown);
        vmpt_buffer_add_visible(out, value->unit.data, value->unit.size_bytes);
        vmpt_buffer_add_text(out, is_level ? " on average" : "");
    }
}

/* ---- the session itself -------------------------------------------------------------------------------- */

INFO_STRING_VALUE(file, file_at(rows, row)->name)
INFO_NUMBER_VALUE(number, row - file_at(rows, row)->first_session)
INFO_NUMBER_VALUE(offset, at(rows, row)->offset)
INFO_NUMBER_VALUE(size, at(rows, row)->size_bytes)
INFO_NUMBER_VALUE(read_version, at(rows, row)->superblock.read_version)
INFO_NUMBER_VALUE(write_version, at(rows, row)->superblock.write_version)
INFO_NUMBER_VALUE(start, at(rows, row)->superblock.start_unix_ns)
INFO_NUMBER(samples, info_session_samples(at(rows, row)))
INFO_NUMBER_VALUE(journal_samples, info_session_journal_samples(at(rows, row)))
INFO_NUMBER(threads, at(rows, row)->threads)
INFO_NUMBER(functions, at(rows, row)->functions)
INFO_NUMBER(locations, at(rows, row)->locations)
INFO_NUMBER(stacks, at(rows, row)->stacks)
INFO_NUMBER(epochs, at(rows, row)->epochs)

static void id_value(const void *rows, size_t row, struct vmpt_value *out)
{
    out->type = VMPT_ADDRESS;
    out->integer = at(rows, row)->superblock.session_id;
}

static void start_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    char text[64];
    struct tm parts;
    time_t seconds = (time_t)(at(rows, row)->superblock.start_unix_ns / UINT64_C(1000000000));
    if (gmtime_r(&seconds, &parts) &&
        strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &parts) > 0) {
        vmpt_buffer_add_text(out, text);
    }
}

static void length_value(const void *rows, size_t row, struct vmpt_value *out)
{
    const struct vmpf_info *info = at(rows, row)->info;
    if (info) {
        info_set_number(out, info->end_ns);
    }
}

static void length_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    const struct vmpf_info *info = at(rows, row)->info;
    if (info) {
        add_duration(out, info->end_ns);
    }
}

static void lost_value(const void *rows, size_t row, struct vmpt_value *out)
{
    const struct vmpf_info *info = at(rows, row)->info;
    if (info) {
        info_set_number(out, info->lost_samples);
    }
}

static void lost_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    const struct vmpf_info *info = at(rows, row)->info;
    if (info) {
        info_add_number(out, info->lost_samples);
    }
}

static void size_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    const struct info_session *session = at(rows, row);
    uint64_t samples = info_session_samples(session);
    vmpt_buffer_printf(out, "%" PRIu64 " bytes", session->size_bytes);
    if (samples) {
        vmpt_buffer_printf(out, ", %.2f a sample", (double)session->size_bytes / (double)samples);
    }
}

static void finished_value(const void *rows, size_t row, struct vmpt_value *out)
{
    info_set_boolean(out, info_session_finished(at(rows, row)));
}

static void finished_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    vmpt_buffer_add_text(out, info_session_finished(at(rows, row))
                                  ? "yes"
                                  : "no: it was killed, cut, or is still being written");
}

static void journal_value(const void *rows, size_t row, struct vmpt_value *out)
{
    const struct vmpf_journal_info *journal = journal_at(rows, row);
    if (journal) {
        info_set_number(out, journal->capacity_bytes);
    }
}

static void journal_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    const struct vmpf_journal_info *journal = journal_at(rows, row);
    if (!journal) {
        vmpt_buffer_add_text(out, "none");
        return;
    }
    vmpt_buffer_printf(out, "%" PRIu64 " bytes, %" PRIu64 " of the samples are in it",
                       journal->capacity_bytes, info_session_journal_samples(at(rows, row)));
}

static void format_text(const void *rows, size_t row, struct vmpt_buffer *out)
{
    const struct info_session *session = at(rows, row);
    vmpt_buffer_printf(out, session->is_log ? "vmprof-log-%u" : "vmprof-%u",
                       (unsigned)session->superblock.write_version);
}

static const struct vmpt_column columns[] = {
    {.title = "format", .text = format_text},
    INFO_KEY("file", file),
    INFO_KEY("session", number),
    INFO_KEY("offset", offset),
    INFO_KEY("read_version", read_version),
    INFO_KEY("write_version", write_version),
    INFO_KEY("session_id", id),
    INFO_WORDS("program", "program", program),
    INFO_WORDS("interpreter", "interpreter", interpreter),
    INFO_KEY("interpreter_version", version),
    INFO_WORDS("start_unix_ns", "start", start),
    INFO_WORDS("duration_ns", "length", length),
    INFO_WORDS("period_ns", "period", period),
    {.title = "values", .text = values_text},
    INFO_WORDS("samples", "samples", samples),
    INFO_KEY("journal_samples", journal_samples),
    INFO_WORDS("lost_samples", "lost", lost),
    INFO_WORDS("threads", "threads", threads),
    INFO_WORDS("functions", "functions", functions),
    INFO_WORDS("locations", "locations", locations),
    INFO_WORDS("stacks", "stacks", stacks),
    INFO_WORDS("epochs", "epochs", epochs),
    INFO_WORDS("size_bytes", "size", size),
    INFO_WORDS("finished", "finished", finished),
    INFO_WORDS("journal_bytes", "journal", journal),
};

struct vmpt_table info_session_table(const struct info_rows *rows)
{
    return INFO_TABLE(columns, rows, rows->report->session_count, "sessions");
}
