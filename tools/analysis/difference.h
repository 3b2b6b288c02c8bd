/* difference.h: what each function came to before and after, and which differences are more than noise.
 *
 * Two samples of one thing differ. A difference is called significant when it is not to be expected of sampling:
 *  - of shares (normalised): by the "N - 1" chi-squared test of two proportions (I. Campbell, 2007), with Kish's effective
 *    sample sizes (interval.h) for the numbers of samples;
 *  - of weights: by the normal approximation to counts of independent samples, each of the profile's mean weight.
 * A profile has thousands of functions, and one in twenty that did not change would pass such a test: so of all that are
 * compared, only those are called significant that keep the expected part of false ones among them at 5 %
 * (Y. Benjamini, Y. Hochberg, 1995).
 */
#ifndef VMPROF_TOOLS_ANALYSIS_DIFFERENCE_H
#define VMPROF_TOOLS_ANALYSIS_DIFFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/analysis/function_table.h"
#include "tools/analysis/view.h"

/* Of one function: its self, or its total. */
struct vmpt_change {
    uint64_t before;
    uint64_t after; /* normalised: scaled, so that both profiles weigh what the one before does */
    double reach;   /* of the 95 % interval around after - before, in the unit; 0: not known */
    double chance;  /* of such a difference, or a larger one, where nothing changed */
    bool significant;
};

struct vmpt_difference_row {
    struct vmpt_function function; /* as it is after; where it is gone, as it was */
    struct vmpt_change self;
    struct vmpt_change total;
};

struct vmpt_difference {
    struct vmpt_difference_row *rows; /* functions that differ */
    size_t count;
    size_t compared; /* functions in all */
    size_t significant;
};

/* before, after: views of two profiles of one metric. normalise: shares are compared. False: memory is short.
 * vmpt_difference_fini() may always be called after it. Lifetime of the strings: the profiles'. */
bool vmpt_difference_init(struct vmpt_difference *difference, const struct vmpt_view *before,
                          const struct vmpt_view *after, bool normalise);
void vmpt_difference_fini(struct vmpt_difference *difference);

/* The greatest difference first, of total or self; or by name. */
void vmpt_difference_sort(struct vmpt_difference *difference, enum vmpt_sort sort);

#endif
