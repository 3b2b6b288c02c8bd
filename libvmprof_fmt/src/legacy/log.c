#include "libvmprof_fmt/src/legacy/log.h"

#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/legacy/log_gzip.h"

#include <stdio.h>
#include <string.h>

bool vmpfi_log_recognise(const uint8_t *head, size_t head_bytes)
{
    return vmpfi_log_is_gzip(head, head_bytes) || vmpfi_log_is_preamble(head, head_bytes);
}

void vmpfi_log_fini(struct vmpfi_log *log)
{
    vmpfi_log_window_fini(&log->window);
    vmpfi_log_stream_fini(&log->stream);
    vmpfi_log_names_fini(&log->code);
    vmpfi_log_names_fini(&log->native);
    vmpfi_log_maps_fini(&log->maps);
    vmpfi_log_meta_fini(&log->meta);
}

/* ---- opening ------------------------------------------------------------------------------------------ */

static vmpf_status read_layout(struct vmpfi_log *log, struct vmpf_error *err)
{
    struct vmpfi_log_window *window = &log->window;
    VMPF_TRY(vmpfi_log_window_ensure(window, VMPFI_LOG_HEAD_BYTES, err));
    size_t head_bytes = vmpfi_log_window_left(window);
    if (head_bytes == 0) {
        return vmpfi_fail(err, VMPF_E_NOT_VMPROF, 0, "L-1-3", "a gzip file with nothing in it");
    }
    VMPF_TRY(vmpfi_log_layout_read(&log->layout, vmpfi_log_window_data(window), head_bytes, err));
    bool stands = true;
    const struct vmpfi_log_place place = {.layout = &log->layout, .window = window};
    if (log->layout.has_first) {
        VMPF_TRY(vmpfi_log_may_end(&place, log->layout.records_offset, &stands, err));
    }
    return stands ? VMPF_OK
                  : vmpfi_fail(err, VMPF_E_CORRUPT, 5 * log->layout.word_bytes, "L-3.1-2",
                               "the first record of the log is damaged");
}

/* How many bytes belong to no record, in the layout that log->layout says. */
static vmpf_status count_lost(struct vmpfi_log *log, uint64_t *lost_bytes, struct vmpf_error *err)
{
    struct vmpfi_log_record record;
    vmpf_status status =
        vmpfi_log_scan_begin(&log->scan, &log->layout, &log->window, NULL, NULL, err);
    while (status == VMPF_OK) {
        status = vmpfi_log_scan_next(&log->scan, &record, err);
    }
    *lost_bytes = log->scan.lost_bytes;
    return status == VMPF_END ? VMPF_OK : status;
}

/* [L-4-6] */
static vmpf_status choose_layout(struct vmpfi_log *log, struct vmpf_error *err)
{
    uint64_t released, snapshot;
    if (log->layout.version != 1) {
        return VMPF_OK;
    }
    VMPF_TRY(count_lost(log, &released, err));
    if (released == 0) {
        return VMPF_OK;
    }
    log->layout.thread_is_word = true;
    VMPF_TRY(count_lost(log, &snapshot, err));
    log->layout.thread_is_word = snapshot < released;
    return VMPF_OK;
}

static struct vmpfi_log_names *names_of(struct vmpfi_log *log, enum vmpfi_log_marker marker)
{
    return marker == VMPFI_LOG_VIRTUAL_IP       ? &log->code
           : marker == VMPFI_LOG_NATIVE_SYMBOLS ? &log->native
                                                : NULL;
}

/* The first pass: what is kept, and who is told of what is not. */
struct collection {
    struct vmpfi_log *log;
    size_t limit_bytes;
    vmpfi_log_on_damage *on_damage;
    void *damage_ctx;
};

