#include "tools/common/options.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vmprof/vmpf.h>

#include "tools/analysis/memory.h"
#include "tools/common/buffer.h"
#include "tools/common/diag.h"

/* getopt's codes: characters are short options, then one code for each long option. */
#define FIRST_CODE 256

struct parser {
    const struct vmpt_command *command;
    struct option *longs;
    const struct vmpt_option **options; /* as in longs */
    void **targets;
    size_t count;
    char *shorts;
};

static void parser_fini(struct parser *parser)
{
    free(parser->longs);
    free((void *)parser->options);
    free(parser->targets);
    free(parser->shorts);
}

static void add_option(struct parser *parser, const struct vmpt_option *option, void *target,
                       char **shorts)
{
    size_t at = parser->count++;
    parser->options[at] = option;
    parser->targets[at] = target;
    parser->longs[at].name = option->name;
    parser->longs[at].has_arg = option->value ? required_argument : no_argument;
    parser->longs[at].val = FIRST_CODE + (int)at;
    if (!option->letter) {
        return;
    }
    *(*shorts)++ = option->letter;
    if (option->value) {
        *(*shorts)++ = ':';
    }
}

static bool parser_init(struct parser *parser, const struct vmpt_command *command)
{
    size_t count = 0;
    memset(parser, 0, sizeof(*parser));
    parser->command = command;
    for (size_t i = 0; i < command->group_count; i++) {
        count += command->groups[i].count;
    }
    parser->longs = vmpt_array(count + 3, sizeof(*parser->longs));
    parser->options = vmpt_array(count, sizeof(const struct vmpt_option *));
    parser->targets = vmpt_array(count, sizeof(*parser->targets));
    parser->shorts = vmpt_array(2 * count + 8, 1);
    if (!parser->longs || !parser->options || !parser->targets || !parser->shorts) {
        return false;
    }
    char *shorts = parser->shorts;
    if (command->stops_at_argument) {
        *shorts++ = '+';
    }
    *shorts++ = ':'; /* a missing value is told apart from an unknown option */
    *shorts++ = 'h';
    for (size_t i = 0; i < command->group_count; i++) {
        const struct vmpt_option_group *group = &command->groups[i];
        for (size_t j = 0; j < group->count; j++) {
            add_option(parser, &group->options[j], group->target, &shorts);
        }
    }
    parser->longs[parser->count] = (struct option){"help", no_argument, NULL, 'h'};
    parser->longs[parser->count + 1] =
        (struct option){"version", no_argument, NULL, FIRST_CODE + (int)parser->count};
    return true;
}

static size_t find_option(const struct parser *parser, int code)
{
    if (code >= FIRST_CODE) {
        return (size_t)(code - FIRST_CODE);
    }
    for (size_t i = 0; i < parser->count; i++) {
        if (parser->options[i]->letter == (char)code) {
            return i;
        }
    }
    return SIZE_MAX;
}

/* What getopt has just refused, as the user wrote it. */
static void say_refused(const struct parser *parser, int code, char *const *argv)
{
    const char *tool = parser->command->name;
    const char *written = optind > 0 && argv[optind - 1] ? argv[optind - 1] : "?";
    if (code == ':') {
        vmpt_say(tool, "option '%s' needs a value; see '%s --help'", written, tool);
        return;
    }
    if (optopt > 0 && optopt < FIRST_CODE) {
        vmpt_say(tool, "unknown option '-%c'; see '%s --help'", optopt, tool);
        return;
    }
    if (optopt >= FIRST_CODE) {
        vmpt_say(tool, "option '%s' takes no value; see '%s --help'", written, tool);
        return;
    }
    vmpt_say(tool, "unknown or ambiguous option '%s'; see '%s --help'", written, tool);
}

/* The tool ends with what is asked for here: a reader that goes away is told by EPIPE, and ends it quietly. */
static void begin_answer(struct vmpt_output *output)
{
    (void)signal(SIGPIPE, SIG_IGN);
    vmpt_output_init(output, STDOUT_FILENO);
}

static int print_help(const struct vmpt_command *command)
{
    struct vmpt_output output;
    begin_answer(&output);
    vmpt_options_help(command, &output);
    return vmpt_output_close(&output, command->name, VMPT_EXIT_DONE);
}

static int print_version(const struct vmpt_command *command)
{
    struct vmpt_output output;
    struct vmpt_buffer line = {0};
    begin_answer(&output);
    vmpt_buffer_printf(&line, "%s %s\n", command->name, VMPF_VERSION_STRING);
    if (!line.failed) {
        vmpt_output_write(&output, line.data, line.size);
    }
    vmpt_buffer_fini(&line);
    return vmpt_output_close(&output, command->name, VMPT_EXIT_DONE);
}

/* Takes one option that getopt found. -1: go on. */
static int take(const struct parser *parser, int code, char *const *argv)
{
    const char *tool = parser->command->name;
    if (code == '?' || code == ':') {
        say_refused(parser, code, argv);
        return VMPT_EXIT_USAGE;
    }
    size_t at = find_option(parser, code);
    if (code == 'h' && at == SIZE_MAX) {
        return print_help(parser->command);
    }
    if (at == parser->count) {
        return print_version(parser->command);
    }
    const struct vmpt_option *option = parser->options[at];
    struct vmpt_refusal why = {""};
    if (option->apply(parser->targets[at], optarg, &why)) {
        return -1;
    }
    vmpt_say(tool, "--%s: %s; see '%s --help'", option->name, why.text, tool);
    return VMPT_EXIT_USAGE;
}

int vmpt_options_parse(const struct vmpt_command *command, int argc, char **argv,
                       int *first_argument)
{
    struct parser parser;
    int result = -1;
    if (!parser_init(&parser, command)) {
        vmpt_say(command->name, "not enough memory");
        parser_fini(&parser);
        return VMPT_EXIT_FAILED;
    }
    optind = 0; /* glibc: start afresh, also in a second parse of one process */
    opterr = 0;
    while (result < 0) {
        int code = getopt_long(argc, argv, parser.shorts, parser.longs, NULL);
        if (code == -1) {
            break;
        }
        result = take(&parser, code, argv);
    }
    *first_argument = optind;
    parser_fini(&parser);
    return result;
}
