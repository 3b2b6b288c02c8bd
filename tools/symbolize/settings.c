#include "tools/symbolize/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/common/diag.h"
#include "tools/common/input.h"
#include "tools/common/options.h"

#define NAME "vmprof-symbolize"
#define DEFAULT_OUTPUT "symbolized.prof"

static bool add(struct symz_texts *texts, const char *value, struct vmpt_refusal *why)
{
    if (!vmpt_reserve(&texts->items, &texts->capacity, texts->count + 1, sizeof(*texts->items))) {
        (void)snprintf(why->text, sizeof(why->text), "not enough memory");
        return false;
    }
    texts->items[texts->count++] = value;
    return true;
}

static bool set_output(void *target, const char *value, struct vmpt_refusal *why)
{
    (void)why;
    ((struct symz_settings *)target)->output = value;
    return true;
}

static bool set_in_place(void *target, const char *value, struct vmpt_refusal *why)
{
    (void)value;
    (void)why;
    ((struct symz_settings *)target)->in_place = true;
    return true;
}

static bool set_strict(void *target, const char *value, struct vmpt_refusal *why)
{
    (void)value;
    (void)why;
    ((struct symz_settings *)target)->strict = true;
    return true;
}

static bool set_debug_dir(void *target, const char *value, struct vmpt_refusal *why)
{
    return add(&((struct symz_settings *)target)->debug_dirs, value, why);
}

static bool set_jit_map(void *target, const char *value, struct vmpt_refusal *why)
{
    return add(&((struct symz_settings *)target)->jit_maps, value, why);
}

static bool set_no_system(void *target, const char *value, struct vmpt_refusal *why)
{
    (void)value;
    (void)why;
    ((struct symz_settings *)target)->search.no_system = true;
    return true;
}

static bool set_trust_paths(void *target, const char *value, struct vmpt_refusal *why)
{
    (void)value;
    (void)why;
    ((struct symz_settings *)target)->search.trust_paths = true;
    return true;
}

static const struct vmpt_option output_options[] = {
    {"output", 'o', "OUT:file", "write to OUT (-: standard output) in place of " DEFAULT_OUTPUT,
     set_output},
    {"in-place", 'i', NULL, "replace FILE", set_in_place},
    {"strict", 0, NULL, "exit 1 when part of FILE is damaged", set_strict},
};

static const struct vmpt_option search_options[] = {
    {"debug-dir", 'd', "DIR:folder",
     "look in DIR for binaries and debug files: by build id,\nby path below DIR, by name; may be "
     "repeated",
     set_debug_dir},
    {"no-system", 0, NULL, "look neither in /usr/lib/debug nor in the cache of\ndebuginfod",
     set_no_system},
    {"trust-paths", 0, NULL,
     "take a file without a recorded build id to be the one\nthat has its path now",
     set_trust_paths},
    {"jit-map", 0, "MAP:file",
     "names of JIT code: a perf map or jitdump of the recorded\nprocess, in place of "
     "/tmp/perf-PID.map; may be repeated",
     set_jit_map},
};

static int check(struct symz_settings *settings, int argc, char **argv, int first)
{
    if (argc - first > 1) {
        vmpt_say(NAME, "one FILE only; see '" NAME " --help'");
        return VMPT_EXIT_USAGE;
    }
    settings->input = first < argc ? argv[first] : vmpt_default_input();
    if (settings->in_place && (settings->output || strcmp(settings->input, VMPT_STDIN) == 0)) {
        vmpt_say(NAME, "--in-place replaces a FILE, and goes without -o; see '" NAME " --help'");
        return VMPT_EXIT_USAGE;
    }
    if (settings->in_place) {
        settings->output = settings->input;
    } else if (!settings->output) {
        settings->output = DEFAULT_OUTPUT;
    }
    settings->search.debug_dirs = settings->debug_dirs.items;
    settings->search.debug_dir_count = settings->debug_dirs.count;
    return -1;
}

int symz_settings_read(struct symz_settings *settings, int argc, char **argv)
{
    int first = argc;
    const struct vmpt_option_group groups[] = {
        {"Where names are looked for:", search_options,
         sizeof(search_options) / sizeof(search_options[0]), settings},
        {"What is written:", output_options, sizeof(output_options) / sizeof(output_options[0]),
         settings},
    };
    const struct vmpt_command command = {
        .name = NAME,
        .summary = "Gives names to the native frames of a profile, with files, lines and inlined "
                   "functions, from\nthe binaries and debug files that their code came from; all "
                   "else is kept.",
        .arguments = "[FILE]",
        .examples = "  vmprof-symbolize out.prof                  writes symbolized.prof\n"
                    "  vmprof-symbolize --in-place out.prof\n"
                    "  vmprof-symbolize --debug-dir=server-root out.prof -o named.prof\n",
        .groups = groups,
        .group_count = sizeof(groups) / sizeof(groups[0]),
    };
    int code = vmpt_options_parse(&command, argc, argv, &first);
    return code >= 0 ? code : check(settings, argc, argv, first);
}

void symz_settings_fini(struct symz_settings *settings)
{
    free(settings->debug_dirs.items);
    free(settings->jit_maps.items);
}
