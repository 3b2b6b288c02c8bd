/* vmprof-convert: a profile in the format of another tool, or of any readable format in ours. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/analysis/memory.h"
#include "tools/common/diag.h"
#include "tools/common/input.h"
#include "tools/common/terminal.h"
#include "tools/convert/before.h"
#include "tools/convert/format.h"

#define STANDARD_OUTPUT "-"

static const struct vmpt_tool tool = {
    .name = "vmprof-convert",
    .summary =
        "Writes a profile in the format of another tool; without a format, imports any readable\n"
        "profile into vmprof's own.",
    .arguments = "[FILE...]",
    .examples =
        "  vmprof-convert --flamegraph out.prof -o out.svg\n"
        "  vmprof-convert --collapsed out.prof | grep parse\n"
        "  vmprof-convert --flamegraph --diff=before.prof after.prof -o diff.svg\n"
        "  vmprof-convert old.log -o new.prof          imports, with times, threads and lines\n",
};

/* ---- options ------------------------------------------------------------------------------------- */

static bool set_output(void *target, const char *value, struct vmpt_refusal *why)
{
    struct conv_job *job = target;
    (void)why;
    job->output = value;
    return true;
}

static bool set_title(void *target, const char *value, struct vmpt_refusal *why)
{
    struct conv_job *job = target;
    (void)why;
    job->title = value;
    return true;
}

static bool set_before(void *target, const char *value, struct vmpt_refusal *why)
{
    struct conv_job *job = target;
    (void)why;
    job->before = value;
    return true;
}

static bool set_names_only(void *target, const char *value, struct vmpt_refusal *why)
{
    struct conv_job *job = target;
    (void)value;
    (void)why;
    job->names_only = true;
    return true;
}

static bool set_icicle(void *target, const char *value, struct vmpt_refusal *why)
{
    struct conv_job *job = target;
    (void)value;
    (void)why;
    job->icicle = true;
    return true;
}

static bool set_lossless(void *target, const char *value, struct vmpt_refusal *why)
{
    struct conv_job *job = target;
    (void)value;
    (void)why;
    job->lossless = true;
    return true;
}

static const struct vmpt_option own_options[] = {
    {"output", 'o', "OUT:file",
     "write to OUT (-: standard output); without it to\nstandard output or, on a terminal, to "
     "FILE's "
     "stem\nwith the format's extension",
     set_output},
    {"lossless", 0, NULL, "fail where the format cannot hold all that the profile\nholds",
     set_lossless},
    {"names-only", 0, NULL, "--collapsed: frames without file and line", set_names_only},
    {"icicle", 0, NULL, "--flamegraph: the root on top", set_icicle},
    {"title", 0, "TEXT", "--flamegraph: the title", set_title},
    {"diff", 0, "BEFORE:file", "--flamegraph: coloured by what changed since BEFORE", set_before},
};
#define OWN_COUNT (sizeof(own_options) / sizeof(own_options[0]))

/* Two of the filters that tools share say what the default is, and here it is the other way round. */
static void copy_filters(struct vmpt_option *out)
{
    for (size_t i = 0; i < vmpt_filter_options.count; i++) {
        out[i] = vmpt_filter_options.options[i];
        if (strcmp(out[i].name, "native") == 0) {
            out[i].help = "keep native frames too (the default)";
        } else if (strcmp(out[i].name, "virtual-only") == 0) {
            out[i].help = "keep frames of the VM's language only; a profile\nwithout any keeps its "
                          "native ones";
        }
    }
}

static int parse(struct conv_job *job, int argc, char **argv)
{
    struct vmpt_app *app = &job->app;
    struct vmpt_option *formats =
        vmpt_array(conv_format_count() + vmpt_filter_options.count, sizeof(*formats));
    int first = argc;
    if (!formats) {
        return vmpt_app_no_memory(app);
    }
    struct vmpt_option *filters = formats + conv_format_count();
    conv_format_options(formats);
    copy_filters(filters);
    struct vmpt_option_group groups[] = {
        {"Formats:", formats, conv_format_count(), job},
        {"Output:", own_options, OWN_COUNT, job},
        {vmpt_filter_options.title, filters, vmpt_filter_options.count, &app->settings},
        vmpt_input_options,
    };
    groups[3].target = &app->settings;
    struct vmpt_command command = {
        .name = tool.name,
        .summary = tool.summary,
        .arguments = tool.arguments,
        .examples = tool.examples,
        .groups = groups,
        .group_count = sizeof(groups) / sizeof(groups[0]),
    };
    int code = vmpt_options_parse(&command, argc, argv, &first);
    free(formats);
    app->files = (const char *const *)(argv + first);
    app->file_count = (size_t)(argc - first);
    return code;
}

