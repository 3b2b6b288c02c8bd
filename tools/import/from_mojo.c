#include "tools/import/from_mojo.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"
#include "tools/import/austin.h"
#include "tools/import/bytes.h"
#include "tools/import/keys.h"
#include "tools/import/made.h"

#define MAGIC "MOJ"
#define MAGIC_BYTES 3
#define LAST_VERSION 4
#define PIECE_BYTES ((size_t)1 << 16)
#define UNKNOWN_STRING 1 /* a key that needs no event */

enum {
    EVENT_METADATA = 1,
    EVENT_STACK = 2,
    EVENT_FRAME = 3,
    EVENT_FRAME_INVALID = 4,
    EVENT_FRAME_REF = 5,
    EVENT_FRAME_KERNEL = 6,
    EVENT_GC = 7,
    EVENT_IDLE = 8,
    EVENT_METRIC_TIME = 9,
    EVENT_METRIC_MEMORY = 10,
    EVENT_STRING = 11,
    EVENT_STRING_REF = 12,
    EVENT_STACK_REPEAT = 13,
    EVENT_TASK_STACK = 14,
    EVENT_TASK_WAITER = 15,
    EVENT_COUNT,
};

struct text {
    const char *data;
    size_t size;
};

struct frame {
    uint32_t function, line;
    vmpf_kind kind;
};

struct mojo {
    struct vmpf_source source;
    uint8_t *piece;
    struct import_bytes bytes;
    uint64_t version;
    enum austin_mode mode;
    struct vmpt_arena strings;
    struct import_keys text_keys, frame_keys; /* of the two tables */
    struct text *texts;
    size_t text_count, text_capacity;
    struct frame *frames;
    size_t frame_count, frame_capacity;
    uint32_t *last_stacks; /* by thread: of its sample before */
    size_t last_capacity;
    struct {
        bool is_open, is_broken;
        bool in_task; /* what follows is of a task that waits, up to a time */
        bool has_metric;
        uint64_t offset, process_id;
        uint32_t thread, stack;
        size_t depth;
        struct austin_metrics metrics;
    } sample;
};

static void mojo_close(void *ctx)
{
    struct mojo *m = ctx;
    vmpf_source_close(&m->source);
    import_bytes_fini(&m->bytes);
    import_keys_fini(&m->text_keys);
    import_keys_fini(&m->frame_keys);
    vmpt_arena_fini(&m->strings);
    free(m->texts);
    free(m->frames);
    free(m->last_stacks);
    free(m->piece);
    free(m);
}

static vmpf_status refill(void *ctx, struct import_bytes *bytes, struct vmpf_error *err)
{
    struct mojo *m = ctx;
    int64_t got = m->source.ops->read(m->source.ctx, m->piece, PIECE_BYTES);
    if (got < 0) {
        (void)import_fail(err, VMPF_E_IO, "cannot read");
        err->sys_errno = (int)-got;
        return VMPF_E_IO;
    }
    bytes->at = m->piece;
    bytes->end = m->piece + got;
    bytes->end_offset += (uint64_t)got;
    return got ? VMPF_OK : VMPF_END;
}

bool import_is_mojo(const uint8_t *head, size_t size_bytes)
{
    /* A version of one byte, and an event that there is. Metadata comes first. */
    return size_bytes > MAGIC_BYTES + 1 && memcmp(head, MAGIC, MAGIC_BYTES) == 0 &&
           head[MAGIC_BYTES] > 0 && head[MAGIC_BYTES] < 0x40 && head[MAGIC_BYTES + 1] > 0 &&
           head[MAGIC_BYTES + 1] < EVENT_COUNT;
}

/* ---- what events say ------------------------------------------------------------------------------- */

/* A key or another number that is not negative. */
static uint64_t read_key(struct mojo *m)
{
    uint8_t sign;
    uint64_t value = import_bytes_varint(&m->bytes, 6, &sign);
    if (sign && m->bytes.status == VMPF_OK) {
        m->bytes.status = VMPF_E_CORRUPT;
    }
    return value;
}

static vmpf_status no_memory(struct mojo *m)
{
    m->bytes.status = import_fail(&m->bytes.err, VMPF_E_NOMEM, "not enough memory");
    return VMPF_E_NOMEM;
}

static struct vmpf_string last_string(const struct mojo *m)
{
    return (struct vmpf_string){m->bytes.text_size ? m->bytes.text : "", m->bytes.text_size};
}

static void take_metadata(struct mojo *m, struct import_made *made)
{
    char key[32] = "";
    if (!import_bytes_string(&m->bytes)) {
        return;
    }
    size_t size = m->bytes.text_size < sizeof(key) ? m->bytes.text_size : 0;
    memcpy(key, m->bytes.text, size);
    if (import_bytes_string(&m->bytes)) {
        enum austin_mode mode = m->mode;
        austin_take_metadata(made, (struct vmpf_string){key, size}, last_string(m), &mode);
        m->mode = made->info.value_count ? m->mode : mode;
    }
}

