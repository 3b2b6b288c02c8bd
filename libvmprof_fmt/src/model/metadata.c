#include "libvmprof_fmt/src/model/metadata.h"

#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/model/dictionary.h"
#include "libvmprof_fmt/src/wire/cursor.h"

#include <stdlib.h>
#include <string.h>

static const struct vmpf_string values_key = {.data = VMPF_META_VALUES,
                                              .size_bytes = sizeof VMPF_META_VALUES - 1};

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

/* What an entry takes of a chunk, more or less; a text that is too long takes more than all may. */
static size_t entry_bytes(const struct vmpf_meta *entry)
{
    const size_t numbers_bytes = (size_t)3 * VMPFI_VARINT_MAX_BYTES;
    size_t bytes = numbers_bytes + entry->key.size_bytes + entry->string.size_bytes;
    bool fits = entry->key.size_bytes <= VMPFI_MAX_STRING_BYTES &&
                entry->string.size_bytes <= VMPFI_MAX_STRING_BYTES;
    for (size_t i = 0; i < entry->item_count && fits; i++) {
        fits = entry->items[i].size_bytes <= VMPFI_MAX_STRING_BYTES;
        bytes += VMPFI_VARINT_MAX_BYTES + entry->items[i].size_bytes;
        fits = fits && bytes <= VMPFI_MAX_META_BYTES;
    }
    return fits ? bytes : VMPFI_MAX_META_BYTES + 1;
}

/* All of it is one chunk: what would not fit is refused when it is set, not when it is written. */
static bool all_fit(const struct vmpfi_metadata *m, size_t at, const struct vmpf_meta *entry)
{
    size_t bytes = entry_bytes(entry);
    for (size_t i = 0; i < m->count && bytes <= VMPFI_MAX_META_BYTES; i++) {
        bytes += i != at ? entry_bytes(&m->entries[i]) : 0;
    }
    return bytes <= VMPFI_MAX_META_BYTES;
}

