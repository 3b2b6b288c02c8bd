#include "tools/import/from_firefox.h"

#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"
#include "tools/import/firefox_tables.h"
#include "tools/import/json_input.h"
#include "tools/import/made.h"
#include "tools/import/words.h"

#define NS_PER_MS 1000000u

/* What a sample weighs, by the type that it says. */
static const struct weight {
    const char *theirs, *name, *unit;
    uint64_t scale;
} weights[] = {
    {"tracing-ms", "time", "ns", NS_PER_MS},
    {"bytes", "bytes", "bytes", 1},
    {"samples", "samples", "count", 1},
};

/* A thread, and the process's profile that it is of. */
struct place {
    const json_t *profile, *thread;
};

struct firefox {
    json_t *root;
    struct place *threads;
    size_t thread_count, thread_capacity;
    const json_t *tables_of; /* whose tables are read: a thread, or what threads share */
    struct firefox_tables tables;
    size_t at, item; /* where we are: a thread, and a sample of it */
    bool in_thread;
    /* Of the thread. */
    struct firefox_column stack, time, delta, weight, cpu;
    const struct weight *type;
    size_t value, cpu_value; /* VMPF_MAX_VALUES: it has none */
    uint64_t cpu_scale;
    uint32_t thread;
    uint64_t time_ns;
    double carry, cpu_carry, time_carry;
};

bool import_is_firefox(const uint8_t *head, size_t size_bytes)
{
    return json_input_head_begins(head, size_bytes, "meta", '{') ||
           json_input_head_begins(head, size_bytes, "libs", '[');
}

static void firefox_close(void *ctx)
{
    struct firefox *f = ctx;
    json_decref(f->root);
    free(f->threads);
    firefox_tables_fini(&f->tables);
    free(f);
}

/* ---- what stands before the samples -------------------------------------------------------------------- */

/* As deep as JSON may be, each process has others. */
static bool find_threads(struct firefox *f, const json_t *profile) /* NOLINT(misc-no-recursion) */
{
    const json_t *threads = json_object_get(profile, "threads");
    const json_t *processes = json_object_get(profile, "processes");
    bool done = true;
    for (size_t i = 0; done && i < json_array_size(threads); i++) {
        done = vmpt_reserve(&f->threads, &f->thread_capacity, f->thread_count + 1,
                            sizeof(*f->threads));
        if (done) {
            f->threads[f->thread_count++] = (struct place){profile, json_array_get(threads, i)};
        }
    }
    for (size_t i = 0; done && i < json_array_size(processes); i++) {
        done = find_threads(f, json_array_get(processes, i));
    }
    return done;
}

static const struct weight *type_of(const json_t *samples)
{
    struct vmpf_string name = json_input_text(json_object_get(samples, "weightType"));
    const size_t last = sizeof(weights) / sizeof(weights[0]) - 1;
    size_t i = 0;
    while (i < last && !import_is_text(name, weights[i].theirs)) {
        i++;
    }
    return &weights[i];
}

/* How many ns a unit of the processor's time is; 0: it is no time, or not told. */
static uint64_t cpu_scale_of(const struct place *place)
{
    const json_t *units = json_object_get(json_object_get(place->profile, "meta"), "sampleUnits");
    const json_t *samples = json_object_get(place->thread, "samples");
    struct vmpf_string unit = json_input_text(json_object_get(units, "threadCPUDelta"));
    if (!firefox_column(samples, "threadCPUDelta").rows) {
        return 0;
    }
    if (import_is_text(unit, "ns")) {
        return 1;
    }
    bool is_us = import_is_text(unit, "\xC2\xB5s") || import_is_text(unit, "\xCE\xBCs") ||
                 import_is_text(unit, "us");
    return is_us ? 1000 : 0;
}

/* The place of a value, which is made where there is none yet. */
static size_t value_of(struct import_made *made, const char *name, const char *unit)
{
    size_t i = 0;
    while (i < made->info.value_count && !import_is_text(made->info.values[i].name, name)) {
        i++;
    }
    return i < made->info.value_count || import_add_value(made, name, unit) ? i : VMPF_MAX_VALUES;
}

