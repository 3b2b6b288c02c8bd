#include "tools/symbolize/names.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/symbolize/jit_names.h"

#define UNNAMED_PREFIX "<native symbol 0x"
#define KERNEL_BEGIN UINT64_C(0xFFFF800000000000)

void symz_names_init(struct symz_names *names)
{
    memset(names, 0, sizeof(*names));
    vmpt_arena_init(&names->arena);
}

void symz_names_fini(struct symz_names *names)
{
    for (size_t i = 0; i < names->module_count; i++) {
        free(names->modules[i].offsets);
        free(names->modules[i].results);
    }
    free(names->modules);
    symz_mapped_fini(&names->mapped);
    vmpt_arena_fini(&names->arena);
}

/* ---- which functions ----------------------------------------------------------------------------------- */

/* What a log's reader calls a function that has no name [L-6-6]. */
static bool is_its_address(const struct vmpf_string *name, uint64_t address)
{
    char text[2 + 16 + 1];
    int size = snprintf(text, sizeof(text), "0x%" PRIx64, address);
    return size > 0 && name->size_bytes == (size_t)size &&
           memcmp(name->data, text, (size_t)size) == 0;
}

/* "0x..." in a text that need not end with NUL; 0: there is none. */
static uint64_t hex_after(const struct vmpf_string *text, size_t at)
{
    uint64_t value = 0;
    for (; at < text->size_bytes && value <= UINT64_MAX >> 4; at++) {
        char c = text->data[at];
        uint64_t digit = c >= '0' && c <= '9'   ? (uint64_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint64_t)(c - 'a') + 10
                                                : 16;
        if (digit == 16) {
            break;
        }
        value = value << 4 | digit;
    }
    return value;
}

static bool begins_with(const struct vmpf_string *text, const char *prefix)
{
    size_t size = strlen(prefix);
    return text->size_bytes >= size && memcmp(text->data, prefix, size) == 0;
}

bool symz_lacks_name(const struct vmpf_function *function, uint64_t *address)
{
    const struct vmpf_string *name = &function->name;
    *address = function->address;
    if (function->kind != VMPF_KIND_NATIVE && function->kind != VMPF_KIND_KERNEL) {
        return false;
    }
    if (begins_with(name, UNNAMED_PREFIX)) {
        *address = *address ? *address : hex_after(name, strlen(UNNAMED_PREFIX));
        return *address != 0;
    }
    return *address != 0 && (name->size_bytes == 0 || is_its_address(name, *address));
}

bool symz_is_kernel(uint64_t address)
{
    return address >= KERNEL_BEGIN;
}

bool symz_is_vdso(const struct symz_module *module)
{
    return strcmp(module->file.path, "[vdso]") == 0;
}

/* ---- modules ------------------------------------------------------------------------------------------- */

static bool equals(const struct vmpf_string *text, const void *bytes, size_t size_bytes)
{
    return text->size_bytes == size_bytes &&
           (size_bytes == 0 || (text->data && memcmp(text->data, bytes, size_bytes) == 0));
}

static bool same_inode(const struct vmpt_sym_inode *a, const struct vmpt_sym_inode *b)
{
    return a->is_known == b->is_known && a->number == b->number &&
           a->device_major == b->device_major && a->device_minor == b->device_minor;
}

/* What a module is told from others by. */
struct identity {
    struct vmpf_string path;
    struct vmpf_string build_id;
    uint64_t process_id;
    struct vmpt_sym_inode inode;
};

static bool is_same(const struct symz_module *module, const struct identity *wanted)
{
    return module->process_id == wanted->process_id &&
           equals(&wanted->path, module->file.path, strlen(module->file.path)) &&
           equals(&wanted->build_id, module->file.build_id, module->file.build_id_size) &&
           same_inode(&wanted->inode, &module->file.inode);
}

static bool add_module(struct symz_names *names, const struct identity *wanted)
{
    if (!vmpt_reserve(&names->modules, &names->module_capacity, names->module_count + 1,
                      sizeof(*names->modules))) {
        return false;
    }
    struct symz_module *module = &names->modules[names->module_count];
    memset(module, 0, sizeof(*module));
    module->process_id = wanted->process_id;
    module->file.path = vmpt_arena_copy(&names->arena, wanted->path.data, wanted->path.size_bytes);
    module->file.build_id = (const uint8_t *)vmpt_arena_copy(&names->arena, wanted->build_id.data,
                                                             wanted->build_id.size_bytes);
    module->file.build_id_size = wanted->build_id.size_bytes;
    module->file.inode = wanted->inode;
    names->module_count++;
    return module->file.path && module->file.build_id;
}

static bool module_index(struct symz_names *names, struct identity wanted, size_t *out)
{
    /* A path with a NUL names no file; what stands before the NUL is another's. */
    struct vmpf_string *path = &wanted.path;
    path->size_bytes =
        memchr(path->data ? path->data : "", '\0', path->size_bytes) ? 0 : path->size_bytes;
    path->data = path->size_bytes ? path->data : "";
    wanted.build_id.data = wanted.build_id.size_bytes ? wanted.build_id.data : "";
    if (names->last_module < names->module_count &&
        is_same(&names->modules[names->last_module], &wanted)) {
        *out = names->last_module;
        return true;
    }
    for (size_t i = 0; i < names->module_count; i++) {
        if (is_same(&names->modules[i], &wanted)) {
            *out = names->last_module = i;
            return true;
        }
    }
    *out = names->last_module = names->module_count;
    return add_module(names, &wanted);
}

