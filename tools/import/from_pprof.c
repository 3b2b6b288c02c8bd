#include "tools/import/from_pprof.h"

#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"
#include "tools/import/pprof_tables.h"
#include "tools/import/whole_input.h"

enum { SAMPLE_LOCATIONS = 1, SAMPLE_VALUES = 2, SAMPLE_LABELS = 3 };
enum { LABEL_KEY = 1, LABEL_TEXT = 2, LABEL_NUMBER = 3 };

#define HEAD_INFLATED_BYTES 4096

/* ---- what is one ----------------------------------------------------------------------------------- */

/* A type of values comes first, which holds two numbers at most: producers write fields in the order of their numbers, but that
 * some, as we do, write strings before what names them; the first string is empty. */
static bool looks_like_profile(const uint8_t *data, size_t size_bytes)
{
    struct proto profile = proto_of(data, size_bytes);
    struct proto_field type;
    struct proto_field field;
    bool is_first = true;
    while (proto_next(&profile, &type) && type.number == PPROF_STRING && type.is_bytes &&
           (!is_first || type.bytes.at == type.bytes.end)) {
        is_first = false;
    }
    if (type.number != PPROF_SAMPLE_TYPE || !type.is_bytes) {
        return false;
    }
    while (proto_next(&type.bytes, &field)) {
        if (field.number > 2 || field.is_bytes || field.is_fixed) {
            return false;
        }
    }
    return !type.bytes.broken;
}

bool import_is_pprof(const uint8_t *head, size_t size_bytes)
{
    uint8_t inflated[HEAD_INFLATED_BYTES];
    if (whole_is_gzip(head, size_bytes)) {
        size_t size = whole_inflate_head(head, size_bytes, inflated, sizeof(inflated));
        return looks_like_profile(inflated, size);
    }
    return looks_like_profile(head, size_bytes);
}

/* ---- samples --------------------------------------------------------------------------------------- */

struct pprof {
    struct vmpf_source source;
    struct whole_input input;
    struct pprof_tables tables;
    struct proto left;   /* of the profile, from the next sample on */
    uint64_t *locations; /* of a sample, the innermost first */
    size_t location_count, location_capacity;
    bool began;
};

struct sample {
    uint64_t values[VMPF_MAX_VALUES];
    size_t value_count;
    bool negative; /* or beyond what a value can be */
    struct vmpf_thread thread;
};

static void pprof_close(void *ctx)
{
    struct pprof *p = ctx;
    if (!p->began) {
        vmpf_source_close(&p->source);
    }
    whole_input_fini(&p->input);
    pprof_tables_fini(&p->tables);
    free(p->locations);
    free(p);
}

static bool add_location(struct pprof *p, uint64_t id)
{
    if (!vmpt_reserve(&p->locations, &p->location_capacity, p->location_count + 1,
                      sizeof(*p->locations))) {
        return false;
    }
    p->locations[p->location_count++] = id;
    return true;
}

static void add_sample_value(const struct pprof *p, struct sample *sample, uint64_t value)
{
    size_t i = sample->value_count++;
    if (i >= p->tables.value_count || p->tables.values[i].place >= VMPF_MAX_VALUES) {
        return;
    }
    uint64_t scale = p->tables.values[i].scale;
    sample->negative = sample->negative || value > (uint64_t)INT64_MAX / scale;
    sample->values[p->tables.values[i].place] = value * scale;
}

static bool is_key(struct vmpf_string key, const char *const *names)
{
    for (; *names; names++) {
        if (key.size_bytes == strlen(*names) && memcmp(key.data, *names, key.size_bytes) == 0) {
            return true;
        }
    }
    return false;
}

/* What producers call the thread. */
static void take_label(const struct pprof *p, struct proto label, struct sample *sample)
{
    static const char *const names[] = {"thread", "thread name", "thread_name", NULL};
    static const char *const ids[] = {"thread", "thread id", "thread_id", "tid", NULL};
    static const char *const processes[] = {"process", "process id", "process_id", "pid", NULL};
    struct proto_field field;
    uint64_t key = 0;
    uint64_t text = 0;
    uint64_t number = 0;
    while (proto_next(&label, &field)) {
        key = field.number == LABEL_KEY ? field.value : key;
        text = field.number == LABEL_TEXT ? field.value : text;
        number = field.number == LABEL_NUMBER ? field.value : number;
    }
    struct vmpf_string name = pprof_string(&p->tables, key);
    if (text && is_key(name, names)) {
        sample->thread.name = pprof_string(&p->tables, text);
    } else if (!text && is_key(name, ids)) {
        sample->thread.thread_id = number;
    } else if (!text && is_key(name, processes)) {
        sample->thread.process_id = number;
    }
}