static vmpf_status keep_name(const struct collection *c, struct vmpfi_log_names *names,
                             const struct vmpfi_log_record *record)
{
    size_t used_bytes =
        vmpfi_log_names_bytes(&c->log->code) + vmpfi_log_names_bytes(&c->log->native);
    if (used_bytes + record->text.size_bytes > c->limit_bytes) {
        return VMPF_E_LIMIT;
    }
    return vmpfi_log_names_add(names, record->id, record->text, record->offset);
}

/* [L-8-8]: what is over a limit is lost, and the rest is read. */
static vmpf_status kept(const struct collection *c, const struct vmpfi_log_record *record,
                        vmpf_status status, struct vmpf_error *err)
{
    struct vmpf_error over;
    if (status != VMPF_E_LIMIT) {
        return status == VMPF_OK ? VMPF_OK : vmpfi_fail_nomem(err);
    }
    vmpfi_fail(&over, VMPF_E_LIMIT, record->offset, "L-8-8",
               record->marker == VMPFI_LOG_META ? "the log has more metadata than is kept"
                                                : "the log has more names than memory may be used");
    c->on_damage(c->damage_ctx, &over, record->size_bytes, 0);
    return VMPF_OK;
}

static vmpf_status collect_record(const struct collection *c, const struct vmpfi_log_record *record,
                                  struct vmpf_error *err)
{
    struct vmpfi_log_names *names = names_of(c->log, record->marker);
    if (names != NULL) {
        return kept(c, record, keep_name(c, names, record), err);
    }
    if (record->marker == VMPFI_LOG_META && !vmpfi_log_meta_is_ours(record->text)) {
        return kept(c, record,
                    vmpfi_log_meta_put(&c->log->meta, record->text, record->value, c->limit_bytes),
                    err);
    }
    return VMPF_OK;
}

/* [L-8-8], too */
static vmpf_status collect_maps(const struct collection *c, struct vmpf_error *err)
{
    struct vmpf_error why;
    vmpf_status status = vmpfi_log_maps_read(&c->log->maps, &c->log->window, c->limit_bytes, &why);
    if (status == VMPF_E_LIMIT) {
        c->on_damage(c->damage_ctx, &why, 0, 0);
        return VMPF_OK;
    }
    if (status != VMPF_OK && err != NULL) {
        *err = why;
    }
    return status;
}

static vmpf_status collect(const struct collection *c, struct vmpf_error *err)
{
    struct vmpfi_log *log = c->log;
    struct vmpfi_log_record record;
    VMPF_TRY(vmpfi_log_scan_begin(&log->scan, &log->layout, &log->window, NULL, NULL, err));
    vmpf_status status = vmpfi_log_scan_next(&log->scan, &record, err);
    while (status == VMPF_OK) {
        VMPF_TRY(collect_record(c, &record, err));
        status = vmpfi_log_scan_next(&log->scan, &record, err);
    }
    if (status != VMPF_END) {
        return status;
    }
    return log->scan.maps ? collect_maps(c, err) : VMPF_OK;
}

/* [L-1-3] */
static void tell_gzip(const struct vmpfi_log *log, vmpfi_log_on_damage *on_damage, void *ctx)
{
    struct vmpfi_log_gzip_damage damage = vmpfi_log_stream_damage(&log->stream);
    struct vmpf_error error;
    if (damage.damaged) {
        vmpfi_fail(&error, VMPF_E_CORRUPT, log->window.offset, "L-1-3", "%s",
                   damage.behind ? "what is behind the gzip file's end is lost"
                                 : "the gzip file is cut or damaged");
        on_damage(ctx, &error, damage.lost_bytes, 0);
    }
}

