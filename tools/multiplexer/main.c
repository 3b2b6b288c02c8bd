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

#include <vmprof/vmpf.h>

#define TOOL_PREFIX "vmprof-"

enum { EXIT_USAGE = 2, EXIT_CANNOT_RUN = 1 };

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

static void print_tools(const char *folder)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_tool_entry, alphasort);

    if (count <= 0) {
        puts("There are no tools beside this program.");
        return;
    }
    puts("Tools:");
    for (int i = 0; i < count; i++) {
        printf("  %s\n", entries[i]->d_name + strlen(TOOL_PREFIX));
        free(entries[i]);
    }
    free(entries);
}

static void print_help(void)
{
    char folder[PATH_MAX];

    puts("Usage: vmprof NAME [OPTIONS] [FILE...]\n"
         "       vmprof --help | --version\n"
         "\n"
         "Runs the tool vmprof-NAME. `vmprof NAME --help` tells what it does.\n");
    if (own_folder(folder, sizeof(folder))) {
        print_tools(folder);
    }
}

/* What was printed is whole, or it is said that it is not. A reader that went away is no error. */
static int finish(void)
{
    errno = 0;
    if ((fflush(stdout) == 0 && !ferror(stdout)) || errno == EPIPE) {
        return EXIT_SUCCESS;
    }
    fprintf(stderr, "vmprof: standard output: %s; what was printed is not whole\n",
            strerror(errno ? errno : EIO));
    return EXIT_CANNOT_RUN;
}

/* Returns only when the tool could not be run. */
static int run_tool(const char *name, char **argv)
{
    char folder[PATH_MAX];
    char beside[PATH_MAX + NAME_MAX + 2];
    char tool[NAME_MAX + 1];

    if (!is_tool_name(name) || strlen(name) > NAME_MAX - strlen(TOOL_PREFIX)) {
        fprintf(stderr, "vmprof: '%s' is not a tool; see 'vmprof --help'\n", name);
        return EXIT_USAGE;
    }
    snprintf(tool, sizeof(tool), "%s%s", TOOL_PREFIX, name);
    argv[0] = tool;
    if (own_folder(folder, sizeof(folder))) {
        snprintf(beside, sizeof(beside), "%s/%s", folder, tool);
        execv(beside, argv);
        if (errno != ENOENT && errno != ENOTDIR) {
            fprintf(stderr, "vmprof: %s: %s\n", beside, strerror(errno));
            return EXIT_CANNOT_RUN;
        }
    }
    execvp(tool, argv);
    if (errno != ENOENT) {
        fprintf(stderr, "vmprof: %s: %s\n", tool, strerror(errno));
        return EXIT_CANNOT_RUN;
    }
    fprintf(stderr, "vmprof: '%s' is not a tool; see 'vmprof --help'\n", name);
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fputs("vmprof: no tool named; see 'vmprof --help'\n", stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        (void)signal(SIGPIPE, SIG_IGN); /* not for a tool, whose program would have it too */
        print_help();
        return finish();
    }
    if (strcmp(argv[1], "--version") == 0) {
        (void)signal(SIGPIPE, SIG_IGN);
        puts("vmprof " VMPF_VERSION_STRING);
        return finish();
    }
    if (argv[1][0] == '-') {
        fprintf(stderr, "vmprof: unknown option '%s'; see 'vmprof --help'\n", argv[1]);
        return EXIT_USAGE;
    }
    return run_tool(argv[1], argv + 1);
}
