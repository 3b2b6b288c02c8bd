#include "tools/analysis/metric.h"

#include <stdio.h>
#include <string.h>

static const struct vmpt_metric counted = {.name = "samples", .unit = "count"};

static void copy_string(char *out, size_t out_size, struct vmpf_string text)
{
    size_t size = text.size_bytes < out_size - 1 ? text.size_bytes : out_size - 1;
    if (size) {
        memcpy(out, text.data, size);
    }
    out[size] = '\0';
}

static bool is_same(const struct vmpt_metric *a, const struct vmpt_metric *b)
{
    return strcmp(a->name, b->name) == 0 && strcmp(a->unit, b->unit) == 0;
}

/* What the metadata announce: all there is to go by where no sample was read. */
static size_t announced(const struct vmpf_info *info, struct vmpt_metric out[VMPF_MAX_VALUES])
{
    const struct vmpf_meta *values = vmpf_info_meta(info, VMPF_META_VALUES);
    size_t count = 0;
    if (!values || values->type != VMPF_META_LIST) {
        return 0;
    }
    for (; count < values->item_count && count < VMPF_MAX_VALUES; count++) {
        struct vmpf_string name = values->items[count];
        const char *colon = name.size_bytes ? memchr(name.data, ':', name.size_bytes) : NULL;
        struct vmpf_string unit = {"", 0};
        if (colon) {
            unit.data = colon + 1;
            unit.size_bytes = name.size_bytes - (size_t)(colon + 1 - name.data);
            name.size_bytes = (size_t)(colon - name.data);
        }
        copy_string(out[count].name, sizeof(out[count].name), name);
        copy_string(out[count].unit, sizeof(out[count].unit), unit);
    }
    return count;
}

/* What the session offers, in its order. */
static size_t offered(const struct vmpf_info *info, struct vmpt_metric out[VMPF_MAX_VALUES])
{
    size_t count = info->value_count < VMPF_MAX_VALUES ? info->value_count : VMPF_MAX_VALUES;
    for (size_t i = 0; i < count; i++) {
        copy_string(out[i].name, sizeof(out[i].name), info->values[i].name);
        copy_string(out[i].unit, sizeof(out[i].unit), info->values[i].unit);
    }
    if (count == 0) {
        count = announced(info, out);
    }
    if (count == 0) {
        out[count++] = counted;
    }
    return count;
}

static void narrow(struct vmpt_metric_choice *choice, const struct vmpt_metric *offer, size_t count)
{
    if (!choice->narrowed) {
        memcpy(choice->candidates, offer, count * sizeof(*offer));
        choice->candidate_count = count;
        choice->narrowed = true;
        return;
    }
    size_t kept = 0;
    for (size_t i = 0; i < choice->candidate_count; i++) {
        for (size_t j = 0; j < count; j++) {
            if (is_same(&choice->candidates[i], &offer[j])) {
                choice->candidates[kept++] = choice->candidates[i];
                break;
            }
        }
    }
    choice->candidate_count = kept;
}

static void describe(const struct vmpt_metric *offer, size_t count, char *out, size_t out_size)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < count && used < out_size; i++) {
        int n = snprintf(out + used, out_size - used, "%s%s", i ? ", " : "", offer[i].name);
        used += n > 0 ? (size_t)n : 0;
    }
}

static void refuse(struct vmpf_error *err, const char *what, const struct vmpt_metric *offer,
                   size_t count)
{
    char names[120];
    describe(offer, count, names, sizeof(names));
    memset(err, 0, sizeof(*err));
    err->status = VMPF_E_ARG;
    (void)snprintf(err->message, sizeof(err->message), "%.80s; it has: %s", what, names);
}

static enum vmpt_metric_result find_wanted(struct vmpt_metric_choice *choice,
                                           const struct vmpt_metric *offer, size_t count,
                                           size_t *found, struct vmpf_error *err)
{
    char what[128];
    for (size_t i = 0; i < count; i++) {
        if (strcmp(offer[i].name, choice->wanted) != 0) {
            continue;
        }
        if (choice->chosen && strcmp(choice->metric.unit, offer[i].unit) != 0) {
            (void)snprintf(what, sizeof(what), "metric '%.40s' is in %s here and in %s before",
                           choice->wanted, offer[i].unit, choice->metric.unit);
            refuse(err, what, offer, count);
            return VMPT_METRIC_NONE;
        }
        choice->metric = offer[i];
        choice->chosen = true;
        *found = i;
        return VMPT_METRIC_FOUND;
    }
    if (strcmp(choice->wanted, counted.name) == 0) {
        choice->metric = counted;
        choice->chosen = true;
        *found = count;
        return VMPT_METRIC_FOUND;
    }
    (void)snprintf(what, sizeof(what), "there is no metric '%.40s'", choice->wanted);
    refuse(err, what, offer, count);
    return VMPT_METRIC_NONE;
}

static enum vmpt_metric_result find_common(struct vmpt_metric_choice *choice,
                                           const struct vmpt_metric *offer, size_t count,
                                           size_t *found, struct vmpf_error *err)
{
    narrow(choice, offer, count);
    if (choice->candidate_count == 0) {
        refuse(err, "it has no metric in common with what was read before", offer, count);
        return VMPT_METRIC_NONE;
    }
    if (!choice->chosen) {
        choice->metric = choice->candidates[0];
        for (size_t i = 0; i < choice->candidate_count; i++) {
            if (strcmp(choice->candidates[i].name, "cpu") == 0) {
                choice->metric = choice->candidates[i];
            }
        }
        choice->chosen = true;
    }
    for (*found = 0; *found < count; ++*found) {
        if (is_same(&offer[*found], &choice->metric)) {
            return VMPT_METRIC_FOUND;
        }
    }
    choice->chosen = false;
    return VMPT_METRIC_AGAIN;
}

enum vmpt_metric_result vmpt_metric_find(struct vmpt_metric_choice *choice,
                                         const struct vmpf_info *info, int *column,
                                         struct vmpf_error *err)
{
    struct vmpt_metric offer[VMPF_MAX_VALUES];
    memset(offer, 0, sizeof(offer));
    size_t count = offered(info, offer);
    size_t found = 0;
    enum vmpt_metric_result result = choice->wanted
                                         ? find_wanted(choice, offer, count, &found, err)
                                         : find_common(choice, offer, count, &found, err);
    *column = found < info->value_count ? (int)found : -1;
    return result;
}

bool vmpt_metric_name_is_gauge(const char *name)
{
    return strcmp(name, "memory") == 0;
}

bool vmpt_metric_is_gauge(const struct vmpt_metric *metric)
{
    return vmpt_metric_name_is_gauge(metric->name);
}

bool vmpt_metric_is_sampled(const struct vmpt_metric *metric)
{
    return strcmp(metric->unit, "ns") == 0 || is_same(metric, &counted);
}
