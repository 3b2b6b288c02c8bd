#include "tools/symbols/jit_map.h"

#include <stdlib.h>
#include <string.h>

#define DUMP_MAGIC UINT32_C(0x4A695444)
#define DUMP_LOAD 0
#define DUMP_MOVE 1
#define DUMP_HEADER_BYTES 40
#define DUMP_RECORD_BYTES 16
/* Behind a record's own header: process, thread, address twice, size, number; a name, NUL, and the code follow. */
#define DUMP_LOAD_BYTES 40
#define DUMP_MOVE_BYTES 48

void vmpt_jit_map_init(struct vmpt_jit_map *map)
{
    memset(map, 0, sizeof(*map));
    vmpt_arena_init(&map->arena);
}

void vmpt_jit_map_fini(struct vmpt_jit_map *map)
{
    free(map->codes);
    free(map->reach);
    vmpt_arena_fini(&map->arena);
}

static bool add_code(struct vmpt_jit_map *map, uint64_t begin, uint64_t size, const char *name,
                     size_t name_size)
{
    if (size == 0 || size > UINT64_MAX - begin || name_size == 0) {
        return true;
    }
    const char *copy = vmpt_arena_copy(&map->arena, name, name_size);
    if (!copy || !vmpt_reserve(&map->codes, &map->capacity, map->count + 1, sizeof(*map->codes))) {
        return false;
    }
    map->codes[map->count++] = (struct vmpt_jit_code){begin, begin + size, copy};
    return true;
}

/* ---- perf maps ----------------------------------------------------------------------------------------- */

static bool take_hex(const char **at, const char *end, uint64_t *out)
{
    const char *digit = *at;
    if (end - digit > 2 && digit[0] == '0' && (digit[1] == 'x' || digit[1] == 'X')) {
        digit += 2;
    }
    const char *first = digit;
    *out = 0;
    for (; digit < end && digit - first < 16; digit++) {
        const char *place = strchr("0123456789abcdef", *digit | 0x20);
        if (!*digit || *digit == ' ' || !place) {
            break;
        }
        *out = *out << 4 | (uint64_t)(place - "0123456789abcdef");
    }
    bool done = digit > first && digit < end && *digit == ' ';
    while (digit < end && *digit == ' ') {
        digit++;
    }
    *at = digit;
    return done;
}

static bool add_line(struct vmpt_jit_map *map, const char *line, const char *end)
{
    uint64_t begin;
    uint64_t size;
    if (line == end) {
        return true;
    }
    if (!take_hex(&line, end, &begin) || !take_hex(&line, end, &size)) {
        map->is_damaged = true;
        return true;
    }
    return add_code(map, begin, size, line, (size_t)(end - line));
}

static bool add_lines(struct vmpt_jit_map *map, const char *text, size_t size)
{
    const char *end = text + size;
    while (text < end) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        /* The last line may still be being written. */
        if (!stop) {
            map->is_damaged = true;
            break;
        }
        if (!add_line(map, text, stop)) {
            return false;
        }
        text = stop + 1;
    }
    return true;
}

/* ---- jitdump ------------------------------------------------------------------------------------------- */

static uint64_t get(const uint8_t *bytes, size_t size)
{
    uint64_t value = 0;
    for (size_t i = size; i-- > 0;) {
        value = value << 8 | bytes[i];
    }
    return value;
}

static bool add_load(struct vmpt_jit_map *map, const uint8_t *body, size_t size)
{
    if (size < DUMP_LOAD_BYTES) {
        map->is_damaged = true;
        return true;
    }
    const char *name = (const char *)body + DUMP_LOAD_BYTES;
    size_t length = strnlen(name, size - DUMP_LOAD_BYTES);
    if (length == size - DUMP_LOAD_BYTES) {
        map->is_damaged = true;
        return true;
    }
    return add_code(map, get(body + 16, 8), get(body + 24, 8), name, length);
}

/* Code that was moved has its name at the new place too. */
static bool add_move(struct vmpt_jit_map *map, const uint8_t *body, size_t size)
{
    if (size < DUMP_MOVE_BYTES) {
        map->is_damaged = true;
        return true;
    }
    uint64_t from = get(body + 16, 8);
    for (size_t i = map->count; i-- > 0;) {
        if (map->codes[i].begin == from) {
            const char *name = map->codes[i].name;
            return add_code(map, get(body + 24, 8), get(body + 32, 8), name, strlen(name));
        }
    }
    return true;
}

static bool add_dump(struct vmpt_jit_map *map, const uint8_t *bytes, size_t size)
{
    size_t at = size >= DUMP_HEADER_BYTES ? (size_t)get(bytes + 8, 4) : SIZE_MAX;
    if (at > size || at < DUMP_HEADER_BYTES) {
        map->is_damaged = true;
        return true;
    }
    while (size - at >= DUMP_RECORD_BYTES) {
        uint64_t kind = get(bytes + at, 4);
        size_t length = (size_t)get(bytes + at + 4, 4);
        if (length < DUMP_RECORD_BYTES || length > size - at) {
            break;
        }
        const uint8_t *body = bytes + at + DUMP_RECORD_BYTES;
        size_t body_size = length - DUMP_RECORD_BYTES;
        if ((kind == DUMP_LOAD && !add_load(map, body, body_size)) ||
            (kind == DUMP_MOVE && !add_move(map, body, body_size))) {
            return false;
        }
        at += length;
    }
    map->is_damaged |= at != size;
    return true;
}

bool vmpt_jit_map_add(struct vmpt_jit_map *map, const void *data, size_t size_bytes)
{
    bool is_dump = size_bytes >= 4 && get(data, 4) == DUMP_MAGIC;
    return is_dump ? add_dump(map, data, size_bytes) : add_lines(map, data, size_bytes);
}

/* ---- finding ------------------------------------------------------------------------------------------- */

static int by_begin(const void *left, const void *right)
{
    const struct vmpt_jit_code *a = left;
    const struct vmpt_jit_code *b = right;
    if (a->begin != b->begin) {
        return a->begin < b->begin ? -1 : 1;
    }
    return a->end != b->end ? (a->end < b->end ? -1 : 1) : strcmp(a->name, b->name);
}

bool vmpt_jit_map_finish(struct vmpt_jit_map *map)
{
    map->reach = vmpt_array(map->count, sizeof(*map->reach));
    if (!map->reach) {
        return false;
    }
    if (map->count) {
        qsort(map->codes, map->count, sizeof(*map->codes), by_begin);
    }
    for (size_t i = 0; i < map->count; i++) {
        uint64_t end = map->codes[i].end;
        map->reach[i] = i && map->reach[i - 1] > end ? map->reach[i - 1] : end;
    }
    return true;
}

const char *vmpt_jit_map_find(const struct vmpt_jit_map *map, uint64_t address, uint64_t *begin)
{
    const char *name = NULL;
    size_t low = 0;
    size_t high = map->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (map->codes[middle].begin <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (size_t i = low; i-- > 0 && map->reach[i] > address;) {
        if (map->codes[i].end <= address) {
            continue;
        }
        if (name && strcmp(name, map->codes[i].name) != 0) {
            return NULL; /* memory that was used again */
        }
        name = map->codes[i].name;
        *begin = map->codes[i].begin;
    }
    return name;
}