static bool add_values(const struct firefox *f, struct import_made *made)
{
    bool done = true;
    for (size_t i = 0; done && i < f->thread_count; i++) {
        const struct weight *type = type_of(json_object_get(f->threads[i].thread, "samples"));
        done = value_of(made, type->name, type->unit) < VMPF_MAX_VALUES;
    }
    for (size_t i = 0; done && i < f->thread_count; i++) {
        done = !cpu_scale_of(&f->threads[i]) || value_of(made, "cpu", "ns") < VMPF_MAX_VALUES;
    }
    return done && (made->info.value_count || import_add_value(made, "samples", "count"));
}

static void add_meta(const struct firefox *f, struct import_made *made)
{
    const json_t *meta = json_object_get(f->root, "meta");
    double carry = 0;
    uint64_t number;
    if (json_input_scaled(json_object_get(meta, "interval"), NS_PER_MS, &carry, &number) &&
        number > 0) {
        import_set_period(made, number);
    }
    carry = 0;
    if (json_input_scaled(json_object_get(meta, "startTime"), NS_PER_MS, &carry, &number)) {
        made->info.start_unix_ns = number;
    }
}

/* ---- a thread ------------------------------------------------------------------------------------------ */

/* Ids are numbers or texts; the viewer writes "12.1" where there are several of an id. */
static uint64_t id_of(const json_t *value)
{
    struct vmpf_string text = json_input_text(value);
    uint64_t id = 0;
    if (json_is_integer(value)) {
        return json_integer_value(value) > 0 ? (uint64_t)json_integer_value(value) : 0;
    }
    const char *point = text.size_bytes ? memchr(text.data, '.', text.size_bytes) : NULL;
    size_t size = point ? (size_t)(point - text.data) : text.size_bytes;
    return import_number(text.data, size, &id) ? id : 0;
}

/* One without a name is called "Thread ID" by us. */
static struct vmpf_thread thread_of(const json_t *thread)
{
    static const char prefix[] = "Thread ";
    struct vmpf_thread out = {.name = json_input_text(json_object_get(thread, "name")),
                              .process_id = id_of(json_object_get(thread, "pid")),
                              .thread_id = id_of(json_object_get(thread, "tid"))};
    uint64_t number;
    if (import_starts_with(out.name, prefix) &&
        import_number(out.name.data + strlen(prefix), out.name.size_bytes - strlen(prefix),
                      &number) &&
        number == out.thread_id) {
        out.name.size_bytes = 0;
    }
    return out;
}

/* false: memory is short. */
static bool begin_thread(struct firefox *f, struct import_made *made)
{
    const struct place *place = &f->threads[f->at];
    const json_t *samples = json_object_get(place->thread, "samples");
    const json_t *shared = json_object_get(place->profile, "shared");
    const json_t *own = json_object_get(place->thread, "stackTable");
    const json_t *holder = own ? place->thread : shared;
    struct vmpf_thread thread = thread_of(place->thread);
    f->in_thread = true;
    f->item = 0;
    f->stack = firefox_column(samples, "stack");
    f->time = firefox_column(samples, "time");
    f->delta = firefox_column(samples, "timeDeltas");
    f->weight = firefox_column(samples, "weight");
    f->cpu = firefox_column(samples, "threadCPUDelta");
    f->type = type_of(samples);
    f->cpu_scale = cpu_scale_of(place);
    f->value = value_of(made, f->type->name, f->type->unit);
    f->cpu_value = f->cpu_scale ? value_of(made, "cpu", "ns") : VMPF_MAX_VALUES;
    f->time_ns = 0;
    f->carry = f->cpu_carry = f->time_carry = 0;
    f->thread = import_thread(made, &thread);
    if (f->thread == IMPORT_NO_ID) {
        return false;
    }
    if (holder == f->tables_of) {
        return true;
    }
    f->tables_of = holder;
    return firefox_tables_read(&f->tables, place->profile, holder, made);
}

/* ---- samples ------------------------------------------------------------------------------------------- */

/* A cell that may be missing, or null: then *out is left. */
static bool read_cell(const struct firefox_column *column, size_t row, uint64_t scale,
                      double *carry, uint64_t *out)
{
    const json_t *cell = firefox_cell(column, (json_int_t)row);
    return !cell || json_is_null(cell) || json_input_scaled(cell, scale, carry, out);
}

/* A cell in ms. What is before the profile's start, as browsers have it, is its start; what is beyond any time is the last
 * one. false: it is no number. */
