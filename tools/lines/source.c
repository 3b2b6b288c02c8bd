#include "tools/lines/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/analysis/memory.h"

#define NS_PER_S UINT64_C(1000000000)

/* -1: there is no such file, or it is none that holds text. */
static int open_regular(const char *path, struct stat *info)
{
    int fd =
        open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe of that name must not hold us */
    if (fd >= 0 && (fstat(fd, info) != 0 || !S_ISREG(info->st_mode))) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* Below a folder: all of name, then what is behind its first slash, and so on. */
static int open_below(const char *folder, const char *name, char *path, size_t path_bytes,
                      struct stat *info)
{
    int fd = -1;
    for (const char *rest = name; fd < 0 && rest;) {
        while (*rest == '/') {
            rest++;
        }
        int size = snprintf(path, path_bytes, "%s/%s", folder, rest);
        if (*rest && size > 0 && (size_t)size < path_bytes) {
            fd = open_regular(path, info);
        }
        rest = strchr(rest, '/');
    }
    return fd;
}

/* -1 with *no_memory, or because there is none. */
static int find(const char *name, const struct source_folders *folders, struct stat *info,
                bool *no_memory)
{
    int fd = -1;
    for (size_t i = 0; i < folders->count && fd < 0 && !*no_memory; i++) {
        size_t path_bytes = strlen(folders->items[i]) + strlen(name) + 2;
        char *path = malloc(path_bytes);
        *no_memory = path == NULL;
        if (path) {
            fd = open_below(folders->items[i], name, path, path_bytes, info);
        }
        free(path);
    }
    return fd >= 0 || *no_memory ? fd : open_regular(name, info);
}

/* As much as there is: a file may shrink while it is read. */
static bool read_all(struct source *source, int fd)
{
    size_t done = 0;
    while (done < source->size_bytes) {
        ssize_t got = read(fd, source->text + done, source->size_bytes - done);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return false;
        }
        if (got == 0) {
            break;
        }
        done += (size_t)got;
    }
    source->size_bytes = done;
    return true;
}

static bool find_lines(struct source *source)
{
    size_t capacity = 0;
    for (size_t at = 0; at < source->size_bytes;) {
        if (!vmpt_reserve(&source->starts, &capacity, source->line_count + 1,
                          sizeof(*source->starts))) {
            return false;
        }
        source->starts[source->line_count++] = at;
        const char *end = memchr(source->text + at, '\n', source->size_bytes - at);
        at = end ? (size_t)(end - source->text) + 1 : source->size_bytes;
    }
    return true;
}

static bool read_source(struct source *source, int fd, const struct stat *info,
                        uint64_t recorded_unix_ns)
{
    if ((uint64_t)info->st_size > SOURCE_MAX_BYTES) {
        source->state = SOURCE_TOO_LARGE;
        return true;
    }
    source->size_bytes = (size_t)info->st_size;
    source->text = malloc(source->size_bytes + 1);
    if (!source->text) {
        return false;
    }
    if (!read_all(source, fd)) {
        source->size_bytes = 0;
        return true;
    }
    uint64_t written_ns =
        (uint64_t)info->st_mtim.tv_sec * NS_PER_S + (uint64_t)info->st_mtim.tv_nsec;
    bool changed = recorded_unix_ns != 0 && written_ns > recorded_unix_ns;
    source->state = changed ? SOURCE_CHANGED : SOURCE_FOUND;
    return find_lines(source);
}

static bool is_name_of_file(const char *name, size_t size)
{
    return size > 0 && name[0] != '<' && memchr(name, '\0', size) == NULL;
}

bool source_init(struct source *source, const char *name, size_t name_size,
                 const struct source_folders *folders, uint64_t recorded_unix_ns)
{
    struct stat info;
    bool no_memory = false;
    memset(source, 0, sizeof(*source));
    if (!is_name_of_file(name, name_size)) {
        source->state = SOURCE_NONE;
        return true;
    }
    source->state = SOURCE_MISSING;
    int fd = find(name, folders, &info, &no_memory);
    if (fd < 0) {
        return !no_memory;
    }
    bool done = read_source(source, fd, &info, recorded_unix_ns);
    close(fd);
    return done;
}

void source_fini(struct source *source)
{
    free(source->text);
    free(source->starts);
    memset(source, 0, sizeof(*source));
}

const char *source_line(const struct source *source, uint32_t number, size_t *size)
{
    *size = 0;
    if (number == 0 || number > source->line_count) {
        return "";
    }
    size_t start = source->starts[number - 1];
    size_t end = number < source->line_count ? source->starts[number] : source->size_bytes;
    while (end > start && (source->text[end - 1] == '\n' || source->text[end - 1] == '\r')) {
        end--;
    }
    *size = end - start;
    return source->text + start;
}

const char *source_state_name(enum source_state state)
{
    switch (state) {
    case SOURCE_NONE: return "none";
    case SOURCE_CHANGED: return "changed";
    case SOURCE_FOUND: return "found";
    case SOURCE_MISSING:
    case SOURCE_TOO_LARGE: break;
    }
    return "missing";
}
