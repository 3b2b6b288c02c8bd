/* vmprof-record: runs a program with the sampler loaded, and keeps the profile. */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/common/diag.h"
#include "tools/common/duration.h"
#include "tools/common/options.h"

#include "tools/record/child.h"
#include "tools/record/follow.h"
#include "tools/record/inspect.h"
#include "tools/record/native.h"
#include "tools/record/output.h"
#include "tools/record/report.h"
#include "tools/record/toggle.h"

#define TOOL "vmprof-record"
#define EXIT_OWN_FAILURE 125
#define EXIT_CANNOT_RUN 126
#define EXIT_NOT_FOUND 127
#define EXIT_SIGNALLED 128

struct record_options {
    const char *output;
    uint64_t period_ns;
    int toggle_signal; /* 0: none */
    bool memory;
    bool follows;
    bool follows_into_files;
    struct record_native native;
    bool wall;
};

static bool set_output(void *target, const char *value, struct vmpt_refusal *why)
{
    struct record_options *options = target;

    options->output = value;
    if (value[0] == '\0') {
        snprintf(why->text, sizeof(why->text), "the name of a file is missing");
        return false;
    }
    return true;
}

static bool set_period(void *target, const char *value, struct vmpt_refusal *why)
{
    struct record_options *options = target;

    return vmpt_parse_period(value, &options->period_ns, why->text, sizeof(why->text));
}

static bool set_wall(void *target, const char *value, struct vmpt_refusal *why)
{
    struct record_options *options = target;

    (void)value;
    (void)why;
    options->wall = true;
    return true;
}

static bool set_toggle(void *target, const char *value, struct vmpt_refusal *why)
{
    struct record_options *options = target;

    options->toggle_signal = record_toggle_signal(value);
    if (options->toggle_signal == 0) {
        snprintf(
            why->text, sizeof(why->text),
            "'%.40s' will not do; give SIGUSR1, SIGUSR2, SIGHUP, SIGQUIT, SIGWINCH or SIGRTMIN+N",
            value);
    }
    return options->toggle_signal != 0;
}

static bool set_memory(void *target, const char *value, struct vmpt_refusal *why)
{
    struct record_options *options = target;

    (void)value;
    (void)why;
    options->memory = true;
    return true;
}

static bool set_follow(void *target, const char *value, struct vmpt_refusal *why)
{
    struct record_options *options = target;

    (void)value;
    (void)why;
    options->follows = true;
    return true;
}

static bool set_follow_files(void *target, const char *value, struct vmpt_refusal *why)
{
    struct record_options *options = target;

    options->follows_into_files = true;
    return set_follow(target, value, why);
}

static bool set_native(void *target, const char *value, struct vmpt_refusal *why)
{
    (void)value;
    (void)why;
    ((struct record_options *)target)->native.is_asked = true;
    return true;
}

static bool set_raw(void *target, const char *value, struct vmpt_refusal *why)
{
    (void)value;
    (void)why;
    ((struct record_options *)target)->native.is_asked = true;
    ((struct record_options *)target)->native.is_raw = true;
    return true;
}

static const struct vmpt_option record_options[] = {
    {"output", 'o', "FILE:file", "where the profile goes; it is overwritten (default: out.prof)",
     set_output},
    {"period", 0, "TIME",
     "CPU time between two samples: seconds (0.001) or with a\n"
     "unit (1ms, 100us); at least 20us and below 1s (default: 1ms)",
     set_period},
    {"follow", 0, NULL,
     "record all processes that come of PROGRAM, by fork and by\n"
     "exec: one file, a session for each",
     set_follow},
    {"follow-files", 0, NULL, "the same, a file FILE.PID for each", set_follow_files},
    {"memory", 0, NULL,
     "record the process's resident size with each sample, too;\n"
     "to see it: vmprof-top --metric=memory",
     set_memory},
    {"toggle", 0, "SIGNAL:SIGUSR1|SIGUSR2|SIGHUP|SIGQUIT|SIGWINCH|...",
     "record nothing at first; each SIGNAL to the program, or to\n"
     "vmprof-record, turns the recording on or off",
     set_toggle},
    {"native", 0, NULL,
     "record frames of machine code too, between the interpreter's;\n"
     "of a program without an interpreter they are recorded anyway",
     set_native},
    {"raw", 0, NULL, "as --native, and keep the interpreter's own functions", set_raw},
    {"wall", 0, NULL,
     "record time on the clock too, as the metric \"wall\": what threads wait\n"
     "for counts, and labels say whether they ran",
     set_wall},
};

