/* vmprof-diff: what changed between two profiles, and whether it is more than noise. */
#include <stdint.h>
#include <string.h>

#include "tools/common/app.h"
#include "tools/common/diag.h"
#include "tools/common/tree_options.h"
#include "tools/diff/output.h"

struct diff_options {
    bool absolute;
    bool significant;
    bool tree;
    struct vmpt_pairs_shape shape;
    struct vmpt_tree_cut cut;
    const char *of_trees; /* an option that needs --tree; NULL: none was given */
};

static bool set_absolute(void *target, const char *value, struct vmpt_refusal *why)
{
    (void)value;
    (void)why;
    ((struct diff_options *)target)->absolute = true;
    return true;
}

static bool set_significant(void *target, const char *value, struct vmpt_refusal *why)
{
    (void)value;
    (void)why;
    ((struct diff_options *)target)->significant = true;
    return true;
}

static bool set_tree(void *target, const char *value, struct vmpt_refusal *why)
{
    (void)value;
    (void)why;
    ((struct diff_options *)target)->tree = true;
    return true;
}

static bool set_depth(void *target, const char *value, struct vmpt_refusal *why)
{
    struct diff_options *options = target;
    options->of_trees = "--depth";
    return vmpt_tree_cut_depth(&options->cut, value, why);
}

static bool set_min_share(void *target, const char *value, struct vmpt_refusal *why)
{
    struct diff_options *options = target;
    options->of_trees = "--min-share";
    return vmpt_tree_cut_min_share(&options->cut, value, why);
}

static bool set_fold(void *target, const char *value, struct vmpt_refusal *why)
{
    struct diff_options *options = target;
    (void)value;
    (void)why;
    options->of_trees = "--fold-recursion";
    options->shape.fold_recursion = true;
    return true;
}

static bool set_bottom_up(void *target, const char *value, struct vmpt_refusal *why)
{
    struct diff_options *options = target;
    (void)value;
    (void)why;
    options->of_trees = "--bottom-up";
    options->shape.bottom_up = true;
    return true;
}

static const struct vmpt_option own_options[] = {
    {"absolute", 0, NULL,
     "compare weights, as of two runs of the same work; without it,\nshares of the whole",
     set_absolute},
    {"significant", 0, NULL, "only differences that are more than the noise of sampling",
     set_significant},
    {"tree", 't', NULL, "where in the call tree, and not only in which functions", set_tree},
    {"bottom-up", 'b', NULL, "with --tree: from the functions whose own code ran to their\ncallers",
     set_bottom_up},
    {"depth", 'd', "N", "with --tree: show N levels; 0: all (the default)", set_depth},
    {"min-share", 0, "SHARE",
     "with --tree: leave out what has less of the total, before and\n"
     "after: 2%, 0.02 (default: 1% in text, 0 in json and csv)",
     set_min_share},
    {"fold-recursion", 0, NULL, "with --tree: a function that calls itself is one node", set_fold},
};

static const struct vmpt_tool tool_of_all = {
    .name = "vmprof-diff",
    .summary = "Shows what changed between two profiles, function by function, the greatest "
               "difference first,\nand which differences are more than the noise of sampling.",
    .arguments = "BEFORE AFTER",
    .examples = "  vmprof-diff before.prof after.prof\n"
                "  vmprof-diff --sort=self --significant before.prof after.prof\n"
                "  vmprof-diff --tree --depth=8 before.prof after.prof\n"
                "  vmprof-diff --tree --bottom-up --depth=3 before.prof after.prof\n"
                "  vmprof-diff --absolute --format=json before.prof after.prof\n",
};

/* Loads each of the two files by itself. */
static int load_both(struct vmpt_app *before, struct vmpt_app *after)
{
    struct vmpt_load_options options = {.keep_squares = true};
    before->tool = after->tool;
    before->settings = after->settings;
    before->files = after->files;
    before->file_count = 1;
    after->files++;
    after->file_count = 1;
    int code = vmpt_app_load(before, &options);
    options = (struct vmpt_load_options){.keep_squares = true};
    code = code < 0 ? vmpt_app_load(after, &options) : code;
    if (code >= 0) {
        return code;
    }
    const struct vmpt_metric *was = &before->profile->metric;
    const struct vmpt_metric *is = &after->profile->metric;
    if (strcmp(was->name, is->name) != 0 || strcmp(was->unit, is->unit) != 0) {
        vmpt_say(after->tool->name,
                 "%s is weighed by %s, and %s by %s; choose a --metric that both have",
                 before->files[0], was->name, after->files[0], is->name);
        return VMPT_EXIT_FAILED;
    }
    return vmpt_app_refuse_gauge(after);
}

