/* vmprof-info: what is in a profile, block by block, and whether it is whole. */
#include <inttypes.h>
#include <string.h>

#include "tools/common/app.h"
#include "tools/common/diag.h"
#include "tools/common/input.h"
#include "tools/info/checks.h"
#include "tools/info/output.h"
#include "tools/info/report.h"
#include "tools/info/sums.h"

static bool set_blocks(void *target, const char *value, struct vmpt_refusal *why)
{
    (void)value;
    (void)why;
    ((struct info_options *)target)->blocks = true;
    return true;
}

static bool set_columns(void *target, const char *value, struct vmpt_refusal *why)
{
    (void)value;
    (void)why;
    ((struct info_options *)target)->columns = true;
    return true;
}

static bool set_verify(void *target, const char *value, struct vmpt_refusal *why)
{
    (void)value;
    (void)why;
    ((struct info_options *)target)->verify = true;
    return true;
}

static const struct vmpt_option own_options[] = {
    {"blocks", 'b', NULL, "show each block, in the order of the file", set_blocks},
    {"columns", 'c', NULL, "show the columns: with --blocks those of each block,\nelse their sums",
     set_columns},
    {"verify", 0, NULL, "show what was checked; exit 1 unless all is sound and finished",
     set_verify},
};

/* What the tool works with, from its start to its end. */
struct work {
    struct vmpt_app app;
    struct info_options options;
    struct vmpt_input_set set;
    struct info_report report;
    struct info_sums sums;
    struct info_checks checks;
    struct info_source standard_input; /* kept, since it can be taken once */
    bool has_standard_input;
};

/* ---- reading ------------------------------------------------------------------------------------------- */

static int read_file(struct work *work, size_t file)
{
    struct vmpf_error err;
    struct info_source source;
    memset(&err, 0, sizeof(err));
    vmpf_status status = info_source_open(&source, &work->set, work->app.files[file], &err);
    if (status != VMPF_OK) {
        return vmpt_app_input_error(&work->app, file, &err);
    }
    status = info_report_read(&work->report, file, &source, &err);
    work->set.done_bytes = source.before + work->report.files[file].size_bytes;
    if (source.is_stdin) {
        work->standard_input = source;
        work->has_standard_input = true;
    } else {
        info_source_close(&source);
    }
    return status == VMPF_OK ? VMPT_GO_ON : vmpt_app_input_error(&work->app, file, &err);
}

static int read_files(struct work *work)
{
    int code = VMPT_GO_ON;
    if (!info_report_init(&work->report, work->app.files, work->app.file_count)) {
        return vmpt_app_no_memory(&work->app);
    }
    vmpt_input_set_init(&work->set, work->app.files, work->app.file_count);
    work->set.progress.total *= 2; /* each is read twice */
    for (size_t i = 0; i < work->app.file_count && code < 0; i++) {
        code = read_file(work, i);
    }
    vmpt_input_set_fini(&work->set);
    if (code < 0 && (!info_sums_init(&work->sums, &work->report) ||
                     !info_checks_init(&work->checks, &work->report))) {
        code = vmpt_app_no_memory(&work->app);
    }
    return code;
}

/* What every tool's JSON says of the profile is read as every tool reads it. */
static vmpf_status open_again(void *ctx, size_t index, uint32_t skip_columns,
                              struct vmpt_feed *feed, struct vmpf_error *err)
{
    struct work *work = ctx;
    struct vmpf_source source;
    const char *name = work->app.files[index];
    vmpf_status status = strcmp(name, VMPT_STDIN) == 0
                             ? info_source_rewind(&work->standard_input, &source, err)
                             : vmpf_source_open_file(&source, name, err);
    return status == VMPF_OK ? vmpt_feed_open_vmpf(feed, source, skip_columns, err) : status;
}

/* True: what only part of a file suffers from lets the profile be read all the same. */
static bool load_profile(struct work *work)
{
    /* Every session has this one, whatever others it has. */
    const struct vmpt_load_options options = {.metric = "samples"};
    struct vmpt_inputs inputs = {.count = work->app.file_count, .open = open_again, .ctx = work};
    struct vmpt_load_error err;
    for (size_t i = 0; i < work->report.file_count; i++) {
        if (work->report.files[i].error.status != VMPF_OK) {
            return true;
        }
    }
    memset(&err, 0, sizeof(err));
    if (vmpt_profile_load(&work->app.profile, &inputs, &options, &err) != VMPF_OK) {
        (void)vmpt_app_input_error(&work->app, err.input, &err.error);
        return false;
    }
    return true;
}

/* ---- what is said of damage ------------------------------------------------------------------------------ */

static uint64_t samples_of(const struct work *work, const struct info_file *file)
{
    uint64_t samples = 0;
    for (size_t i = 0; i < file->session_count; i++) {
        samples += info_session_samples(&work->report.sessions[file->first_session + i]);
    }
    return samples;
}

/* Returns the exit code that the file asks for. */
static int say_file(const struct work *work, size_t index)
{
    const struct info_file *file = &work->report.files[index];
    const struct info_check *failure = info_first_failure(&work->checks, index);
    struct vmpt_input_facts facts = {.samples = samples_of(work, file)};
    if (file->error.status != VMPF_OK) {
        return vmpt_app_input_error(&work->app, index, &file->error);
    }
    facts.damage = *vmpf_reader_damage(file->reader);
    vmpt_say_damage(work->app.tool->name, file->name, &facts);
    if (failure && !facts.damage.damaged) {
        vmpt_say(work->app.tool->name, "%s: %s: %s; record it again", file->name, failure->name,
                 failure->detail);
    }
    bool refused = work->options.verify || work->app.settings.strict;
    return failure && refused ? VMPT_EXIT_FAILED : VMPT_EXIT_DONE;
}

static int show(struct work *work)
{
    struct info_rows rows = {&work->report, &work->sums, &work->checks};
    int code = VMPT_EXIT_DONE;
    for (size_t i = 0; i < work->report.file_count; i++) {
        int file_code = say_file(work, i);
        code = file_code > code ? file_code : code;
    }
    if (work->app.settings.format == VMPT_FORMAT_JSON && !load_profile(work)) {
        code = VMPT_EXIT_FAILED;
    }
    bool done = info_write(&work->app, &work->options, &rows);
    return done ? code : vmpt_app_no_memory(&work->app);
}

int main(int argc, char **argv)
{
    struct work work;
    memset(&work, 0, sizeof(work));
    const struct vmpt_tool tool = {
        .name = "vmprof-info",
        .summary =
            "Shows what is in a profile: its sessions, what each kind of block and each column\n"
            "takes, and whether it is whole.",
        .arguments = "[FILE...]",
        .examples = "  vmprof-info                   out.prof, recorded by vmprof-record\n"
                    "  vmprof-info --blocks -n 0 out.prof\n"
                    "  vmprof-info --blocks --columns --format=csv out.prof\n"
                    "  vmprof-info --verify *.prof   exit 1 unless all of them are whole\n",
        .own = {"What is shown:", own_options, sizeof(own_options) / sizeof(own_options[0]),
                &work.options},
        .shows_files = true,
    };
    int code = vmpt_app_start(&work.app, &tool, argc, argv);
    if (code < 0) {
        code = read_files(&work);
    }
    if (code < 0) {
        code = show(&work);
    }
    if (work.has_standard_input) {
        info_source_close(&work.standard_input);
    }
    info_checks_fini(&work.checks);
    info_sums_fini(&work.sums);
    code = vmpt_app_finish(&work.app, code);
    info_report_fini(&work.report);
    return code;
}
