/* mkprofile IN.txt OUT.prof: makes a profile from a text that people can read, so that no binary has
 * to be kept whose source nobody has. testdata/profiles/README.md describes the text.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "tests/mkprofile/maker.h"
#include "tests/mkprofile/spoil.h"

/* ---- the lines ----------------------------------------------------------------------------------- */

/* start UNIX_NS; block SAMPLES: options of the writer, before all other lines. */
static void line_option(struct maker *maker, char **words, size_t count)
{
    (void)count;
    if (strcmp(words[0], "start") == 0) {
        maker->options.start_unix_ns = number(maker, words[1]);
    } else {
        maker->options.block_samples = (uint32_t)number(maker, words[1]);
    }
}

/* meta string|integer|list KEY VALUE... */
static void line_meta(struct maker *maker, char **words, size_t count)
{
    struct vmpf_error err;
    vmpf_writer *writer = writer_of(maker);
    if (strcmp(words[1], "integer") == 0) {
        uint64_t value = number(maker, words[3]);
        must(maker, vmpf_writer_meta_integer(writer, words[2], value, &err), &err);
    } else if (strcmp(words[1], "string") == 0) {
        struct vmpf_string value = unescape(maker, words[3]);
        must(maker, vmpf_writer_meta_string(writer, words[2], value, &err), &err);
    } else {
        struct vmpf_string items[MAX_WORDS];
        for (size_t i = 3; i < count; i++) {
            items[i - 3] = unescape(maker, words[i]);
        }
        must(maker, vmpf_writer_meta_list(writer, words[2], items, count - 3, &err), &err);
    }
}

/* module ID PATH BUILD_ID ADDRESS SIZE OFFSET */
static void line_module(struct maker *maker, char **words, size_t count)
{
    (void)count;
    struct vmpf_module *module = &define(maker, &maker->modules, words[1])->module;
    module->path = kept(maker, words[2]);
    module->build_id = kept(maker, words[3]);
    module->address = number(maker, words[4]);
    module->size_bytes = number(maker, words[5]);
    module->file_offset = number(maker, words[6]);
}

/* label ID PARENT KEY text|number VALUE: the labels of PARENT ("-": none) and one more. */
static void line_label(struct maker *maker, char **words, size_t count)
{
    (void)count;
    const struct named *parent =
        strcmp(words[2], "-") == 0 ? NULL : find(maker, &maker->labels, words[2]);
    struct named *named = define(maker, &maker->labels, words[1]);
    named->other = parent;
    named->label.key = kept(maker, words[3]);
    if (strcmp(words[4], "number") == 0) {
        named->label.number = number(maker, words[5]);
    } else {
        named->label.text = kept(maker, words[5]);
    }
}

/* function ID NAME FILE LINE KIND ADDRESS [MODULE] */
static void line_function(struct maker *maker, char **words, size_t count)
{
    struct named *named = define(maker, &maker->functions, words[1]);
    named->other = count > 7 ? find(maker, &maker->modules, words[7]) : NULL;
    named->function.name = kept(maker, words[2]);
    named->function.file = kept(maker, words[3]);
    named->function.first_line = (uint32_t)number(maker, words[4]);
    named->function.kind = kind_of(maker, words[5]);
    named->function.address = number(maker, words[6]);
}

/* thread ID PROCESS THREAD NAME: once more with the same numbers, it is renamed. */
static void line_thread(struct maker *maker, char **words, size_t count)
{
    (void)count;
    struct vmpf_error err;
    bool named_thread = strcmp(words[4], "-") != 0;
    struct vmpf_thread thread = {
        .process_id = number(maker, words[2]),
        .thread_id = number(maker, words[3]),
        .name = named_thread ? unescape(maker, words[4]) : (struct vmpf_string){"", 0},
    };
    struct named *named = define(maker, &maker->threads, words[1]);
    must(maker, vmpf_writer_thread(writer_of(maker), &thread, &named->id, &err), &err);
}