static void keep_significant(struct vmpt_difference *difference)
{
    size_t kept = 0;
    for (size_t i = 0; i < difference->count; i++) {
        if (difference->rows[i].self.significant || difference->rows[i].total.significant) {
            difference->rows[kept++] = difference->rows[i];
        }
    }
    difference->count = kept;
}

static int show_tree(struct vmpt_app *before, struct vmpt_app *after,
                     const struct diff_options *own)
{
    struct vmpt_tree_difference difference;
    bool is_text = after->settings.format == VMPT_FORMAT_TEXT;
    size_t limit = vmpt_settings_limit(&after->settings, SIZE_MAX);
    const struct vmpt_tree_difference_options options = {
        .normalise = !own->absolute,
        .shape = own->shape,
        .significant = own->significant,
        .limit = limit == SIZE_MAX ? 0 : limit,
        .max_depth = own->cut.max_depth,
        .min_share = own->cut.has_min_share ? own->cut.min_share
                     : is_text              ? VMPT_TREE_TEXT_MIN_SHARE
                                            : 0,
        .sort = after->settings.sort,
    };
    const struct diff_request request = {.tree = &difference,
                                         .before = before,
                                         .normalise = options.normalise,
                                         .max_depth = options.max_depth,
                                         .min_share = options.min_share};
    bool done = vmpt_tree_difference_init(&difference, &before->view, &after->view, &options);
    if (done) {
        done =
            is_text ? diff_write_tree_text(after, &request) : diff_write_tree_data(after, &request);
    }
    vmpt_tree_difference_fini(&difference);
    return done ? VMPT_EXIT_DONE : vmpt_app_no_memory(after);
}

static int show_functions(struct vmpt_app *before, struct vmpt_app *after,
                          const struct diff_options *own)
{
    struct vmpt_difference difference;
    const struct diff_request request = {
        .difference = &difference, .before = before, .normalise = !own->absolute};
    bool done = vmpt_difference_init(&difference, &before->view, &after->view, !own->absolute);
    if (done) {
        if (own->significant) {
            keep_significant(&difference);
        }
        vmpt_difference_sort(&difference, after->settings.sort);
        done = after->settings.format == VMPT_FORMAT_TEXT ? diff_write_text(after, &request)
                                                          : diff_write_data(after, &request);
    }
    vmpt_difference_fini(&difference);
    return done ? VMPT_EXIT_DONE : vmpt_app_no_memory(after);
}

int main(int argc, char **argv)
{
    struct vmpt_app app;
    struct vmpt_app before;
    struct diff_options own = {0};
    struct vmpt_tool tool = tool_of_all;
    tool.own = (struct vmpt_option_group){"The comparison", own_options,
                                          sizeof(own_options) / sizeof(own_options[0]), &own};
    memset(&before, 0, sizeof(before));
    int code = vmpt_app_start(&app, &tool, argc, argv);
    if (code < 0 && app.file_count != 2) {
        vmpt_say(tool.name, "two profiles are needed, BEFORE and AFTER; see '%s --help'",
                 tool.name);
        code = VMPT_EXIT_USAGE;
    }
    if (code < 0 && own.of_trees && !own.tree) {
        vmpt_say(tool.name, "%s is about a tree: it needs --tree; see '%s --help'", own.of_trees,
                 tool.name);
        code = VMPT_EXIT_USAGE;
    }
    if (code < 0) {
        code = load_both(&before, &app);
    }
    if (code < 0) {
        code = own.tree ? show_tree(&before, &app, &own) : show_functions(&before, &app, &own);
    }
    if (before.profile && before.profile->damaged && app.profile) {
        app.profile->damaged = true; /* --strict is about both */
    }
    code = vmpt_app_finish(&app, code);
    vmpt_view_fini(&before.view);
    vmpt_profile_free(before.profile);
    return code;
}