vmpf_status vmpfi_log_open(struct vmpfi_log *log, struct vmpf_source source, const uint8_t *head,
                           size_t head_bytes, size_t memory_limit_bytes,
                           vmpfi_log_on_damage *on_damage, void *damage_ctx, struct vmpf_error *err)
{
    memset(log, 0, sizeof *log);
    log->window.stream = &log->stream;
    VMPF_TRY(vmpfi_log_stream_open(&log->stream, source, head, head_bytes, err));
    VMPF_TRY(read_layout(log, err));
    VMPF_TRY(choose_layout(log, err));
    const struct collection c = {.log = log,
                                 .limit_bytes = memory_limit_bytes,
                                 .on_damage = on_damage,
                                 .damage_ctx = damage_ctx};
    VMPF_TRY(collect(&c, err));
    tell_gzip(log, on_damage, damage_ctx);
    return vmpfi_log_scan_begin(&log->scan, &log->layout, &log->window, on_damage, damage_ctx, err);
}

/* ---- reading ------------------------------------------------------------------------------------------ */

vmpf_status vmpfi_log_next(struct vmpfi_log *log, struct vmpfi_log_record *record,
                           struct vmpf_error *err)
{
    for (;;) {
        VMPF_TRY(vmpfi_log_scan_next(&log->scan, record, err));
        if (record->marker == VMPFI_LOG_META) {
            continue;
        }
        const struct vmpfi_log_names *names = names_of(log, record->marker);
        if (names == NULL) {
            return VMPF_OK;
        }
        log->renamed += vmpfi_log_names_change(names, record->id, record->offset); /* [L-6-2] */
    }
}

struct vmpfi_log_name_of vmpfi_log_name(struct vmpfi_log *log, const struct vmpfi_log_frame *frame,
                                        uint64_t offset)
{
    bool native = frame->kind == VMPF_KIND_NATIVE;
    struct vmpfi_log_names *first = native ? &log->native : &log->code;
    struct vmpfi_log_names *second = native ? &log->code : &log->native;
    struct vmpfi_log_name_of name = {.number = VMPFI_LOG_NO_NAME};
    if (frame->may_have_name) {
        name.names = first;
        name.number = vmpfi_log_names_find(first, frame->id, offset);
    }
    if (name.number == VMPFI_LOG_NO_NAME && frame->may_have_name && frame->without_name == NULL) {
        name.names = second;
        name.number = vmpfi_log_names_find(second, frame->id, offset);
    }
    if (name.number == VMPFI_LOG_NO_NAME) {
        name.names = NULL;
    }
    return name;
}

static struct vmpf_string string_of(const char *text)
{
    return (struct vmpf_string){.data = text, .size_bytes = strlen(text)};
}

/* [L-6-5] */
static bool is_of_other_language(const struct vmpfi_log *log, struct vmpfi_log_name_of name,
                                 struct vmpf_string prefix)
{
    bool py = prefix.size_bytes == 2 && memcmp(prefix.data, "py", 2) == 0;
    return name.names == &log->code && prefix.size_bytes > 0 && !py;
}

struct vmpf_function vmpfi_log_function(const struct vmpfi_log *log,
                                        const struct vmpfi_log_frame *frame,
                                        struct vmpfi_log_name_of name,
                                        char room[VMPFI_LOG_ID_BYTES])
{
    struct vmpf_function function = {
        .file = string_of(""), .kind = frame->kind, .address = frame->id};
    if (name.names == NULL && frame->without_name != NULL) { /* [L-6-6] */
        function.name = string_of(frame->without_name);
        return function;
    }
    if (name.names == NULL) {
        (void)snprintf(room, VMPFI_LOG_ID_BYTES, "0x%llx", (unsigned long long)frame->id);
        function.name = string_of(room);
        return function;
    }
    const struct vmpfi_log_name *text = &name.names->names[name.number];
    const struct vmpfi_log_name_parts parts = vmpfi_log_name_take_apart(
        (struct vmpf_string){.data = text->data, .size_bytes = text->size_bytes});
    function.name = parts.name;
    function.file = parts.file;
    function.first_line = parts.line;
    if (function.kind == VMPF_KIND_PY && is_of_other_language(log, name, parts.prefix)) {
        function.kind = VMPF_KIND_VM;
    }
    return function;
}