static const char *contradiction(const struct conv_job *job)
{
    bool is_flamegraph = job->format->option && strcmp(job->format->option, "flamegraph") == 0;
    bool is_collapsed = job->format->option && strcmp(job->format->option, "collapsed") == 0;
    if (job->two_formats) {
        return "choose one format";
    }
    if (!is_flamegraph && (job->icicle || job->title || job->before)) {
        return "--icicle, --title and --diff are for --flamegraph";
    }
    if (!is_collapsed && job->names_only) {
        return "--names-only is for --collapsed";
    }
    if (job->format->write_samples && !job->format->weighs && job->app.settings.metric) {
        return "--metric has no meaning where samples are written as they are";
    }
    return NULL;
}

static int start(struct conv_job *job, int argc, char **argv)
{
    struct vmpt_app *app = &job->app;
    struct vmpt_refusal why = {""};
    app->tool = &tool;
    vmpt_terminal_guard();
    (void)signal(SIGPIPE, SIG_IGN);
    int code = parse(job, argc, argv);
    if (code >= 0) {
        return code;
    }
    job->format = job->format ? job->format : &conv_to_vmprof;
    const char *wrong = vmpt_settings_check(&app->settings, &why) ? contradiction(job) : why.text;
    if (wrong) {
        vmpt_say(tool.name, "%s; see '%s --help'", wrong, tool.name);
        return VMPT_EXIT_USAGE;
    }
    /* Other tools show native frames only when they are asked to; an export keeps what there is. */
    app->settings.native = !app->settings.virtual_only;
    if (app->file_count == 0) {
        app->default_file = vmpt_default_input();
        app->files = &app->default_file;
        app->file_count = 1;
    }
    return VMPT_GO_ON;
}

/* ---- the output's name ----------------------------------------------------------------------------- */

/* FILE's stem, in the current folder or beside FILE, with the format's extension. */
static char *default_output(const struct conv_job *job)
{
    const char *file = job->app.files[0];
    const char *stem = strcmp(file, VMPT_STDIN) == 0 ? "out" : file;
    const char *slash = strrchr(stem, '/');
    const char *dot = strrchr(slash ? slash : stem, '.');
    const char *base = slash ? slash + 1 : stem;
    size_t length = dot && dot > base ? (size_t)(dot - stem) : strlen(stem);
    char *name;
    if (asprintf(&name, "%.*s.%s", (int)length, stem, job->format->extension) < 0) {
        return NULL;
    }
    return name;
}

static int refuse_input(const struct conv_job *job, const char *output)
{
    const struct vmpt_app *app = &job->app;
    for (size_t i = 0; i < app->file_count + 1; i++) {
        const char *input = i < app->file_count ? app->files[i] : job->before;
        if (input && conv_target_is_input(output, input)) {
            vmpt_say(tool.name, "%s is an input, and would be overwritten; name another with -o",
                     output ? output : "standard output");
            return VMPT_EXIT_FAILED;
        }
    }
    return VMPT_GO_ON;
}

/* ---- what is left out ------------------------------------------------------------------------------ */

/* Says once what the format cannot hold of what the profile holds. */
static int say_losses(const struct conv_job *job, uint32_t lost)
{
    struct vmpt_buffer list = {0};
    for (uint32_t i = 0; i < VMPT_HOLDS_COUNT; i++) {
        if (lost >> i & 1u) {
            vmpt_buffer_printf(&list, "%s%s", list.size ? ", " : "", vmpt_holds_name(i));
        }
    }
    if (list.size) {
        vmpt_say(tool.name, "%s cannot hold: %s; %s", job->format->title, list.data,
                 job->lossless ? "nothing was written (--lossless)" : "left out");
    }
    vmpt_buffer_fini(&list);
    return lost && job->lossless ? VMPT_EXIT_FAILED : VMPT_GO_ON;
}

