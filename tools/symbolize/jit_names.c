#include "tools/symbolize/jit_names.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* False: memory is short. *is_there: it could be read. */
static bool add_file(struct vmpt_jit_map *map, const char *path, int flags, bool *is_there)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | flags);
    bool done = true;
    *is_there = fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
    if (*is_there && status.st_size > 0) {
        size_t size = (size_t)status.st_size;
        char *bytes = malloc(size);
        ssize_t count = bytes ? pread(fd, bytes, size, 0) : 0;
        done = bytes && (count <= 0 || vmpt_jit_map_add(map, bytes, (size_t)count));
        free(bytes);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return done;
}

static bool read_map(const struct symz_jit *jit, const struct symz_module *module,
                     struct vmpt_jit_map *map, bool *is_there)
{
    char path[64];
    bool found = false;
    *is_there = false;
    for (size_t i = 0; i < jit->file_count; i++) {
        if (!add_file(map, jit->files[i], 0, &found)) {
            return false;
        }
        *is_there |= found;
    }
    if (jit->file_count || !jit->use_own_map || !module->process_id) {
        return true;
    }
    (void)snprintf(path, sizeof(path), "/tmp/perf-%" PRIu64 ".map", module->process_id);
    struct stat status;
    if (stat(path, &status) != 0 || (uint64_t)status.st_mtime < jit->not_before_unix_s) {
        return true;
    }
    /* Everybody may put links into /tmp. */
    return add_file(map, path, O_NOFOLLOW, is_there);
}

static bool put(struct vmpt_arena *arena, struct vmpt_sym_result *result, const char *name,
                uint64_t begin)
{
    struct vmpt_sym_frame *frame = vmpt_arena_alloc(arena, sizeof(*frame));
    const char *copy = vmpt_arena_copy(arena, name, strlen(name));
    if (!frame || !copy) {
        return false;
    }
    *frame = (struct vmpt_sym_frame){copy, copy, "", "", 0, 0};
    result->frames = frame;
    result->frame_count = 1;
    result->function_offset = begin;
    return true;
}

bool symz_jit_resolve(const struct symz_jit *jit, struct symz_module *module,
                      struct vmpt_arena *arena)
{
    struct vmpt_jit_map map;
    bool is_there = false;
    vmpt_jit_map_init(&map);
    bool done = read_map(jit, module, &map, &is_there) && vmpt_jit_map_finish(&map);
    for (size_t i = 0; i < module->count && done; i++) {
        uint64_t begin = 0;
        const char *name = vmpt_jit_map_find(&map, module->offsets[i], &begin);
        done = !name || put(arena, &module->results[i], name, begin);
    }
    module->report.verdict = is_there ? VMPT_SYM_MATCHED : VMPT_SYM_MISSING;
    vmpt_jit_map_fini(&map);
    return done;
}
