/* options_help.c: what --help says. It stands apart from the parser, which a program that describes a command
 * (tools/documents) replaces by its own. */
#include <string.h>

#include "tools/common/buffer.h"
#include "tools/common/diag.h"
#include "tools/common/options.h"

#define HELP_COLUMN 26

static const struct vmpt_option general_options[] = {
    {"help", 'h', NULL, "print this and exit", NULL},
    {"version", 0, NULL, "print the version and exit", NULL},
};
const struct vmpt_option_group vmpt_general_options = {
    "General:", general_options, sizeof(general_options) / sizeof(general_options[0]), NULL};

static void help_option(struct vmpt_buffer *out, char letter, const char *name, const char *value,
                        const char *help)
{
    size_t start = out->size;
    if (letter) {
        vmpt_buffer_printf(out, "  -%c, --%s", letter, name);
    } else {
        vmpt_buffer_printf(out, "      --%s", name);
    }
    if (value) {
        vmpt_buffer_printf(out, "=%.*s", (int)strcspn(value, ":"), value);
    }
    if (out->size - start + 2 > HELP_COLUMN) {
        vmpt_buffer_add_text(out, "\n");
        start = out->size;
    }
    while (*help && !out->failed) {
        size_t length = strcspn(help, "\n");
        vmpt_buffer_fill(out, ' ', HELP_COLUMN - (out->size - start));
        vmpt_buffer_add(out, help, length);
        vmpt_buffer_add_text(out, "\n");
        start = out->size;
        help += length + (help[length] == '\n');
    }
}

static void help_options(const struct vmpt_option_group *group, struct vmpt_buffer *out)
{
    for (size_t i = 0; i < group->count; i++) {
        const struct vmpt_option *option = &group->options[i];
        help_option(out, option->letter, option->name, option->value, option->help);
    }
}

static void help_groups(const struct vmpt_command *command, struct vmpt_buffer *out)
{
    for (size_t i = 0; i < command->group_count; i++) {
        vmpt_buffer_printf(out, "\n%s\n", command->groups[i].title);
        help_options(&command->groups[i], out);
    }
}

void vmpt_options_help(const struct vmpt_command *command, struct vmpt_output *output)
{
    struct vmpt_buffer out = {0};
    vmpt_buffer_printf(&out, "Usage: %s [OPTIONS] %s\n%s\n", command->name, command->arguments,
                       command->summary);
    help_groups(command, &out);
    vmpt_buffer_add_text(&out, "\n");
    help_options(&vmpt_general_options, &out);
    if (command->examples) {
        vmpt_buffer_printf(&out, "\nExamples:\n%s", command->examples);
    }
    if (!out.failed) {
        vmpt_output_write(output, out.data, out.size);
    }
    vmpt_buffer_fini(&out);
}

int vmpt_output_close(struct vmpt_output *output, const char *tool, int code)
{
    int sys_errno = vmpt_output_fini(output);
    if (sys_errno == 0) {
        return code;
    }
    vmpt_say(tool, "standard output: %s; what was printed is not whole", strerror(sys_errno));
    return VMPT_EXIT_FAILED;
}
