#include "tools/analysis/difference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"

#define Z95 1.959963984540054  /* the normal distribution's 97.5 % point */
#define FALSE_DISCOVERIES 0.05 /* of those called significant */

/* What is known of the two profiles as a whole. */
struct basis {
    double weight[2];  /* before, after */
    double samples[2]; /* effective; 0: not known */
    bool normalise;
};

/* ---- which functions are the same ------------------------------------------------------------------ */

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

/* By name, file, first line and kind: what a function is (functions.h). */
static int compare_functions(const struct vmpt_function *a, const struct vmpt_function *b)
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

static int by_function(const void *left, const void *right)
{
    const struct vmpt_function_row *a = left;
    const struct vmpt_function_row *b = right;
    return compare_functions(&a->function, &b->function);
}

static bool sorted_functions(struct vmpt_function_table *table, const struct vmpt_view *view)
{
    bool done = vmpt_function_table_init(table, view);
    if (done && table->count) {
        qsort(table->rows, table->count, sizeof(*table->rows), by_function);
    }
    return done;
}

/* ---- how sure a difference is ---------------------------------------------------------------------- */

/* Of a normal variable: that it is so many standard deviations from its mean, to either side, or further. */
static double chance_of(double deviations)
{
    return erfc(fabs(deviations) / sqrt(2));
}

static void judge_shares(struct vmpt_change *change, const struct basis *basis, double before,
                         double after)
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

static void judge_weights(struct vmpt_change *change, const struct basis *basis, double before,
                          double after)
{
    double spread = before * (basis->weight[0] / basis->samples[0]) +
                    after * (basis->weight[1] / basis->samples[1]);
    change->reach = Z95 * sqrt(spread);
    if (spread > 0) {
        change->chance = chance_of((after - before) / sqrt(spread));
    }
}

static struct vmpt_change change_of(const struct basis *basis, uint64_t before, uint64_t after)
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

/* The greatest chance that is called significant; -1: none is. */
static double threshold_of(double *chances, size_t count)
{
    double threshold = -1;
    qsort(chances, count, sizeof(*chances), ascending);
    for (size_t i = 0; i < count; i++) {
        if (chances[i] <= FALSE_DISCOVERIES * (double)(i + 1) / (double)count) {
            threshold = chances[i];
        }
    }
    return threshold;
}

static struct vmpt_change *change_at(struct vmpt_difference_row *row, bool self)
{
    return self ? &row->self : &row->total;
}

static bool mark_significant(struct vmpt_difference *difference)
{
    double *chances = vmpt_array(difference->count, sizeof(*chances));
    for (int self = 0; chances && self < 2; self++) {
        for (size_t i = 0; i < difference->count; i++) {
            chances[i] = change_at(&difference->rows[i], self)->chance;
        }
        double threshold = difference->count ? threshold_of(chances, difference->count) : -1;
        for (size_t i = 0; i < difference->count; i++) {
            struct vmpt_change *change = change_at(&difference->rows[i], self);
            change->significant = change->chance <= threshold;
        }
    }
    free(chances);
    return chances != NULL;
}

/* ---- making ---------------------------------------------------------------------------------------- */

static void join(struct vmpt_difference *difference, const struct basis *basis,
                 const struct vmpt_function_table *before, const struct vmpt_function_table *after)
{
    static const struct vmpt_function_row none;
    size_t i = 0;
    size_t k = 0;
    while (i < before->count || k < after->count) {
        int order = i == before->count  ? 1
                    : k == after->count ? -1
                                        : by_function(&before->rows[i], &after->rows[k]);
        const struct vmpt_function_row *was = order <= 0 ? &before->rows[i++] : &none;
        const struct vmpt_function_row *is = order >= 0 ? &after->rows[k++] : &none;
        difference->rows[difference->count++] = (struct vmpt_difference_row){
            .function = order >= 0 ? is->function : was->function,
            .self = change_of(basis, was->self.weight, is->self.weight),
            .total = change_of(basis, was->total.weight, is->total.weight)};
    }
}

/* What is the same in both is compared, but no difference. */
static void drop_equal(struct vmpt_difference *difference)
{
    size_t kept = 0;
    difference->compared = difference->count;
    for (size_t i = 0; i < difference->count; i++) {
        const struct vmpt_difference_row *row = &difference->rows[i];
        if (row->self.before != row->self.after || row->total.before != row->total.after) {
            difference->significant += row->self.significant || row->total.significant;
            difference->rows[kept++] = *row;
        }
    }
    difference->count = kept;
}

bool vmpt_difference_init(struct vmpt_difference *difference, const struct vmpt_view *before,
                          const struct vmpt_view *after, bool normalise)
{
    struct vmpt_function_table was;
    struct vmpt_function_table is;
    const struct basis basis = {
        .weight = {(double)before->profile->total.weight, (double)after->profile->total.weight},
        .samples = {before->profile->effective_samples, after->profile->effective_samples},
        .normalise = normalise,
    };
    memset(difference, 0, sizeof(*difference));
    memset(&is, 0, sizeof(is));
    bool done = sorted_functions(&was, before) && sorted_functions(&is, after);
    if (done) {
        difference->rows = vmpt_array(was.count + is.count, sizeof(*difference->rows));
        done = difference->rows != NULL;
    }
    if (done) {
        join(difference, &basis, &was, &is);
        done = mark_significant(difference);
        drop_equal(difference);
    }
    vmpt_function_table_fini(&was);
    vmpt_function_table_fini(&is);
    return done;
}

void vmpt_difference_fini(struct vmpt_difference *difference)
{
    free(difference->rows);
    memset(difference, 0, sizeof(*difference));
}

/* ---- order ----------------------------------------------------------------------------------------- */

static uint64_t size_of(const struct vmpt_change *change)
{
    return change->after > change->before ? change->after - change->before
                                          : change->before - change->after;
}

static int by_name(const void *left, const void *right)
{
    const struct vmpt_difference_row *a = left;
    const struct vmpt_difference_row *b = right;
    return compare_functions(&a->function, &b->function);
}

static int by_sizes(uint64_t a, uint64_t b, uint64_t then_a, uint64_t then_b)
{
    return a != b ? (a < b) - (a > b) : (then_a < then_b) - (then_a > then_b);
}

static int by_total(const void *left, const void *right)
{
    const struct vmpt_difference_row *a = left;
    const struct vmpt_difference_row *b = right;
    int order =
        by_sizes(size_of(&a->total), size_of(&b->total), size_of(&a->self), size_of(&b->self));
    return order ? order : by_name(a, b);
}

static int by_self(const void *left, const void *right)
{
    const struct vmpt_difference_row *a = left;
    const struct vmpt_difference_row *b = right;
    int order =
        by_sizes(size_of(&a->self), size_of(&b->self), size_of(&a->total), size_of(&b->total));
    return order ? order : by_name(a, b);
}

void vmpt_difference_sort(struct vmpt_difference *difference, enum vmpt_sort sort)
{
    int (*order)(const void *, const void *) = by_total;
    if (sort == VMPT_SORT_NAME) {
        order = by_name;
    } else if (sort == VMPT_SORT_SELF) {
        order = by_self;
    }
    if (difference->count) {
        qsort(difference->rows, difference->count, sizeof(*difference->rows), order);
    }
}
