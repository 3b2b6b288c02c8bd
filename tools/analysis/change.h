/* change.h: what something came to before and after, and whether the difference is more than noise.
 *
 * Two samples of one thing differ. A difference is called significant when it is not to be expected of sampling:
 *  - of shares (normalised): by the "N - 1" chi-squared test of two proportions (I. Campbell, 2007), with Kish's effective
 *    sample sizes (interval.h) for the numbers of samples;
 *  - of weights: by the normal approximation to counts of independent samples, each of the profile's mean weight.
 * A profile has thousands of functions, and one in twenty that did not change would pass such a test: so of all that are
 * compared, only those are called significant that keep the expected part of false ones among them at 5 %
 * (Y. Benjamini, Y. Hochberg, 1995).
 */
#ifndef VMPROF_TOOLS_ANALYSIS_CHANGE_H
#define VMPROF_TOOLS_ANALYSIS_CHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/analysis/profile.h"

/* Of one function, or of one place in the tree: its self, or its total. */
struct vmpt_change {
    uint64_t before;
    uint64_t after; /* normalised: scaled, so that both profiles weigh what the one before does */
    double reach;   /* of the 95 % interval around after - before, in the unit; 0: not known */
    double chance;  /* of such a difference, or a larger one, where nothing changed */
    bool significant;
};

/* What is known of the two profiles as a whole. */
struct vmpt_change_basis {
    double weight[2];  /* before, after */
    double samples[2]; /* effective; 0: not known */
    bool normalise;
};

struct vmpt_change_basis vmpt_change_basis_of(const struct vmpt_profile *before,
                                              const struct vmpt_profile *after, bool normalise);

/* From what was before and what is after, each in its own profile's unit; not yet called significant. */
struct vmpt_change vmpt_change_of(const struct vmpt_change_basis *basis, uint64_t before,
                                  uint64_t after);

/* The greatest chance that is called significant, or -1: none is. Sorts chances, which may leave out what has a chance
 * of 1; compared: how many there are with those. */
double vmpt_change_threshold(double *chances, size_t count, size_t compared);

/* How far after is from before. */
uint64_t vmpt_change_size(const struct vmpt_change *change);

/* Whether two functions are the same, in an order by name, file, first line and kind, as functions.h has it. */
int vmpt_compare_functions(const struct vmpt_function *a, const struct vmpt_function *b);

#endif
