#include "tools/analysis/interval.h"

#include <math.h>

/* The normal distribution's 97.5 % point. */
#define Z 1.959963984540054

double vmpt_effective_samples(uint64_t weight, double square_sum)
{
    return square_sum > 0 ? (double)weight * (double)weight / square_sum : 0;
}

static uint64_t to_weight(double share, uint64_t total)
{
    if (share <= 0) {
        return 0;
    }
    double weight = share * (double)total;
    return weight >= (double)total ? total : (uint64_t)weight;
}

struct vmpt_interval vmpt_interval95(uint64_t weight, uint64_t total, double effective_samples)
{
    struct vmpt_interval result = {.low = 0, .high = total};
    if (total == 0 || weight > total || effective_samples <= 0) {
        return result;
    }
    double share = (double)weight / (double)total;
    double n = effective_samples;
    double middle = share + Z * Z / (2 * n);
    double reach = Z * sqrt(share * (1 - share) / n + Z * Z / (4 * n * n));
    double scale = 1 + Z * Z / n;
    result.low = to_weight((middle - reach) / scale, total);
    result.high = to_weight((middle + reach) / scale, total);
    if (result.high < total) {
        result.high++;
    }
    /* Where the share is 0 or 1 the bound is exact, and only rounding could move it. */
    if (result.low > weight || weight == 0) {
        result.low = weight == 0 ? 0 : weight;
    }
    if (result.high < weight || weight == total) {
        result.high = weight == total ? total : weight;
    }
    return result;
}
