#include "tools/convert/before.h"

#include <string.h>

#include "tools/common/diag.h"

int conv_before_load(struct conv_before *before, const struct conv_job *job,
                     struct vmpt_load_options *options)
{
    const struct vmpt_metric *after = &job->app.profile->metric;
    before->app.tool = job->app.tool;
    before->app.settings = job->app.settings;
    before->app.files = &job->before;
    before->app.file_count = 1;
    int code = vmpt_app_load(&before->app, options);
    if (code >= 0) {
        return code;
    }
    const struct vmpt_metric *metric = &before->app.profile->metric;
    if (strcmp(metric->name, after->name) != 0 || strcmp(metric->unit, after->unit) != 0) {
        vmpt_say(job->app.tool->name,
                 "%s is weighed by %s, and the other by %s; choose a --metric that both have",
                 job->before, metric->name, after->name);
        return VMPT_EXIT_FAILED;
    }
    return VMPT_GO_ON;
}

void conv_before_fini(struct conv_before *before)
{
    if (before->app.profile) {
        vmpt_view_fini(&before->app.view);
        vmpt_profile_free(before->app.profile);
    }
}