/* The inode is what there is where a build id is not. */
static bool file_module(struct symz_names *names, const vmpf_reader *reader,
                        const struct vmpf_info *info, const struct vmpf_module *module, size_t *out)
{
    struct identity wanted = {.path = module->path, .build_id = module->build_id};
    if (module->build_id.size_bytes == 0) {
        if (!symz_mapped_read(&names->mapped, info, vmpf_reader_session(reader))) {
            return false;
        }
        wanted.inode = symz_mapped_find(&names->mapped, module->path);
    }
    return module_index(names, wanted, out);
}

static bool holds(const struct vmpf_module *module, uint64_t address)
{
    return address >= module->address && address - module->address < module->size_bytes;
}

/* The module that the profile says; where it says none, the one that is mapped there. */
static bool find_module(const vmpf_reader *reader, const struct vmpf_function *function,
                        uint64_t address, struct vmpf_module *out)
{
    uint32_t count = vmpf_reader_module_count(reader);
    *out = vmpf_reader_module(reader, function->module);
    if (function->module >= 2 && function->module < count) {
        return holds(out, address) || (out->size_bytes == 0 && address >= out->address);
    }
    for (uint32_t id = 2; id < count && function->module == 0; id++) {
        *out = vmpf_reader_module(reader, id);
        if (holds(out, address)) {
            return true;
        }
    }
    return false;
}

/* Memory that no file lies behind: what a JIT writes its code to. */
static bool is_anonymous(const struct vmpf_module *module)
{
    return module->path.size_bytes == 0 || begins_with(&module->path, "//anon") ||
           begins_with(&module->path, "[anon") || begins_with(&module->path, "/memfd:") ||
           begins_with(&module->path, "/dev/zero");
}

bool symz_find_place(struct symz_names *names, const vmpf_reader *reader,
                     const struct vmpf_info *info, const struct vmpf_function *function,
                     bool is_caller, struct symz_place *out)
{
    uint64_t address = 0;
    struct vmpf_module module;
    (void)symz_lacks_name(function, &address);
    address -= is_caller && address ? 1 : 0;
    out->load_bias = 0;
    out->offset = address;
    if (find_module(reader, function, address, &module) && !is_anonymous(&module)) {
        out->load_bias = module.address - module.file_offset;
        out->offset = address - out->load_bias;
        return file_module(names, reader, info, &module, &out->module);
    }
    const struct vmpf_meta *process = vmpf_info_meta(info, VMPF_META_PROCESS_ID);
    bool has_process = process && process->type == VMPF_META_INTEGER;
    const struct identity code = {.process_id = has_process ? process->integer : 0};
    return module_index(names, code, &out->module);
}

bool symz_want(struct symz_names *names, const struct symz_place *place)
{
    struct symz_module *module = &names->modules[place->module];
    if (!vmpt_reserve(&module->offsets, &module->capacity, module->count + 1,
                      sizeof(*module->offsets))) {
        return false;
    }
    module->offsets[module->count++] = place->offset;
    return true;
}

/* ---- what they are ------------------------------------------------------------------------------------- */

static int by_value(const void *left, const void *right)
{
    const uint64_t *a = left;
    const uint64_t *b = right;
    return *a < *b ? -1 : *a > *b;
}

static void sort_offsets(struct symz_module *module)
{
    size_t count = 0;
    qsort(module->offsets, module->count, sizeof(*module->offsets), by_value);
    for (size_t i = 0; i < module->count; i++) {
        if (i == 0 || module->offsets[i] != module->offsets[count - 1]) {
            module->offsets[count++] = module->offsets[i];
        }
    }
    module->count = count;
}

bool symz_names_resolve(struct symz_names *names, const struct vmpt_sym_search *search,
                        const struct symz_jit *jit)
{
    for (size_t i = 0; i < names->module_count; i++) {
        struct symz_module *module = &names->modules[i];
        if (module->count) {
            sort_offsets(module);
        }
        module->results = vmpt_array(module->count, sizeof(*module->results));
        if (!module->results) {
            return false;
        }
        bool done = !module->count ||
                    (module->file.path[0]
                         ? vmpt_sym_resolve(search, &module->file, module->offsets, module->count,
                                            &names->arena, module->results, &module->report)
                         : symz_jit_resolve(jit, module, &names->arena));
        if (!done) {
            return false;
        }
    }
    return true;
}

const struct vmpt_sym_result *symz_find(const struct symz_names *names,
                                        const struct symz_place *place)
{
    const struct symz_module *module = &names->modules[place->module];
    const uint64_t *found = module->count ? bsearch(&place->offset, module->offsets, module->count,
                                                    sizeof(*module->offsets), by_value)
                                          : NULL;
    return found ? &module->results[found - module->offsets] : NULL;
}
