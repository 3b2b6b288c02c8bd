/* vmprof-symbolize: gives names to the native frames of a profile, from the files that their code came from. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/common/buffer.h"
#include "tools/common/diag.h"
#include "tools/common/input.h"
#include "tools/common/new_file.h"
#include "tools/common/options.h"
#include "tools/symbolize/copy.h"
#include "tools/symbolize/settings.h"
#include "tools/symbolize/source.h"

#define NAME "vmprof-symbolize"

struct work {
    struct symz_settings settings;
    struct symz_source source;
    struct symz_names names;
    struct symz_jit jit;
    struct vmpt_input_facts facts;
    char host[256];
};

/* ---- what is said -------------------------------------------------------------------------------------- */

static int no_memory(void)
{
    vmpt_say(NAME, "not enough memory, or no process could be made");
    return VMPT_EXIT_FAILED;
}

static int say_failure(const struct work *work, const struct vmpf_error *err)
{
    if (err->status == VMPF_OK || err->status == VMPF_E_NOMEM) {
        return no_memory();
    }
    if (err->status == VMPF_E_IO && err->sys_errno == EPIPE) {
        return VMPT_EXIT_DONE; /* a reader that went away is no error */
    }
    vmpt_say(NAME, "%s: %s; nothing was written there",
             strcmp(work->settings.output, "-") == 0 ? "standard output" : work->settings.output,
             err->message);
    return VMPT_EXIT_FAILED;
}

struct tally {
    uint64_t asked;
    uint64_t named;
    uint64_t mismatched; /* in files that are not the recorded ones, or of which nobody can tell */
    uint64_t missing;    /* in files that are not there, or cannot be read */
    uint64_t nowhere;    /* in no file that the profile names */
    uint64_t no_symbol;
};

static uint64_t count_named(const struct symz_module *module)
{
    uint64_t named = 0;
    for (size_t i = 0; i < module->count; i++) {
        const struct vmpt_sym_result *result = &module->results[i];
        named += result->frame_count && result->frames[result->frame_count - 1].name[0];
    }
    return named;
}

static const char *refusal(const struct symz_module *module)
{
    switch (module->report.verdict) {
    case VMPT_SYM_MATCHED:
        return module->report.debug_mismatched ? "its debug file is that of another build; not used"
               : module->report.debug_corrupt
                   ? "its debug information is corrupt, and was used as far as it goes"
                   : NULL;
    case VMPT_SYM_MISSING:
        return module->file.path[0]
                   ? "no such file here; name a folder that has it with --debug-dir"
                   : NULL;
    case VMPT_SYM_MISMATCHED:
        return module->file.build_id_size == 0
                   ? "the file here has not the recorded inode, or changed after the recording; if "
                     "it is the same all the same: --trust-paths"
                   : "the file here is of another build; name a folder that has the recorded one "
                     "with --debug-dir";
    case VMPT_SYM_UNCHECKED:
        return "the profile has no build id of it, so nobody can tell whether the file here is the "
               "same; if it is: --trust-paths";
    case VMPT_SYM_UNREADABLE: return "not an ELF file that can be read; not used";
    default: return NULL;
    }
}

/* Each file is spoken of once. */
static void say_module(const struct symz_module *module, struct tally *tally)
{
    uint64_t named = count_named(module);
    const char *why = module->count ? refusal(module) : NULL;
    tally->asked += module->count;
    tally->named += named;
    switch (module->report.verdict) {
    case VMPT_SYM_MISMATCHED:
    case VMPT_SYM_UNCHECKED: tally->mismatched += module->count - named; break;
    case VMPT_SYM_MATCHED: tally->no_symbol += module->count - named; break;
    default:
        *(module->file.path[0] ? &tally->missing : &tally->nowhere) += module->count - named;
        break;
    }
    if (why) {
        const struct vmpt_sym_report *report = &module->report;
        bool is_debug = report->verdict == VMPT_SYM_MATCHED && report->debug_file[0];
        vmpt_say(NAME, "%s: %s", is_debug ? report->debug_file : module->file.path, why);
    }
}

