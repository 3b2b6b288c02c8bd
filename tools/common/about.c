/* about.c: what is said of a profile as a whole, in JSON and in the line above a table. */
#include <inttypes.h>
#include <string.h>

#include "tools/common/app.h"
#include "tools/common/duration.h"

static json_t *json_files(const struct vmpt_app *app)
{
    json_t *files = json_array();
    for (size_t i = 0; i < app->file_count; i++) {
        json_t *name = vmpt_json_string(app->files[i], strlen(app->files[i]));
        if (json_array_append_new(files, name) != 0) {
            json_decref(files);
            return NULL;
        }
    }
    return files;
}

static json_t *json_fact(const struct vmpt_fact *fact)
{
    return fact->text ? vmpt_json_string(fact->text, strlen(fact->text)) : json_null();
}

static json_t *json_text(const char *text)
{
    return vmpt_json_string(text, strlen(text));
}

json_t *vmpt_profile_json(const struct vmpt_app *app)
{
    const struct vmpt_profile *profile = app->profile;
    json_t *format = profile->format.text ? json_fact(&profile->format) : json_text("mixed");
    json_t *period = profile->period_ns ? vmpt_json_integer(profile->period_ns) : json_null();
    json_t *duration =
        profile->duration_unknown ? json_null() : vmpt_json_integer(profile->duration_ns);
    json_t *object = json_object();
    int failed = 0;
    failed |= json_object_set_new(object, "files", json_files(app));
    failed |= json_object_set_new(object, "format", format);
    failed |= json_object_set_new(object, "interpreter", json_fact(&profile->interpreter));
    failed |= json_object_set_new(object, "period_ns", period);
    failed |= json_object_set_new(object, "samples", vmpt_json_integer(profile->total.samples));
    failed |= json_object_set_new(object, "threads", vmpt_json_integer(profile->thread_count));
    failed |= json_object_set_new(object, "duration_ns", duration);
    failed |= json_object_set_new(object, "lost_samples", vmpt_json_integer(profile->lost_samples));
    failed |= json_object_set_new(object, "damaged", json_boolean(profile->damaged));
    failed |= json_object_set_new(object, "metric", json_text(profile->metric.name));
    failed |= json_object_set_new(object, "unit", json_text(profile->metric.unit));
    if (vmpt_metric_is_gauge(&profile->metric)) {
        failed |= json_object_set_new(object, "total", json_null());
        failed |=
            json_object_set_new(object, "mean", vmpt_json_integer(vmpt_mean(&profile->total)));
        failed |= json_object_set_new(object, "max", vmpt_json_integer(profile->peak));
    } else {
        failed |= json_object_set_new(object, "total", vmpt_json_integer(profile->total.weight));
    }
    if (failed) {
        json_decref(object);
        return NULL;
    }
    return object;
}

json_t *vmpt_document_json(const struct vmpt_app *app, const char *schema)
{
    json_t *document = json_object();
    if (json_object_set_new(document, "schema", json_text(schema)) != 0 ||
        json_object_set_new(document, "profile", vmpt_profile_json(app)) != 0) {
        json_decref(document);
        return NULL;
    }
    return document;
}

static void add_count(struct vmpt_buffer *out, uint64_t count, const char *noun)
{
    vmpt_buffer_printf(out, "%" PRIu64 " %s%s", count, noun, count == 1 ? "" : "s");
}

static void add_fact(struct vmpt_buffer *out, const char *before, const struct vmpt_fact *fact)
{
    if (!fact->text) {
        return;
    }
    vmpt_buffer_add_text(out, before);
    vmpt_buffer_add_visible(out, fact->text, strlen(fact->text));
}

