#include "sampler/vm/pypy_names_walk.h"

#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Markers of the records in a log (upstream's format, version 6, words of 8 bytes). */
enum marker {
    MARK_HEADER_WORDS = 0, /* a log begins with five words, the first of which is 0 */
    MARK_STACK = 1,
    MARK_NAME = 2,
    MARK_TRAILER = 3,
    MARK_HEADER = 5,
    MARK_TIME = 6,
    MARK_META = 7,
};

#define WORD_BYTES 8u
#define HEADER_WORDS_BYTES 40u
#define TIME_BYTES (1u + 24u)
#define NAME_HEAD_BYTES (1u + 2u * WORD_BYTES)
#define MAX_NAME_BYTES 4096u
#define MAX_DEPTH 65536u

/* Bytes, and how many. */
struct span {
    const uint8_t *at;
    uint64_t size_bytes;
};

static uint64_t word_at(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* The size of "length, text" at an offset; 0: it is not whole. */
static uint64_t text_bytes(struct span rest, uint64_t offset)
{
    if (offset + WORD_BYTES > rest.size_bytes) {
        return 0;
    }
    uint64_t length = word_at(rest.at + offset);
    return length <= MAX_NAME_BYTES ? WORD_BYTES + length : 0;
}

static uint64_t meta_bytes(struct span rest)
{
    uint64_t key = text_bytes(rest, 1);
    uint64_t value = key != 0 ? text_bytes(rest, 1 + key) : 0;
    return value != 0 ? 1 + key + value : 0;
}

static uint64_t stack_bytes(struct span rest)
{
    if (rest.size_bytes < 1 + 2 * WORD_BYTES) {
        return 0;
    }
    uint64_t depth = word_at(rest.at + 1 + WORD_BYTES);
    return depth <= MAX_DEPTH ? 1 + (3 + depth) * WORD_BYTES : 0;
}

static uint64_t name_bytes(struct span rest)
{
    uint64_t text = text_bytes(rest, 1 + WORD_BYTES);
    return text != 0 ? 1 + WORD_BYTES + text : 0;
}

/* The size of the record that rest begins with; 0: it is not whole, or not known. */
static uint64_t record_bytes(struct span rest)
{
    uint64_t size = 0;
    switch ((enum marker)rest.at[0]) {
    case MARK_HEADER_WORDS: size = HEADER_WORDS_BYTES; break;
    case MARK_STACK: size = stack_bytes(rest); break;
    case MARK_NAME: size = name_bytes(rest); break;
    case MARK_TRAILER:
    case MARK_TIME: size = TIME_BYTES; break;
    case MARK_HEADER: size = rest.size_bytes >= 5 ? 5u + rest.at[4] : 0; break;
    case MARK_META: size = meta_bytes(rest); break;
    }
    return size <= rest.size_bytes ? size : 0;
}

static void take_name(const uint8_t *record, struct vmps_pypy_name *name)
{
    name->text = (const char *)record + NAME_HEAD_BYTES;
    name->size_bytes = (uint32_t)word_at(record + 1 + WORD_BYTES);
}

static bool is_wanted(const struct vmps_pypy_wanted *wanted, const uint8_t *record)
{
    if (record[0] != MARK_NAME) {
        return false;
    }
    if (wanted->prefix == NULL) {
        return word_at(record + 1) == wanted->number;
    }
    struct vmps_pypy_name name;
    take_name(record, &name);
    for (uint32_t i = 0; wanted->prefix[i] != '\0'; i++) {
        if (i >= name.size_bytes || name.text[i] != wanted->prefix[i]) {
            return false;
        }
    }
    return true;
}

bool vmps_pypy_name_in(const uint8_t *bytes, uint64_t size_bytes,
                       const struct vmps_pypy_wanted *wanted, uint64_t *number,
                       struct vmps_pypy_name *name)
{
    bool found = false;
    struct span rest = {.at = bytes, .size_bytes = size_bytes};
    while (rest.size_bytes != 0) {
        uint64_t size = record_bytes(rest);
        if (size == 0) {
            break;
        }
        /* The last one counts: what is asked for by its name may have been there before. */
        if (is_wanted(wanted, rest.at)) {
            *number = word_at(rest.at + 1);
            take_name(rest.at, name);
            found = true;
        }
        rest.at += size;
        rest.size_bytes -= size;
    }
    return found;
}

static bool name_at_place(const struct vmps_pypy_names *names, uint64_t index,
                          struct vmps_pypy_name *name)
{
    uint32_t place = atomic_load_explicit(&names->places[index], memory_order_acquire);
    if (place != 0) {
        take_name(names->file + place - 1, name);
    }
    return place != 0;
}

/* Several threads may do the same work at once. */
void vmps_pypy_names_read(const struct vmps_pypy_names *names)
{
    long written = syscall(SYS_lseek, names->fd, 0L, SEEK_CUR);
    uint64_t at = atomic_load_explicit(names->read_bytes, memory_order_acquire);
    if (written <= 0 || (uint64_t)written > VMPS_PYPY_FILE_BYTES || (uint64_t)written <= at) {
        return;
    }
    while (at < (uint64_t)written) {
        struct span rest = {.at = names->file + at, .size_bytes = (uint64_t)written - at};
        uint64_t size = record_bytes(rest);
        if (size == 0) {
            break;
        }
        uint64_t index = rest.at[0] == MARK_NAME ? word_at(rest.at + 1) / VMPS_PYPY_NUMBER_STEP
                                                 : VMPS_PYPY_MAX_CODES;
        if (index < VMPS_PYPY_MAX_CODES) {
            atomic_store_explicit(&names->places[index], (uint32_t)at + 1, memory_order_release);
        }
        at += size;
    }
    atomic_store_explicit(names->read_bytes, at, memory_order_release);
}

static bool name_in_buffers(const struct vmps_pypy_names *names, struct vmps_probe *probe,
                            uint64_t number, struct vmps_pypy_name *name)
{
    const struct vmps_pypy_wanted wanted = {.number = number};
    for (uint64_t i = 0; names->buffers != 0 && i < VMPS_PYPY_BUFFER_COUNT; i++) {
        uint64_t at = names->buffers + i * VMPS_PYPY_BUFFER_BYTES;
        if (!vmps_probe_readable(probe, at, VMPS_PYPY_BUFFER_BYTES)) {
            continue;
        }
        uint32_t used = vmps_load32(at);
        if (used > VMPS_PYPY_BUFFER_BYTES - VMPS_PYPY_BUFFER_HEADER) {
            continue;
        }
        const uint8_t *bytes = (const uint8_t *)at + VMPS_PYPY_BUFFER_HEADER;
        uint64_t found;
        if (vmps_pypy_name_in(bytes, used, &wanted, &found, name)) {
            return true;
        }
    }
    return false;
}

bool vmps_pypy_name_find(const struct vmps_pypy_names *names, struct vmps_probe *probe,
                         uint64_t number, struct vmps_pypy_name *name)
{
    uint64_t index = number / VMPS_PYPY_NUMBER_STEP;
    if (names->places == NULL || number % VMPS_PYPY_NUMBER_STEP != 0 ||
        index >= VMPS_PYPY_MAX_CODES) {
        return false;
    }
    if (name_at_place(names, index, name)) {
        return true;
    }
    /* The buffer first: were it written out between the two looks, the file has it. */
    if (name_in_buffers(names, probe, number, name)) {
        return true;
    }
    vmps_pypy_names_read(names);
    return name_at_place(names, index, name);
}

/* The parts have no colons of their own: PyPy writes semicolons for them. */
static uint32_t part_end(const struct vmps_pypy_name *name, uint32_t begin)
{
    uint32_t end = begin;
    while (end < name->size_bytes && name->text[end] != ':') {
        end++;
    }
    return end;
}

bool vmps_pypy_name_split(const struct vmps_pypy_name *name, struct vmps_code *code)
{
    uint32_t language = part_end(name, 0);
    uint32_t function = part_end(name, language + 1);
    uint32_t line = part_end(name, function + 1);
    if (line >= name->size_bytes) {
        return false;
    }
    uint32_t first_line = 0;
    for (uint32_t i = function + 1; i < line; i++) {
        if (name->text[i] < '0' || name->text[i] > '9') {
            return false;
        }
        first_line = first_line * 10 + (uint32_t)(name->text[i] - '0');
    }
    code->first_line = first_line;
    code->name = (struct vmps_text){.data = name->text + language + 1,
                                    .size_bytes = function - language - 1,
                                    .encoding = VMPF_TEXT_UTF8};
    code->file = (struct vmps_text){.data = name->text + line + 1,
                                    .size_bytes = name->size_bytes - line - 1,
                                    .encoding = VMPF_TEXT_UTF8};
    return true;
}