vmpf_status vmpfi_metadata_set(struct vmpfi_metadata *m, const struct vmpf_meta *entry)
{
    struct vmpf_meta copy = {.type = entry->type, .integer = entry->integer};
    size_t at = 0;
    while (at < m->count && !same_text(m->entries[at].key, entry->key)) {
        at++;
    }
    if (at >= VMPFI_MAX_META_ENTRIES || entry->item_count > VMPFI_MAX_META_ITEMS ||
        !all_fit(m, at, entry)) {
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
    if (!vmpfi_read_varint(cursor, &size_bytes) || size_bytes > VMPFI_MAX_STRING_BYTES ||
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

/* ---- a payload ----------------------------------------------------------------------------------- */

static bool list_of_values(const struct vmpf_meta *entry,
                           struct vmpf_value_type types[VMPF_MAX_VALUES])
{
    if (entry->type != VMPF_META_LIST || entry->item_count == 0 ||
        entry->item_count > VMPF_MAX_VALUES) {
        return false;
    }
    for (size_t i = 0; i < entry->item_count; i++) {
        struct vmpf_string item = entry->items[i];
        size_t colon = item.size_bytes;
        while (colon > 0 && item.data[colon - 1] != ':') {
            colon--;
        }
        if (colon < 2 || colon == item.size_bytes) {
            return false; /* no colon, or nothing on one side of it */
        }
        types[i].name = (struct vmpf_string){.data = item.data, .size_bytes = colon - 1};
        types[i].unit =
            (struct vmpf_string){.data = item.data + colon, .size_bytes = item.size_bytes - colon};
    }
    return true;
}

/* [F-5.1-4] */
static bool values_are_sound(const struct vmpf_meta *entry, const struct vmpfi_value_list *fixed)
{
    struct vmpf_value_type types[VMPF_MAX_VALUES];
    if (!same_text(entry->key, values_key)) {
        return true;
    }
    bool same =
        list_of_values(entry, types) && (fixed == NULL || fixed->count == entry->item_count);
    for (size_t i = 0; same && fixed != NULL && i < fixed->count; i++) {
        same = same_text(types[i].name, fixed->types[i].name) &&
               same_text(types[i].unit, fixed->types[i].unit);
    }
    return same;
}

/* What a pass over a payload knows. */
struct pass {
    struct vmpfi_metadata *m;
    const struct vmpfi_value_list *fixed;
    struct vmpf_string *keys; /* those that m does not have yet */
    size_t key_count;
    const char *rule;
};

/* Nothing is taken before all was looked at. VMPF_E_CORRUPT, VMPF_E_NOMEM. */
static vmpf_status check_entry(struct pass *pass, const struct vmpf_meta *entry)
{
    if (!values_are_sound(entry, pass->fixed)) {
        pass->rule = "F-5.1-4";
        return VMPF_E_CORRUPT;
    }
    for (size_t i = 0; i < pass->key_count; i++) {
        if (same_text(pass->keys[i], entry->key)) {
            return VMPF_OK;
        }
    }
    for (size_t i = 0; i < pass->m->count; i++) {
        if (same_text(pass->m->entries[i].key, entry->key)) {
            return VMPF_OK;
        }
    }
    pass->keys[pass->key_count++] = entry->key;
    return pass->m->count + pass->key_count <= VMPFI_MAX_META_ENTRIES ? VMPF_OK : VMPF_E_CORRUPT;
}

static vmpf_status set_entry(struct pass *pass, const struct vmpf_meta *entry)
{
    return vmpfi_metadata_set(pass->m, entry);
}

static vmpf_status each_entry(struct vmpfi_cursor cursor, uint32_t count, struct pass *pass,
                              vmpf_status (*take)(struct pass *, const struct vmpf_meta *))
{
    vmpf_status status = VMPF_OK;
    for (uint32_t i = 0; status == VMPF_OK && i < count; i++) {
        struct vmpf_meta entry = {0};
        struct vmpf_string *items = NULL;
        status = read_entry(&cursor, &entry, &items);
        status = status == VMPF_OK ? take(pass, &entry) : status;
        free(items);
    }
    return status == VMPF_OK && vmpfi_cursor_left(&cursor) != 0 ? VMPF_E_CORRUPT : status;
}

vmpf_status vmpfi_metadata_decode(struct vmpfi_metadata *m, const uint8_t *payload,
                                  size_t size_bytes, const struct vmpfi_value_list *fixed,
                                  uint64_t payload_offset, struct vmpf_error *err)
{
    struct vmpfi_cursor cursor = vmpfi_cursor_of(payload, size_bytes);
    struct pass pass = {.m = m, .fixed = fixed, .rule = "F-5.1-1"};
    uint32_t count = 0;
    vmpf_status status = VMPF_E_CORRUPT;
    if (vmpfi_read_u32(&cursor, &count) && count <= VMPFI_MAX_META_ENTRIES) {
        pass.keys = calloc((size_t)count + 1, sizeof *pass.keys);
        status = pass.keys == NULL ? VMPF_E_NOMEM : each_entry(cursor, count, &pass, check_entry);
    }
    if (status == VMPF_OK) {
        status = each_entry(cursor, count, &pass, set_entry);
    }
    free(pass.keys);
    if (status == VMPF_E_NOMEM) {
        return vmpfi_fail_nomem(err);
    }
    if (status != VMPF_OK) {
        return vmpfi_fail(err, VMPF_E_CORRUPT, payload_offset, pass.rule,
                          "the metadata is not what it must be");
    }
    return VMPF_OK;
}

vmpf_status vmpfi_value_types(const struct vmpf_meta *entries, size_t count,
                              struct vmpf_value_type types[VMPF_MAX_VALUES], size_t *type_count,
                              struct vmpf_error *err)
{
    const struct vmpf_meta *values = vmpfi_metadata_find(entries, count, VMPF_META_VALUES);
    if (values == NULL) {
        types[0].name = (struct vmpf_string){.data = "samples", .size_bytes = 7};
        types[0].unit = (struct vmpf_string){.data = "count", .size_bytes = 5};
        *type_count = 1;
        return VMPF_OK;
    }
    *type_count = 0;
    if (!list_of_values(values, types)) {
        return vmpfi_fail(err, VMPF_E_CORRUPT, VMPFI_NO_OFFSET, "F-5.1-4",
                          "the list of values is wrong");
    }
    *type_count = values->item_count;
    return VMPF_OK;
}
