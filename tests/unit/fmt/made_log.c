#include "tests/unit/fmt/made_log.h"

#include "tests/unit/fmt/fixture.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { MEMORY = 1, LINES = 2, RPYTHON = 8 };

void made_bytes(struct made_log *log, const void *bytes, size_t count)
{
    if (log->size_bytes + count > log->capacity_bytes) {
        log->capacity_bytes = 2 * (log->size_bytes + count);
        log->data = realloc(log->data, log->capacity_bytes);
        assert_non_null(log->data);
    }
    if (count > 0) {
        memcpy(log->data + log->size_bytes, bytes, count);
    }
    log->size_bytes += count;
}

void made_u8(struct made_log *log, unsigned byte)
{
    const uint8_t one = (uint8_t)byte;
    made_bytes(log, &one, 1);
}

static void put_number(struct made_log *log, uint64_t number, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        made_u8(log, (unsigned)(number >> (8 * i)) & 0xFF);
    }
}

void made_word(struct made_log *log, uint64_t word)
{
    put_number(log, word, log->word);
}

void made_address(struct made_log *log, uint64_t address)
{
    put_number(log, address, log->address);
}

static void put_string(struct made_log *log, const char *text)
{
    made_word(log, strlen(text));
    made_bytes(log, text, strlen(text));
}

struct made_log made_log(enum made_machine machine, unsigned version, unsigned mode,
                         const char *interpreter)
{
    struct made_log log = {.word = machine == MADE_64 ? 8 : 4,
                           .address = machine == MADE_32 ? 4 : 8,
                           .version = version};
    const uint64_t words[] = {0, 3, 0, 990, machine == MADE_WINDOWS};
    for (size_t i = 0; i < 5; i++) {
        made_word(&log, words[i]);
    }
    made_u8(&log, version == 0 ? 4 : 5);
    if (version > 0) {
        made_u8(&log, 0);
        made_u8(&log, version);
    }
    if (version >= 4) {
        made_u8(&log, mode);
    }
    made_u8(&log, (unsigned)strlen(interpreter));
    made_bytes(&log, interpreter, strlen(interpreter));
    log.records = log.size_bytes;
    return log;
}

void made_free(struct made_log *log)
{
    free(log->data);
}

void made_stack(struct made_log *log, const uint64_t *words, size_t count, uint64_t thread,
                uint64_t memory_kb)
{
    made_u8(log, 1);
    made_word(log, 1);
    made_word(log, count);
    for (size_t i = 0; i < count; i++) {
        made_address(log, words[i]);
    }
    if (log->version > 0) {
        made_address(log, thread);
    }
    if (memory_kb != MADE_NO_MEMORY) {
        made_address(log, memory_kb);
    }
    if (log->stacks < MADE_MAX_ENDS) {
        log->stack_ends[log->stacks] = log->size_bytes;
    }
    log->stacks++;
}

void made_name(struct made_log *log, unsigned marker, uint64_t id, const char *name)
{
    made_u8(log, marker);
    made_address(log, id);
    put_string(log, name);
}

void made_meta(struct made_log *log, const char *key, const char *value)
{
    made_u8(log, 7);
    put_string(log, key);
    put_string(log, value);
}

void made_time(struct made_log *log, unsigned marker, uint64_t seconds, uint64_t microseconds)
{
    made_u8(log, marker);
    if (marker == 3 && log->version < 5) {
        return;
    }
    put_number(log, seconds, 8);
    put_number(log, microseconds, 8);
    put_number(log, 0, 8);
}

/* ---- ten samples --------------------------------------------------------------------------------------- */

/* Each is of main, foo, cfun, as many of them as there are frames. */
static void put_ten_words(struct made_log *log, unsigned mode, bool pairs, bool memory,
                          unsigned frames)
{
    const uint64_t native = log->version == 0 ? 0x3000 : 0x3001;
    const uint64_t ids[] = {0x1000, 0x2000, native};
    const uint64_t kinds[] = {1, 1, 7};
    const uint64_t lines[] = {3, 6, 0};
    bool two = pairs || (mode & LINES) != 0;
    uint64_t words[6];
    size_t count = 0;
    for (unsigned i = frames; i-- > 0;) {
        if (two) {
            words[count++] = pairs ? kinds[i] : lines[i];
        }
        words[count++] = ids[i];
    }
    made_stack(log, words, count, 0x77, memory ? 1000 : MADE_NO_MEMORY);
}

struct made_log made_ten(enum made_machine machine, unsigned version, unsigned mode,
                         const char *interpreter)
{
    static const unsigned frames[] = {2, 2, 2, 1, 2, 1, 2, 1, 2, 3};
    struct made_log log = made_log(machine, version, mode, interpreter);
    bool pairs = version >= 2 && (strcmp(interpreter, "pypy") == 0 || (mode & RPYTHON) != 0);
    bool memory = version == 3 || (version >= 4 && (mode & MEMORY) != 0);
    if (version >= 5) {
        made_time(&log, 6, 1500000000, 250000);
    }
    if (version >= 6) {
        made_meta(&log, "os", "linux");
    }
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        put_ten_words(&log, version >= 4 ? mode : 0, pairs, memory, frames[i]);
    }
    made_name(&log, 2, 0x1000, "py:main:1:a.py");
    made_name(&log, 2, 0x2000, "py:foo:5:a.py");
    if (version >= 1) {
        made_name(&log, 8, 0x3001, "n:cfun:0:lib.so");
    }
    made_time(&log, 3, 1500000010, 750000);
    return log;
}

void made_gzip(uint8_t **out, size_t *out_bytes, const void *data, size_t size_bytes)
{
    z_stream z = {.next_in = (z_const Bytef *)(uintptr_t)data, .avail_in = (uInt)size_bytes};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    size_t room = deflateBound(&z, (uLong)size_bytes) + 64;
    *out = realloc(*out, *out_bytes + room);
    assert_non_null(*out);
    z.next_out = *out + *out_bytes;
    z.avail_out = (uInt)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    *out_bytes += room - z.avail_out;
    deflateEnd(&z);
}
