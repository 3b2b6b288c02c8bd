/* trace_file.c: a trace from its two files. */
#include "tests/bench/bench.h"
#include "tests/bench/trace.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD_WORDS 4u
#define MAX_DEPTH 1048576u

/* All of a file and a NUL behind it. */
static void *read_file(const char *base, const char *suffix, size_t *size_bytes)
{
    char path[4096];
    struct stat info;
    int length = snprintf(path, sizeof path, "%s%s", base, suffix);
    bench_check(length > 0 && (size_t)length < sizeof path, "the trace's name is too long");
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bench_check(fd >= 0 && fstat(fd, &info) == 0 && info.st_size >= 0, "cannot open the trace");
    size_t wanted = (size_t)info.st_size;
    char *data = bench_alloc(wanted + 1, 1);
    size_t done = 0;
    while (done < wanted) {
        ssize_t got = read(fd, data + done, wanted - done);
        bench_check(got > 0, "cannot read the trace");
        done += (size_t)got;
    }
    bench_check(close(fd) == 0, "cannot close the trace");
    *size_bytes = wanted;
    return data;
}

static char *next_field(char **text, char end)
{
    char *field = *text;
    char *stop = strchr(field, end);
    bench_check(stop != NULL &&
                    (end == '\n' || memchr(field, '\n', (size_t)(stop - field)) == NULL),
                "a location has not four fields");
    *stop = '\0';
    *text = stop + 1;
    return field;
}

static uint32_t next_number(char **text, char end)
{
    const char *field = next_field(text, end);
    char *rest;
    unsigned long long number = strtoull(field, &rest, 10);
    bench_check(rest != field && *rest == '\0' && *field != '-' && number <= INT32_MAX,
                "a location's line is no number");
    return (uint32_t)number;
}

static void load_locations(struct bench_trace *trace, const char *base)
{
    size_t size_bytes;
    size_t lines = 0;
    trace->text = read_file(base, ".loc", &size_bytes);
    for (size_t i = 0; i < size_bytes; i++) {
        bench_check(trace->text[i] != '\0', "the locations are no text");
        lines += trace->text[i] == '\n';
    }
    bench_check(size_bytes == 0 || trace->text[size_bytes - 1] == '\n', "a location is cut");
    trace->locations = bench_alloc(lines, sizeof *trace->locations);
    char *at = trace->text;
    for (; trace->location_count < lines; trace->location_count++) {
        struct bench_location *location = &trace->locations[trace->location_count];
        location->file = next_field(&at, '\t');
        location->function = next_field(&at, '\t');
        location->first_line = next_number(&at, '\t');
        location->line = next_number(&at, '\n');
    }
}

static uint64_t time_ns(const uint32_t *words)
{
    return words[0] | (uint64_t)words[1] << 32;
}

/* Returns the words that it takes. */
static size_t load_sample(struct bench_trace *trace, const uint32_t *words, size_t left,
                          uint64_t start_ns)
{
    bench_check(left >= HEAD_WORDS && words[3] <= left - HEAD_WORDS, "a sample is cut");
    bench_check(words[3] <= MAX_DEPTH, "a stack is too deep");
    bench_check(time_ns(words) >= start_ns, "a sample is older than the first one");
    struct bench_sample sample = {.time_us = (time_ns(words) - start_ns) / 1000,
                                  .thread = bench_trace_thread(trace, words[2])};
    for (uint32_t i = 0; i < words[3]; i++) {
        uint32_t location = words[HEAD_WORDS + i];
        bench_check(location < trace->location_count, "a location is not there");
        sample.node = bench_trace_child(trace, sample.node, trace->locations[location].same);
    }
    bench_trace_add(trace, &sample);
    return HEAD_WORDS + (size_t)words[3];
}

void bench_trace_load(struct bench_trace *trace, const char *base)
{
    size_t size_bytes;
    bench_trace_init(trace);
    load_locations(trace, base);
    bench_trace_finish(trace);
    uint32_t *words = read_file(base, ".bin", &size_bytes);
    size_t count = size_bytes / sizeof *words;
    bench_check(size_bytes > 0 && size_bytes % sizeof *words == 0, "the samples are no words");
    for (size_t at = 0; at < count;) {
        at += load_sample(trace, words + at, count - at, time_ns(words));
    }
    free(words);
}
