/* interval.h: how sure a share is.
 *
 * A profile is a sample: a function with 14.4 % of 100 samples may well have 20 % of the time. The
 * interval is Wilson's score interval for a proportion at 95 % (E. B. Wilson, 1927; recommended for
 * few samples and shares near 0 and 1 by Brown, Cai and DasGupta, 2001). Samples of unequal weight
 * say less than as many of equal weight; Kish's effective sample size, (sum w)^2 / sum w^2, stands
 * for their number. It takes samples for independent: of a program that stays in one place for long,
 * neighbours are not, and the interval is then too narrow.
 */
#ifndef VMPROF_TOOLS_ANALYSIS_INTERVAL_H
#define VMPROF_TOOLS_ANALYSIS_INTERVAL_H

#include <stdint.h>

struct vmpt_interval {
    uint64_t low;
    uint64_t high;
};

/* Kish's effective sample size; 0 where there is no weight. */
double vmpt_effective_samples(uint64_t weight, double square_sum);

/* The 95 % interval of a weight out of total, in the same unit, rounded outwards; it always holds
 * weight and lies within [0, total]. */
struct vmpt_interval vmpt_interval95(uint64_t weight, uint64_t total, double effective_samples);

#endif
