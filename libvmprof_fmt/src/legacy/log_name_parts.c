/* log_name_parts.c: `py:name:line:file`, where all but the line may have colons. */
#include "libvmprof_fmt/src/legacy/log_names.h"
#include "libvmprof_fmt/src/legacy/log_record.h"

#include <string.h>

/* A field of the rest: digits, with or without a `-` before them. */
static bool is_line(const char *field, size_t size_bytes, uint32_t *line)
{
    bool negative = size_bytes > 0 && field[0] == '-';
    uint64_t number = 0;
    size_t at = negative;
    for (; at < size_bytes && field[at] >= '0' && field[at] <= '9'; at++) {
        number = number * 10 + (uint64_t)(field[at] - '0');
        number = number > UINT32_MAX ? (uint64_t)UINT32_MAX + 1 : number;
    }
    if (at < size_bytes || size_bytes == (size_t)negative) {
        return false;
    }
    *line = negative || number > UINT32_MAX ? 0 : (uint32_t)number; /* [L-6-4] */
    return true;
}

static struct vmpf_string part(const char *begin, const char *end)
{
    return (struct vmpf_string){.data = begin, .size_bytes = (size_t)(end - begin)};
}

/* The end of the field that begins here: its colon, or the end of all. */
static const char *field_end(const char *at, const char *end)
{
    const char *colon = at == end ? NULL : memchr(at, ':', (size_t)(end - at));
    return colon == NULL ? end : colon;
}

struct vmpfi_log_name_parts vmpfi_log_name_take_apart(struct vmpf_string text)
{
    size_t prefix_bytes = vmpfi_log_prefix_bytes(text);
    const char *rest = text.data + prefix_bytes;
    const char *end = text.data + text.size_bytes;
    struct vmpfi_log_name_parts parts = {.name = part(rest, end), .file = part(end, end)};
    parts.prefix = part(text.data, prefix_bytes > 0 ? rest - 1 : text.data);
    for (const char *colon = field_end(rest, end); colon < end;) { /* [L-6-3] */
        const char *next = field_end(colon + 1, end);
        if (is_line(colon + 1, (size_t)(next - colon - 1), &parts.line)) {
            parts.name = part(rest, colon);
            parts.file = part(next < end ? next + 1 : end, end);
            break;
        }
        colon = next;
    }
    if (parts.file.size_bytes == 1 && parts.file.data[0] == '-') { /* [L-6-4] */
        parts.file = part(end, end);
    }
    return parts;
}
