#include "tools/common/settings.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"
#include "tools/common/duration.h"
#include "tools/common/pattern.h"

#define TEXT_ROWS 20

__attribute__((format(printf, 2, 3))) static bool refuse(struct vmpt_refusal *why,
                                                         const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(why->text, sizeof(why->text), format, arguments);
    va_end(arguments);
    return false;
}

static bool no_memory(struct vmpt_refusal *why)
{
    return refuse(why, "not enough memory");
}

/* The position of value among names, or -1. */
static int find_name(const char *value, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(value, names[i]) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static bool parse_number(const char *value, uint64_t *out)
{
    char *end;
    if (value[0] < '0' || value[0] > '9') {
        return false;
    }
    errno = 0;
    *out = strtoull(value, &end, 10);
    return *end == '\0' && errno == 0;
}

/* ---- output -------------------------------------------------------------------------------------- */

static bool set_format(void *target, const char *value, struct vmpt_refusal *why)
{
    static const char *const names[] = {"text", "json", "csv"};
    struct vmpt_settings *settings = target;
    int found = find_name(value, names, 3);
    if (found < 0) {
        return refuse(why, "'%.60s' is not a format; choose text, json or csv", value);
    }
    settings->format = (enum vmpt_format)found;
    return true;
}

static bool set_color(void *target, const char *value, struct vmpt_refusal *why)
{
    static const char *const names[] = {"auto", "always", "never"};
    struct vmpt_settings *settings = target;
    int found = find_name(value, names, 3);
    if (found < 0) {
        return refuse(why, "'%.60s' is not one of auto, always, never", value);
    }
    settings->color = (enum vmpt_color)found;
    return true;
}

static bool set_sort(void *target, const char *value, struct vmpt_refusal *why)
{
    static const char *const names[] = {"total", "self", "name"};
    struct vmpt_settings *settings = target;
    int found = find_name(value, names, 3);
    if (found < 0) {
        return refuse(why, "'%.60s' is not an order; choose total, self or name", value);
    }
    settings->sort = (enum vmpt_sort)found;
    return true;
}

static bool set_limit(void *target, const char *value, struct vmpt_refusal *why)
{
    struct vmpt_settings *settings = target;
    uint64_t number;
    if (!parse_number(value, &number) || number > SIZE_MAX) {
        return refuse(why, "'%.60s' is not a number of rows; give 0 for all", value);
    }
    settings->has_limit = true;
    settings->limit = (size_t)number;
    return true;
}

static bool set_address(void *target, const char *value, struct vmpt_refusal *why)
{
    struct vmpt_settings *settings = target;
    (void)value;
    (void)why;
    settings->show_address = true;
    return true;
}

/* The plain ones first. */
#define PLAIN_OUTPUT_OPTIONS 3
static const struct vmpt_option output_options[] = {
    {"limit", 'n', "N", "show N rows; 0: all (default: 20 in text, all in json and csv)",
     set_limit},
    {"format", 0, "FORMAT:text|json|csv", "text, json or csv (default: text)", set_format},
    {"color", 0, "WHEN:auto|always|never",
     "auto, always or never; auto: on a terminal, unless NO_COLOR is set", set_color},
    {"sort", 0, "ORDER:total|self|name", "total, self or name (default: total)", set_sort},
    {"addr", 0, NULL, "show the address of each function", set_address},
};

/* ---- filters ------------------------------------------------------------------------------------- */

static bool add_thread(void *target, const char *value, struct vmpt_refusal *why)
{
    struct vmpt_settings *settings = target;
    if (!vmpt_reserve(&settings->threads, &settings->thread_capacity, settings->thread_count + 1,
                      sizeof(*settings->threads))) {
        return no_memory(why);
    }
    settings->threads[settings->thread_count++] = value;
    return true;
}

static bool add_process(void *target, const char *value, struct vmpt_refusal *why)
{
    struct vmpt_settings *settings = target;
    uint64_t number;
    if (!parse_number(value, &number)) {
        return refuse(why, "'%.60s' is not a process id", value);
    }
    if (!vmpt_reserve(&settings->processes, &settings->process_capacity,
                      settings->process_count + 1, sizeof(*settings->processes))) {
        return no_memory(why);
    }
    settings->processes[settings->process_count++] = number;
    return true;
}

static bool add_label(void *target, const char *value, struct vmpt_refusal *why)
{
    return vmpt_label_list_add(&((struct vmpt_settings *)target)->labels, value, why);
}

static bool set_time(const char *value, uint64_t *ns, bool *is_set, struct vmpt_refusal *why)
{
    if (!vmpt_parse_duration(value, ns)) {
        return refuse(why, "'%.60s' is not a time; give seconds (1.5) or a unit (200ms, 10s)",
                      value);
    }
    *is_set = true;
    return true;
}

static bool set_from(void *target, const char *value, struct vmpt_refusal *why)
{
    struct vmpt_settings *settings = target;
    return set_time(value, &settings->from_ns, &settings->has_from, why);
}

static bool set_to(void *target, const char *value, struct vmpt_refusal *why)
{
    struct vmpt_settings *settings = target;
    return set_time(value, &settings->to_ns, &settings->has_to, why);
}

static bool add_pattern(struct vmpt_pattern_list *list, const char *value, struct vmpt_refusal *why)
{
    if (!vmpt_reserve(&list->items, &list->capacity, list->count + 1, sizeof(*list->items))) {
        return no_memory(why);
    }
    if (!vmpt_pattern_compile(&list->items[list->count], value, why)) {
        return false;
    }
    list->count++;
    return true;
}

static bool add_focus(void *target, const char *value, struct vmpt_refusal *why)
{
    struct vmpt_settings *settings = target;
    return add_pattern(&settings->focus, value, why);
}

static bool add_ignore(void *target, const char *value, struct vmpt_refusal *why)
{
    struct vmpt_settings *settings = target;
    return add_pattern(&settings->ignore, value, why);
}

static bool add_hide(void *target, const char *value, struct vmpt_refusal *why)
{
    struct vmpt_settings *settings = target;
    return add_pattern(&settings->hide, value, why);
}

static bool add_kinds(void *target, const char *value, struct vmpt_refusal *why)
{
    struct vmpt_settings *settings = target;
    for (;;) {
        size_t length = strcspn(value, ",");
        int kind = vmpt_kind_from_name(value, length);
        if (kind < 0) {
            return refuse(why,
                          "'%.*s' is not a kind; choose from "
                          "py,jit,vm,native,kernel,gc,jit-internal,unknown",
                          length < 60 ? (int)length : 60, value);
        }
        settings->kinds |= UINT32_C(1) << kind;
        if (value[length] == '\0') {
            return true;
        }
        value += length + 1;
    }
}

static bool set_native(void *target, const char *value, struct vmpt_refusal *why)
{
    struct vmpt_settings *settings = target;
    (void)value;
    (void)why;
    settings->native = true;
    return true;
}

static bool set_virtual_only(void *target, const char *value, struct vmpt_refusal *why)
{
    struct vmpt_settings *settings = target;
    (void)value;
    (void)why;
    settings->virtual_only = true;
    return true;
}

static const struct vmpt_option filter_options[] = {
    {"thread", 0, "THREAD", "samples of this thread: a name or an id; may be repeated", add_thread},
    {"process", 0, "PID", "samples of this process; may be repeated", add_process},
    {"label", 0, "KEY[=RE]:state|...",
     "samples with this label, and a value that matches; may be\n"
     "repeated: of one key, any; of several, each",
     add_label},
    {"from", 0, "TIME", "samples from this time after the start on: 1.5, 200ms", set_from},
    {"to", 0, "TIME", "samples before this time after the start", set_to},
    {"focus", 0, "RE", "stacks with a function whose name matches", add_focus},
    {"ignore", 0, "RE", "no stacks with a function whose name matches", add_ignore},
    {"hide", 0, "RE", "no frames of functions whose name matches; their\nweight goes to the caller",
     add_hide},
    {"kind", 0, "KINDS:py,jit,vm,native,kernel,gc,jit-internal,unknown",
     "frames of these kinds: py,jit,vm,native,kernel,gc,\njit-internal,unknown; stacks without any "
     "are <hidden>",
     add_kinds},
    {"native", 0, NULL, "show native frames too", set_native},
    {"virtual-only", 0, NULL,
     "show frames of the VM's language only (the default;\na profile "
     "without any shows its native ones)",
     set_virtual_only},
};

/* ---- input --------------------------------------------------------------------------------------- */

static bool set_metric(void *target, const char *value, struct vmpt_refusal *why)
{
    struct vmpt_settings *settings = target;
    (void)why;
    settings->metric = value;
    return true;
}

static bool set_strict(void *target, const char *value, struct vmpt_refusal *why)
{
    struct vmpt_settings *settings = target;
    (void)value;
    (void)why;
    settings->strict = true;
    return true;
}

#define PLAIN_INPUT_OPTIONS 1
static const struct vmpt_option input_options[] = {
    {"strict", 0, NULL, "exit 1 when a file is damaged", set_strict},
    {"metric", 0, "NAME:cpu|wall|memory|samples|...",
     "weigh samples by this value (default: cpu, else the first)", set_metric},
};

#define GROUP(title, options)                                                                      \
    {                                                                                              \
        title, options, sizeof(options) / sizeof((options)[0]), NULL                               \
    }
const struct vmpt_option_group vmpt_output_options = GROUP("Output:", output_options);
const struct vmpt_option_group vmpt_filter_options = GROUP("What counts:", filter_options);
const struct vmpt_option_group vmpt_input_options = GROUP("Input:", input_options);
const struct vmpt_option_group vmpt_plain_output_options = {"Output:", output_options,
                                                            PLAIN_OUTPUT_OPTIONS, NULL};
const struct vmpt_option_group vmpt_plain_input_options = {"Input:", input_options,
                                                           PLAIN_INPUT_OPTIONS, NULL};

/* ---- all ----------------------------------------------------------------------------------------- */

static void fini_patterns(struct vmpt_pattern_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        regfree(&list->items[i]);
    }
    free(list->items);
}