/* False: memory is short. */
static bool read_sample(struct pprof *p, struct proto *message, struct sample *sample)
{
    struct proto_field field;
    uint64_t value;
    bool done = true;
    p->location_count = 0;
    while (done && proto_next(message, &field)) {
        if (field.number == SAMPLE_LABELS && field.is_bytes) {
            take_label(p, field.bytes, sample);
        } else if (field.number == SAMPLE_LOCATIONS && !field.is_bytes) {
            done = add_location(p, field.value);
        } else if (field.number == SAMPLE_VALUES && !field.is_bytes) {
            add_sample_value(p, sample, field.value);
        }
        bool packed = field.is_bytes && field.number <= SAMPLE_VALUES;
        while (done && packed && proto_packed(&field.bytes, &value)) {
            if (field.number == SAMPLE_LOCATIONS) {
                done = add_location(p, value);
            } else {
                add_sample_value(p, sample, value);
            }
        }
        message->broken = message->broken || (packed && field.bytes.broken);
    }
    return done;
}

/* The stack of the locations that were read; inlined frames stand in their location, the innermost first. */
static uint32_t stack_of(struct pprof *p, struct import_made *made)
{
    uint32_t stack = 0;
    for (size_t i = p->location_count; i-- > 0;) {
        size_t count;
        const struct pprof_frame *frames = pprof_frames(&p->tables, made, p->locations[i], &count);
        for (size_t k = frames ? count : 0; k-- > 0 && stack != IMPORT_NO_ID;) {
            stack = import_frame(made, stack, frames[k].function, frames[k].line, frames[k].kind);
        }
        if (!frames || stack == IMPORT_NO_ID) {
            return IMPORT_NO_ID;
        }
    }
    return stack;
}

static bool add_sample(struct pprof *p, struct import_made *made, struct proto message)
{
    struct sample sample = {.thread = {.name = {"", 0}}};
    uint64_t offset = (uint64_t)(message.at - p->input.data);
    if (!read_sample(p, &message, &sample)) {
        return false;
    }
    if (message.broken || sample.negative || p->location_count > VMPF_MAX_DEPTH ||
        sample.value_count != p->tables.value_count) {
        import_damage(made, offset, 1, 0, "a sample %s",
                      sample.negative ? "has a negative value" : "is broken");
        return true;
    }
    uint32_t thread = import_thread(made, &sample.thread);
    uint32_t stack = stack_of(p, made);
    if (thread == IMPORT_NO_ID || stack == IMPORT_NO_ID) {
        return false;
    }
    import_sample(made, stack, thread, 0, sample.values);
    return true;
}

static vmpf_status begin(struct pprof *p, struct import_made *made, struct vmpf_error *err)
{
    p->began = true;
    vmpf_status status = whole_input_read(&p->input, &p->source, err);
    if (status != VMPF_OK) {
        return status;
    }
    p->left = proto_of(p->input.data, p->input.size_bytes);
    if (!pprof_tables_read(&p->tables, p->left, made)) {
        return import_fail(err, VMPF_E_NOMEM, "not enough memory");
    }
    if (p->input.cut || p->tables.broken) {
        import_damage(made, p->input.size_bytes, 0, 0, "%s",
                      p->input.cut ? "its compressed data is cut or broken" : "a table is broken");
    }
    return VMPF_OK;
}

static vmpf_status pprof_more(void *ctx, struct import_made *made, struct vmpf_error *err)
{
    struct pprof *p = ctx;
    struct proto_field field;
    vmpf_status status = p->began ? VMPF_OK : begin(p, made, err);
    while (status == VMPF_OK && !import_is_full(made)) {
        if (!proto_next(&p->left, &field)) {
            status = VMPF_END;
        } else if (field.number == PPROF_SAMPLE && field.is_bytes &&
                   !add_sample(p, made, field.bytes)) {
            status = import_fail(err, VMPF_E_NOMEM, "not enough memory");
        }
    }
    if (status == VMPF_END && p->left.broken) {
        import_damage(made, p->input.size_bytes, 0, 0, "it ends in the middle of a message");
    }
    return status;
}

static const struct import_ops pprof_ops = {
    .more = pprof_more, .close = pprof_close, .format = "pprof"};

vmpf_status import_open_pprof(struct vmpt_feed *feed, struct vmpf_source source,
                              uint32_t skip_columns, struct vmpf_error *err)
{
    struct pprof *p = calloc(1, sizeof(*p));
    struct import_made *made;
    (void)skip_columns;
    if (!p) {
        vmpf_source_close(&source);
        return import_fail(err, VMPF_E_NOMEM, "not enough memory");
    }
    p->source = source;
    vmpf_status status = import_open(feed, &made, &pprof_ops, p, err);
    if (status != VMPF_OK) {
        return status;
    }
    status = begin(p, made, err); /* values are known before the first sample */
    if (status != VMPF_OK) {
        feed->ops->close(feed->ctx);
    }
    return status;
}
