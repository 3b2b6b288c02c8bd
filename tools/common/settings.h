/* settings.h: what the options that all analysis tools share were set to, and the tables of those
 * options. */
#ifndef VMPROF_TOOLS_COMMON_SETTINGS_H
#define VMPROF_TOOLS_COMMON_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/analysis/function_table.h"
#include "tools/analysis/tally.h"
#include "tools/analysis/view.h"
#include "tools/common/label_list.h"
#include "tools/common/options.h"

enum vmpt_format {
    VMPT_FORMAT_TEXT,
    VMPT_FORMAT_JSON,
    VMPT_FORMAT_CSV,
};

enum vmpt_color {
    VMPT_COLOR_AUTO,
    VMPT_COLOR_ALWAYS,
    VMPT_COLOR_NEVER,
};

/* A list of patterns while it is made. */
struct vmpt_pattern_list {
    regex_t *items;
    size_t count;
    size_t capacity;
};

struct vmpt_settings {
    enum vmpt_format format;
    enum vmpt_color color;
    enum vmpt_sort sort;
    bool show_address;
    bool has_limit;
    size_t limit; /* 0: all */
    bool strict;
    const char *metric; /* NULL: none chosen */
    const char **threads;
    size_t thread_count;
    size_t thread_capacity;
    uint64_t *processes;
    size_t process_count;
    size_t process_capacity;
    struct vmpt_label_list labels;
    bool has_from;
    bool has_to;
    uint64_t from_ns;
    uint64_t to_ns;
    struct vmpt_pattern_list focus;
    struct vmpt_pattern_list ignore;
    struct vmpt_pattern_list hide;
    uint32_t kinds;
    bool native;
    bool virtual_only;
};

/* The groups of shared options; a group's target is a struct vmpt_settings. */
extern const struct vmpt_option_group vmpt_output_options;
/* Those of them, and of the input's, that make sense for a tool that shows files and not their functions. */
extern const struct vmpt_option_group vmpt_plain_output_options;
extern const struct vmpt_option_group vmpt_plain_input_options;
extern const struct vmpt_option_group vmpt_filter_options;
extern const struct vmpt_option_group vmpt_input_options;

void vmpt_settings_fini(struct vmpt_settings *settings);
/* False: options contradict each other, see why. */
bool vmpt_settings_check(const struct vmpt_settings *settings, struct vmpt_refusal *why);
/* The filters, as analysis wants them. Lifetime: settings'. */
struct vmpt_sample_filter vmpt_settings_samples(const struct vmpt_settings *settings);
struct vmpt_frame_filter vmpt_settings_frames(const struct vmpt_settings *settings);
/* How many of count rows are shown: 20 in text and all elsewhere, unless --limit says otherwise. */
size_t vmpt_settings_limit(const struct vmpt_settings *settings, size_t count);

#endif