static void say_result(const struct work *work)
{
    struct tally tally = {0};
    for (size_t i = 0; i < work->names.module_count; i++) {
        say_module(&work->names.modules[i], &tally);
    }
    if (tally.asked == 0) {
        vmpt_say(NAME, "no native frame without a name; the profile is written as it is");
        return;
    }
    vmpt_say(NAME,
             "%" PRIu64 " of %" PRIu64 " native addresses named; %" PRIu64
             " have no symbol, %" PRIu64 " are in files that do not match, %" PRIu64
             " in files that are not here",
             tally.named, tally.asked, tally.no_symbol, tally.mismatched, tally.missing);
    if (tally.nowhere) {
        vmpt_say(NAME, "%" PRIu64 " are in no file that the profile names", tally.nowhere);
    }
}

/* ---- the work ------------------------------------------------------------------------------------------ */

/* Whether a map in /tmp can be the recorded process's: the profile is of this machine, and not older than the map. */
static void look_at_session(struct work *work, const vmpf_reader *reader, size_t session)
{
    const struct vmpf_info *info = vmpf_reader_info(reader, session);
    const struct vmpf_meta *host = info ? vmpf_info_meta(info, VMPF_META_HOST) : NULL;
    bool is_here = host && host->type == VMPF_META_STRING &&
                   host->string.size_bytes == strlen(work->host) &&
                   memcmp(host->string.data, work->host, host->string.size_bytes) == 0;
    if (session == 0) {
        work->jit.use_own_map = is_here;
        work->jit.not_before_unix_s = info ? info->start_unix_ns / 1000000000 : 0;
    }
    work->jit.use_own_map &= is_here;
}

static int open_reader(struct work *work, vmpf_reader **reader)
{
    struct vmpf_reader_options options = {.size = sizeof(options), .one_epoch = true};
    struct vmpf_error err = {0};
    struct vmpf_source source;
    if (symz_source_rewind(&work->source, &source, &err) != VMPF_OK ||
        vmpf_reader_open(reader, source, &options, &err) != VMPF_OK) {
        vmpt_say_input_error(NAME, work->settings.input, &err);
        return VMPT_EXIT_FAILED;
    }
    return -1;
}

/* A session that cannot be read, for it is newer, is left out, and said. */
static bool goes_on(const struct work *work, vmpf_status status, const struct vmpf_error *err,
                    bool says)
{
    if (status == VMPF_OK || status == VMPF_END) {
        return true;
    }
    if (says) {
        vmpt_say_input_error(NAME, work->settings.input, err);
    }
    return status == VMPF_E_UNSUPPORTED || status == VMPF_E_VERSION;
}

/* The first reading: which addresses there are. */
static int collect(struct work *work)
{
    vmpf_reader *reader = NULL;
    struct vmpf_block block;
    struct vmpf_error err = {0};
    struct symz_seen seen = {0};
    vmpf_status status = VMPF_OK;
    int code = open_reader(work, &reader);
    while (code < 0 && (status = vmpf_reader_next(reader, &block, &err)) != VMPF_END) {
        if (!goes_on(work, status, &err, false)) {
            vmpt_say_input_error(NAME, work->settings.input, &err);
            code = VMPT_EXIT_FAILED;
        } else if (status == VMPF_OK) {
            work->facts.samples += block.count;
            code = symz_collect(&work->names, &seen, reader, &block) ? -1 : no_memory();
        }
    }
    for (size_t i = 0; code < 0 && i < vmpf_reader_session_count(reader); i++) {
        look_at_session(work, reader, i);
    }
    if (code < 0) {
        work->facts.damage = *vmpf_reader_damage(reader);
        vmpt_say_damage(NAME, work->settings.input, &work->facts);
    }
    free(seen.nodes);
    vmpf_reader_close(reader);
    return code;
}

