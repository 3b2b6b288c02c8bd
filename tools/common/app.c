#include "tools/common/app.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "tools/common/diag.h"
#include "tools/common/input.h"
#include "tools/common/terminal.h"

#define GROUPS 4

static int parse(struct vmpt_app *app, int argc, char **argv)
{
    struct vmpt_option_group groups[GROUPS];
    size_t count = 0;
    int first = argc;
    if (app->tool->own.count) {
        groups[count++] = app->tool->own;
    }
    if (app->tool->shows_files) {
        groups[count++] = vmpt_plain_output_options;
        groups[count++] = vmpt_plain_input_options;
    } else {
        if (!app->tool->writes_profile) {
            groups[count++] = vmpt_output_options;
        }
        groups[count++] = vmpt_filter_options;
        groups[count++] = vmpt_input_options;
    }
    for (size_t i = app->tool->own.count ? 1 : 0; i < count; i++) {
        groups[i].target = &app->settings;
    }
    struct vmpt_command command = {
        .name = app->tool->name,
        .summary = app->tool->summary,
        .arguments = app->tool->arguments,
        .examples = app->tool->examples,
        .groups = groups,
        .group_count = count,
    };
    int code = vmpt_options_parse(&command, argc, argv, &first);
    app->files = (const char *const *)(argv + first);
    app->file_count = (size_t)(argc - first);
    return code;
}

int vmpt_app_start(struct vmpt_app *app, const struct vmpt_tool *tool, int argc, char **argv)
{
    struct vmpt_refusal why = {""};
    memset(app, 0, sizeof(*app));
    app->tool = tool;
    vmpt_terminal_guard();
    /* A reader of our output that goes away is told by EPIPE, and ends us quietly. */
    (void)signal(SIGPIPE, SIG_IGN);
    vmpt_output_init(&app->output, STDOUT_FILENO);
    int code = parse(app, argc, argv);
    if (code >= 0) {
        return code;
    }
    if (!vmpt_settings_check(&app->settings, &why)) {
        vmpt_say(tool->name, "%s; see '%s --help'", why.text, tool->name);
        return VMPT_EXIT_USAGE;
    }
    if (tool->operand) {
        if (app->file_count == 0) {
            vmpt_say(tool->name, "%s is missing; see '%s --help'", tool->operand, tool->name);
            return VMPT_EXIT_USAGE;
        }
        app->operand = app->files[--app->file_count];
    }
    if (app->file_count == 0) {
        app->default_file = vmpt_default_input();
        app->files = &app->default_file;
        app->file_count = 1;
    }
    return VMPT_GO_ON;
}

/* out.prof was not asked for by name, so a person must be told where it comes from. */
static void say_no_default(const struct vmpt_app *app)
{
    vmpt_say(app->tool->name,
             "no " VMPT_DEFAULT_INPUT " in this folder, and nothing on standard input; "
             "name a profile, or record one with vmprof-record");
}

int vmpt_app_input_error(const struct vmpt_app *app, size_t input, const struct vmpf_error *error)
{
    bool is_default = app->files == &app->default_file;
    if (is_default && error->status == VMPF_E_IO && error->sys_errno == ENOENT) {
        say_no_default(app);
    } else {
        vmpt_say_input_error(app->tool->name, app->files[input], error);
    }
    return VMPT_EXIT_FAILED;
}

int vmpt_app_load(struct vmpt_app *app, struct vmpt_load_options *options)
{
    struct vmpt_input_set set;
    struct vmpt_load_error err;
    struct vmpt_frame_filter frames = vmpt_settings_frames(&app->settings);
    memset(&err, 0, sizeof(err));
    options->metric = app->settings.metric;
    options->read_samples = options->read_samples || app->settings.strict;
    options->samples = vmpt_settings_samples(&app->settings);
    options->frames = &frames;
    vmpt_input_set_init(&set, app->files, app->file_count);
    struct vmpt_inputs inputs = vmpt_input_set_inputs(&set);
    vmpf_status status = vmpt_profile_load(&app->profile, &inputs, options, &err);
    vmpt_input_set_fini(&set);
    if (status != VMPF_OK) {
        return vmpt_app_input_error(app, err.input, &err.error);
    }
    for (size_t i = 0; i < app->profile->input_count; i++) {
        vmpt_say_damage(app->tool->name, app->files[i], &app->profile->inputs[i]);
    }
    if (!vmpt_view_init(&app->view, app->profile, &frames)) {
        return vmpt_app_no_memory(app);
    }
    return VMPT_GO_ON;
}

int vmpt_app_refuse_gauge(const struct vmpt_app *app)
{
    const struct vmpt_metric *metric = &app->profile->metric;
    if (!vmpt_metric_is_gauge(metric)) {
        return VMPT_GO_ON;
    }
    vmpt_say(app->tool->name, "metric '%s' is a level and has no sum; choose another --metric",
             metric->name);
    return VMPT_EXIT_FAILED;
}

int vmpt_app_no_memory(const struct vmpt_app *app)
{
    vmpt_say(app->tool->name, "not enough memory; choose part of the profile with --from and --to");
    return VMPT_EXIT_FAILED;
}

int vmpt_app_finish(struct vmpt_app *app, int code)
{
    if (code == VMPT_EXIT_DONE && app->settings.strict && app->profile && app->profile->damaged) {
        code = VMPT_EXIT_FAILED;
    }
    code = vmpt_output_close(&app->output, app->tool->name, code);
    vmpt_view_fini(&app->view);
    vmpt_profile_free(app->profile);
    vmpt_settings_fini(&app->settings);
    return code;
}
