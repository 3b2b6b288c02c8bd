/* describe.c: prints a tool's command as JSON. A program that is linked of this and of all of a tool but the
 * parser, in whose place this stands, describes what the tool would parse; the documents are made from that. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/common/options.h"

static json_t *text_or_null(const char *text)
{
    return text ? json_string(text) : json_null();
}

static json_t *describe_option(const struct vmpt_option *option)
{
    const char letter[] = {option->letter, '\0'};
    return json_pack("{s:s, s:s, s:o, s:s}", "name", option->name, "letter", letter, "value",
                     text_or_null(option->value), "help", option->help);
}

static json_t *describe_group(const struct vmpt_option_group *group)
{
    json_t *options = json_array();
    for (size_t i = 0; i < group->count; i++) {
        json_array_append_new(options, describe_option(&group->options[i]));
    }
    return json_pack("{s:s, s:o}", "title", group->title, "options", options);
}

static json_t *describe(const struct vmpt_command *command)
{
    json_t *groups = json_array();
    for (size_t i = 0; i < command->group_count; i++) {
        json_array_append_new(groups, describe_group(&command->groups[i]));
    }
    json_array_append_new(groups, describe_group(&vmpt_general_options));
    return json_pack("{s:s, s:s, s:s, s:o, s:b, s:o}", "name", command->name, "summary",
                     command->summary, "arguments", command->arguments, "examples",
                     text_or_null(command->examples), "stops_at_argument",
                     command->stops_at_argument, "groups", groups);
}

int vmpt_options_parse(const struct vmpt_command *command, int argc, char **argv,
                       int *first_argument)
{
    json_t *document = describe(command);
    (void)argv;
    *first_argument = argc;
    /* Memory that is short anywhere leaves a NULL, and no document. */
    bool done = document && json_dumpf(document, stdout, JSON_INDENT(1)) == 0;
    done = fputs("\n", stdout) >= 0 && fflush(stdout) == 0 && done;
    json_decref(document);
    return done ? VMPT_EXIT_DONE : VMPT_EXIT_FAILED;
}
