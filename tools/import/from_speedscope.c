#include "tools/import/from_speedscope.h"

#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"
#include "tools/import/json_input.h"
#include "tools/import/made.h"
#include "tools/import/words.h"

/* Our unit, the name that a value of it gets, and how many of it theirs is. */
static const struct unit {
    const char *theirs, *name, *ours;
    uint64_t scale;
} units[] = {
    {"nanoseconds", "time", "ns", 1},        {"microseconds", "time", "ns", 1000},
    {"milliseconds", "time", "ns", 1000000}, {"seconds", "time", "ns", 1000000000},
    {"bytes", "bytes", "bytes", 1},          {"none", "weight", "count", 1},
};

struct scope {
    json_t *root;
    uint32_t *functions; /* by frame */
    size_t function_count;
    size_t profile, item; /* where we are: a sample, or an event */
    bool in_profile;
    /* Of the profile. */
    const struct unit *unit;
    size_t value;
    uint32_t thread;
    uint64_t time_ns;
    double carry;
    const json_t *last_at; /* of an event, from which on nothing is counted yet; NULL: 0 */
    struct open_frame {
        json_int_t frame;
        uint32_t stack;
    } * open;
    size_t open_count, open_capacity;
};

bool import_is_speedscope(const uint8_t *head, size_t size_bytes)
{
    static const char *const texts[] = {"speedscope.app/file-format-schema.json",
                                        "\"exporter\":\"speedscope", "\"exporter\": \"speedscope",
                                        NULL};
    return json_input_head_has(head, size_bytes, texts);
}

static void scope_close(void *ctx)
{
    struct scope *s = ctx;
    json_decref(s->root);
    free(s->functions);
    free(s->open);
    free(s);
}

static const json_t *profile_at(const struct scope *s, size_t index)
{
    return json_array_get(json_object_get(s->root, "profiles"), index);
}

/* ---- what stands before the samples -------------------------------------------------------------------- */

/* What says no unit that we know is counted. */
static const struct unit *unit_of(const json_t *profile)
{
    struct vmpf_string name = json_input_text(json_object_get(profile, "unit"));
    const size_t last = sizeof(units) / sizeof(units[0]) - 1;
    for (size_t i = 0; i < last; i++) {
        if (import_is_text(name, units[i].theirs)) {
            return &units[i];
        }
    }
    return &units[last];
}

/* The place of the unit's value, which is made where there is none yet. */
static size_t value_of(struct import_made *made, const struct unit *unit)
{
    size_t i = 0;
    while (i < made->info.value_count && !import_is_text(made->info.values[i].name, unit->name)) {
        i++;
    }
    bool is_there = i < made->info.value_count || import_add_value(made, unit->name, unit->ours);
    return is_there ? i : VMPF_MAX_VALUES;
}

static bool add_values(struct scope *s, struct import_made *made)
{
    size_t count = json_array_size(json_object_get(s->root, "profiles"));
    bool done = true;
    for (size_t i = 0; done && i < count; i++) {
        done = value_of(made, unit_of(profile_at(s, i))) < VMPF_MAX_VALUES;
    }
    return done && (made->info.value_count || import_add_value(made, "weight", "count"));
}

static bool add_functions(struct scope *s, struct import_made *made)
{
    const json_t *frames = json_object_get(json_object_get(s->root, "shared"), "frames");
    s->function_count = json_array_size(frames);
    s->functions = vmpt_array(s->function_count, sizeof(*s->functions));
    bool done = s->functions != NULL;
    for (size_t i = 0; done && i < s->function_count; i++) {
        const json_t *frame = json_array_get(frames, i);
        struct vmpf_function function = {.name = json_input_text(json_object_get(frame, "name")),
                                         .file = json_input_text(json_object_get(frame, "file"))};
        function.first_line = json_input_line(json_object_get(frame, "line"));
        function.kind = import_kind_of_file(function.file);
        s->functions[i] = import_function(made, &function);
        done = s->functions[i] != IMPORT_NO_ID;
    }
    return done;
}

/* ---- a profile ----------------------------------------------------------------------------------------- */