/* The second one: everything is written, with the names. */
static int write_copy(struct work *work, int fd)
{
    vmpf_reader *reader = NULL;
    struct vmpf_block block;
    struct vmpf_error err = {0};
    struct symz_copy copy = {.names = &work->names, .fd = fd};
    vmpf_status status = VMPF_OK;
    int code = open_reader(work, &reader);
    while (code < 0 && (status = vmpf_reader_next(reader, &block, &err)) != VMPF_END) {
        if (!goes_on(work, status, &err, true)) {
            code = VMPT_EXIT_FAILED;
        } else if (status == VMPF_OK && !symz_copy_block(&copy, reader, &block)) {
            code = say_failure(work, &copy.err);
        }
    }
    if (code < 0 && !symz_copy_end(&copy, reader)) {
        code = say_failure(work, &copy.err);
    }
    symz_copy_fini(&copy);
    vmpf_reader_close(reader);
    return code;
}

static int write_target(struct work *work)
{
    struct vmpt_new_file file;
    int error = vmpt_new_file_open(&file, work->settings.output);
    if (error) {
        vmpt_say(NAME, "%s: cannot write: %s", work->settings.output, strerror(error));
        return VMPT_EXIT_FAILED;
    }
    int code = write_copy(work, file.fd);
    if (code >= 0) {
        vmpt_new_file_drop(&file);
        return code;
    }
    error = vmpt_new_file_keep(&file);
    if (error) {
        vmpt_say(NAME, "%s: %s; nothing was written there", work->settings.output, strerror(error));
        return VMPT_EXIT_FAILED;
    }
    return code;
}

static bool is_input(const struct work *work)
{
    struct stat output;
    struct stat input;
    int result = strcmp(work->settings.output, "-") == 0 ? fstat(STDOUT_FILENO, &output)
                                                         : stat(work->settings.output, &output);
    return result == 0 && fstat(work->source.fd, &input) == 0 && S_ISREG(output.st_mode) &&
           output.st_dev == input.st_dev && output.st_ino == input.st_ino;
}

static int run(struct work *work)
{
    struct vmpf_error err = {0};
    if (symz_source_open(&work->source, work->settings.input, &err) != VMPF_OK) {
        vmpt_say_input_error(NAME, work->settings.input, &err);
        return VMPT_EXIT_FAILED;
    }
    if (!work->settings.in_place && is_input(work)) {
        vmpt_say(NAME, "%s is the input; ask for that with --in-place, or name another with -o",
                 work->settings.output);
        return VMPT_EXIT_FAILED;
    }
    work->settings.search.recorded_by_unix_s = symz_source_changed_s(&work->source);
    int code = collect(work);
    if (code < 0 && !symz_names_resolve(&work->names, &work->settings.search, &work->jit)) {
        code = no_memory();
    }
    if (code < 0) {
        code = write_target(work);
    }
    if (code < 0) {
        say_result(work);
        code =
            work->settings.strict && work->facts.damage.damaged ? VMPT_EXIT_FAILED : VMPT_EXIT_DONE;
    }
    return code;
}

int main(int argc, char **argv)
{
    struct work work;
    memset(&work, 0, sizeof(work));
    work.source.fd = -1;
    (void)signal(SIGPIPE, SIG_IGN);
    int code = symz_settings_read(&work.settings, argc, argv);
    if (code >= 0) {
        symz_settings_fini(&work.settings);
        return code;
    }
    (void)gethostname(work.host, sizeof(work.host) - 1);
    work.jit.files = work.settings.jit_maps.items;
    work.jit.file_count = work.settings.jit_maps.count;
    symz_names_init(&work.names);
    code = run(&work);
    symz_names_fini(&work.names);
    symz_source_close(&work.source);
    symz_settings_fini(&work.settings);
    return code;
}
