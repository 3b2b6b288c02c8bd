#include "libvmprof_fmt/src/reader/range.h"

#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/wire/cursor.h"

struct vmpfi_range vmpfi_range_of(struct vmpf_reader_options *options)
{
    struct vmpfi_range range = {.set = options->from_ns != 0 || options->to_ns != 0};
    if (!range.set) {
        return range;
    }
    range.first_ns = options->from_ns;
    range.last_ns = options->to_ns - 1; /* 0: to the end */
    range.hides_time = (options->skip_columns & VMPF_COLUMN_TIME) != 0;
    options->skip_columns &= ~VMPF_COLUMN_TIME;
    return range;
}

bool vmpfi_range_excludes(const struct vmpfi_range *range, uint64_t begin_ns, uint64_t end_ns)
{
    bool spans = begin_ns != 0 || end_ns != 0;
    return range->set && spans && (end_ns < range->first_ns || begin_ns > range->last_ns);
}

bool vmpfi_range_filter(const struct vmpfi_range *range, struct vmpfi_samples *samples)
{
    size_t count = 0;
    for (size_t i = 0; range->set && i < samples->count; i++) {
        if (samples->time_ns[i] < range->first_ns || samples->time_ns[i] > range->last_ns) {
            continue;
        }
        samples->stack[count] = samples->stack[i];
        samples->thread[count] = samples->thread[i];
        samples->time_ns[count] = samples->time_ns[i];
        if (samples->flags != NULL) {
            samples->flags[count] = samples->flags[i];
        }
        if (samples->label != NULL) {
            samples->label[count] = samples->label[i];
        }
        for (size_t k = 0; k < samples->value_count; k++) {
            samples->values[k][count] = samples->values[k][i];
        }
        count++;
    }
    samples->count = range->set ? count : samples->count;
    return samples->count > 0;
}

vmpf_status vmpfi_range_head(struct vmpfi_columnset_head *head, const struct vmpfi_payload *payload,
                             struct vmpf_error *err)
{
    struct vmpfi_cursor cursor = vmpfi_cursor_of(payload->data, payload->size_bytes);
    uint32_t column_count;
    if (!vmpfi_read_u64(&cursor, &head->first) || !vmpfi_read_u32(&cursor, &head->count) ||
        !vmpfi_read_u32(&cursor, &column_count) ||
        !vmpfi_read_u64(&cursor, &head->journal_position) ||
        !vmpfi_read_u64(&cursor, &head->lost_samples)) {
        return vmpfi_fail(err, VMPF_E_CORRUPT, payload->offset, "F-4-1",
                          "a chunk is too short for its columns");
    }
    if (head->count > VMPFI_MAX_ENTRIES || column_count > VMPFI_MAX_COLUMNS) {
        return vmpfi_fail(err, VMPF_E_LIMIT, payload->offset,
                          column_count > VMPFI_MAX_COLUMNS ? "F-4-1" : "F-4-6",
                          "%u entries in %u columns are too many", (unsigned)head->count,
                          (unsigned)column_count);
    }
    return VMPF_OK;
}
