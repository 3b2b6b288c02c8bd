/* vmprof-merge: several profiles into one. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tools/common/app.h"
#include "tools/common/diag.h"
#include "tools/common/input.h"
#include "tools/common/new_file.h"
#include "tools/merge/keep.h"
#include "tools/merge/sum.h"

#define DEFAULT_OUTPUT "merged.prof"

struct merge_options {
    const char *output;
    bool sum;
};

static bool set_output(void *target, const char *value, struct vmpt_refusal *why)
{
    struct merge_options *options = target;
    (void)why;
    options->output = value;
    return true;
}

static bool set_sum(void *target, const char *value, struct vmpt_refusal *why)
{
    struct merge_options *options = target;
    (void)value;
    (void)why;
    options->sum = true;
    return true;
}

static const struct vmpt_option own_options[] = {
    {"output", 'o', "FILE:file",
     "write to FILE (default: " DEFAULT_OUTPUT "); '-': standard output", set_output},
    {"sum", 0, NULL, "keep what each stack comes to, and no sample by itself", set_sum},
};

static const char summary[] =
    "Merges profiles into one file. Every sample that counts is kept, with "
    "its time, thread and\nlabels; with --sum only what each stack "
    "comes to.";

static const char examples[] = "  vmprof-merge a.prof b.prof               into merged.prof\n"
                               "  vmprof-merge -o week.prof day-*.prof\n"
                               "  vmprof-merge --process=4711 --from=10s -o part.prof out.prof\n"
                               "  vmprof-merge --sum --thread=worker -o worker.prof *.prof\n";

/* What has a meaning only where all of the profile is in one place. NULL: nothing of that kind was asked for. */
static const char *sums_only(const struct vmpt_settings *settings)
{
    if (settings->metric) {
        return "--metric needs --sum: without it every value of a sample is kept";
    }
    if (settings->virtual_only) {
        return "--virtual-only needs --sum: which frames it leaves depends on all files together; "
               "--kind=py,jit,vm does not";
    }
    return NULL;
}

/* What must not be, before anything is written. An exit code, or VMPT_GO_ON. */
static int check(const struct vmpt_app *app, const struct merge_options *options)
{
    const char *name = app->tool->name;
    const char *refusal = options->sum ? NULL : sums_only(&app->settings);
    if (refusal) {
        vmpt_say(name, "%s; see '%s --help'", refusal, name);
        return VMPT_EXIT_USAGE;
    }
    const char *same = vmpt_find_same_file(options->output, app->files, app->file_count);
    if (same) {
        vmpt_say(name, "%s is an input, and would be overwritten; name another file with -o",
                 options->output);
        return VMPT_EXIT_FAILED;
    }
    return VMPT_GO_ON;
}

/* All kinds of frames are kept unless something else was asked for. */
static int load_sum(struct vmpt_app *app)
{
    struct vmpt_load_options options = {.keep_lines = true, .merge_nodes = true};
    app->settings.native = !app->settings.virtual_only;
    int code = vmpt_app_load(app, &options);
    return code < 0 ? vmpt_app_refuse_gauge(app) : code;
}

static void say_error(const struct vmpt_app *app, const char *output, const struct vmpf_error *err)
{
    vmpt_say_input_error(app->tool->name, output, err);
}

static bool write_output(struct vmpt_app *app, const struct merge_options *options, int fd,
                         struct merge_sum *sum)
{
    struct vmpf_error err;
    memset(&err, 0, sizeof(err));
    if (!options->sum) {
        struct merge_choice choice;
        merge_choice_init(&choice, &app->settings);
        bool done = merge_keep(app->tool->name, app->files, app->file_count, fd, options->output,
                               &choice, sum);
        merge_choice_fini(&choice);
        return done;
    }
    sum->damaged = app->profile->damaged;
    if (merge_write_sum(&app->view, fd, &err) == VMPF_OK) {
        return true;
    }
    sum->reader_gone = err.sys_errno == EPIPE;
    if (!sum->reader_gone) {
        say_error(app, options->output, &err);
    }
    return false;
}

static int run(struct vmpt_app *app, const struct merge_options *options)
{
    struct vmpt_new_file file;
    struct merge_sum sum = {.damaged = false};
    int error = vmpt_new_file_open(&file, options->output);
    if (error) {
        vmpt_say(app->tool->name, "%s: cannot write: %s", options->output, strerror(error));
        return VMPT_EXIT_FAILED;
    }
    if (!write_output(app, options, file.fd, &sum)) {
        vmpt_new_file_drop(&file);
        return sum.reader_gone ? VMPT_EXIT_DONE : VMPT_EXIT_FAILED;
    }
    error = vmpt_new_file_keep(&file);
    if (error) {
        vmpt_say(app->tool->name, "%s: cannot write: %s", options->output, strerror(error));
        return VMPT_EXIT_FAILED;
    }
    return sum.damaged && app->settings.strict ? VMPT_EXIT_FAILED : VMPT_EXIT_DONE;
}

int main(int argc, char **argv)
{
    struct vmpt_app app;
    struct merge_options options = {.output = DEFAULT_OUTPUT};
    const struct vmpt_tool tool = {
        .name = "vmprof-merge",
        .summary = summary,
        .arguments = "[FILE...]",
        .examples = examples,
        .own = {"The merged profile:", own_options, sizeof(own_options) / sizeof(own_options[0]),
                &options},
        .writes_profile = true,
    };
    int code = vmpt_app_start(&app, &tool, argc, argv);
    if (code < 0) {
        code = check(&app, &options);
    }
    if (code < 0 && options.sum) {
        code = load_sum(&app);
    }
    if (code < 0) {
        code = run(&app, &options);
    }
    return vmpt_app_finish(&app, code);
}
