#include "libvmprof_fmt/src/legacy/log_names.h"

#include "libvmprof_fmt/src/base/error.h"

#include <stdlib.h>
#include <string.h>

#define MAX_NAMES ((size_t)1 << 31)

void vmpfi_log_names_fini(struct vmpfi_log_names *names)
{
    vmpfi_arena_fini(&names->text);
    free(names->names);
    free(names->named);
    vmpfi_map64_fini(&names->ids);
    memset(names, 0, sizeof *names);
}

size_t vmpfi_log_names_bytes(const struct vmpfi_log_names *names)
{
    return names->text.total_bytes + names->capacity * sizeof *names->names +
           names->named_capacity * sizeof *names->named +
           names->ids.capacity * sizeof *names->ids.slots;
}

static vmpf_status append(struct vmpfi_log_names *names, struct vmpf_string text, uint64_t offset,
                          uint32_t *number)
{
    void *array = names->names;
    if (names->count >= MAX_NAMES) {
        return VMPF_E_LIMIT;
    }
    bool grown = vmpfi_grow(&array, &names->capacity, names->count + 1, sizeof *names->names);
    names->names = array;
    const char *copy = vmpfi_arena_copy(&names->text, text.data, text.size_bytes);
    if (!grown || copy == NULL) {
        return VMPF_E_NOMEM;
    }
    *number = (uint32_t)names->count++;
    names->names[*number] = (struct vmpfi_log_name){.data = copy,
                                                    .size_bytes = (uint32_t)text.size_bytes,
                                                    .next = VMPFI_LOG_NO_NAME,
                                                    .last = offset};
    return VMPF_OK;
}

static vmpf_status append_named(struct vmpfi_log_names *names, uint64_t id, uint32_t name)
{
    void *array = names->named;
    bool grown =
        vmpfi_grow(&array, &names->named_capacity, names->named_count + 1, sizeof *names->named);
    names->named = array;
    if (!grown || !vmpfi_map64_insert(&names->ids, id, (uint32_t)names->named_count)) {
        return VMPF_E_NOMEM;
    }
    names->named[names->named_count++] = (struct vmpfi_log_named){.current = name, .last = name};
    return VMPF_OK;
}

vmpf_status vmpfi_log_names_add(struct vmpfi_log_names *names, uint64_t id, struct vmpf_string text,
                                uint64_t offset)
{
    uint32_t at;
    uint32_t number;
    if (!vmpfi_map64_find(&names->ids, id, &at)) {
        VMPF_TRY(append(names, text, offset, &number));
        return append_named(names, id, number);
    }
    struct vmpfi_log_name *last = &names->names[names->named[at].last];
    if (last->size_bytes == text.size_bytes &&
        (text.size_bytes == 0 || memcmp(last->data, text.data, text.size_bytes) == 0)) {
        last->last = offset;
        return VMPF_OK;
    }
    VMPF_TRY(append(names, text, offset, &number));
    names->names[names->named[at].last].next = number;
    names->named[at].last = number;
    names->some_change = true;
    return VMPF_OK;
}

uint32_t vmpfi_log_names_find(struct vmpfi_log_names *names, uint64_t id, uint64_t offset)
{
    uint32_t at;
    if (!vmpfi_map64_find(&names->ids, id, &at)) {
        return VMPFI_LOG_NO_NAME;
    }
    struct vmpfi_log_named *named = &names->named[at];
    while (named->current != named->last && names->names[named->current].last < offset) {
        named->current = names->names[named->current].next;
    }
    return named->current;
}

bool vmpfi_log_names_change(const struct vmpfi_log_names *names, uint64_t id, uint64_t offset)
{
    uint32_t at;
    if (!names->some_change || !vmpfi_map64_find(&names->ids, id, &at)) {
        return false;
    }
    const struct vmpfi_log_named *named = &names->named[at];
    uint32_t number = named->current;
    while (number != named->last && names->names[number].last < offset) {
        number = names->names[number].next;
    }
    return number != named->last && names->names[number].last == offset;
}

bool vmpfi_log_names_has(const struct vmpfi_log_names *names, uint64_t id)
{
    uint32_t at;
    return vmpfi_map64_find(&names->ids, id, &at);
}
