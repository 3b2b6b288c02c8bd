#include "tools/analysis/difference.h"

#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"

static int by_function(const void *left, const void *right)
{
    const struct vmpt_function_row *a = left;
    const struct vmpt_function_row *b = right;
    return vmpt_compare_functions(&a->function, &b->function);
}

static bool sorted_functions(struct vmpt_function_table *table, const struct vmpt_view *view)
{
    bool done = vmpt_function_table_init(table, view);
    if (done && table->count) {
        qsort(table->rows, table->count, sizeof(*table->rows), by_function);
    }
    return done;
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
        double threshold = vmpt_change_threshold(chances, difference->count, difference->count);
        for (size_t i = 0; i < difference->count; i++) {
            struct vmpt_change *change = change_at(&difference->rows[i], self);
            change->significant = change->chance <= threshold;
        }
    }
    free(chances);
    return chances != NULL;
}

/* ---- making ---------------------------------------------------------------------------------------- */

static void join(struct vmpt_difference *difference, const struct vmpt_change_basis *basis,
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
            .self = vmpt_change_of(basis, was->self.weight, is->self.weight),
            .total = vmpt_change_of(basis, was->total.weight, is->total.weight)};
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
    const struct vmpt_change_basis basis =
        vmpt_change_basis_of(before->profile, after->profile, normalise);
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

static int by_name(const void *left, const void *right)
{
    const struct vmpt_difference_row *a = left;
    const struct vmpt_difference_row *b = right;
    return vmpt_compare_functions(&a->function, &b->function);
}

static int by_sizes(uint64_t a, uint64_t b, uint64_t then_a, uint64_t then_b)
{
    return a != b ? (a < b) - (a > b) : (then_a < then_b) - (then_a > then_b);
}

static int by_total(const void *left, const void *right)
{
    const struct vmpt_difference_row *a = left;
    const struct vmpt_difference_row *b = right;
    int order = by_sizes(vmpt_change_size(&a->total), vmpt_change_size(&b->total),
                         vmpt_change_size(&a->self), vmpt_change_size(&b->self));
    return order ? order : by_name(a, b);
}

static int by_self(const void *left, const void *right)
{
    const struct vmpt_difference_row *a = left;
    const struct vmpt_difference_row *b = right;
    int order = by_sizes(vmpt_change_size(&a->self), vmpt_change_size(&b->self),
                         vmpt_change_size(&a->total), vmpt_change_size(&b->total));
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
