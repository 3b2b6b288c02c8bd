#include "tools/import/words.h"

#include <string.h>

bool import_number(const char *text, size_t size, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < size; i++) {
        uint64_t digit = (uint64_t)(unsigned char)text[i] - '0';
        if (digit > 9 || *value > ((uint64_t)INT64_MAX - digit) / 10) {
            return false;
        }
        *value = 10 * *value + digit;
    }
    return size > 0;
}

bool import_is_text(struct vmpf_string text, const char *wanted)
{
    return text.size_bytes == strlen(wanted) && import_starts_with(text, wanted);
}

bool import_starts_with(struct vmpf_string text, const char *start)
{
    size_t size = strlen(start);
    return text.size_bytes >= size && (size == 0 || memcmp(text.data, start, size) == 0);
}

bool import_ends_in(struct vmpf_string text, const char *end)
{
    size_t size = strlen(end);
    return text.size_bytes >= size &&
           (size == 0 || memcmp(text.data + text.size_bytes - size, end, size) == 0);
}

vmpf_kind import_kind_of_file(struct vmpf_string file)
{
    bool is_no_file = file.size_bytes > 2 && file.data[0] == '<' && import_ends_in(file, ">");
    return is_no_file || import_ends_in(file, ".py") ? VMPF_KIND_PY : VMPF_KIND_UNKNOWN;
}
