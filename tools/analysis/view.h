/* view.h: what of a profile is looked at: whole stacks are chosen first (focus, ignore), then frames
 * are taken out (kind, hide); the order in which the user said so does not matter.
 *
 * The weight of a frame that is taken out goes to its nearest caller that is shown; a stack of which
 * nothing is shown counts under <hidden>, so that the self weights always sum to what was chosen.
 */
#ifndef VMPROF_TOOLS_ANALYSIS_VIEW_H
#define VMPROF_TOOLS_ANALYSIS_VIEW_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/analysis/profile.h"

#define VMPT_HIDDEN_NAME "<hidden>"

/* Of a longer name, the start is matched: some expressions take the square of its length. */
#define VMPT_MATCHED_BYTES 1024

/* Matches what any of its expressions matches; POSIX extended, on names of functions. */
struct vmpt_patterns {
    const regex_t *items;
    size_t count;
};

/* Whether one of them matches a name, which need not end with a NUL. */
bool vmpt_patterns_match(const struct vmpt_patterns *patterns, const char *name, size_t size_bytes);

struct vmpt_frame_filter {
    struct vmpt_patterns focus;  /* only stacks with such a function; none: all stacks */
    struct vmpt_patterns ignore; /* no stacks with such a function */
    struct vmpt_patterns hide;   /* no such frames */
    uint32_t kinds;              /* bit 1 << vmpf_kind: only such frames; 0: see native */
    /* Without kinds: native frames are shown too. Otherwise only virtual ones are, and those of no
     * known kind; a profile without a virtual frame shows what it has. */
    bool native;
    bool virtual_only; /* with kinds: virtual frames of these kinds only */
};

/* A tree in preorder: the subtree of node i is the nodes i to i + size[i] - 1. Node 0 is the root.
 * Siblings may be of one function; sums by function do not mind. */
struct vmpt_view {
    const struct vmpt_profile *profile;
    size_t count;
    uint32_t *function; /* index in the profile's functions, or == hidden */
    uint32_t *line;
    uint8_t *kind;
    uint32_t *size;
    struct vmpt_cell *self;
    struct vmpt_cell *total; /* self and all below */
    bool has_virtual;        /* some stack has a virtual frame */
    uint64_t *self_peak;     /* of a gauge: the greatest weight of one sample; else NULL */
    uint64_t *total_peak;
    uint32_t hidden; /* stands for <hidden>: one more than the last function */
};

/* False: memory is short. vmpt_view_fini() may always be called after it. Lifetime: profile's. */
bool vmpt_view_init(struct vmpt_view *view, const struct vmpt_profile *profile,
                    const struct vmpt_frame_filter *filter);
void vmpt_view_fini(struct vmpt_view *view);

/* By node, the one that it hangs on: its caller, or 0, the root. To be freed. NULL: memory is short. */
uint32_t *vmpt_view_callers(const struct vmpt_view *view);

/* A path through a view, node by node in preorder, which knows the functions on the way. */
struct vmpt_walk {
    const struct vmpt_view *view;
    size_t node;       /* the current one; 0 before the first */
    size_t depth;      /* callers of the current node, the root left out */
    uint32_t *callers; /* their nodes, outermost first */
    size_t capacity;
    uint32_t *on_path; /* by function, <hidden> too: how many of the callers are of it */
};

bool vmpt_walk_init(struct vmpt_walk *walk, const struct vmpt_view *view);
void vmpt_walk_fini(struct vmpt_walk *walk);
/* Goes to the next node. False at the end, or when memory is short: then walk->node is not 0. */
bool vmpt_walk_next(struct vmpt_walk *walk);

#endif
