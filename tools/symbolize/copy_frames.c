#include <string.h>

#include "tools/symbolize/copy.h"

static struct vmpf_string text(const char *from)
{
    return (struct vmpf_string){from, strlen(from)};
}

/* All of them, whether a function names them or not; and anew in each epoch of the writer. */
bool symz_put_modules(struct symz_copy *copy, const vmpf_reader *reader)
{
    uint32_t count = vmpf_reader_module_count(reader);
    if (!vmpt_reserve(&copy->modules.ids, &copy->modules.capacity, count, sizeof(uint32_t))) {
        return false;
    }
    for (uint32_t id = copy->modules_put > 2 ? copy->modules_put : 2; id < count; id++) {
        struct vmpf_module module = vmpf_reader_module(reader, id);
        uint32_t written = 0;
        if (vmpf_writer_module(copy->writer, &module, &written, &copy->err) != VMPF_OK) {
            return false;
        }
        copy->modules.ids[id] = written + 1;
    }
    copy->modules_put = count;
    return true;
}

static bool add(struct symz_copy *copy, struct symz_list *list,
                const struct vmpf_function *function, uint32_t line)
{
    uint32_t id = 0;
    if (vmpf_writer_function(copy->writer, function, &id, &copy->err) != VMPF_OK ||
        vmpf_writer_location(copy->writer, id, line, &id, &copy->err) != VMPF_OK ||
        !vmpt_reserve(&copy->pool, &copy->pool_capacity, copy->pool_count + 1,
                      sizeof(*copy->pool))) {
        return false;
    }
    copy->pool[copy->pool_count++] = id;
    list->count++;
    return true;
}

/* A function has one file. Where the line is of another one, as a macro's can be, it is left out. */
static void place_of(const struct vmpt_sym_frame *frame, const struct symz_module *module,
                     struct vmpf_function *function, uint32_t *line)
{
    const char *file = frame->declared_file[0] ? frame->declared_file : frame->file;
    bool is_same = strcmp(file, frame->file) == 0;
    function->file = text(file[0] ? file : module->file.path);
    function->first_line = frame->declared_file[0] ? frame->declared_line : 0;
    *line = is_same && file[0] ? frame->line : 0;
}

static bool add_named(struct symz_copy *copy, struct symz_list *list,
                      const struct vmpf_function *original, const struct symz_place *place,
                      const struct vmpt_sym_result *result)
{
    const struct symz_module *module = &copy->names->modules[place->module];
    for (size_t i = result->frame_count; i-- > 0;) {
        struct vmpf_function function = {.kind = original->kind, .module = original->module};
        uint32_t line = 0;
        function.name = text(result->frames[i].name);
        place_of(&result->frames[i], module, &function, &line);
        if (i == result->frame_count - 1) {
            function.address = result->function_offset + place->load_bias;
        }
        if (!module->file.path[0]) {
            function.kind = VMPF_KIND_JIT;
        } else if (symz_is_vdso(module)) {
            function.kind = VMPF_KIND_KERNEL;
        }
        if (!add(copy, list, &function, line)) {
            return false;
        }
    }
    return true;
}

static bool is_named(const struct vmpt_sym_result *result)
{
    return result && result->frame_count && result->frames[result->frame_count - 1].name[0];
}

/* Finds what becomes of a function that lacks a name; *result is NULL where it stays as it is. */
static bool find_name(struct symz_copy *copy, const vmpf_reader *reader,
                      const struct vmpf_function *function, bool is_caller,
                      struct symz_place *place, const struct vmpt_sym_result **result)
{
    const struct vmpf_info *info = vmpf_reader_info(reader, vmpf_reader_session(reader));
    if (!symz_find_place(copy->names, reader, info, function, is_caller, place)) {
        return false;
    }
    /* A module that the first reading did not meet has no results: nobody asked for it. */
    *result = symz_find(copy->names, place);
    *result = is_named(*result) ? *result : NULL;
    return true;
}

static bool put_frames(struct symz_copy *copy, const vmpf_reader *reader, uint32_t location,
                       bool is_caller, struct symz_list *list)
{
    struct vmpf_location from = vmpf_reader_location(reader, location);
    struct vmpf_function function = vmpf_reader_function(reader, from.function);
    const struct vmpt_sym_result *result = NULL;
    struct symz_place place;
    uint64_t address = 0;
    bool lacks_name = symz_lacks_name(&function, &address);
    if (lacks_name && !symz_is_kernel(address) &&
        !find_name(copy, reader, &function, is_caller, &place, &result)) {
        return false;
    }
    if (lacks_name && symz_is_kernel(address)) {
        function.kind = VMPF_KIND_KERNEL;
    }
    if (lacks_name && !symz_is_kernel(address) && !result && function.file.size_bytes == 0) {
        /* Functions without a name are told apart by the file that they are in, at least. */
        function.file = text(copy->names->modules[place.module].file.path);
    }
    uint32_t module = function.module;
    function.module = module < copy->modules.capacity && copy->modules.ids[module]
                          ? copy->modules.ids[module] - 1
                          : 0;
    return result ? add_named(copy, list, &function, &place, result)
                  : add(copy, list, &function, from.line);
}

bool symz_put_frames(struct symz_copy *copy, const vmpf_reader *reader, uint32_t location,
                     bool is_caller, struct symz_list *list)
{
    struct symz_lists *lists = is_caller ? &copy->caller_frames : &copy->leaf_frames;
    uint32_t count = vmpf_reader_location_count(reader);
    if (!vmpt_reserve(&lists->items, &lists->capacity, count, sizeof(*lists->items))) {
        return false;
    }
    if (location < count && lists->items[location].count) {
        *list = lists->items[location];
        return true;
    }
    *list = (struct symz_list){.first = (uint32_t)copy->pool_count};
    bool done = location != 0 ? put_frames(copy, reader, location, is_caller, list)
                              : vmpt_reserve(&copy->pool, &copy->pool_capacity,
                                             copy->pool_count + 1, sizeof(*copy->pool));
    if (done && location == 0) {
        copy->pool[copy->pool_count++] = 0;
        list->count = 1;
    }
    if (done && location < count) {
        lists->items[location] = *list;
    }
    return done;
}
