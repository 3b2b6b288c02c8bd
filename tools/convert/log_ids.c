#include "tools/convert/log_ids.h"

#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"

/* Upstream's own records are no longer, and its reader expects a name, a line and a file between colons. */
#define MAX_PART_BYTES 480
#define FIRST_NUMBER UINT64_C(0x1000)
#define STEP 4u

void conv_log_ids_init(struct conv_log_ids *ids)
{
    memset(ids, 0, sizeof(*ids));
    vmpt_functions_init(&ids->functions);
    ids->functions.split_addresses = true;
    ids->next = FIRST_NUMBER;
}

void conv_log_ids_fini(struct conv_log_ids *ids)
{
    vmpt_functions_fini(&ids->functions);
    free(ids->numbers);
    free(ids->used);
}

bool conv_log_is_native(vmpf_kind kind)
{
    return kind == VMPF_KIND_NATIVE || kind == VMPF_KIND_KERNEL || kind == VMPF_KIND_GC;
}

/* ---- numbers ------------------------------------------------------------------------------------------- */

static size_t place_of(const uint64_t *used, size_t capacity, uint64_t number)
{
    uint64_t hash = number * UINT64_C(0x9E3779B97F4A7C15);
    size_t at = (size_t)(hash >> 32) & (capacity - 1);
    while (used[at] && used[at] != number) {
        at = (at + 1) & (capacity - 1);
    }
    return at;
}

static bool grow(struct conv_log_ids *ids)
{
    size_t capacity = ids->used_capacity ? ids->used_capacity * 2 : 1024;
    uint64_t *used = vmpt_array(capacity, sizeof(*used));
    if (!used) {
        return false;
    }
    for (size_t i = 0; i < ids->used_capacity; i++) {
        if (ids->used[i]) {
            used[place_of(used, capacity, ids->used[i])] = ids->used[i];
        }
    }
    free(ids->used);
    ids->used = used;
    ids->used_capacity = capacity;
    return true;
}

/* Takes number, unless somebody has it. */
static bool take(struct conv_log_ids *ids, uint64_t number)
{
    size_t at = place_of(ids->used, ids->used_capacity, number);
    bool is_free = number != 0 && ids->used[at] == 0;
    if (is_free) {
        ids->used[at] = number;
        ids->used_count++;
    }
    return is_free;
}

/* As upstream marks it: the lowest bit is set of machine code, and of nothing else. A number that would be negative
 * as a signed one is taken for a line there. */
static uint64_t number_of_address(uint64_t address, bool is_native)
{
    if (address < FIRST_NUMBER || address > INT64_MAX) {
        return 0;
    }
    if (is_native) {
        return address | 1u;
    }
    return address % STEP == 0 ? address : 0;
}

static bool choose(struct conv_log_ids *ids, const struct vmpf_function *function, uint64_t *number)
{
    bool is_native = conv_log_is_native(function->kind);
    if (ids->used_count * 2 >= ids->used_capacity && !grow(ids)) {
        return false;
    }
    *number = number_of_address(function->address, is_native);
    while (!take(ids, *number)) {
        *number = ids->next | (is_native ? 1u : 0u);
        ids->next += STEP;
    }
    return true;
}

/* ---- names --------------------------------------------------------------------------------------------- */

/* A part of a name: a colon would end it, and upstream writes ; for it too. Its reader takes UTF-8 and nothing else. */
static void add_part(struct vmpt_buffer *name, const char *data, size_t size_bytes)
{
    size_t start = name->size;
    size_t size = size_bytes < MAX_PART_BYTES ? size_bytes : MAX_PART_BYTES;
    while (size > 0 && size < size_bytes && ((unsigned char)data[size] & 0xC0) == 0x80 &&
           size + 4 > MAX_PART_BYTES) {
        size--;
    }
    conv_add_clean(name, data, size);
    for (size_t i = start; i < name->size && !name->failed; i++) {
        if (name->data[i] == ':') {
            name->data[i] = ';';
        }
    }
}

static void make_name(const struct vmpf_function *function, struct vmpt_buffer *name)
{
    bool is_native = conv_log_is_native(function->kind);
    vmpt_buffer_add_text(name, is_native ? "n:" : "py:");
    if (function->name.size_bytes) {
        add_part(name, function->name.data, function->name.size_bytes);
    } else {
        vmpt_buffer_add_text(name, "-");
    }
    vmpt_buffer_printf(name, ":%u:", (unsigned)function->first_line);
    if (function->file.size_bytes) {
        add_part(name, function->file.data, function->file.size_bytes);
    } else {
        vmpt_buffer_add_text(name, "-");
    }
}

bool conv_log_id(struct conv_log_ids *ids, const struct vmpf_function *function, uint64_t *id,
                 struct vmpt_buffer *name)
{
    size_t known = ids->functions.count;
    uint32_t index = vmpt_functions_intern(&ids->functions, function);
    if (index == VMPT_NO_FUNCTION ||
        !vmpt_reserve(&ids->numbers, &ids->capacity, (size_t)index + 1, sizeof(*ids->numbers))) {
        return false;
    }
    if (index == known) {
        if (!choose(ids, function, &ids->numbers[index])) {
            return false;
        }
        make_name(function, name);
    }
    *id = ids->numbers[index];
    return !name->failed;
}