static void take_string(struct mojo *m)
{
    uint64_t key = read_key(m);
    if (!import_bytes_string(&m->bytes)) {
        return;
    }
    struct vmpf_string text = last_string(m);
    uint32_t known = import_keys_get(&m->text_keys, m->sample.process_id, key);
    if (known != UINT32_MAX && m->texts[known].size == text.size_bytes &&
        memcmp(m->texts[known].data, text.data, text.size_bytes) == 0) {
        return;
    }
    const char *copy = vmpt_arena_copy(&m->strings, text.data, text.size_bytes);
    if (copy && known != UINT32_MAX) {
        m->texts[known] = (struct text){copy, text.size_bytes};
        return;
    }
    if (!copy || m->text_count >= IMPORT_NO_ID - 1 ||
        !vmpt_reserve(&m->texts, &m->text_capacity, m->text_count + 1, sizeof(*m->texts)) ||
        !import_keys_set(&m->text_keys, m->sample.process_id, key, (uint32_t)m->text_count)) {
        (void)no_memory(m);
        return;
    }
    m->texts[m->text_count++] = (struct text){copy, text.size_bytes};
}

/* False: there is no such string. */
static bool find_string(const struct mojo *m, uint64_t key, struct vmpf_string *out)
{
    static const char unknown[] = "<unknown>";
    uint32_t index = import_keys_get(&m->text_keys, m->sample.process_id, key);
    if (key == UNKNOWN_STRING) {
        *out = (struct vmpf_string){unknown, strlen(unknown)};
    } else if (index != UINT32_MAX) {
        *out = (struct vmpf_string){m->texts[index].data, m->texts[index].size};
    }
    return key == UNKNOWN_STRING || index != UINT32_MAX;
}

static void take_frame(struct mojo *m, struct import_made *made)
{
    struct vmpf_string file;
    struct vmpf_string name;
    uint64_t key = read_key(m);
    uint64_t file_key = read_key(m);
    uint64_t name_key = read_key(m);
    uint8_t sign;
    uint64_t line = import_bytes_varint(&m->bytes, 6, &sign);
    uint8_t ignored;
    for (int i = 0; i < 3 && m->version >= 2; i++) { /* the last line, and both columns */
        (void)import_bytes_varint(&m->bytes, 6, &ignored);
    }
    if (m->bytes.status != VMPF_OK) {
        return;
    }
    if (!find_string(m, file_key, &file) || !find_string(m, name_key, &name)) {
        m->bytes.status = VMPF_E_CORRUPT;
        return;
    }
    const struct vmpf_function function = austin_function(file, name);
    uint32_t id = import_function(made, &function);
    const struct frame frame = {id, sign || line > UINT32_MAX ? 0 : (uint32_t)line, function.kind};
    uint32_t known = import_keys_get(&m->frame_keys, m->sample.process_id, key);
    if (id != IMPORT_NO_ID && known != UINT32_MAX) {
        m->frames[known] = frame;
        return;
    }
    if (id == IMPORT_NO_ID || m->frame_count >= IMPORT_NO_ID - 1 ||
        !vmpt_reserve(&m->frames, &m->frame_capacity, m->frame_count + 1, sizeof(*m->frames)) ||
        !import_keys_set(&m->frame_keys, m->sample.process_id, key, (uint32_t)m->frame_count)) {
        (void)no_memory(m);
        return;
    }
    m->frames[m->frame_count++] = frame;
}

/* ---- a sample --------------------------------------------------------------------------------------- */

static void add_frame(struct mojo *m, struct import_made *made, const struct frame *frame)
{
    if (m->sample.in_task || !m->sample.is_open) {
        return;
    }
    if (++m->sample.depth > VMPF_MAX_DEPTH) {
        m->sample.is_broken = true;
        return;
    }
    m->sample.stack =
        import_frame(made, m->sample.stack, frame->function, frame->line, frame->kind);
    if (m->sample.stack == IMPORT_NO_ID) {
        m->sample.stack = 0;
        (void)no_memory(m);
    }
}

static void add_named(struct mojo *m, struct import_made *made, const char *file,
                      struct vmpf_string name)
{
    struct vmpf_function function = austin_function((struct vmpf_string){file, strlen(file)}, name);
    uint32_t id = import_function(made, &function);
    const struct frame frame = {id, 0, function.kind};
    if (id == IMPORT_NO_ID) {
        (void)no_memory(m);
        return;
    }
    add_frame(m, made, &frame);
}

