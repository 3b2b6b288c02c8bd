/* vmprof NAME ...: runs the tool vmprof-NAME, the one installed beside this program if there is
 * one, so that a tree that was moved or built apart never mixes with another on PATH. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/common/buffer.h"
#include "tools/common/diag.h"
#include "tools/common/options.h"

#define PROGRAM "vmprof"
#define TOOL_PREFIX "vmprof-"
#define HELP_COLUMN 14

/* What each tool does; made from the tools' pages. */
static const struct {
    const char *name;
    const char *title;
} titles[] = {
#include "tools/multiplexer/titles.inc"
};

/* Writes the folder of this program, without a slash at the end; false where /proc is missing. */
static bool own_folder(char *folder, size_t size_bytes)
{
    ssize_t length = readlink("/proc/self/exe", folder, size_bytes - 1);
    char *slash;

    if (length < 0) {
        return false;
    }
    folder[length] = '\0';
    slash = strrchr(folder, '/');
    if (slash == NULL) {
        return false;
    }
    *slash = '\0';
    return true;
}

/* A name is part of a path: only what a tool can be called is let through. */
static bool is_tool_name(const char *name)
{
    return name[0] != '\0' && name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-")] == '\0';
}

static int is_tool_entry(const struct dirent *entry)
{
    return strncmp(entry->d_name, TOOL_PREFIX, strlen(TOOL_PREFIX)) == 0 &&
           is_tool_name(entry->d_name + strlen(TOOL_PREFIX));
}

static const char *title_of(const char *name)
{
    for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++) {
        if (strcmp(titles[i].name, name) == 0) {
            return titles[i].title;
        }
    }
    return "";
}

static void add_tools(struct vmpt_buffer *out, const char *folder)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_tool_entry, alphasort);

    if (count <= 0) {
        vmpt_buffer_add_text(out, "There are no tools beside this program.\n");
        return;
    }
    vmpt_buffer_add_text(out, "Tools:\n");
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name + strlen(TOOL_PREFIX);
        const char *title = title_of(name);
        int width = title[0] ? HELP_COLUMN - 2 : 0;
        vmpt_buffer_printf(out, "  %-*s%s\n", width, name, title);
        free(entries[i]);
    }
    free(entries);
}

/* Returns only when the tool could not be run. argv: its arguments, behind a place for its name. */
static int run_tool(const char *name, char **argv)
{
    char folder[PATH_MAX];
    char beside[PATH_MAX + NAME_MAX + 2];
    char tool[NAME_MAX + 1];

    if (!is_tool_name(name) || strlen(name) > NAME_MAX - strlen(TOOL_PREFIX)) {
        vmpt_say(PROGRAM, "'%s' is not a tool; see '" PROGRAM " --help'", name);
        return VMPT_EXIT_USAGE;
    }
    snprintf(tool, sizeof(tool), "%s%s", TOOL_PREFIX, name);
    argv[0] = tool;
    if (own_folder(folder, sizeof(folder))) {
        snprintf(beside, sizeof(beside), "%s/%s", folder, tool);
        execv(beside, argv);
        if (errno != ENOENT && errno != ENOTDIR) {
            vmpt_say(PROGRAM, "%s: %s", beside, strerror(errno));
            return VMPT_EXIT_FAILED;
        }
    }
    execvp(tool, argv);
    if (errno != ENOENT) {
        vmpt_say(PROGRAM, "%s: %s", tool, strerror(errno));
        return VMPT_EXIT_FAILED;
    }
    vmpt_say(PROGRAM, "'%s' is not a tool; see '" PROGRAM " --help'", name);
    return VMPT_EXIT_USAGE;
}

static int help(const struct vmpt_command *command)
{
    struct vmpt_output output;
    struct vmpt_buffer tools = {0};
    char folder[PATH_MAX];

    (void)signal(SIGPIPE, SIG_IGN);
    vmpt_output_init(&output, STDOUT_FILENO);
    vmpt_options_help(command, &output);
    if (own_folder(folder, sizeof(folder))) {
        vmpt_buffer_add_text(&tools, "\n");
        add_tools(&tools, folder);
    }
    if (!tools.failed) {
        vmpt_output_write(&output, tools.data, tools.size);
    }
    vmpt_buffer_fini(&tools);
    return vmpt_output_close(&output, PROGRAM, VMPT_EXIT_DONE);
}

/* vmprof help [NAME] */
static int run_help(const struct vmpt_command *command, char **arguments, int count)
{
    char option[] = "--help";
    char *argv[] = {NULL, option, NULL};
    return count > 0 ? run_tool(arguments[0], argv) : help(command);
}

int main(int argc, char **argv)
{
    const struct vmpt_command command = {
        .name = PROGRAM,
        .summary =
            "Runs the tool vmprof-NAME. `vmprof help` lists the tools, and `vmprof help NAME` "
            "tells what one does.",
        .arguments = "NAME [ARGS...]",
        .examples = "  vmprof record -- python3 x.py\n"
                    "  vmprof top out.prof\n"
                    "  vmprof help tree\n",
        .stops_at_argument = true,
    };
    int first = argc;
    bool wants_help = argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0);
    /* While --version is printed; not for a tool, whose program would have it too. */
    sighandler_t before = signal(SIGPIPE, SIG_IGN);
    int code = wants_help ? help(&command) : vmpt_options_parse(&command, argc, argv, &first);
    (void)signal(SIGPIPE, before);
    if (code >= 0) {
        return code;
    }
    if (first >= argc) {
        vmpt_say(PROGRAM, "no tool named; see '" PROGRAM " --help'");
        return VMPT_EXIT_USAGE;
    }
    if (strcmp(argv[first], "help") == 0) {
        return run_help(&command, argv + first + 1, argc - first - 1);
    }
    return run_tool(argv[first], argv + first);
}
