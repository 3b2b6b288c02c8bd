/* coverage.c: which samples TOTALS chunks speak of (spec 5.9). */
#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/reader/state.h"

void vmpfi_coverage_new_session(struct vmpfi_coverage *c)
{
    c->until = 0;
    vmpfi_coverage_new_epoch(c, 0);
}

void vmpfi_coverage_new_epoch(struct vmpfi_coverage *c, uint64_t position)
{
    c->epoch_first = position;
    c->end_count = 0;
    c->unsure = false;
}

vmpf_status vmpfi_coverage_samples(struct vmpfi_coverage *c, uint64_t position, uint64_t first,
                                   uint64_t end)
{
    void *ends = c->ends;
    bool grown = vmpfi_grow(&ends, &c->end_capacity, c->end_count + 1, sizeof *c->ends);
    c->ends = ends;
    if (!grown) {
        return VMPF_E_NOMEM;
    }
    c->ends[c->end_count++] = end;
    c->unsure = c->unsure || first > position;
    return VMPF_OK;
}

/* Whether a SAMPLES chunk begins, or ends, at this number. The ends grow. */
static bool is_border(const struct vmpfi_coverage *c, uint64_t number)
{
    size_t low = 0;
    size_t high = c->end_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (c->ends[middle] < number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return number == c->epoch_first || (low < c->end_count && c->ends[low] == number);
}

vmpf_status vmpfi_coverage_totals(struct vmpfi_coverage *c, const struct vmpfi_totals *totals,
                                  uint64_t offset, struct vmpf_error *err)
{
    uint64_t last = c->end_count == 0 ? c->epoch_first : c->ends[c->end_count - 1];
    if (totals->first < c->until) {
        return vmpfi_fail(err, VMPF_E_CORRUPT, offset, "F-5.9-4", "samples are in totals twice");
    }
    if (totals->first > last || totals->covered > last - totals->first ||
        (!c->unsure && (totals->first < c->epoch_first || !is_border(c, totals->first) ||
                        !is_border(c, totals->first + totals->covered)))) {
        return vmpfi_fail(err, VMPF_E_CORRUPT, offset, "F-5.9-1",
                          "totals are of samples that are not there");
    }
    c->until = totals->first + totals->covered;
    return VMPF_OK;
}
