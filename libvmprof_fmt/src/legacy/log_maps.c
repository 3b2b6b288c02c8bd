#include "libvmprof_fmt/src/legacy/log_maps.h"

#include "libvmprof_fmt/src/base/error.h"

#include <stdlib.h>
#include <string.h>

#define MAX_LINE_BYTES                                                                             \
    ((size_t)64 * 1024)           /* a path has 4 KiB at most; a longer line is none of maps */
#define MAX_FILES ((size_t)65536) /* [L-7-3] */

void vmpfi_log_maps_fini(struct vmpfi_log_maps *maps)
{
    vmpfi_arena_fini(&maps->text);
    free(maps->modules);
    free(maps->files);
    memset(maps, 0, sizeof *maps);
}

size_t vmpfi_log_maps_bytes(const struct vmpfi_log_maps *maps)
{
    return maps->text.total_bytes + maps->capacity * sizeof *maps->modules +
           maps->file_capacity * sizeof *maps->files;
}

/* ---- one line -------------------------------------------------------------------------------------- */

/* What is left of a line. */
struct line {
    const char *at, *end;
};

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 1 to 16 hexadecimal digits. */
static bool take_hex(struct line *line, uint64_t *value)
{
    size_t digits = 0;
    *value = 0;
    while (line->at < line->end && hex_digit(*line->at) >= 0) {
        *value = *value << 4 | (uint64_t)hex_digit(*line->at);
        line->at++;
        digits++;
    }
    return digits >= 1 && digits <= 16;
}

static bool take_char(struct line *line, char c)
{
    bool there = line->at < line->end && *line->at == c;
    line->at += there;
    return there;
}

