/* format_bench BASE [NAME]: what the format makes of a trace: bytes a sample, and the time to write and to read it.
 *
 * A trace is BASE.bin (32-bit little-endian words; a sample: time in ns as low and high word, thread, depth,
 * then as many location numbers, root first) and BASE.loc (one location a line: file, function, first line,
 * line, separated by tabs). Prints one JSON object.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <vmprof/vmpf.h>

#define NS_PER_S UINT64_C(1000000000)
#define REPEATS 5

struct location {
    struct vmpf_function function;
    uint32_t line;
    uint32_t id; /* of the writer; 0: not yet */
};

struct trace {
    uint32_t *words;
    size_t word_count;
    struct location *locations;
    size_t location_count;
    char *text; /* of the locations */
    uint64_t samples;
};

static void check(bool holds, const char *what)
{
    if (!holds) {
        (void)fprintf(stderr, "format_bench: %s\n", what);
        exit(1);
    }
}

static void *read_file(const char *base, const char *suffix, size_t *size)
{
    char path[4096];
    struct stat info;
    (void)snprintf(path, sizeof path, "%s%s", base, suffix);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    check(fd >= 0 && fstat(fd, &info) == 0, "cannot open the trace");
    char *data = malloc((size_t)info.st_size + 1);
    check(data != NULL, "no memory");
    *size = 0;
    for (ssize_t got = 1; got > 0; *size += (size_t)got) {
        got = read(fd, data + *size, (size_t)info.st_size - *size);
        check(got >= 0, "cannot read the trace");
    }
    (void)close(fd);
    data[*size] = '\0';
    return data;
}

static char *next_field(char **text, char end)
{
    char *field = *text;
    char *stop = strchr(field, end);
    check(stop != NULL, "a location is cut");
    *stop = '\0';
    *text = stop + 1;
    return field;
}

static void load_locations(struct trace *trace, const char *base)
{
    size_t size;
    trace->text = read_file(base, ".loc", &size);
    size_t lines = 0;
    for (size_t i = 0; i < size; i++) {
        lines += trace->text[i] == '\n';
    }
    trace->locations = calloc(lines + 1, sizeof *trace->locations);
    check(trace->locations != NULL, "no memory");
    char *at = trace->text;
    for (; trace->location_count < lines; trace->location_count++) {
        struct location *location = &trace->locations[trace->location_count];
        const char *file = next_field(&at, '\t');
        const char *name = next_field(&at, '\t');
        location->function.file = (struct vmpf_string){.data = file, .size_bytes = strlen(file)};
        location->function.name = (struct vmpf_string){.data = name, .size_bytes = strlen(name)};
        location->function.first_line = (uint32_t)strtoul(next_field(&at, '\t'), NULL, 10);
        location->function.kind = VMPF_KIND_PY;
        location->line = (uint32_t)strtoul(next_field(&at, '\n'), NULL, 10);
    }
}

static void load(struct trace *trace, const char *base)
{
    size_t size;
    trace->words = read_file(base, ".bin", &size);
    trace->word_count = size / 4;
    for (size_t at = 0; at < trace->word_count; at += 4 + (size_t)trace->words[at + 3]) {
        check(trace->word_count - at >= 4, "a sample is cut");
        trace->samples++;
    }
    load_locations(trace, base);
}

static uint64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static uint32_t location_id(vmpf_writer *w, struct location *location)
{
    if (location->id == 0) {
        uint32_t function;
        check(vmpf_writer_function(w, &location->function, &function, NULL) == VMPF_OK, "function");
        check(vmpf_writer_location(w, function, location->line, &location->id, NULL) == VMPF_OK,
              "location");
    }
    return location->id;
}

