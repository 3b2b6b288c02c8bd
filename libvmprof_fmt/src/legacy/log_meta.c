#include "libvmprof_fmt/src/legacy/log_meta.h"

#include "libvmprof_fmt/src/base/buffer.h"

#include <stdlib.h>
#include <string.h>

static void free_text(struct vmpf_string text)
{
    free((void *)(uintptr_t)text.data); /* NOLINT(performance-no-int-to-ptr) */
}

void vmpfi_log_meta_fini(struct vmpfi_log_meta *meta)
{
    for (size_t i = 0; i < meta->count; i++) {
        free_text(meta->entries[i].key);
        free_text(meta->entries[i].value);
    }
    free(meta->entries);
    vmpfi_index_fini(&meta->index);
    memset(meta, 0, sizeof *meta);
}

static bool same_key(const void *ctx, uint32_t number, const void *key)
{
    const struct vmpf_string *a = &((const struct vmpfi_log_meta *)ctx)->entries[number].key;
    const struct vmpf_string *b = key;
    return a->size_bytes == b->size_bytes &&
           (a->size_bytes == 0 || memcmp(a->data, b->data, a->size_bytes) == 0);
}

/* Its data is NULL where memory is short. */
static struct vmpf_string copy_of(struct vmpf_string text)
{
    char *copy = malloc(text.size_bytes + 1);
    if (copy != NULL && text.size_bytes > 0) {
        memcpy(copy, text.data, text.size_bytes);
    }
    return (struct vmpf_string){.data = copy, .size_bytes = text.size_bytes};
}

static vmpf_status append(struct vmpfi_log_meta *meta, uint64_t hash, struct vmpf_string key,
                          struct vmpf_string value)
{
    void *array = meta->entries;
    struct vmpfi_log_meta_entry entry = {.key = copy_of(key), .value = copy_of(value)};
    bool grown = vmpfi_grow(&array, &meta->capacity, meta->count + 1, sizeof *meta->entries);
    meta->entries = array;
    if (!grown || entry.key.data == NULL || entry.value.data == NULL ||
        !vmpfi_index_insert(&meta->index, hash, (uint32_t)meta->count)) {
        free_text(entry.key);
        free_text(entry.value);
        return VMPF_E_NOMEM;
    }
    meta->entries[meta->count++] = entry;
    meta->text_bytes += key.size_bytes + value.size_bytes;
    return VMPF_OK;
}

vmpf_status vmpfi_log_meta_put(struct vmpfi_log_meta *meta, struct vmpf_string key,
                               struct vmpf_string value, size_t limit_bytes)
{
    uint64_t hash = vmpfi_hash_bytes(key.data, key.size_bytes);
    uint32_t number;
    bool known = vmpfi_index_find(&meta->index, hash, same_key, meta, &key, &number);
    struct vmpf_string *old = known ? &meta->entries[number].value : NULL;
    size_t more_bytes = value.size_bytes + (known ? 0 : key.size_bytes);
    size_t kept_bytes = meta->text_bytes - (known ? old->size_bytes : 0);
    if ((!known && meta->count == VMPFI_LOG_META_KEYS) || kept_bytes + more_bytes > limit_bytes) {
        return VMPF_E_LIMIT;
    }
    if (!known) {
        return append(meta, hash, key, value);
    }
    struct vmpf_string copy = copy_of(value);
    if (copy.data == NULL) {
        return VMPF_E_NOMEM;
    }
    free_text(*old);
    *old = copy;
    meta->text_bytes = kept_bytes + more_bytes;
    return VMPF_OK;
}

/* Keys whose values are not a log's to say [L-8-5]. */
bool vmpfi_log_meta_is_ours(struct vmpf_string key)
{
    static const char *const keys[] = {
        "",
        VMPF_META_VALUES,
        VMPF_META_LOG_VERSION,
        VMPF_META_INTERPRETER,
        VMPF_META_PERIOD_NS,
        VMPF_META_CLOCK,
        VMPF_META_MAPPED_FILES,
        VMPF_META_PROGRAM,
        VMPF_META_ARGUMENTS,
        VMPF_META_PROCESS_ID,
        VMPF_META_INTERPRETER_VERSION,
    };
    bool own = false;
    for (size_t i = 0; !own && i < sizeof keys / sizeof keys[0]; i++) {
        own = strlen(keys[i]) == key.size_bytes && memcmp(keys[i], key.data, key.size_bytes) == 0;
    }
    return own;
}
