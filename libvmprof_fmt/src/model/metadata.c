#include "libvmprof_fmt/src/model/metadata.h"

#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/wire/cursor.h"

#include <stdlib.h>
#include <string.h>

void vmpfi_metadata_fini(struct vmpfi_metadata *m)
{
    vmpfi_arena_fini(&m->text);
    free(m->entries);
    memset(m, 0, sizeof *m);
}

static bool same_text(struct vmpf_string a, struct vmpf_string b)
{
    return a.size_bytes == b.size_bytes &&
           (a.size_bytes == 0 || memcmp(a.data, b.data, a.size_bytes) == 0);
}

static bool copy_text(struct vmpfi_arena *arena, struct vmpf_string *to, struct vmpf_string from)
{
    to->data = vmpfi_arena_copy(arena, from.data, from.size_bytes);
    to->size_bytes = from.size_bytes;
    return to->data != NULL;
}

static bool copy_items(struct vmpfi_arena *arena, struct vmpf_meta *to,
                       const struct vmpf_meta *from)
{
    struct vmpf_string *items = vmpfi_arena_alloc(arena, from->item_count * sizeof *items);
    if (items == NULL) {
        return false;
    }
    for (size_t i = 0; i < from->item_count; i++) {
        if (!copy_text(arena, &items[i], from->items[i])) {
            return false;
        }
    }
    to->items = items;
    to->item_count = from->item_count;
    return true;
}

vmpf_status vmpfi_metadata_set(struct vmpfi_metadata *m, const struct vmpf_meta *entry)
{
    struct vmpf_meta copy = {.type = entry->type, .integer = entry->integer};
    size_t at = 0;
    while (at < m->count && !same_text(m->entries[at].key, entry->key)) {
        at++;
    }
    if (at >= VMPFI_MAX_META_ENTRIES || entry->item_count > VMPFI_MAX_META_ITEMS) {
        return VMPF_E_LIMIT;
    }
    if (!copy_text(&m->text, &copy.key, entry->key) ||
        !copy_text(&m->text, &copy.string, entry->string) || !copy_items(&m->text, &copy, entry)) {
        return VMPF_E_NOMEM;
    }
    void *entries = m->entries;
    bool grown = vmpfi_grow(&entries, &m->capacity, at + 1, sizeof *m->entries);
    m->entries = entries;
    if (!grown) {
        return VMPF_E_NOMEM;
    }
    m->entries[at] = copy;
    if (at == m->count) {
        m->count++;
    }
    return VMPF_OK;
}

const struct vmpf_meta *vmpfi_metadata_find(const struct vmpf_meta *entries, size_t count,
                                            const char *key)
{
    const struct vmpf_string wanted = {.data = key, .size_bytes = strlen(key)};
    for (size_t i = 0; i < count; i++) {
        if (same_text(entries[i].key, wanted)) {
            return &entries[i];
        }
    }
    return NULL;
}

static bool put_varint(struct vmpfi_buffer *out, uint64_t value)
{
    uint8_t bytes[VMPFI_VARINT_MAX_BYTES];
    return vmpfi_buffer_append(out, bytes, vmpfi_store_varint(bytes, value));
}

static bool put_text(struct vmpfi_buffer *out, struct vmpf_string text)
{
    return put_varint(out, text.size_bytes) && vmpfi_buffer_append(out, text.data, text.size_bytes);
}

static bool put_entry(struct vmpfi_buffer *out, const struct vmpf_meta *entry)
{
    uint8_t type = (uint8_t)entry->type;
    if (!put_text(out, entry->key) || !vmpfi_buffer_append(out, &type, 1)) {
        return false;
    }
    if (entry->type == VMPF_META_STRING) {
        return put_text(out, entry->string);
    }
    if (entry->type == VMPF_META_INTEGER) {
        return put_varint(out, entry->integer);
    }
    bool put = put_varint(out, entry->item_count);
    for (size_t i = 0; put && i < entry->item_count; i++) {
        put = put_text(out, entry->items[i]);
    }
    return put;
}

bool vmpfi_metadata_encode(struct vmpfi_buffer *out, const struct vmpfi_metadata *m)
{
    uint8_t count[4];
    vmpfi_store_u32(count, (uint32_t)m->count);
    bool put = vmpfi_buffer_append(out, count, sizeof count);
    for (size_t i = 0; put && i < m->count; i++) {
        put = put_entry(out, &m->entries[i]);
    }
    return put;
}

static bool read_text(struct vmpfi_cursor *cursor, struct vmpf_string *text)
{
    uint64_t size_bytes;
    const uint8_t *data;
    if (!vmpfi_read_varint(cursor, &size_bytes) || size_bytes > vmpfi_cursor_left(cursor) ||
        !vmpfi_read_bytes(cursor, (size_t)size_bytes, &data)) {
        return false;
    }
    text->data = (const char *)data;
    text->size_bytes = (size_t)size_bytes;
    return true;
}