static void write_trace(struct trace *trace, vmpf_writer *w)
{
    const struct vmpf_string values[] = {{.data = "cpu:ns", .size_bytes = 6}};
    check(vmpf_writer_meta_list(w, VMPF_META_VALUES, values, 1, NULL) == VMPF_OK, "metadata");
    check(vmpf_writer_meta_integer(w, VMPF_META_PERIOD_NS, 1000000, NULL) == VMPF_OK, "metadata");
    for (size_t i = 0; i < trace->location_count; i++) {
        trace->locations[i].id = 0;
    }
    uint64_t start = trace->words[0] | (uint64_t)trace->words[1] << 32;
    for (size_t at = 0; at < trace->word_count;) {
        const uint32_t *words = trace->words + at;
        uint64_t time = (words[0] | (uint64_t)words[1] << 32) - start;
        const struct vmpf_thread thread = {.process_id = 1, .thread_id = words[2]};
        struct vmpf_sample sample = {.time_ns = time - time % 1000, .values = {1000000}};
        for (uint32_t i = 0; i < words[3]; i++) {
            uint32_t location = location_id(w, &trace->locations[words[4 + i]]);
            check(vmpf_writer_stack(w, sample.stack, location, &sample.stack, NULL) == VMPF_OK,
                  "stack");
        }
        check(vmpf_writer_thread(w, &thread, &sample.thread, NULL) == VMPF_OK, "thread");
        check(vmpf_writer_sample(w, &sample, NULL) == VMPF_OK, "sample");
        at += 4 + (size_t)words[3];
    }
}

static uint64_t encode(struct trace *trace, struct vmpf_sink *sink, vmpf_writer **w)
{
    const struct vmpf_writer_options options = {.size = sizeof options, .session_id = 1};
    check(vmpf_sink_open_memory(sink, NULL) == VMPF_OK, "sink");
    uint64_t start = now_ns();
    check(vmpf_writer_open(w, *sink, &options, NULL) == VMPF_OK, "writer");
    write_trace(trace, *w);
    check(vmpf_writer_flush(*w, NULL) == VMPF_OK, "flush");
    return now_ns() - start;
}

static uint64_t decode(const void *data, size_t size, uint64_t samples)
{
    struct vmpf_source source;
    vmpf_reader *r;
    struct vmpf_block block;
    uint64_t start = now_ns();
    check(vmpf_source_open_memory(&source, data, size, NULL) == VMPF_OK, "source");
    check(vmpf_reader_open(&r, source, NULL, NULL) == VMPF_OK, "reader");
    while (vmpf_reader_next(r, &block, NULL) == VMPF_OK) {
        samples -= block.count;
    }
    check(samples == 0, "not all samples came back");
    vmpf_reader_close(r);
    return now_ns() - start;
}

int main(int argc, char **argv)
{
    struct trace trace = {0};
    uint64_t best_encode = UINT64_MAX;
    uint64_t best_decode = UINT64_MAX;
    size_t size = 0;
    check(argc >= 2, "usage: format_bench BASE [NAME]");
    load(&trace, argv[1]);
    for (int i = 0; i < REPEATS; i++) {
        struct vmpf_sink sink;
        vmpf_writer *w;
        uint64_t took = encode(&trace, &sink, &w);
        best_encode = took < best_encode ? took : best_encode;
        const void *data = vmpf_sink_memory(&sink, &size);
        took = decode(data, size, trace.samples);
        best_decode = took < best_decode ? took : best_decode;
        vmpf_writer_abandon(w);
    }
    (void)printf("{\"trace\": \"%s\", \"samples\": %llu, \"bytes_per_sample\": %.3f, "
                 "\"encode_ns_per_sample\": %.0f, \"decode_samples_per_s\": %.0f}\n",
                 argc > 2 ? argv[2] : argv[1], (unsigned long long)trace.samples,
                 (double)size / (double)trace.samples, (double)best_encode / (double)trace.samples,
                 (double)trace.samples * 1e9 / (double)best_decode);
    free(trace.words);
    free(trace.text);
    free(trace.locations);
    return 0;
}
