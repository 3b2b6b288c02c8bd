/* format.h: the formats that vmprof-convert writes.
 *
 * To add one: a file to_NAME.c that defines conv_to_NAME, a row in formats.c, a golden and a real client's check.
 */
#ifndef VMPROF_TOOLS_CONVERT_FORMAT_H
#define VMPROF_TOOLS_CONVERT_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/analysis/holds.h"
#include "tools/common/app.h"
#include "tools/convert/target.h"

/* One run of the tool. */
struct conv_job {
    struct vmpt_app app;
    const struct conv_format *format;
    const char *output; /* --output; NULL: not given */
    const char *title;  /* NULL: made from the profile */
    const char *before; /* --diff: the profile that was before; NULL: none */
    bool names_only;
    bool icicle;
    bool lossless;
    bool two_formats;              /* more than one was asked for */
    struct vmpt_view *before_view; /* of `before`, for write_tree; else NULL */
    uint32_t held;                 /* VMPT_HOLDS_*: what the inputs of a writer of samples hold */
    uint32_t lost; /* and what of it the format could not hold; write_samples sets it */
    bool damaged;  /* a writer of samples found damage, which was said */
    struct conv_target target;
};

struct conv_format {
    const char *option; /* "collapsed", without dashes; NULL: what is written without an option */
    const char *extension; /* "collapsed.txt", without the dot before it */
    const char *title;     /* what it is, in a sentence: "collapsed stacks" */
    const char *help;      /* its line in --help */
    uint32_t holds;        /* VMPT_HOLDS_*; the rest is said to be left out */
    bool weighs;           /* write_samples: by one metric, which may be chosen */
    bool keep_lines;       /* nodes of the view differ by line too */
    /* One of the two. write_tree: of what app.view shows; false: memory is short. write_samples: reads the inputs itself,
     * one block at a time; returns VMPT_GO_ON or the exit code, what went wrong is said. Both write to target. */
    bool (*write_tree)(struct conv_job *job);
    int (*write_samples)(struct conv_job *job);
};

/* Our own format, which is no row: it is what is written without an option. */
extern const struct conv_format conv_to_vmprof;

size_t conv_format_count(void);
/* The options that choose a format, in the order of the table: conv_format_count() of them. Their target is a
 * struct conv_job. */
void conv_format_options(struct vmpt_option *out);

#endif
