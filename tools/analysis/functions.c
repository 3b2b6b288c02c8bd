#include "tools/analysis/functions.h"

#include <stdlib.h>
#include <string.h>

static const char *const kind_names[] = {
    [VMPF_KIND_UNKNOWN] = "unknown", [VMPF_KIND_PY] = "py",
    [VMPF_KIND_JIT] = "jit",         [VMPF_KIND_VM] = "vm",
    [VMPF_KIND_NATIVE] = "native",   [VMPF_KIND_KERNEL] = "kernel",
    [VMPF_KIND_GC] = "gc",           [VMPF_KIND_JIT_INTERNAL] = "jit-internal",
};
#define KIND_COUNT (sizeof(kind_names) / sizeof(kind_names[0]))

bool vmpt_kind_is_virtual(uint8_t kind)
{
    return kind == VMPF_KIND_PY || kind == VMPF_KIND_JIT || kind == VMPF_KIND_VM;
}

const char *vmpt_kind_name(uint8_t kind)
{
    return kind < KIND_COUNT ? kind_names[kind] : kind_names[VMPF_KIND_UNKNOWN];
}

int vmpt_kind_from_name(const char *name, size_t size_bytes)
{
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (strlen(kind_names[i]) == size_bytes && memcmp(kind_names[i], name, size_bytes) == 0) {
            return (int)i;
        }
    }
    return -1;
}

void vmpt_functions_init(struct vmpt_functions *functions)
{
    memset(functions, 0, sizeof(*functions));
    vmpt_arena_init(&functions->strings);
}

void vmpt_functions_fini(struct vmpt_functions *functions)
{
    free(functions->items);
    free(functions->slots);
    free(functions->addresses);
    vmpt_arena_fini(&functions->strings);
}

/* FNV-1a, with a last mix: its low bits alone are poor. */
static uint64_t hash_bytes(uint64_t hash, const char *data, size_t size_bytes)
{
    for (size_t i = 0; i < size_bytes; i++) {
        hash = (hash ^ (unsigned char)data[i]) * UINT64_C(0x100000001B3);
    }
    return (hash ^ size_bytes) * UINT64_C(0x9E3779B97F4A7C15);
}

static uint8_t shared_kind(vmpf_kind kind)
{
    if (kind == VMPF_KIND_JIT) {
        return VMPF_KIND_PY;
    }
    return (size_t)kind < KIND_COUNT ? (uint8_t)kind : (uint8_t)VMPF_KIND_UNKNOWN;
}

static bool is_equal(const struct vmpt_function *known, const struct vmpt_function *wanted,
                     bool split)
{
    return known->hash == wanted->hash && known->kind == wanted->kind &&
           known->first_line == wanted->first_line && known->name_size == wanted->name_size &&
           known->file_size == wanted->file_size &&
           memcmp(known->name, wanted->name, wanted->name_size) == 0 &&
           memcmp(known->file, wanted->file, wanted->file_size) == 0 &&
           (!split || known->address == wanted->address);
}

static bool grow_slots(struct vmpt_functions *functions)
{
    size_t count = functions->slot_count ? functions->slot_count * 2 : 256;
    uint32_t *slots = vmpt_array(count, sizeof(*slots));
    if (!slots) {
        return false;
    }
    for (size_t i = 0; i < functions->count; i++) {
        size_t at = (size_t)functions->items[i].hash & (count - 1);
        while (slots[at]) {
            at = (at + 1) & (count - 1);
        }
        slots[at] = (uint32_t)i + 1;
    }
    free(functions->slots);
    functions->slots = slots;
    functions->slot_count = count;
    return true;
}

/* wanted's strings are the caller's until they are copied here. */
static uint32_t append(struct vmpt_functions *functions, struct vmpt_function wanted, size_t slot)
{
    if (functions->count >= VMPT_NO_FUNCTION - 1) {
        return VMPT_NO_FUNCTION;
    }
    if (!vmpt_reserve(&functions->items, &functions->capacity, functions->count + 1,
                      sizeof(*functions->items))) {
        return VMPT_NO_FUNCTION;
    }
    wanted.name = vmpt_arena_copy(&functions->strings, wanted.name, wanted.name_size);
    wanted.file = vmpt_arena_copy(&functions->strings, wanted.file, wanted.file_size);
    if (!wanted.name || !wanted.file) {
        return VMPT_NO_FUNCTION;
    }
    uint32_t index = (uint32_t)functions->count++;
    functions->items[index] = wanted;
    functions->slots[slot] = index + 1;
    return index;
}

static uint32_t intern(struct vmpt_functions *functions, const struct vmpf_function *function)
{
    struct vmpt_function wanted = {
        .name = function->name.data ? function->name.data : "",
        .name_size = function->name.data ? function->name.size_bytes : 0,
        .file = function->file.data ? function->file.data : "",
        .file_size = function->file.data ? function->file.size_bytes : 0,
        .first_line = function->first_line,
        .kind = shared_kind(function->kind),
        .address = function->address,
    };
    uint64_t hash = hash_bytes(UINT64_C(0xCBF29CE484222325), wanted.name, wanted.name_size);
    hash = hash_bytes(hash, wanted.file, wanted.file_size);
    hash = (hash ^ wanted.first_line ^ (uint64_t)wanted.kind << 32) * UINT64_C(0x9E3779B97F4A7C15);
    if (functions->split_addresses) {
        hash = (hash ^ wanted.address) * UINT64_C(0x9E3779B97F4A7C15);
    }
    wanted.hash = hash ^ hash >> 32;
    if (functions->count * 2 >= functions->slot_count && !grow_slots(functions)) {
        return VMPT_NO_FUNCTION;
    }
    size_t at = (size_t)wanted.hash & (functions->slot_count - 1);
    for (; functions->slots[at]; at = (at + 1) & (functions->slot_count - 1)) {
        uint32_t index = functions->slots[at] - 1;
        struct vmpt_function *known = &functions->items[index];
        if (!is_equal(known, &wanted, functions->split_addresses)) {
            continue;
        }
        if (wanted.address && (!known->address || wanted.address < known->address)) {
            known->address = wanted.address;
        }
        return index;
    }
    return append(functions, wanted, at);
}

static bool keep_address(struct vmpt_functions *functions, uint32_t index, uint64_t address)
{
    if (!vmpt_reserve(&functions->addresses, &functions->address_capacity,
                      functions->address_count + 1, sizeof(*functions->addresses))) {
        return false;
    }
    functions->addresses[functions->address_count].address = address;
    functions->addresses[functions->address_count].function = index;
    functions->address_count++;
    return true;
}

uint32_t vmpt_functions_intern(struct vmpt_functions *functions,
                               const struct vmpf_function *function)
{
    uint32_t index = intern(functions, function);
    if (index == VMPT_NO_FUNCTION || !functions->keep_addresses || !function->address) {
        return index;
    }
    return keep_address(functions, index, function->address) ? index : VMPT_NO_FUNCTION;
}

void vmpt_functions_set_module(struct vmpt_functions *functions, uint32_t index,
                               struct vmpf_string path)
{
    struct vmpt_function *function = &functions->items[index];
    if (!function->module && path.size_bytes) {
        function->module = vmpt_arena_copy(&functions->strings, path.data, path.size_bytes);
        function->module_size = function->module ? path.size_bytes : 0;
    }
}