/* One or more spaces. */
static bool take_spaces(struct line *line)
{
    bool any = false;
    while (take_char(line, ' ')) {
        any = true;
    }
    return any;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* What has no space in it. */
static bool take_field(struct line *line, struct vmpf_string *field)
{
    field->data = line->at;
    while (line->at < line->end && !is_space(*line->at)) {
        line->at++;
    }
    field->size_bytes = (size_t)(line->at - field->data);
    return field->size_bytes > 0;
}

/* A mapping of code. */
struct mapping {
    struct vmpf_module module;
    struct vmpf_string device, inode;
};

/* [L-7-1] */
static bool take_mapping(struct line line, struct mapping *mapping)
{
    uint64_t end;
    struct vmpf_string permissions;
    *mapping = (struct mapping){.module.build_id = {.data = "", .size_bytes = 0}};
    struct vmpf_module *module = &mapping->module;
    bool fits = take_hex(&line, &module->address) && take_char(&line, '-') &&
                take_hex(&line, &end) && take_spaces(&line) && take_field(&line, &permissions) &&
                take_spaces(&line) && take_hex(&line, &module->file_offset) && take_spaces(&line) &&
                take_field(&line, &mapping->device) && take_spaces(&line) &&
                take_field(&line, &mapping->inode) && take_spaces(&line) && line.at < line.end &&
                !is_space(*line.at);
    if (!fits || permissions.size_bytes != 4 || permissions.data[2] != 'x' ||
        module->address >= end) {
        return false;
    }
    module->size_bytes = end - module->address;
    module->path =
        (struct vmpf_string){.data = line.at, .size_bytes = (size_t)(line.end - line.at)};
    return true;
}

/* ---- all lines ------------------------------------------------------------------------------------- */

static vmpf_status append_module(struct vmpfi_log_maps *maps, struct vmpf_module module)
{
    void *array = maps->modules;
    bool grown = vmpfi_grow(&array, &maps->capacity, maps->count + 1, sizeof *maps->modules);
    maps->modules = array;
    module.path.data = vmpfi_arena_copy(&maps->text, module.path.data, module.path.size_bytes);
    if (!grown || module.path.data == NULL) {
        return VMPF_E_NOMEM;
    }
    maps->modules[maps->count++] = module;
    return VMPF_OK;
}

static char *put_text(char *to, struct vmpf_string text)
{
    memcpy(to, text.data, text.size_bytes);
    return to + text.size_bytes;
}

/* "DEVICE INODE PATH"; its data is NULL where memory is short. */
static struct vmpf_string file_of(struct vmpfi_log_maps *maps, const struct mapping *mapping)
{
    const struct vmpf_string path = mapping->module.path;
    size_t size_bytes =
        mapping->device.size_bytes + 1 + mapping->inode.size_bytes + 1 + path.size_bytes;
    char *text = vmpfi_arena_alloc(&maps->text, size_bytes);
    if (text != NULL) {
        char *at = put_text(text, mapping->device);
        *at++ = ' ';
        at = put_text(at, mapping->inode);
        *at++ = ' ';
        (void)put_text(at, path);
    }
    return (struct vmpf_string){.data = text, .size_bytes = size_bytes};
}

static bool same_as_last(const struct vmpfi_log_maps *maps, struct vmpf_string file)
{
    if (maps->file_count == 0) {
        return false;
    }
    const struct vmpf_string last = maps->files[maps->file_count - 1];
    return last.size_bytes == file.size_bytes && memcmp(last.data, file.data, file.size_bytes) == 0;
}

/* [L-7-3] */
static vmpf_status append_file(struct vmpfi_log_maps *maps, const struct mapping *mapping)
{
    bool no_file = mapping->inode.size_bytes == 1 && mapping->inode.data[0] == '0';
    if (no_file || maps->file_count == MAX_FILES) {
        return VMPF_OK;
    }
    struct vmpf_string file = file_of(maps, mapping);
    void *array = maps->files;
    bool grown =
        vmpfi_grow(&array, &maps->file_capacity, maps->file_count + 1, sizeof *maps->files);
    maps->files = array;
    if (!grown || file.data == NULL) {
        return VMPF_E_NOMEM;
    }
    if (!same_as_last(maps, file)) {
        maps->files[maps->file_count++] = file;
    }
    return VMPF_OK;
}

static vmpf_status append(struct vmpfi_log_maps *maps, const struct mapping *mapping)
{
    VMPF_TRY(append_file(maps, mapping));
    return append_module(maps, mapping->module);
}

vmpf_status vmpfi_log_maps_read(struct vmpfi_log_maps *maps, struct vmpfi_log_window *window,
                                size_t limit_bytes, struct vmpf_error *err)
{
    for (;;) {
        VMPF_TRY(vmpfi_log_window_ensure(window, MAX_LINE_BYTES, err));
        size_t left = vmpfi_log_window_left(window);
        if (left == 0) {
            return VMPF_OK;
        }
        const char *text = (const char *)vmpfi_log_window_data(window);
        size_t most = left < MAX_LINE_BYTES ? left : MAX_LINE_BYTES;
        const char *newline = memchr(text, '\n', most);
        size_t size_bytes = newline == NULL ? most : (size_t)(newline - text);
        struct mapping mapping;
        if (take_mapping((struct line){.at = text, .end = text + size_bytes}, &mapping)) {
            vmpf_status status =
                vmpfi_log_maps_bytes(maps) < limit_bytes ? append(maps, &mapping) : VMPF_E_LIMIT;
            if (status != VMPF_OK) {
                return vmpfi_fail(err, status, window->offset,
                                  status == VMPF_E_LIMIT ? "L-8-8" : "", "the modules of a log: %s",
                                  vmpf_status_name(status));
            }
        }
        vmpfi_log_window_advance(window, newline == NULL ? size_bytes : size_bytes + 1);
    }
}

size_t vmpfi_log_maps_find(const struct vmpfi_log_maps *maps, uint64_t address)
{
    size_t i = 0;
    while (i < maps->count && address - maps->modules[i].address >= maps->modules[i].size_bytes) {
        i++;
    }
    return i;
}
