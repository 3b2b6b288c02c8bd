#include "tools/import/callgrind_names.h"

#include <stdlib.h>
#include <string.h>

#include "tools/import/words.h"

static const struct vmpf_string unknown_name = {"???", 3};
static const struct vmpf_string no_name = {"", 0};

void callgrind_names_init(struct callgrind_names *names)
{
    memset(names, 0, sizeof(*names));
    vmpt_arena_init(&names->arena);
}

void callgrind_names_fini(struct callgrind_names *names)
{
    import_keys_fini(&names->keys);
    free(names->names);
    vmpt_arena_fini(&names->arena);
    memset(names, 0, sizeof(*names));
}

static bool copy_name(struct callgrind_names *names, struct vmpf_string text,
                      struct vmpf_string *name)
{
    const char *copy =
        vmpt_arena_copy(&names->arena, text.size_bytes ? text.data : "", text.size_bytes);
    *name = copy ? (struct vmpf_string){copy, text.size_bytes} : no_name;
    return copy != NULL;
}

/* "(12)" and what is behind it. False: text does not begin so. */
static bool split_number(struct vmpf_string text, uint64_t *number, struct vmpf_string *rest)
{
    bool begins =
        text.size_bytes > 2 && text.data[0] == '(' && text.data[1] >= '0' && text.data[1] <= '9';
    const char *end = begins ? memchr(text.data, ')', text.size_bytes) : NULL;
    if (!end || !import_number(text.data + 1, (size_t)(end - text.data) - 1, number)) {
        return false;
    }
    size_t used = (size_t)(end - text.data) + 1;
    while (used < text.size_bytes && text.data[used] == ' ') {
        used++;
    }
    *rest = (struct vmpf_string){text.data + used, text.size_bytes - used};
    return true;
}

bool callgrind_name(struct callgrind_names *names, unsigned kind, struct vmpf_string text,
                    struct vmpf_string *name, bool *is_known)
{
    uint64_t number;
    struct vmpf_string rest;
    *is_known = true;
    if (!split_number(text, &number, &rest)) {
        return copy_name(names, text, name);
    }
    uint32_t index = import_keys_get(&names->keys, kind, number);
    if (rest.size_bytes == 0) {
        *is_known = index != UINT32_MAX;
        *name = *is_known ? names->names[index] : unknown_name;
        return true;
    }
    if (names->count >= UINT32_MAX - 1 || !copy_name(names, rest, name) ||
        !vmpt_reserve(&names->names, &names->capacity, names->count + 1, sizeof(*names->names)) ||
        !import_keys_set(&names->keys, kind, number, (uint32_t)names->count)) {
        return false;
    }
    names->names[names->count++] = *name;
    return true;
}

static bool is_unknown(struct vmpf_string name)
{
    return name.size_bytes == 0 ||
           (name.size_bytes == unknown_name.size_bytes &&
            memcmp(name.data, unknown_name.data, unknown_name.size_bytes) == 0);
}

struct vmpf_function callgrind_function(const struct callgrind_place *place)
{
    struct vmpf_string file = is_unknown(place->file) ? place->object : place->file;
    struct vmpf_function function = {.name = place->function, .file = file};
    if (is_unknown(file)) {
        function.file = no_name;
    }
    if (function.name.size_bytes == 0) {
        function.name = unknown_name;
    }
    bool is_py = import_kind_of_file(function.file) == VMPF_KIND_PY;
    function.kind = is_py                      ? VMPF_KIND_PY
                    : function.file.size_bytes ? VMPF_KIND_NATIVE
                                               : VMPF_KIND_UNKNOWN;
    return function;
}