static void add_reference(struct mojo *m, struct import_made *made)
{
    uint64_t key = read_key(m);
    uint32_t index = import_keys_get(&m->frame_keys, m->sample.process_id, key);
    if (m->bytes.status != VMPF_OK) {
        return;
    }
    if (index == UINT32_MAX) {
        m->sample.is_broken = true;
        return;
    }
    add_frame(m, made, &m->frames[index]);
}

/* What is not in a file of Python stood above the interpreter, and was not seen again. */
static bool is_python(const struct import_made *made, uint32_t stack)
{
    const struct vmpt_function *f = &made->functions.items[made->nodes.keys[stack].function];
    bool is_source = f->file_size >= 3 && memcmp(f->file + f->file_size - 3, ".py", 3) == 0;
    return is_source ||
           (f->file_size >= 2 && f->file[0] == '<' && f->file[f->file_size - 1] == '>');
}

/* The stack goes on from that of the thread's sample before. */
static void repeat_stack(struct mojo *m, const struct import_made *made)
{
    uint32_t stack = m->sample.thread < m->last_capacity ? m->last_stacks[m->sample.thread] : 0;
    while (stack && !is_python(made, stack)) {
        stack = made->nodes.keys[stack].parent;
    }
    if (m->sample.stack || !m->sample.is_open) {
        m->sample.is_broken = true; /* frames came before it */
        return;
    }
    m->sample.stack = stack;
    for (; stack; stack = made->nodes.keys[stack].parent) {
        m->sample.depth++;
    }
}

static void end_sample(struct mojo *m, struct import_made *made)
{
    uint64_t values[VMPF_MAX_VALUES];
    if (!m->sample.is_open) {
        return;
    }
    m->sample.is_open = false;
    if (m->sample.is_broken || !m->sample.has_metric ||
        !austin_values(m->mode, &m->sample.metrics, values)) {
        import_damage(made, m->sample.offset, 1, 0, "a sample %s",
                      m->sample.is_broken    ? "has a frame that is not there, or too many"
                      : m->sample.has_metric ? "has a number that is too large"
                                             : "has no number");
        return;
    }
    import_sample(made, m->sample.stack, m->sample.thread, 0, values);
    if (!vmpt_reserve(&m->last_stacks, &m->last_capacity, (size_t)m->sample.thread + 1,
                      sizeof(*m->last_stacks))) {
        (void)no_memory(m);
        return;
    }
    m->last_stacks[m->sample.thread] = m->sample.stack;
}

static void begin_sample(struct mojo *m, struct import_made *made, uint64_t offset)
{
    memset(&m->sample, 0, sizeof(m->sample));
    m->sample.offset = offset;
    m->sample.process_id = read_key(m);
    uint8_t sign;
    uint64_t interpreter = m->version >= 3 ? import_bytes_varint(&m->bytes, 6, &sign) : 0;
    if (!import_bytes_string(&m->bytes)) {
        return;
    }
    if (made->info.value_count == 0) {
        m->mode = m->mode == AUSTIN_UNKNOWN ? AUSTIN_FULL : m->mode; /* both may come */
        if (!austin_add_values(made, m->mode)) {
            (void)no_memory(m);
            return;
        }
    }
    m->sample.thread = austin_thread(made, m->sample.process_id, interpreter, last_string(m), 16);
    if (m->sample.thread == IMPORT_NO_ID) {
        (void)no_memory(m);
        return;
    }
    m->sample.is_open = true;
}

static void take_metric(struct mojo *m, bool is_time)
{
    uint8_t is_negative;
    uint64_t value = import_bytes_varint(&m->bytes, 6, &is_negative);
    if (is_time && m->sample.in_task) {
        m->sample.in_task = false;
        return;
    }
    m->sample.has_metric = true;
    if (is_time) {
        m->sample.metrics.time_us = is_negative && value ? UINT64_MAX : value;
    } else {
        m->sample.metrics.allocated_bytes = is_negative ? 0 : value;
        m->sample.metrics.freed_bytes = is_negative ? value : 0;
    }
}

/* ---- all of it -------------------------------------------------------------------------------------- */