/* Reads a list; *items is the caller's to free. VMPF_E_CORRUPT, VMPF_E_NOMEM. */
static vmpf_status read_items(struct vmpfi_cursor *cursor, struct vmpf_meta *entry,
                              struct vmpf_string **items)
{
    uint64_t count;
    /* An item takes a byte at least, so the count is bounded by what is left before memory is asked for. */
    if (!vmpfi_read_varint(cursor, &count) || count > VMPFI_MAX_META_ITEMS ||
        count > vmpfi_cursor_left(cursor)) {
        return VMPF_E_CORRUPT;
    }
    *items = calloc((size_t)count + 1, sizeof **items);
    if (*items == NULL) {
        return VMPF_E_NOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        if (!read_text(cursor, &(*items)[i])) {
            return VMPF_E_CORRUPT;
        }
    }
    entry->items = *items;
    entry->item_count = (size_t)count;
    return VMPF_OK;
}

static vmpf_status read_entry(struct vmpfi_cursor *cursor, struct vmpf_meta *entry,
                              struct vmpf_string **items)
{
    uint8_t type;
    if (!read_text(cursor, &entry->key) || !vmpfi_read_u8(cursor, &type)) {
        return VMPF_E_CORRUPT;
    }
    switch (type) {
    case VMPF_META_STRING:
        entry->type = VMPF_META_STRING;
        return read_text(cursor, &entry->string) ? VMPF_OK : VMPF_E_CORRUPT;
    case VMPF_META_INTEGER:
        entry->type = VMPF_META_INTEGER;
        return vmpfi_read_varint(cursor, &entry->integer) ? VMPF_OK : VMPF_E_CORRUPT;
    case VMPF_META_LIST: entry->type = VMPF_META_LIST; return read_items(cursor, entry, items);
    default: return VMPF_E_CORRUPT;
    }
}

vmpf_status vmpfi_metadata_decode(struct vmpfi_metadata *m, const uint8_t *payload,
                                  size_t size_bytes, uint64_t payload_offset,
                                  struct vmpf_error *err)
{
    struct vmpfi_cursor cursor = vmpfi_cursor_of(payload, size_bytes);
    uint32_t count = 0;
    vmpf_status status = vmpfi_read_u32(&cursor, &count) && count <= VMPFI_MAX_META_ENTRIES
                             ? VMPF_OK
                             : VMPF_E_CORRUPT;
    for (uint32_t i = 0; status == VMPF_OK && i < count; i++) {
        struct vmpf_meta entry = {0};
        struct vmpf_string *items = NULL;
        status = read_entry(&cursor, &entry, &items);
        status = status == VMPF_OK ? vmpfi_metadata_set(m, &entry) : status;
        free(items);
    }
    if (status == VMPF_E_NOMEM) {
        return vmpfi_fail_nomem(err);
    }
    if (status != VMPF_OK || vmpfi_cursor_left(&cursor) != 0) {
        return vmpfi_fail(err, VMPF_E_CORRUPT, payload_offset, "F-5.1-1",
                          "the metadata does not fill its chunk");
    }
    return VMPF_OK;
}

vmpf_status vmpfi_value_types(const struct vmpf_meta *entries, size_t count,
                              struct vmpf_value_type types[VMPF_MAX_VALUES], size_t *type_count,
                              struct vmpf_error *err)
{
    const struct vmpf_meta *values = vmpfi_metadata_find(entries, count, VMPF_META_VALUES);
    if (values == NULL || values->type != VMPF_META_LIST) {
        types[0].name = (struct vmpf_string){.data = "samples", .size_bytes = 7};
        types[0].unit = (struct vmpf_string){.data = "count", .size_bytes = 5};
        *type_count = 1;
        return VMPF_OK;
    }
    *type_count = 0;
    for (size_t i = 0; i < values->item_count; i++) {
        struct vmpf_string item = values->items[i];
        const char *colon = item.size_bytes == 0 ? NULL : memchr(item.data, ':', item.size_bytes);
        if (i >= VMPF_MAX_VALUES || colon == NULL) {
            *type_count = 0;
            return vmpfi_fail(err, VMPF_E_CORRUPT, VMPFI_NO_OFFSET, "F-5.1-4",
                              "the list of values is wrong");
        }
        size_t name_bytes = (size_t)(colon - item.data);
        types[i].name = (struct vmpf_string){.data = item.data, .size_bytes = name_bytes};
        types[i].unit =
            (struct vmpf_string){.data = colon + 1, .size_bytes = item.size_bytes - name_bytes - 1};
        *type_count = i + 1;
    }
    return VMPF_OK;
}
