#include "tools/import/callgrind_words.h"

#include <string.h>

#include "tools/import/words.h"

static struct vmpf_string piece(const char *data, size_t size)
{
    return (struct vmpf_string){data, size};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

void callgrind_skip_blanks(struct vmpf_string *text)
{
    while (text->size_bytes && is_blank(text->data[0])) {
        *text = piece(text->data + 1, text->size_bytes - 1);
    }
}

struct vmpf_string callgrind_take_word(struct vmpf_string *text)
{
    size_t size = 0;
    callgrind_skip_blanks(text);
    while (size < text->size_bytes && !is_blank(text->data[size])) {
        size++;
    }
    struct vmpf_string word = piece(text->data, size);
    *text = piece(text->data + size, text->size_bytes - size);
    return word;
}

bool callgrind_take_start(struct vmpf_string *text, const char *start)
{
    size_t size = strlen(start);
    if (!import_starts_with(*text, start)) {
        return false;
    }
    *text = piece(text->data + size, text->size_bytes - size);
    callgrind_skip_blanks(text);
    return true;
}

static bool hex_number(struct vmpf_string word, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < word.size_bytes; i++) {
        char c = word.data[i];
        uint64_t digit = c >= '0' && c <= '9'   ? (uint64_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint64_t)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (uint64_t)(c - 'A' + 10)
                                                : 16;
        if (digit == 16 || *value >> 60) {
            return false;
        }
        *value = *value << 4 | digit;
    }
    return word.size_bytes > 0;
}

bool callgrind_number(struct vmpf_string word, uint64_t *value)
{
    return import_starts_with(word, "0x")
               ? hex_number(piece(word.data + 2, word.size_bytes - 2), value)
               : import_number(word.data, word.size_bytes, value);
}

bool callgrind_take_position(struct vmpf_string *text, uint64_t last, uint64_t *value)
{
    struct vmpf_string word = callgrind_take_word(text);
    const char sign = *(word.size_bytes ? word.data : "");
    if (sign == '*') {
        *value = last;
        return word.size_bytes == 1;
    }
    if (sign != '+' && sign != '-') {
        return callgrind_number(word, value);
    }
    bool done = callgrind_number(piece(word.data + 1, word.size_bytes - 1), value);
    *value = sign == '+' ? last + *value : last - *value;
    return done;
}

const char *callgrind_event(struct vmpf_string event, char name[CALLGRIND_NAME_BYTES])
{
    static const struct {
        const char *end, *unit;
    } units[] = {{"_ns", "ns"}, {"_bytes", "bytes"}, {"_count", "count"}};
    const char *unit = "count";
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        size_t end = strlen(units[i].end);
        if (import_ends_in(event, units[i].end) && event.size_bytes > end) {
            unit = units[i].unit;
            event.size_bytes -= end;
            break;
        }
    }
    size_t size =
        event.size_bytes < CALLGRIND_NAME_BYTES ? event.size_bytes : CALLGRIND_NAME_BYTES - 1;
    memcpy(name, event.data, size);
    name[size] = '\0';
    return unit;
}