/* Options that the command line of the tools reserves. A program called so is taken for what was
 * meant: an option. */
static bool is_for_later(const char *argument)
{
    static const char *const names[] = {"--lines", "--pid"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        size_t length = strlen(names[i]);
        if (strncmp(argument, names[i], length) == 0 &&
            (argument[length] == '\0' || argument[length] == '=')) {
            return true;
        }
    }
    return strncmp(argument, "-p", 2) == 0;
}

/* Says so, and returns true, when an option is there that a later version will have. */
static bool refuse_options_for_later(int argc, char *const *argv)
{
    for (int i = 1; i < argc && argv[i][0] == '-' && strcmp(argv[i], "--") != 0; i++) {
        if (is_for_later(argv[i])) {
            vmpt_say(TOOL, "%.*s is not available in this version", (int)strcspn(argv[i], "="),
                     argv[i]);
            return true;
        }
        if (strcmp(argv[i], "-o") == 0 || strcmp(argv[i], "--output") == 0 ||
            strcmp(argv[i], "--period") == 0 || strcmp(argv[i], "--toggle") == 0) {
            i++;
        }
    }
    return false;
}

/* The sampler stands in ../lib, seen from this program, wherever the tree was moved. */
static bool find_sampler(char *path, size_t size_bytes)
{
    char self[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

    for (int i = 0; i < 2 && length > 0; i++) {
        while (length > 0 && self[length - 1] != '/') {
            length--;
        }
        length--; /* the slash */
    }
    if (length < 0) {
        return false;
    }
    int written = snprintf(path, size_bytes, "%.*s/lib/libvmprof_sampler.so", (int)length, self);
    return written > 0 && (size_t)written < size_bytes;
}

/* The sampler's path goes into LD_PRELOAD, where blanks and colons separate. Returns false after
 * saying what is wrong. */
static bool check_sampler(const char *path)
{
    if (access(path, R_OK) != 0) {
        vmpt_say(TOOL, "%s: %s; reinstall vmprof", path, strerror(errno));
        return false;
    }
    if (strpbrk(path, " :") != NULL) {
        vmpt_say(TOOL,
                 "%s: the system's loader cannot preload from a folder with a blank or a colon in "
                 "its name; move the installed tree",
                 path);
        return false;
    }
    return true;
}

/* The argument that is the file to be written to, which the program most likely wants to keep; NULL:
 * none. */
static const char *find_output(char *const *program, const char *output)
{
    struct stat written, named;

    if (stat(output, &written) != 0 || !S_ISREG(written.st_mode)) {
        return NULL;
    }
    for (; *program != NULL; program++) {
        if (stat(*program, &named) == 0 && named.st_dev == written.st_dev &&
            named.st_ino == written.st_ino) {
            return *program;
        }
    }
    return NULL;
}

static bool check_output(char *const *program, const char *output)
{
    const char *argument = find_output(program, output);

    if (argument != NULL) {
        vmpt_say(
            TOOL,
            "the profile would overwrite %s, an argument of the program; give another file with -o",
            argument);
    }
    return argument == NULL;
}

static void report_nothing(const struct record_output *output, const char *shown,
                           const char *program)
{
    if (!record_output_is_untouched(output)) {
        vmpt_say(TOOL,
                 "nothing is in %s: the sampler did not run in the program, or another program "
                 "emptied the file",
                 shown);
        return;
    }
    vmpt_say(TOOL, "nothing was recorded: %s", record_inspect(program));
    if (record_output_is_at_path(output)) {
        unlink(output->path);
    }
}

static void report(const struct record_output *output, const struct record_options *options,
                   const char *program, uint64_t cpu_ns)
{
    struct stat status;

    if (!output->is_regular) {
        (void)record_native_take(&options->native, output);
        return; /* its reader has it */
    }
    bool is_native_only = record_native_take(&options->native, output);
    if (fstat(output->fd, &status) == 0 && status.st_size > 0) {
        if (is_native_only || options->native.is_asked) {
            record_native_name(output->path, options->output);
        }
        record_report(output->path, options->output, options->period_ns, cpu_ns,
                      options->toggle_signal != 0);
        return;
    }
    report_nothing(output, options->output, program);
}

static int exit_code(int status)
{
    return WIFSIGNALED(status) ? EXIT_SIGNALLED + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Says why the program could not be started, and returns the exit code. */
static int not_started(const char *program, int error, int is_exec)
{
    vmpt_say(TOOL, "%s: %s", program, strerror(error));
    return !is_exec ? EXIT_OWN_FAILURE : error == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
}

static void report_followed(const struct record_options *options,
                            const struct record_follow *follow, const char *program,
                            uint64_t cpu_ns)
{
    int count = record_follow_finish(follow, options->follows_into_files, options->output);

    if (count == 0) {
        vmpt_say(TOOL, "nothing was recorded: %s", record_inspect(program));
    } else if (count > 0 && options->follows_into_files) {
        vmpt_say(TOOL, "%d files %s.PID; to see them: vmprof-top %s.*", count, options->output,
                 options->output);
    } else if (count > 0) {
        if (options->native.is_asked) {
            record_native_name(follow->output, options->output);
        }
        record_report(follow->output, options->output, options->period_ns, cpu_ns,
                      options->toggle_signal != 0);
    }
}

static int record_all(const struct record_options *options, const struct record_order *for_one,
                      char **program)
{
    struct record_order order = *for_one;
    struct record_follow follow;
    struct record_child child;
    int is_exec, status, error = record_follow_open(&follow, options->output);

    if (error != 0) {
        vmpt_say(TOOL, "cannot write %s: %s", options->output, strerror(error));
        return EXIT_OWN_FAILURE;
    }
    order.follow = follow.folder;
    error = record_child_start(&child, program, &order, &is_exec);
    if (error != 0) {
        record_follow_drop(&follow);
        return not_started(program[0], error, is_exec);
    }
    status = record_child_wait(&child);
    report_followed(options, &follow, program[0], child.cpu_ns);
    return exit_code(status);
}

static int record(struct record_options *options, char **program)
{
    struct record_output output;
    struct record_child child;
    char sampler[PATH_MAX];
    int is_exec, status, error;

    if (!find_sampler(sampler, sizeof(sampler)) || !check_sampler(sampler) ||
        !check_output(program, options->output)) {
        return EXIT_OWN_FAILURE;
    }
    struct record_order order = {
        .library = sampler,
        .period_ns = options->period_ns,
        .toggle_signal = options->toggle_signal,
        .memory = options->memory,
        .wall = options->wall,
        .native = &options->native,
    };
    if (options->follows) {
        return record_all(options, &order, program);
    }
    error = record_output_open(&output, options->output);
    if (error != 0) {
        vmpt_say(TOOL, "cannot write %s: %s", options->output, strerror(error));
        return EXIT_OWN_FAILURE;
    }
    order.fd = output.fd;
    record_native_open(&options->native);
    error = record_child_start(&child, program, &order, &is_exec);
    if (error != 0) {
        record_output_drop(&output);
        return not_started(program[0], error, is_exec);
    }
    error = record_output_keep(&output);
    if (error != 0) {
        vmpt_say(TOOL, "cannot rename %s to %s: %s", output.new_path, output.path, strerror(error));
    }
    status = record_child_wait(&child);
    report(&output, options, program[0], child.cpu_ns);
    return exit_code(status);
}

int main(int argc, char **argv)
{
    struct record_options options = {
        .output = "out.prof", .period_ns = 1000000, .native.spare_fd = -1};
    const struct vmpt_option_group groups[] = {
        {"Recording:", record_options, sizeof(record_options) / sizeof(record_options[0]),
         &options},
    };
    const struct vmpt_command command = {
        .name = TOOL,
        .summary = "Runs PROGRAM, records where its time goes, and exits as it does.",
        .arguments = "[--] PROGRAM [ARGS...]",
        .examples = "  vmprof-record python3 x.py\n"
                    "  vmprof-record -o x.prof --period=100us -- python3 x.py\n"
                    "  vmprof-top x.prof\n",
        .groups = groups,
        .group_count = sizeof(groups) / sizeof(groups[0]),
        .stops_at_argument = true,
    };
    int first, code;

    if (refuse_options_for_later(argc, argv)) {
        return VMPT_EXIT_USAGE;
    }
    code = vmpt_options_parse(&command, argc, argv, &first);
    if (code == VMPT_EXIT_FAILED) {
        return EXIT_OWN_FAILURE;
    }
    if (code >= 0) {
        return code;
    }
    if (first >= argc) {
        vmpt_say(TOOL, "PROGRAM is missing; see '%s --help'", TOOL);
        return VMPT_EXIT_USAGE;
    }
    return record(&options, argv + first);
}