/* Ids are good for one epoch, so they are asked for each time. */
static uint32_t function_of(struct maker *maker, const struct named *named)
{
    struct vmpf_error err;
    struct vmpf_function function = named->function;
    uint32_t id;
    if (named->other) {
        must(maker,
             vmpf_writer_module(maker->writer, &named->other->module, &function.module, &err),
             &err);
    }
    must(maker, vmpf_writer_function(maker->writer, &function, &id, &err), &err);
    return id;
}

static uint32_t label_of(struct maker *maker, const struct named *named)
{
    struct vmpf_error err;
    const struct named *path[MAX_NAMES];
    size_t depth = 0;
    uint32_t id = 0;
    for (; named; named = named->other) {
        path[depth++] = named;
    }
    while (depth > 0) {
        const struct vmpf_label *label = &path[--depth]->label;
        must(
            maker,
            vmpf_writer_label(maker->writer, id, label->key, label->text, label->number, &id, &err),
            &err);
    }
    return id;
}

/* FUNCTION[:LINE];... root first; "-" is the empty stack. */
static uint32_t stack_of(struct maker *maker, const char *text)
{
    struct vmpf_error err;
    uint32_t stack = 0;
    char copy[4096];
    char *rest = copy;
    if (strcmp(text, "-") == 0) {
        return 0;
    }
    if (strlen(text) >= sizeof(copy)) {
        die(maker, "the stack is too long");
    }
    memcpy(copy, text, strlen(text) + 1);
    for (char *frame = strsep(&rest, ";"); frame; frame = strsep(&rest, ";")) {
        uint32_t location;
        char *name = strsep(&frame, ":");
        uint32_t line = frame ? (uint32_t)number(maker, frame) : 0;
        uint32_t function = function_of(maker, find(maker, &maker->functions, name));
        must(maker, vmpf_writer_location(maker->writer, function, line, &location, &err), &err);
        must(maker, vmpf_writer_stack(maker->writer, stack, location, &stack, &err), &err);
    }
    return stack;
}

/* sample THREAD TIME_NS VALUE[,VALUE...] STACK [LABEL] */
static void line_sample(struct maker *maker, char **words, size_t count)
{
    struct vmpf_error err;
    struct vmpf_sample sample = {0};
    size_t values = 0;
    (void)writer_of(maker);
    sample.thread = find(maker, &maker->threads, words[1])->id;
    sample.time_ns = number(maker, words[2]);
    char *rest = words[3];
    for (char *value = strsep(&rest, ","); value && values < VMPF_MAX_VALUES;
         value = strsep(&rest, ",")) {
        sample.values[values++] = number(maker, value);
    }
    sample.stack = stack_of(maker, words[4]);
    sample.label = count > 5 ? label_of(maker, find(maker, &maker->labels, words[5])) : 0;
    must(maker, vmpf_writer_sample(maker->writer, &sample, &err), &err);
    if (sample.time_ns > maker->last_ns) {
        maker->last_ns = sample.time_ns;
    }
}

/* samples COUNT STEP_NS THREAD TIME_NS VALUES STACK [LABEL]: that many, each STEP_NS after the one before. */
static void line_samples(struct maker *maker, char **words, size_t count)
{
    uint64_t repeat = number(maker, words[1]);
    uint64_t step_ns = number(maker, words[2]);
    uint64_t time_ns = number(maker, words[4]);
    for (uint64_t i = 0; i < repeat; i++) {
        char time[24];
        char values[256];
        (void)snprintf(time, sizeof(time), "%" PRIu64, time_ns + i * step_ns);
        (void)snprintf(values, sizeof(values), "%s", words[5]);
        char *sample[] = {words[0], words[3], time, values, words[6], count > 7 ? words[7] : NULL};
        line_sample(maker, sample, count - 2);
    }
}

/* lost SAMPLES; end NS: the length, the time of the last sample without it. */
static void line_number(struct maker *maker, char **words, size_t count)
{
    (void)count;
    if (strcmp(words[0], "lost") == 0) {
        vmpf_writer_count_lost(writer_of(maker), number(maker, words[1]));
    } else {
        maker->end_ns = number(maker, words[1]);
    }
}