static bool read_ms(const struct firefox_column *column, size_t row, double *carry, uint64_t *ns)
{
    const json_t *cell = firefox_cell(column, (json_int_t)row);
    double ms = json_number_value(cell);
    if (ms < 0) {
        *ns = 0;
        return true;
    }
    if (ms >= (double)INT64_MAX / NS_PER_MS) {
        *ns = INT64_MAX;
        return true;
    }
    return read_cell(column, row, NS_PER_MS, carry, ns);
}

/* When it was taken. */
static bool read_time(struct firefox *f)
{
    uint64_t passed = 0;
    double carry = 0;
    if (f->time.rows) {
        return read_ms(&f->time, f->item, &carry, &f->time_ns);
    }
    bool sound = read_ms(&f->delta, f->item, &f->time_carry, &passed);
    uint64_t left = (uint64_t)INT64_MAX - f->time_ns;
    f->time_ns += passed < left ? passed : left;
    return sound;
}

static void lose(const struct firefox *f, struct import_made *made)
{
    import_damage(made, 0, 1, 0, "sample %zu of thread %zu is broken", f->item, f->at);
}

static void sample_step(struct firefox *f, struct import_made *made)
{
    uint64_t values[VMPF_MAX_VALUES] = {0};
    uint64_t weight = f->type->scale; /* one of it, where it says nothing */
    uint64_t cpu = 0;
    const json_t *stack = firefox_cell(&f->stack, (json_int_t)f->item);
    json_int_t row = json_input_index(stack);
    bool sound = read_time(f);
    sound = read_cell(&f->weight, f->item, f->type->scale, &f->carry, &weight) && sound;
    if (f->cpu_scale) {
        sound = read_cell(&f->cpu, f->item, f->cpu_scale, &f->cpu_carry, &cpu) && sound;
    }
    if (json_is_null(stack) && sound) {
        return;
    }
    if (!sound || row < 0 || (uint64_t)row >= f->tables.stack_count || !f->tables.stacks[row]) {
        lose(f, made);
        return;
    }
    values[f->value] = weight;
    if (f->cpu_scale) {
        values[f->cpu_value] = cpu;
    }
    import_sample(made, f->tables.stacks[row], f->thread, f->time_ns, values);
    made->info.end_ns = f->time_ns > made->info.end_ns ? f->time_ns : made->info.end_ns;
}

static vmpf_status firefox_more(void *ctx, struct import_made *made, struct vmpf_error *err)
{
    struct firefox *f = ctx;
    while (!import_is_full(made)) {
        if (f->at == f->thread_count) {
            return VMPF_END;
        }
        if (!f->in_thread) {
            if (!begin_thread(f, made)) {
                return import_fail(err, VMPF_E_NOMEM, "not enough memory");
            }
        } else if (f->item == f->stack.count) {
            f->in_thread = false;
            f->at++;
        } else {
            sample_step(f, made);
            f->item++;
        }
    }
    return VMPF_OK;
}

static const struct import_ops firefox_ops = {
    .more = firefox_more, .close = firefox_close, .format = "firefox"};

static vmpf_status set_up(struct firefox *f, struct import_made *made, struct vmpf_error *err)
{
    if (!json_is_array(json_object_get(f->root, "threads"))) {
        return import_fail(err, VMPF_E_CORRUPT,
                           "it begins as the Firefox Profiler's JSON does, but has no threads");
    }
    if (!find_threads(f, f->root) || !add_values(f, made)) {
        return import_fail(err, VMPF_E_NOMEM, "not enough memory");
    }
    add_meta(f, made);
    return VMPF_OK;
}

vmpf_status import_open_firefox(struct vmpt_feed *feed, struct vmpf_source source,
                                uint32_t skip_columns, struct vmpf_error *err)
{
    struct firefox *f = calloc(1, sizeof(*f));
    struct import_made *made;
    (void)skip_columns;
    if (!f) {
        vmpf_source_close(&source);
        return import_fail(err, VMPF_E_NOMEM, "not enough memory");
    }
    vmpf_status status = json_input_read(&source, &f->root, err);
    if (status != VMPF_OK) {
        free(f);
        return status;
    }
    status = import_open(feed, &made, &firefox_ops, f, err);
    if (status == VMPF_OK) {
        status = set_up(f, made, err);
        if (status != VMPF_OK) {
            feed->ops->close(feed->ctx);
        }
    }
    return status;
}
