#include "tools/symbolize/mapped.h"

#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"

void symz_mapped_fini(struct symz_mapped *mapped)
{
    free(mapped->text);
    free(mapped->files);
    memset(mapped, 0, sizeof(*mapped));
}

/* ---- one text: "DEVICE INODE PATH" ---------------------------------------------------------------------- */

/* Digits up to `end`; *at goes there. */
static bool take_number(struct vmpf_string *text, unsigned base, char end, uint64_t most,
                        uint64_t *value)
{
    size_t i = 0;
    *value = 0;
    for (; i < text->size_bytes && text->data[i] != end; i++) {
        char c = text->data[i];
        uint64_t digit = c >= '0' && c <= '9'   ? (uint64_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint64_t)(c - 'a') + 10
                                                : base;
        if (digit >= base || *value > (most - digit) / base) {
            return false;
        }
        *value = *value * base + digit;
    }
    if (i == 0 || i == text->size_bytes) {
        return false;
    }
    text->data += i + 1;
    text->size_bytes -= i + 1;
    return true;
}

/* [L-7-4]. What is left of text is the path. */
static bool take_inode(struct vmpf_string *text, struct vmpt_sym_inode *inode)
{
    uint64_t device_major;
    uint64_t device_minor;
    if (!take_number(text, 16, ':', UINT32_MAX, &device_major) ||
        !take_number(text, 16, ' ', UINT32_MAX, &device_minor) ||
        !take_number(text, 10, ' ', UINT64_MAX, &inode->number)) {
        return false;
    }
    inode->is_known = true;
    inode->device_major = (uint32_t)device_major;
    inode->device_minor = (uint32_t)device_minor;
    return true;
}

/* ---- all of them ----------------------------------------------------------------------------------------- */

static int compare_text(struct vmpf_string a, struct vmpf_string b)
{
    size_t size = a.size_bytes < b.size_bytes ? a.size_bytes : b.size_bytes;
    int order = size ? memcmp(a.data, b.data, size) : 0;
    return order ? order : (a.size_bytes > b.size_bytes) - (a.size_bytes < b.size_bytes);
}

static int by_path(const void *left, const void *right)
{
    const struct symz_mapped_file *a = left;
    const struct symz_mapped_file *b = right;
    return compare_text(a->path, b->path);
}

static bool same_inode(const struct vmpt_sym_inode *a, const struct vmpt_sym_inode *b)
{
    return a->device_major == b->device_major && a->device_minor == b->device_minor &&
           a->number == b->number;
}

/* Each path once. Nobody can say which file it was where there were two. */
static void join_paths(struct symz_mapped *mapped)
{
    size_t count = 0;
    for (size_t i = 0; i < mapped->count; i++) {
        struct symz_mapped_file *last = count ? &mapped->files[count - 1] : NULL;
        if (!last || by_path(last, &mapped->files[i]) != 0) {
            mapped->files[count++] = mapped->files[i];
        } else if (!same_inode(&last->inode, &mapped->files[i].inode)) {
            last->inode.is_known = false;
        }
    }
    mapped->count = count;
}

static void take_files(struct symz_mapped *mapped, const struct vmpf_meta *meta)
{
    char *text = mapped->text;
    for (size_t i = 0; i < meta->item_count; i++) {
        struct symz_mapped_file *file = &mapped->files[mapped->count];
        file->path = meta->items[i];
        file->inode = (struct vmpt_sym_inode){0};
        mapped->count += take_inode(&file->path, &file->inode);
        memcpy(text, file->path.data, file->path.size_bytes);
        file->path.data = text;
        text += file->path.size_bytes;
    }
    if (mapped->count) {
        qsort(mapped->files, mapped->count, sizeof(*mapped->files), by_path);
        join_paths(mapped);
    }
}

bool symz_mapped_read(struct symz_mapped *mapped, const struct vmpf_info *info, size_t session)
{
    size_t text_bytes = 1;
    if (mapped->is_read && mapped->session == session) {
        return true;
    }
    const struct vmpf_meta *meta = vmpf_info_meta(info, VMPF_META_MAPPED_FILES);
    symz_mapped_fini(mapped);
    mapped->is_read = true;
    mapped->session = session;
    if (!meta || meta->type != VMPF_META_LIST || meta->item_count == 0) {
        return true;
    }
    for (size_t i = 0; i < meta->item_count; i++) {
        text_bytes += meta->items[i].size_bytes;
    }
    mapped->text = malloc(text_bytes);
    mapped->files = vmpt_array(meta->item_count, sizeof(*mapped->files));
    if (!mapped->text || !mapped->files) {
        symz_mapped_fini(mapped);
        return false;
    }
    take_files(mapped, meta);
    return true;
}

struct vmpt_sym_inode symz_mapped_find(const struct symz_mapped *mapped, struct vmpf_string path)
{
    const struct symz_mapped_file wanted = {.path = path};
    const struct symz_mapped_file *found =
        mapped->count ? bsearch(&wanted, mapped->files, mapped->count, sizeof(wanted), by_path)
                      : NULL;
    return found && found->inode.is_known ? found->inode : (struct vmpt_sym_inode){0};
}