/* "name (process 1, thread 2)" or "process 1, thread 2", as we write it; else all of it is the name. */
static struct vmpf_thread thread_of(struct vmpf_string name)
{
    struct vmpf_thread thread = {.name = name};
    static const char process[] = "process ";
    static const char between[] = ", thread ";
    bool behind = import_ends_in(name, ")");
    const char *end = name.data + name.size_bytes - (behind ? 1 : 0);
    const char *begin = end;
    while (begin > name.data &&
           !(begin + strlen(process) <= end && memcmp(begin, process, strlen(process)) == 0)) {
        begin--;
    }
    const char *ids = begin + strlen(process);
    const char *middle =
        ids <= end ? memmem(ids, (size_t)(end - ids), between, strlen(between)) : NULL;
    size_t before = (size_t)(begin - name.data);
    bool fits = behind ? before > 2 && memcmp(begin - 2, " (", 2) == 0 : before == 0;
    if (!middle || !fits || memcmp(begin, process, strlen(process)) != 0) {
        return thread;
    }
    const char *last = middle + strlen(between);
    if (import_number(ids, (size_t)(middle - ids), &thread.process_id) &&
        import_number(last, (size_t)(end - last), &thread.thread_id)) {
        thread.name.size_bytes = behind ? before - 2 : 0;
    } else {
        thread.process_id = thread.thread_id = 0;
    }
    return thread;
}

static bool is_time(const struct scope *s)
{
    return strcmp(s->unit->ours, "ns") == 0;
}

static bool begin_profile(struct scope *s, struct import_made *made)
{
    const json_t *profile = profile_at(s, s->profile);
    const json_t *start = json_object_get(profile, "startValue");
    struct vmpf_thread thread = thread_of(json_input_text(json_object_get(profile, "name")));
    double ignored = 0;
    s->in_profile = true;
    s->item = 0;
    s->carry = 0;
    s->open_count = 0;
    s->unit = unit_of(profile);
    s->value = value_of(made, s->unit);
    s->last_at = json_is_number(start) ? start : NULL;
    s->time_ns = 0;
    if (is_time(s)) { /* where it says no start, or none that a time can be: 0 */
        (void)json_input_scaled(start, s->unit->scale, &ignored, &s->time_ns);
    }
    s->thread = import_thread(made, &thread);
    return s->thread != IMPORT_NO_ID;
}

static void pass_time(struct scope *s, struct import_made *made, uint64_t weight)
{
    if (is_time(s) && weight <= (uint64_t)INT64_MAX - s->time_ns) {
        s->time_ns += weight;
        made->info.end_ns = s->time_ns > made->info.end_ns ? s->time_ns : made->info.end_ns;
    }
}

static void add_sample(struct scope *s, struct import_made *made, uint32_t stack, uint64_t weight)
{
    uint64_t values[VMPF_MAX_VALUES] = {0};
    values[s->value] = weight;
    import_sample(made, stack, s->thread, s->time_ns, values);
    pass_time(s, made, weight);
}

static void lose(struct scope *s, struct import_made *made, const char *what)
{
    import_damage(made, 0, 1, 0, "%s %zu of profile %zu is broken", what, s->item, s->profile);
}

/* The stack with a frame more. 0: there is no such frame; IMPORT_NO_ID: memory is short. */
static uint32_t below(const struct scope *s, struct import_made *made, uint32_t stack,
                      json_int_t frame)
{
    if (frame < 0 || (uint64_t)frame >= s->function_count) {
        return 0;
    }
    uint32_t function = s->functions[frame];
    return import_frame(made, stack, function, 0, (vmpf_kind)made->functions.items[function].kind);
}

/* ---- samples: a stack and a weight ------------------------------------------------------------------- */

static bool sampled_step(struct scope *s, struct import_made *made, const json_t *profile)
{
    const json_t *frames = json_array_get(json_object_get(profile, "samples"), s->item);
    const json_t *number = json_array_get(json_object_get(profile, "weights"), s->item);
    size_t depth = json_array_size(frames);
    uint64_t weight = 1;
    uint32_t stack = 0;
    bool sound = json_is_array(frames) && depth <= VMPF_MAX_DEPTH;
    for (size_t i = 0; sound && i < depth; i++) {
        stack = below(s, made, stack, json_input_index(json_array_get(frames, i)));
        sound = stack != 0;
        if (stack == IMPORT_NO_ID) {
            return false;
        }
    }
    if (sound && (!number || json_input_scaled(number, s->unit->scale, &s->carry, &weight))) {
        add_sample(s, made, stack, weight);
    } else {
        lose(s, made, "sample");
    }
    return true;
}

