#include "tools/symbols/demangle.h"

#include <libiberty/demangle.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A name of a few hundred bytes can stand for one of gigabytes: longer ones, and what becomes longer, stay as they are. */
#define MANGLED_MAX_BYTES 8192
#define READABLE_MAX_BYTES 65536

#define COLD ".cold"

struct text {
    char *data;
    size_t size;
    bool too_long;
};

static void take(const char *piece, size_t size, void *ctx)
{
    struct text *text = ctx;
    if (text->too_long || size > READABLE_MAX_BYTES - text->size) {
        text->too_long = true;
        return;
    }
    memcpy(text->data + text->size, piece, size);
    text->size += size;
}

static bool is_readable(const struct text *text)
{
    return text->size > 0 && !text->too_long;
}

/* Compilers put rare code of a function away from the rest, under its name and ".cold": it is the function all the same. */
static size_t plain_size(const char *name)
{
    size_t size = strlen(name);
    const char *version = strchr(name, '@');
    size = version && version > name ? (size_t)(version - name) : size;
    size_t end = size;
    while (end > 0 && name[end - 1] >= '0' && name[end - 1] <= '9') {
        end--;
    }
    end -= end < size && end > 0 && name[end - 1] == '.' ? 1 : 0;
    size_t tail = strlen(COLD);
    bool is_cold = end > tail && memcmp(name + end - tail, COLD, tail) == 0;
    return is_cold ? end - tail : size;
}

const char *sym_demangle(struct vmpt_arena *arena, const char *name)
{
    size_t length = strnlen(name, MANGLED_MAX_BYTES);
    bool is_cpp = strncmp(name, "_Z", 2) == 0;
    bool is_rust = strncmp(name, "_R", 2) == 0;
    const char *mangled = vmpt_arena_copy(arena, name, plain_size(name));
    if (!mangled || length == MANGLED_MAX_BYTES || !(is_cpp || is_rust)) {
        return mangled;
    }
    struct text text = {.data = malloc(READABLE_MAX_BYTES)};
    if (!text.data) {
        return NULL;
    }
    /* Names of old Rust are those of C++ too, of a kind: Rust is asked first, and knows its own. */
    if (!rust_demangle_callback(mangled, 0, take, &text) || !is_readable(&text)) {
        text.size = 0;
        text.too_long = false;
        if (is_rust || !cplus_demangle_v3_callback(mangled, DMGL_PARAMS | DMGL_ANSI, take, &text)) {
            text.size = 0;
        }
    }
    const char *result =
        is_readable(&text) ? vmpt_arena_copy(arena, text.data, text.size) : mangled;
    free(text.data);
    return result;
}
