/* app.h: what every analysis tool does before and after its own work.
 *
 *     struct vmpt_app app;
 *     int code = vmpt_app_start(&app, &tool, argc, argv);
 *     if (code < 0)
 *         code = vmpt_app_load(&app, &options);
 *     if (code < 0)
 *         code = ...;
 *     return vmpt_app_finish(&app, code);
 *
 * A step returns -1 to go on, or the exit code.
 */
#ifndef VMPROF_TOOLS_COMMON_APP_H
#define VMPROF_TOOLS_COMMON_APP_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "tools/analysis/profile.h"
#include "tools/analysis/view.h"
#include "tools/common/options.h"
#include "tools/common/settings.h"
#include "tools/common/table.h"

#define VMPT_GO_ON (-1)

struct vmpt_tool {
    const char *name; /* "vmprof-top" */
    const char *summary;
    const char *arguments;
    const char *
        operand; /* the last argument is no file, and has to be there: what it is; NULL: all are files */
    const char *examples;
    struct vmpt_option_group own; /* its own options; count 0: none */
    bool writes_profile;          /* and shows nothing: it has filters, and no table to lay out */
    bool shows_files;             /* and not functions: it has no filters, no metric and no order */
};

struct vmpt_app {
    const struct vmpt_tool *tool;
    struct vmpt_settings settings;
    struct vmpt_output output;
    const char *default_file;
    const char *const *files;
    size_t file_count;
    const char *operand;          /* of the user; where the tool has one */
    struct vmpt_profile *profile; /* after vmpt_app_load() */
    struct vmpt_view view;
};

/* Reads the options; app->files are what follows them, or the default input. */
int vmpt_app_start(struct vmpt_app *app, const struct vmpt_tool *tool, int argc, char **argv);

/* Loads the files into app->profile, filtered into app->view. The settings' metric and filters are
 * put into options. Says what is damaged. */
int vmpt_app_load(struct vmpt_app *app, struct vmpt_load_options *options);

/* A level has no sum, and a table of sums of it would be a lie: refuses a metric that is one. */
int vmpt_app_refuse_gauge(const struct vmpt_app *app);

/* Frees app; the exit code, with what --strict and standard output have to say about it. */
int vmpt_app_finish(struct vmpt_app *app, int code);

int vmpt_app_no_memory(const struct vmpt_app *app);
/* Says why the input could not be read; the exit code. */
int vmpt_app_input_error(const struct vmpt_app *app, size_t input, const struct vmpf_error *error);

/* The object `profile` of every JSON output. NULL: memory is short. */
json_t *vmpt_profile_json(const struct vmpt_app *app);
/* A new document {"schema": schema, "profile": {...}}. NULL: memory is short. */
json_t *vmpt_document_json(const struct vmpt_app *app, const char *schema);
/* The line above every text table. False: memory is short. */
bool vmpt_profile_headline(const struct vmpt_app *app, struct vmpt_output *output);

/* A weight in the profile's unit, for people: "1.234 s", "12.5 MiB", "17". total, or a gauge's
 * maximum, decides the scale, so that a column of weights has one. */
void vmpt_format_weight(struct vmpt_buffer *out, const struct vmpt_profile *profile,
                        uint64_t weight);
/* Of a gauge: what it was on average over samples. */
uint64_t vmpt_mean(const struct vmpt_cell *cell);
/* Of the profile's total: 0 where there is none. */
double vmpt_share(const struct vmpt_profile *profile, uint64_t weight);

#endif
