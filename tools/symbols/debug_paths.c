#include "tools/symbols/debug_paths.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SYSTEM_DEBUG_DIR "/usr/lib/debug"
#define DELETED " (deleted)"
#define HEX_SIZE 257

struct search {
    const struct vmpt_sym_search *options;
    sym_visit_path *visit;
    void *ctx;
    char hex[HEX_SIZE]; /* the build id; "": none */
};

__attribute__((format(printf, 2, 3))) static bool try_path(const struct search *search,
                                                           const char *format, ...)
{
    char path[PATH_MAX];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(path, sizeof(path), format, arguments);
    va_end(arguments);
    return length > 0 && (size_t)length < sizeof(path) && search->visit(search->ctx, path);
}

static struct search begin(const struct vmpt_sym_search *options, const uint8_t *build_id,
                           size_t build_id_size, sym_visit_path *visit, void *ctx)
{
    struct search search = {.options = options, .visit = visit, .ctx = ctx};
    for (size_t i = 0; i < build_id_size && 2 * i + 2 < sizeof(search.hex); i++) {
        (void)snprintf(search.hex + 2 * i, 3, "%02x", build_id[i]);
    }
    return search;
}

/* The folder number `index` that is looked through, or NULL behind the last. */
static const char *folder(const struct search *search, size_t index)
{
    if (index < search->options->debug_dir_count) {
        return search->options->debug_dirs[index];
    }
    bool is_system = index == search->options->debug_dir_count && !search->options->no_system;
    return is_system ? SYSTEM_DEBUG_DIR : NULL;
}

/* The cache of debuginfod's clients: what they fetched before; nothing is fetched here. */
static bool try_cache(const struct search *search, const char *what)
{
    const char *cache = getenv("DEBUGINFOD_CACHE_PATH");
    const char *xdg = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    if (search->options->no_system || !search->hex[0]) {
        return false;
    }
    if (cache && cache[0]) {
        return try_path(search, "%s/%s/%s", cache, search->hex, what);
    }
    return (xdg && xdg[0] &&
            try_path(search, "%s/debuginfod_client/%s/%s", xdg, search->hex, what)) ||
           (home && home[0] &&
            (try_path(search, "%s/.cache/debuginfod_client/%s/%s", home, search->hex, what) ||
             try_path(search, "%s/.debuginfod_client_cache/%s/%s", home, search->hex, what)));
}

static bool try_build_id(const struct search *search, const char *root, const char *suffix)
{
    return strlen(search->hex) > 2 &&
           try_path(search, "%s/.build-id/%.2s/%s%s", root, search->hex, search->hex + 2, suffix);
}

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool sym_visit_binaries(const struct vmpt_sym_search *options, const struct vmpt_sym_module *module,
                        sym_visit_path *visit, void *ctx)
{
    struct search search = begin(options, module->build_id, module->build_id_size, visit, ctx);
    size_t length = strlen(module->path);
    size_t tail = strlen(DELETED);
    /* The kernel says so of a file that was replaced: the one that has the path now is checked like any other. */
    bool is_deleted = length > tail && strcmp(module->path + length - tail, DELETED) == 0;
    int shown = (int)(is_deleted ? length - tail : length);
    for (size_t i = 0; i < options->debug_dir_count; i++) {
        const char *dir = options->debug_dirs[i];
        if ((module->path[0] == '/' && try_path(&search, "%s%.*s", dir, shown, module->path)) ||
            try_path(&search, "%s/%.*s", dir, shown - (int)(base_of(module->path) - module->path),
                     base_of(module->path)) ||
            try_build_id(&search, dir, "") ||
            (search.hex[0] && try_path(&search, "%s/%s/executable", dir, search.hex))) {
            return true;
        }
    }
    return (module->path[0] == '/' && try_path(&search, "%.*s", shown, module->path)) ||
           (!options->no_system && try_build_id(&search, SYSTEM_DEBUG_DIR, "")) ||
           try_cache(&search, "executable");
}

bool sym_visit_by_build_id(const struct vmpt_sym_search *options, const uint8_t *build_id,
                           size_t build_id_size, sym_visit_path *visit, void *ctx)
{
    struct search search = begin(options, build_id, build_id_size, visit, ctx);
    const char *dir;
    for (size_t i = 0; search.hex[0] && (dir = folder(&search, i)); i++) {
        if (try_build_id(&search, dir, ".debug") ||
            try_path(&search, "%s/%s/debuginfo", dir, search.hex)) {
            return true;
        }
    }
    return try_cache(&search, "debuginfo");
}

bool sym_visit_by_link(const struct vmpt_sym_search *options, const char *binary, const char *link,
                       sym_visit_path *visit, void *ctx)
{
    struct search search = begin(options, NULL, 0, visit, ctx);
    int length = (int)(base_of(binary) - binary);
    const char *dir;
    if (try_path(&search, "%.*s%s", length, binary, link) ||
        try_path(&search, "%.*s.debug/%s", length, binary, link)) {
        return true;
    }
    for (size_t i = 0; (dir = folder(&search, i)); i++) {
        if (try_path(&search, "%s/%.*s%s", dir, length, binary, link) ||
            try_path(&search, "%s/%s", dir, link)) {
            return true;
        }
    }
    return false;
}
