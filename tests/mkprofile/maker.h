/* maker.h: what the lines of a text share while a profile is made of them. */
#ifndef VMPROF_TESTS_MKPROFILE_MAKER_H
#define VMPROF_TESTS_MKPROFILE_MAKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vmprof/vmpf.h>

#define MAX_NAMES 4096
#define MAX_WORDS 64

/* A function, thread, module or label set, by the name that the text has for it. */
struct named {
    char *name;
    uint32_t id; /* of a thread */
    struct vmpf_function function;
    struct vmpf_module module;
    struct vmpf_label label;
    const struct named *other; /* the function's module, the label's parent, or NULL */
};

/* All things of one sort. */
struct names {
    struct named items[MAX_NAMES];
    size_t count;
};

struct maker {
    const char *path;
    unsigned line;
    int fd; /* of the output */
    struct vmpf_writer_options options;
    vmpf_writer *writer; /* opened by the first line that needs it */
    struct names functions, threads, modules, labels;
    uint64_t end_ns;
    uint64_t last_ns;
    bool killed;
    bool finished; /* the file is written: only lines that spoil it may follow */
};

/* What is wrong with the line ends the program. */
__attribute__((noreturn, format(printf, 2, 3))) void die(const struct maker *maker,
                                                         const char *format, ...);
void must(const struct maker *maker, vmpf_status status, const struct vmpf_error *err);

uint64_t number(const struct maker *maker, const char *word);
vmpf_kind kind_of(const struct maker *maker, const char *name);
/* Turns \s, \n, \\ and \xNN into what they stand for, in place; the size is returned, as a name may
 * hold a NUL. */
struct vmpf_string unescape(const struct maker *maker, char *word);
/* A copy that is kept until the end; "-" is no name. */
struct vmpf_string kept(const struct maker *maker, const char *word);

/* The thing of that name, which a line above has defined. */
const struct named *find(const struct maker *maker, const struct names *names, const char *name);
struct named *define(const struct maker *maker, struct names *names, const char *name);
void forget(struct names *names);

vmpf_writer *writer_of(struct maker *maker);

#endif