static void take_event(struct mojo *m, struct import_made *made, uint8_t event, uint64_t offset)
{
    switch (event) {
    case EVENT_METADATA: take_metadata(m, made); break;
    case EVENT_STACK: begin_sample(m, made, offset); break;
    case EVENT_FRAME: take_frame(m, made); break;
    case EVENT_FRAME_INVALID:
        add_named(m, made, "", (struct vmpf_string){"INVALID", strlen("INVALID")});
        break;
    case EVENT_FRAME_REF: add_reference(m, made); break;
    case EVENT_FRAME_KERNEL:
        if (import_bytes_string(&m->bytes)) {
            add_named(m, made, "kernel", last_string(m));
        }
        break;
    case EVENT_GC: add_named(m, made, "", (struct vmpf_string){"GC", strlen("GC")}); break;
    case EVENT_IDLE: m->sample.metrics.is_idle = true; break;
    case EVENT_METRIC_TIME: take_metric(m, true); break;
    case EVENT_METRIC_MEMORY: take_metric(m, false); break;
    case EVENT_STRING: take_string(m); break;
    case EVENT_STRING_REF: (void)read_key(m); break;
    case EVENT_STACK_REPEAT: repeat_stack(m, made); break;
    case EVENT_TASK_STACK: m->sample.in_task = true; /* fallthrough */
    case EVENT_TASK_WAITER:
        (void)read_key(m);
        (void)read_key(m);
        break;
    default: m->bytes.status = VMPF_E_CORRUPT; break;
    }
}

/* One event; what it ends is a sample's. VMPF_END: there is none. */
static vmpf_status next_event(struct mojo *m, struct import_made *made, struct vmpf_error *err)
{
    uint64_t offset = import_bytes_offset(&m->bytes);
    bool at_end = import_bytes_at_end(&m->bytes);
    if (at_end && m->bytes.status == VMPF_END) {
        end_sample(m, made);
        return VMPF_END;
    }
    uint8_t event = import_bytes_u8(&m->bytes);
    if (event == EVENT_STACK || event == EVENT_METADATA) {
        end_sample(m, made);
    }
    if (m->bytes.status == VMPF_OK) {
        take_event(m, made, event, offset);
    }
    if (m->bytes.status == VMPF_END || m->bytes.status == VMPF_E_CORRUPT) {
        import_damage(made, offset, m->sample.is_open, 0, "%s",
                      m->bytes.status == VMPF_END ? "it ends in the middle of an event"
                                                  : "an event is none, and all behind it is lost");
        m->bytes.status = VMPF_END;
        m->sample.is_open = false;
        return VMPF_END;
    }
    if (m->bytes.status != VMPF_OK) {
        *err = m->bytes.err;
    }
    return m->bytes.status;
}

static vmpf_status mojo_more(void *ctx, struct import_made *made, struct vmpf_error *err)
{
    vmpf_status status = VMPF_OK;
    while (status == VMPF_OK && !import_is_full(made)) {
        status = next_event(ctx, made, err);
    }
    return status;
}

static const struct import_ops mojo_ops = {
    .more = mojo_more, .close = mojo_close, .format = "mojo"};

/* The header, and what is said before the first stack. */
static vmpf_status begin(struct mojo *m, struct import_made *made, struct vmpf_error *err)
{
    char magic[MAGIC_BYTES];
    for (size_t i = 0; i < MAGIC_BYTES; i++) {
        magic[i] = (char)import_bytes_u8(&m->bytes);
    }
    m->version = read_key(m);
    if (m->bytes.status == VMPF_E_IO) {
        *err = m->bytes.err;
        return VMPF_E_IO;
    }
    if (m->bytes.status != VMPF_OK || memcmp(magic, MAGIC, MAGIC_BYTES) != 0) {
        return import_fail(err, VMPF_E_NOT_VMPROF, "it is no MOJO of Austin");
    }
    if (m->version < 1 || m->version > LAST_VERSION) {
        return import_fail(err, VMPF_E_UNSUPPORTED,
                           "it is MOJO version %" PRIu64 ", and 1 to %d are read", m->version,
                           LAST_VERSION);
    }
    vmpf_status status = VMPF_OK;
    while (status == VMPF_OK && made->info.value_count == 0) {
        status = next_event(m, made, err);
    }
    return status == VMPF_END && made->info.value_count == 0
               ? import_fail(err, VMPF_E_NOT_VMPROF, "it has no sample of Austin")
           : status == VMPF_END ? VMPF_OK
                                : status;
}

vmpf_status import_open_mojo(struct vmpt_feed *feed, struct vmpf_source source,
                             uint32_t skip_columns, struct vmpf_error *err)
{
    struct mojo *m = calloc(1, sizeof(*m));
    uint8_t *piece = malloc(PIECE_BYTES);
    struct import_made *made;
    (void)skip_columns;
    if (!m || !piece) {
        free(m);
        free(piece);
        vmpf_source_close(&source);
        return import_fail(err, VMPF_E_NOMEM, "not enough memory");
    }
    m->source = source;
    m->piece = piece;
    vmpt_arena_init(&m->strings);
    import_bytes_init(&m->bytes, refill, m);
    vmpf_status status = import_open(feed, &made, &mojo_ops, m, err);
    if (status != VMPF_OK) {
        return status;
    }
    status = begin(m, made, err);
    if (status != VMPF_OK) {
        feed->ops->close(feed->ctx);
    }
    return status;
}
