#include "tools/analysis/change.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define Z95 1.959963984540054  /* the normal distribution's 97.5 % point */
#define FALSE_DISCOVERIES 0.05 /* of those called significant */

struct vmpt_change_basis vmpt_change_basis_of(const struct vmpt_profile *before,
                                              const struct vmpt_profile *after, bool normalise)
{
    const struct vmpt_change_basis basis = {
        .weight = {(double)before->total.weight, (double)after->total.weight},
        .samples = {before->effective_samples, after->effective_samples},
        .normalise = normalise,
    };
    return basis;
}

/* Of a normal variable: that it is so many standard deviations from its mean, to either side, or further. */
static double chance_of(double deviations)
{
    return erfc(fabs(deviations) / sqrt(2));
}

static void judge_shares(struct vmpt_change *change, const struct vmpt_change_basis *basis,
                         double before, double after)
{
    double n = basis->samples[0];
    double m = basis->samples[1];
    double p = before / basis->weight[0];
    double q = after / basis->weight[1];
    double pooled = (p * n + q * m) / (n + m);
    double spread = pooled * (1 - pooled) * (1 / n + 1 / m);
    double apart = p * (1 - p) / n + q * (1 - q) / m;
    change->reach = Z95 * sqrt(apart > 0 ? apart : 0) * basis->weight[0];
    if (spread > 0) {
        change->chance = chance_of((q - p) / sqrt(spread) * sqrt((n + m - 1) / (n + m)));
    }
}

static void judge_weights(struct vmpt_change *change, const struct vmpt_change_basis *basis,
                          double before, double after)
{
    double spread = before * (basis->weight[0] / basis->samples[0]) +
                    after * (basis->weight[1] / basis->samples[1]);
    change->reach = Z95 * sqrt(spread);
    if (spread > 0) {
        change->chance = chance_of((after - before) / sqrt(spread));
    }
}

struct vmpt_change vmpt_change_of(const struct vmpt_change_basis *basis, uint64_t before,
                                  uint64_t after)
{
    struct vmpt_change change = {.before = before, .after = after, .chance = 1};
    bool known = basis->samples[0] > 0 && basis->samples[1] > 0 && basis->weight[0] > 0 &&
                 basis->weight[1] > 0;
    if (known && basis->normalise) {
        judge_shares(&change, basis, (double)before, (double)after);
    } else if (known) {
        judge_weights(&change, basis, (double)before, (double)after);
    }
    if (basis->normalise && basis->weight[1] > 0 && basis->weight[0] != basis->weight[1]) {
        change.after = (uint64_t)((double)after / basis->weight[1] * basis->weight[0] + 0.5);
    }
    return change;
}

static int ascending(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

double vmpt_change_threshold(double *chances, size_t count, size_t compared)
{
    double threshold = -1;
    if (count) {
        qsort(chances, count, sizeof(*chances), ascending);
    }
    for (size_t i = 0; i < count; i++) {
        if (chances[i] <= FALSE_DISCOVERIES * (double)(i + 1) / (double)compared) {
            threshold = chances[i];
        }
    }
    return threshold;
}

uint64_t vmpt_change_size(const struct vmpt_change *change)
{
    return change->after > change->before ? change->after - change->before
                                          : change->before - change->after;
}

static uint8_t kind_class(const struct vmpt_function *function)
{
    return function->kind == VMPF_KIND_JIT ? VMPF_KIND_PY : function->kind;
}

static int compare_texts(const char *a, size_t a_size, const char *b, size_t b_size)
{
    size_t common = a_size < b_size ? a_size : b_size;
    int order = common ? memcmp(a, b, common) : 0;
    return order ? order : (a_size > b_size) - (a_size < b_size);
}

int vmpt_compare_functions(const struct vmpt_function *a, const struct vmpt_function *b)
{
    int order = compare_texts(a->name, a->name_size, b->name, b->name_size);
    if (!order) {
        order = compare_texts(a->file, a->file_size, b->file, b->file_size);
    }
    if (!order) {
        order = (a->first_line > b->first_line) - (a->first_line < b->first_line);
    }
    return order ? order : kind_class(a) - kind_class(b);
}
