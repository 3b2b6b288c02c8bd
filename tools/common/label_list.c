#include "tools/common/label_list.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"
#include "tools/common/pattern.h"

static void fini_pattern(struct vmpt_label_pattern *pattern)
{
    regex_t *value = (regex_t *)(uintptr_t)pattern->value;
    if (value) {
        regfree(value);
    }
    free(value);
    free((void *)(uintptr_t)pattern->key);
}

static bool number_key(struct vmpt_label_list *list, struct vmpt_label_pattern *pattern,
                       struct vmpt_refusal *why)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i].key, pattern->key) == 0) {
            pattern->key_number = list->items[i].key_number;
            return true;
        }
    }
    if (list->key_count >= VMPT_LABEL_MOST_KEYS) {
        (void)snprintf(why->text, sizeof(why->text), "there are more than %d different keys",
                       VMPT_LABEL_MOST_KEYS);
        return false;
    }
    pattern->key_number = list->key_count++;
    return true;
}

/* NULL: see why. */
static regex_t *compile(const char *text, struct vmpt_refusal *why)
{
    regex_t *made = calloc(1, sizeof(*made));
    if (!made) {
        (void)snprintf(why->text, sizeof(why->text), "not enough memory");
        return NULL;
    }
    if (!vmpt_pattern_compile(made, text, why)) {
        free(made);
        return NULL;
    }
    return made;
}

bool vmpt_label_list_add(struct vmpt_label_list *list, const char *value, struct vmpt_refusal *why)
{
    size_t key_size = strcspn(value, "=");
    struct vmpt_label_pattern pattern = {.key = NULL};
    if (key_size == 0) {
        (void)snprintf(why->text, sizeof(why->text), "'%.60s' has no key; give KEY or KEY=RE",
                       value);
        return false;
    }
    pattern.key = strndup(value, key_size);
    if (!pattern.key ||
        !vmpt_reserve(&list->items, &list->capacity, list->count + 1, sizeof(*list->items))) {
        (void)snprintf(why->text, sizeof(why->text), "not enough memory");
        fini_pattern(&pattern);
        return false;
    }
    if (value[key_size]) {
        pattern.value = compile(value + key_size + 1, why);
    }
    if ((value[key_size] && !pattern.value) || !number_key(list, &pattern, why)) {
        fini_pattern(&pattern);
        return false;
    }
    list->items[list->count++] = pattern;
    return true;
}

void vmpt_label_list_fini(struct vmpt_label_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        fini_pattern(&list->items[i]);
    }
    free(list->items);
    memset(list, 0, sizeof(*list));
}