/* What the samples weigh together; where they only count, that was said already. */
static void add_metric(struct vmpt_buffer *out, const struct vmpt_profile *profile)
{
    const char *name = profile->metric.name;
    if (strcmp(name, "samples") == 0) {
        return;
    }
    vmpt_buffer_add_text(out, ", ");
    if (vmpt_metric_is_gauge(&profile->metric)) {
        vmpt_buffer_add_visible(out, name, strlen(name));
        vmpt_buffer_add_text(out, " ");
        vmpt_format_weight(out, profile, vmpt_mean(&profile->total));
        vmpt_buffer_add_text(out, " on average, ");
        vmpt_format_weight(out, profile, profile->peak);
        vmpt_buffer_add_text(out, " at most");
        return;
    }
    vmpt_format_weight(out, profile, profile->total.weight);
    vmpt_buffer_add_text(out, " of ");
    if (strcmp(name, "cpu") == 0) {
        vmpt_buffer_add_text(out, "CPU time");
    } else if (strcmp(name, "wall") == 0) {
        vmpt_buffer_add_text(out, "wall time");
    } else {
        vmpt_buffer_add_visible(out, name, strlen(name));
    }
}

bool vmpt_profile_headline(const struct vmpt_app *app, struct vmpt_output *output)
{
    const struct vmpt_profile *profile = app->profile;
    struct vmpt_buffer out = {0};
    char time[32];
    add_count(&out, profile->total.samples, "sample");
    vmpt_format_duration(profile->duration_ns, time, sizeof(time));
    if (!profile->duration_unknown) {
        vmpt_buffer_printf(&out, " in %s", time);
    }
    add_metric(&out, profile);
    if (profile->period_ns) {
        vmpt_format_duration(profile->period_ns, time, sizeof(time));
        vmpt_buffer_printf(&out, ", asked for every %s", time);
    }
    add_fact(&out, "; ", &profile->interpreter);
    if (profile->interpreter.text) {
        add_fact(&out, " ", &profile->interpreter_version);
    }
    vmpt_buffer_add_text(&out, "; ");
    add_count(&out, profile->thread_count, "thread");
    if (profile->process_count > 1) {
        vmpt_buffer_printf(&out, " in %zu processes", profile->process_count);
    }
    if (profile->lost_samples) {
        vmpt_buffer_printf(&out, "; %" PRIu64 " lost", profile->lost_samples);
    }
    vmpt_buffer_add_text(&out, "\n");
    if (!out.failed) {
        vmpt_output_write(output, out.data, out.size);
    }
    bool done = !out.failed;
    vmpt_buffer_fini(&out);
    return done;
}

struct scale {
    const char *unit;
    uint64_t size;
    const char *shown;
};

/* The greatest that fits the total, or a level's maximum, is taken. */
static const struct scale scales[] = {
    {"ns", UINT64_C(1000000000), "s"},
    {"ns", 1000000, "ms"},
    {"ns", 1000, "us"},
    {"ns", 1, "ns"},
    {"bytes", UINT64_C(1) << 30, "GiB"},
    {"bytes", UINT64_C(1) << 20, "MiB"},
    {"bytes", UINT64_C(1) << 10, "KiB"},
    {"bytes", 1, "B"},
};

void vmpt_format_weight(struct vmpt_buffer *out, const struct vmpt_profile *profile,
                        uint64_t weight)
{
    bool is_gauge = vmpt_metric_is_gauge(&profile->metric);
    uint64_t greatest = is_gauge ? profile->peak : profile->total.weight;
    for (size_t i = 0; i < sizeof(scales) / sizeof(scales[0]); i++) {
        const struct scale *scale = &scales[i];
        bool fits = greatest >= scale->size || scale->size == 1;
        if (strcmp(scale->unit, profile->metric.unit) != 0 || !fits) {
            continue;
        }
        if (scale->size == 1) {
            vmpt_buffer_printf(out, "%" PRIu64 " %s", weight, scale->shown);
        } else {
            vmpt_buffer_printf(out, "%.3f %s", (double)weight / (double)scale->size, scale->shown);
        }
        return;
    }
    vmpt_buffer_printf(out, "%" PRIu64, weight);
}

uint64_t vmpt_mean(const struct vmpt_cell *cell)
{
    return cell->samples ? cell->weight / cell->samples : 0;
}

double vmpt_share(const struct vmpt_profile *profile, uint64_t weight)
{
    return profile->total.weight ? (double)weight / (double)profile->total.weight : 0;
}
