/* options.h: command line options as tables. They are what is parsed, and what --help, the manual pages and the
 * completions of shells are made from (tools/documents), so that these cannot disagree.
 *
 * A tool's options are groups: those that tools share (settings.h) and its own.
 */
#ifndef VMPROF_TOOLS_COMMON_OPTIONS_H
#define VMPROF_TOOLS_COMMON_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "tools/common/output.h"

#define VMPT_EXIT_DONE 0
#define VMPT_EXIT_FAILED 1
#define VMPT_EXIT_USAGE 2

/* Why an option was refused: one line, without a newline. */
struct vmpt_refusal {
    char text[256];
};

struct vmpt_option {
    const char *name; /* long, without dashes */
    char letter;      /* of the short form; 0: none */
    /* The name of its value in --help; NULL: it takes none. After a colon stands what a shell completes it to:
     * "one|of|these", "some,of,these" (in any number, with commas between), "these|and|...", "file" or "folder". */
    const char *value;
    const char *help; /* may hold newlines */
    /* Takes the option into target. value: the user's, valid as long as argv; NULL for a flag.
     * False: see why. */
    bool (*apply)(void *target, const char *value, struct vmpt_refusal *why);
};

struct vmpt_option_group {
    const char *title; /* above its options in --help */
    const struct vmpt_option *options;
    size_t count;
    void *target;
};

struct vmpt_command {
    const char *name;      /* "vmprof-top" */
    const char *summary;   /* one line */
    const char *arguments; /* "[FILE...]" */
    const char *examples;  /* lines, each ending with a newline; NULL: none */
    const struct vmpt_option_group *groups;
    size_t group_count;
    bool stops_at_argument; /* what follows the first argument is not ours to read */
};

/* Parses. Returns -1 when the tool shall go on, with *first_argument the index in argv (which is
 * permuted) of the first argument that is no option; otherwise the exit code: --help and --version
 * have then been printed, or what is wrong was said. */
int vmpt_options_parse(const struct vmpt_command *command, int argc, char **argv,
                       int *first_argument);

/* --help and --version: every command has them, and the parser takes them itself. */
extern const struct vmpt_option_group vmpt_general_options;

/* Writes what --help says. */
void vmpt_options_help(const struct vmpt_command *command, struct vmpt_output *output);

/* Flushes and frees output. Returns code, or VMPT_EXIT_FAILED where the output failed, which is said. */
int vmpt_output_close(struct vmpt_output *output, const char *tool, int code);

#endif
