#include "tools/convert/names.h"

#include <string.h>

#include "tools/analysis/utf8.h"

struct vmpt_function conv_named(struct vmpt_function function, const struct vmpf_string *module)
{
    if (module) {
        function.module = module->data;
        function.module_size = module->size_bytes;
    }
    if (function.name_size == 0) {
        function.name = "-";
        function.name_size = 1;
    }
    if (function.file_size == 0 && function.module_size) {
        function.file = function.module;
        function.file_size = function.module_size;
    }
    return function;
}

struct vmpt_function conv_function(const struct vmpt_view *view, uint32_t function)
{
    struct vmpt_function hidden = {
        .name = VMPT_HIDDEN_NAME,
        .name_size = sizeof(VMPT_HIDDEN_NAME) - 1,
        .file = "",
    };
    if (function == view->hidden) {
        return hidden;
    }
    return conv_named(view->profile->functions.items[function], NULL);
}

const char *conv_base_name(const char *path, size_t size_bytes, size_t *base_bytes)
{
    size_t at = size_bytes;
    while (at > 0 && path[at - 1] != '/') {
        at--;
    }
    *base_bytes = size_bytes - at;
    return path + at;
}

/* What stands in place of a character; NULL: itself. */
typedef const char *(*replacement)(uint32_t code);

static const char *in_clean(uint32_t code)
{
    bool is_control = code < 0x20 || (code >= 0x7F && code < 0xA0);
    return is_control || code == 0x2028 || code == 0x2029 ? " " : NULL;
}

static const char *in_frame(uint32_t code)
{
    if (code == ';') {
        return ",";
    }
    return code == '\n' || code == '\r' ? " " : NULL;
}

/* Adds data with characters replaced: runs of those that stay are added at once. */
static void add_replaced(struct vmpt_buffer *out, const char *data, size_t size_bytes,
                         replacement replace)
{
    size_t from = 0;
    for (size_t at = 0; at < size_bytes;) {
        uint32_t code;
        int valid;
        size_t length = vmpt_utf8_decode(data + at, size_bytes - at, &code, &valid);
        const char *instead = valid ? replace(code) : VMPT_UTF8_BAD_BYTES;
        if (instead) {
            vmpt_buffer_add(out, data + from, at - from);
            vmpt_buffer_add_text(out, instead);
            from = at + length;
        }
        at += length;
    }
    vmpt_buffer_add(out, data + from, size_bytes - from);
}

void conv_add_clean(struct vmpt_buffer *out, const char *data, size_t size_bytes)
{
    add_replaced(out, data, size_bytes, in_clean);
}

void conv_add_frame(struct vmpt_buffer *out, const struct vmpt_function *function, bool names_only)
{
    bool is_machine = function->kind == VMPF_KIND_NATIVE || function->kind == VMPF_KIND_KERNEL;
    add_replaced(out, function->name, function->name_size, in_frame);
    if (names_only || function->file_size == 0) {
        return;
    }
    if (is_machine) {
        size_t size;
        const char *base = function->module_size
                               ? conv_base_name(function->module, function->module_size, &size)
                               : conv_base_name(function->file, function->file_size, &size);
        bool has_brackets = size > 1 && base[0] == '[' && base[size - 1] == ']';
        vmpt_buffer_add_text(out, has_brackets ? " " : " [");
        add_replaced(out, base, size, in_frame);
        vmpt_buffer_add_text(out, has_brackets ? "" : "]");
        return;
    }
    vmpt_buffer_add_text(out, " (");
    add_replaced(out, function->file, function->file_size, in_frame);
    vmpt_buffer_printf(out, ":%u)", (unsigned)function->first_line);
}

void conv_add_json(struct vmpt_buffer *out, const char *data, size_t size_bytes)
{
    size_t from = 0;
    for (size_t at = 0; at < size_bytes;) {
        unsigned char byte = (unsigned char)data[at];
        if (byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\') {
            at++;
            continue;
        }
        uint32_t code;
        int valid;
        size_t length = vmpt_utf8_decode(data + at, size_bytes - at, &code, &valid);
        bool is_line = code == 0x2028 || code == 0x2029;
        if (valid && code >= 0xA0 && !is_line) {
            at += length;
            continue;
        }
        vmpt_buffer_add(out, data + from, at - from);
        if (!valid) {
            vmpt_buffer_add_text(out, VMPT_UTF8_BAD_BYTES);
        } else if (code == '"' || code == '\\') {
            vmpt_buffer_printf(out, "\\%c", (int)code);
        } else {
            vmpt_buffer_printf(out, "\\u%04x", (unsigned)code);
        }
        at += length;
        from = at;
    }
    vmpt_buffer_add(out, data + from, size_bytes - from);
}

/* Where data may be cut: not inside of a character. */
static size_t cut_at(const char *data, size_t max_bytes)
{
    size_t at = max_bytes;
    while (at > 0 && max_bytes - at < 4 && ((unsigned char)data[at] & 0xC0) == 0x80) {
        at--;
    }
    return at;
}

void conv_add_xml(struct vmpt_buffer *out, const char *data, size_t size_bytes, size_t max_bytes)
{
    struct vmpt_buffer visible = {0};
    size_t size = size_bytes > max_bytes ? cut_at(data, max_bytes) : size_bytes;
    vmpt_buffer_add_visible(&visible, data, size);
    for (size_t i = 0; i < visible.size; i++) {
        const char *at = visible.data + i;
        switch (*at) {
        case '<': vmpt_buffer_add_text(out, "&lt;"); break;
        case '>': vmpt_buffer_add_text(out, "&gt;"); break;
        case '&': vmpt_buffer_add_text(out, "&amp;"); break;
        case '"': vmpt_buffer_add_text(out, "&quot;"); break;
        case '\'': vmpt_buffer_add_text(out, "&#39;"); break;
        default:
            /* U+FFFE and U+FFFF are characters, and none of XML's. */
            if (visible.size - i >= 3 &&
                (memcmp(at, "\xEF\xBF\xBE", 3) == 0 || memcmp(at, "\xEF\xBF\xBF", 3) == 0)) {
                vmpt_buffer_add_text(out, VMPT_UTF8_BAD_BYTES);
                i += 2;
            } else {
                vmpt_buffer_add(out, at, 1);
            }
        }
    }
    if (size < size_bytes) {
        vmpt_buffer_printf(out, "... (%zu bytes)", size_bytes);
    }
    out->failed = out->failed || visible.failed;
    vmpt_buffer_fini(&visible);
}