/* ---- events: a frame is entered, or left ------------------------------------------------------------- */

/* What went by since the event before belongs to the frames that are open. */
static void count_until(struct scope *s, struct import_made *made, const json_t *at)
{
    uint64_t weight = 0;
    if (!json_input_span(s->last_at, at, s->unit->scale, &s->carry, &weight)) {
        lose(s, made, "event");
        return;
    }
    if (s->open_count && weight) {
        add_sample(s, made, s->open[s->open_count - 1].stack, weight);
    } else {
        pass_time(s, made, weight);
    }
    s->last_at = at;
}

static bool event_step(struct scope *s, struct import_made *made, const json_t *profile)
{
    const json_t *event = json_array_get(json_object_get(profile, "events"), s->item);
    struct vmpf_string type = json_input_text(json_object_get(event, "type"));
    const json_t *at = json_object_get(event, "at");
    json_int_t frame = json_input_index(json_object_get(event, "frame"));
    bool opens = import_is_text(type, "O");
    bool closes =
        import_is_text(type, "C") && s->open_count && s->open[s->open_count - 1].frame == frame;
    if (!json_is_number(at) || !(opens || closes)) {
        lose(s, made, "event");
        return true;
    }
    count_until(s, made, at);
    if (closes) {
        s->open_count--;
        return true;
    }
    uint32_t caller = s->open_count ? s->open[s->open_count - 1].stack : 0;
    uint32_t stack = s->open_count < VMPF_MAX_DEPTH ? below(s, made, caller, frame) : 0;
    if (stack == 0) {
        lose(s, made, "event");
        return true;
    }
    if (stack == IMPORT_NO_ID ||
        !vmpt_reserve(&s->open, &s->open_capacity, s->open_count + 1, sizeof(*s->open))) {
        return false;
    }
    s->open[s->open_count++] = (struct open_frame){frame, stack};
    return true;
}

static vmpf_status scope_more(void *ctx, struct import_made *made, struct vmpf_error *err)
{
    struct scope *s = ctx;
    size_t profiles = json_array_size(json_object_get(s->root, "profiles"));
    bool done = true;
    while (done && !import_is_full(made)) {
        if (s->profile == profiles) {
            return VMPF_END;
        }
        const json_t *profile = profile_at(s, s->profile);
        bool evented = import_is_text(json_input_text(json_object_get(profile, "type")), "evented");
        size_t items = json_array_size(json_object_get(profile, evented ? "events" : "samples"));
        if (!s->in_profile) {
            done = begin_profile(s, made);
        } else if (s->item == items) {
            s->in_profile = false;
            s->profile++;
        } else {
            done = evented ? event_step(s, made, profile) : sampled_step(s, made, profile);
            s->item++;
        }
    }
    return done ? VMPF_OK : import_fail(err, VMPF_E_NOMEM, "not enough memory");
}

static const struct import_ops scope_ops = {
    .more = scope_more, .close = scope_close, .format = "speedscope"};

static vmpf_status set_up(struct scope *s, struct import_made *made, struct vmpf_error *err)
{
    if (!json_is_array(json_object_get(s->root, "profiles"))) {
        return import_fail(err, VMPF_E_CORRUPT,
                           "it begins as speedscope's JSON does, but has no "
                           "profiles");
    }
    return add_values(s, made) && add_functions(s, made)
               ? VMPF_OK
               : import_fail(err, VMPF_E_NOMEM, "not enough memory");
}

vmpf_status import_open_speedscope(struct vmpt_feed *feed, struct vmpf_source source,
                                   uint32_t skip_columns, struct vmpf_error *err)
{
    struct scope *s = calloc(1, sizeof(*s));
    struct import_made *made;
    (void)skip_columns;
    if (!s) {
        vmpf_source_close(&source);
        return import_fail(err, VMPF_E_NOMEM, "not enough memory");
    }
    vmpf_status status = json_input_read(&source, &s->root, err);
    if (status != VMPF_OK) {
        free(s);
        return status;
    }
    status = import_open(feed, &made, &scope_ops, s, err);
    if (status == VMPF_OK) {
        status = set_up(s, made, err);
        if (status != VMPF_OK) {
            feed->ops->close(feed->ctx);
        }
    }
    return status;
}
