#include "tests/mkprofile/maker.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void die(const struct maker *maker, const char *format, ...)
{
    va_list arguments;
    (void)fprintf(stderr, "%s:%u: ", maker->path, maker->line);
    va_start(arguments, format);
    (void)vfprintf(stderr, format, arguments);
    va_end(arguments);
    (void)fputc('\n', stderr);
    exit(1);
}

void must(const struct maker *maker, vmpf_status status, const struct vmpf_error *err)
{
    if (status != VMPF_OK) {
        die(maker, "%s: %s", vmpf_status_name(status), err->message);
    }
}

uint64_t number(const struct maker *maker, const char *word)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(word, &end, 0);
    if (*word == '\0' || *end || errno) {
        die(maker, "'%s' is not a number", word);
    }
    return value;
}

static unsigned hex_digit(const struct maker *maker, char c)
{
    const char *digits = "0123456789abcdef";
    const char *found = c ? strchr(digits, c) : NULL;
    if (!found) {
        die(maker, "a name holds a bad \\x");
    }
    return (unsigned)(found - digits);
}

struct vmpf_string unescape(const struct maker *maker, char *word)
{
    char *out = word;
    for (const char *in = word; *in; in++) {
        if (*in != '\\') {
            *out++ = *in;
            continue;
        }
        switch (*++in) {
        case 's': *out++ = ' '; break;
        case 'n': *out++ = '\n'; break;
        case '\\': *out++ = '\\'; break;
        case 'x':
            *out++ = (char)(hex_digit(maker, in[1]) << 4 | hex_digit(maker, in[2]));
            in += 2;
            break;
        default: die(maker, "'\\%c' is not known in a name", *in);
        }
    }
    struct vmpf_string result = {word, (size_t)(out - word)};
    return result;
}

struct vmpf_string kept(const struct maker *maker, const char *word)
{
    struct vmpf_string none = {"", 0};
    if (strcmp(word, "-") == 0) {
        return none;
    }
    char *copy = strdup(word);
    if (!copy) {
        die(maker, "not enough memory");
    }
    return unescape(maker, copy);
}

vmpf_writer *writer_of(struct maker *maker)
{
    struct vmpf_error err;
    struct vmpf_sink sink;
    if (maker->finished) {
        die(maker, "the file is finished: nothing can be added");
    }
    if (!maker->writer) {
        must(maker, vmpf_sink_open_fd(&sink, maker->fd, &err), &err);
        must(maker, vmpf_writer_open(&maker->writer, sink, &maker->options, &err), &err);
    }
    return maker->writer;
}

const struct named *find(const struct maker *maker, const struct names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->items[i].name, name) == 0) {
            return &names->items[i];
        }
    }
    die(maker, "'%s' is not defined above", name);
}

struct named *define(const struct maker *maker, struct names *names, const char *name)
{
    if (names->count == MAX_NAMES) {
        die(maker, "too many names");
    }
    struct named *named = &names->items[names->count];
    named->name = strdup(name);
    if (!named->name) {
        die(maker, "not enough memory");
    }
    names->count++;
    return named;
}

void forget(struct names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        free(names->items[i].name);
    }
}

vmpf_kind kind_of(const struct maker *maker, const char *name)
{
    static const char *const names[] = {"unknown", "py",     "jit", "vm",
                                        "native",  "kernel", "gc",  "jit-internal"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(name, names[i]) == 0) {
            return (vmpf_kind)i;
        }
    }
    die(maker, "'%s' is not a kind", name);
}