/* flush: a reader sees all so far. killed: the file gets no end. */
static void line_state(struct maker *maker, char **words, size_t count)
{
    struct vmpf_error err;
    (void)count;
    must(maker, vmpf_writer_flush(writer_of(maker), &err), &err);
    if (strcmp(words[0], "killed") == 0) {
        maker->killed = true;
    }
}

static void finish(struct maker *maker)
{
    struct vmpf_error err;
    if (maker->finished) {
        return;
    }
    vmpf_writer *writer = writer_of(maker);
    uint64_t end_ns = maker->end_ns ? maker->end_ns : maker->last_ns;
    if (maker->killed) {
        vmpf_writer_abandon(writer);
    } else {
        must(maker, vmpf_writer_close(writer, end_ns, &err), &err);
    }
    maker->writer = NULL;
    maker->finished = true;
}

/* cut, flip, set, version: what is done to the finished file. */
static void line_spoil(struct maker *maker, char **words, size_t count)
{
    uint64_t numbers[2] = {0, 0};
    bool from_end = words[1][0] == '-';
    finish(maker);
    numbers[0] = number(maker, words[1] + from_end);
    if (count > 2) {
        numbers[1] = number(maker, words[2]);
    }
    const char *wrong = spoil(maker->fd, words[0], numbers, from_end);
    if (wrong) {
        die(maker, "%s", wrong);
    }
}

static const struct rule {
    const char *word;
    size_t least; /* words on the line */
    void (*run)(struct maker *maker, char **words, size_t count);
} rules[] = {
    {"module", 7, line_module},     {"label", 6, line_label},   {"start", 2, line_option},
    {"block", 2, line_option},      {"meta", 3, line_meta},     {"thread", 5, line_thread},
    {"function", 7, line_function}, {"sample", 5, line_sample}, {"samples", 7, line_samples},
    {"lost", 2, line_number},       {"end", 2, line_number},    {"flush", 1, line_state},
    {"killed", 1, line_state},      {"cut", 2, line_spoil},     {"flip", 2, line_spoil},
    {"set", 3, line_spoil},         {"version", 2, line_spoil},
};

static void run_line(struct maker *maker, char *line)
{
    char *words[MAX_WORDS];
    size_t count = 0;
    for (char *word = strtok(line, " \t\n"); word && count < MAX_WORDS;
         word = strtok(NULL, " \t\n")) {
        words[count++] = word;
    }
    if (count == 0 || words[0][0] == '#') {
        return;
    }
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        if (strcmp(words[0], rules[i].word) != 0) {
            continue;
        }
        if (count < rules[i].least) {
            die(maker, "'%s' needs more words", words[0]);
        }
        rules[i].run(maker, words, count);
        return;
    }
    die(maker, "'%s' is not known", words[0]);
}

static void release(struct maker *maker)
{
    forget(&maker->threads);
    forget(&maker->functions);
    forget(&maker->modules);
    forget(&maker->labels);
    (void)close(maker->fd);
}

int main(int argc, char **argv)
{
    static struct maker maker;
    char *line = NULL; /* of any length: a name may be a megabyte long */
    size_t capacity = 0;
    if (argc != 3) {
        (void)fputs("usage: mkprofile IN.txt OUT.prof\n", stderr);
        return 2;
    }
    maker.path = argv[1];
    maker.options.size = sizeof(maker.options);
    maker.options.session_id = 1;
    FILE *input = fopen(argv[1], "r");
    maker.fd = open(argv[2], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (!input || maker.fd < 0) {
        die(&maker, "%s", strerror(errno));
    }
    while (getline(&line, &capacity, input) >= 0) {
        maker.line++;
        run_line(&maker, line);
    }
    free(line);
    (void)fclose(input);
    finish(&maker);
    release(&maker);
    return 0;
}