void vmpt_settings_fini(struct vmpt_settings *settings)
{
    free((void *)settings->threads);
    free(settings->processes);
    vmpt_label_list_fini(&settings->labels);
    fini_patterns(&settings->focus);
    fini_patterns(&settings->ignore);
    fini_patterns(&settings->hide);
    memset(settings, 0, sizeof(*settings));
}

bool vmpt_settings_check(const struct vmpt_settings *settings, struct vmpt_refusal *why)
{
    if (settings->native && settings->virtual_only) {
        return refuse(why, "--native and --virtual-only contradict each other");
    }
    if (settings->has_from && settings->has_to && settings->from_ns >= settings->to_ns) {
        return refuse(why, "--to is not after --from");
    }
    return true;
}

struct vmpt_sample_filter vmpt_settings_samples(const struct vmpt_settings *settings)
{
    struct vmpt_sample_filter filter = {
        .threads = settings->threads,
        .thread_count = settings->thread_count,
        .processes = settings->processes,
        .process_count = settings->process_count,
        .labels = {settings->labels.items, settings->labels.count},
        .has_from = settings->has_from,
        .has_to = settings->has_to,
        .from_ns = settings->from_ns,
        .to_ns = settings->to_ns,
    };
    return filter;
}

struct vmpt_frame_filter vmpt_settings_frames(const struct vmpt_settings *settings)
{
    struct vmpt_frame_filter filter = {
        .focus = {settings->focus.items, settings->focus.count},
        .ignore = {settings->ignore.items, settings->ignore.count},
        .hide = {settings->hide.items, settings->hide.count},
        .kinds = settings->kinds,
        .native = settings->native,
        .virtual_only = settings->virtual_only,
    };
    return filter;
}

size_t vmpt_settings_limit(const struct vmpt_settings *settings, size_t count)
{
    size_t limit = settings->format == VMPT_FORMAT_TEXT ? TEXT_ROWS : 0;
    if (settings->has_limit) {
        limit = settings->limit;
    }
    return limit == 0 || limit > count ? count : limit;
}
