/* vmprof-tree: the call tree of a profile. */
#include <math.h>
#include <string.h>

#include "tools/analysis/call_tree.h"
#include "tools/common/app.h"
#include "tools/tree/options.h"
#include "tools/tree/output.h"

static const char summary[] = "Shows the call tree of a profile: what each function cost at each "
                              "place that it was called from.\n"
                              "A row with a branch mark is one of several callees of the row that "
                              "it hangs on; one without is\n"
                              "the only one that is shown of the row above.";

static const char examples[] =
    "  vmprof-tree                            out.prof, recorded by vmprof-record\n"
    "  vmprof-tree -n 50 --min-share=2% a.prof b.prof\n"
    "  vmprof-tree --bottom-up --depth=3 out.prof\n"
    "  vmprof-tree --by=thread --fold-recursion --hide='^<' out.prof\n"
    "  vmprof-tree --by=label:state --metric=wall out.prof\n";

static struct vmpt_tree_options tree_options(const struct vmpt_app *app,
                                             const struct tree_options *own)
{
    double share = app->settings.format == VMPT_FORMAT_TEXT ? VMPT_TREE_TEXT_MIN_SHARE : 0;
    struct vmpt_tree_options options = {
        .bottom_up = own->bottom_up,
        .fold_recursion = own->fold_recursion,
        .limit = vmpt_settings_limit(&app->settings, SIZE_MAX),
        .max_depth = own->cut.max_depth,
        .sort = app->settings.sort,
    };
    if (options.limit == SIZE_MAX) {
        options.limit = 0;
    }
    share = own->cut.has_min_share ? own->cut.min_share : share;
    options.min_weight = (uint64_t)ceil(share * (double)app->profile->total.weight);
    return options;
}

static int show(struct vmpt_app *app, const struct tree_options *own)
{
    struct vmpt_call_tree tree;
    struct vmpt_tree_options options = tree_options(app, own);
    bool done = vmpt_call_tree_init(&tree, &app->view, &options);
    if (done) {
        switch (app->settings.format) {
        case VMPT_FORMAT_TEXT: done = tree_write_text(app, &tree, &options); break;
        case VMPT_FORMAT_JSON: done = tree_write_json(app, &tree); break;
        case VMPT_FORMAT_CSV: done = tree_write_csv(app, &tree); break;
        }
    }
    vmpt_call_tree_fini(&tree);
    return done ? VMPT_EXIT_DONE : vmpt_app_no_memory(app);
}

int main(int argc, char **argv)
{
    struct vmpt_app app;
    struct tree_options own = {.bottom_up = false};
    struct vmpt_load_options options;
    struct vmpt_tool tool = {
        .name = "vmprof-tree",
        .summary = summary,
        .arguments = "[FILE...]",
        .examples = examples,
        .own = tree_option_group(&own),
    };
    memset(&options, 0, sizeof(options));
    int code = vmpt_app_start(&app, &tool, argc, argv);
    if (code < 0) {
        options.group = own.group;
        options.group_label = own.group_label;
        code = vmpt_app_load(&app, &options);
    }
    if (code < 0) {
        code = vmpt_app_refuse_gauge(&app);
    }
    if (code < 0) {
        code = show(&app, &own);
    }
    return vmpt_app_finish(&app, code);
}