static int refuse_gauge(const struct vmpt_app *app)
{
    const struct vmpt_metric *metric = &app->profile->metric;
    if (!vmpt_metric_is_gauge(metric)) {
        return VMPT_GO_ON;
    }
    vmpt_say(tool.name, "metric '%s' is a level and has no sum; choose another --metric",
             metric->name);
    return VMPT_EXIT_FAILED;
}

/* ---- the work -------------------------------------------------------------------------------------- */

static int open_target(struct conv_job *job, const char *name)
{
    int error = conv_target_open(&job->target, name);
    if (error == 0) {
        return VMPT_GO_ON;
    }
    vmpt_say(tool.name, "%s: cannot write: %s", name, strerror(error));
    return VMPT_EXIT_FAILED;
}

static int close_target(struct conv_job *job, const char *name, int code)
{
    bool keep = code < 0;
    int error = conv_target_close(&job->target, keep);
    if (error == 0) {
        return code;
    }
    vmpt_say(tool.name, "%s: %s; %s", name ? name : "standard output", strerror(error),
             name ? "nothing was written there" : "what was written is not whole");
    return VMPT_EXIT_FAILED;
}

static int load_tree(struct conv_job *job, struct conv_before *before)
{
    struct vmpt_load_options options;
    memset(&options, 0, sizeof(options));
    options.keep_lines = job->format->keep_lines;
    options.merge_nodes = true; /* a stack of several epochs is one */
    int code = vmpt_app_load(&job->app, &options);
    if (code < 0) {
        code = refuse_gauge(&job->app);
    }
    if (code < 0 && job->before) {
        code = conv_before_load(before, job, &options);
        job->before_view = &before->app.view;
    }
    return code;
}

static int write_tree(struct conv_job *job, const char *name)
{
    struct conv_before before;
    memset(&before, 0, sizeof(before));
    int code = load_tree(job, &before);
    if (code < 0) {
        code = say_losses(job, job->app.profile->holds & ~job->format->holds);
    }
    if (code < 0) {
        code = open_target(job, name);
        if (code < 0 && !job->format->write_tree(job)) {
            code = vmpt_app_no_memory(&job->app);
        }
        code = close_target(job, name, code);
    }
    conv_before_fini(&before);
    job->before_view = NULL;
    return code;
}

static int write_samples(struct conv_job *job, const char *name)
{
    int code = open_target(job, name);
    if (code < 0) {
        code = job->format->write_samples(job);
    }
    if (code < 0) {
        code = say_losses(job, job->lost & ~job->format->holds);
    }
    code = close_target(job, name, code);
    return code < 0 && job->damaged && job->app.settings.strict ? VMPT_EXIT_FAILED : code;
}

static int convert(struct conv_job *job)
{
    char *made = NULL;
    bool to_stdout = job->output && strcmp(job->output, STANDARD_OUTPUT) == 0;
    const char *name = to_stdout ? NULL : job->output;
    if (!name && !to_stdout && vmpt_is_terminal()) {
        made = default_output(job);
        if (!made) {
            return vmpt_app_no_memory(&job->app);
        }
        name = made;
    }
    int code = refuse_input(job, name);
    if (code < 0) {
        code = job->format->write_tree ? write_tree(job, name) : write_samples(job, name);
    }
    if (code < 0 && made) {
        vmpt_say(tool.name, "wrote %s", made);
    }
    free(made);
    return code;
}

int main(int argc, char **argv)
{
    struct conv_job job;
    memset(&job, 0, sizeof(job));
    int code = start(&job, argc, argv);
    if (code < 0) {
        code = convert(&job);
    }
    vmpt_output_init(&job.app.output, STDOUT_FILENO);
    return vmpt_app_finish(&job.app, code < 0 ? VMPT_EXIT_DONE : code);
}
