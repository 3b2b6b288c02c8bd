#include "libvmprof_fmt/src/legacy/log_scan.h"

#include "libvmprof_fmt/src/base/error.h"

#include <string.h>

vmpf_status vmpfi_log_scan_begin(struct vmpfi_log_scan *scan, const struct vmpfi_log_layout *layout,
                                 struct vmpfi_log_window *window, vmpfi_log_on_damage *on_damage,
                                 void *damage_ctx, struct vmpf_error *err)
{
    *scan = (struct vmpfi_log_scan){
        .place = {.layout = layout, .window = window, .start = layout->start},
        .window = window,
        .started = layout->early_5,
        .on_damage = on_damage,
        .damage_ctx = damage_ctx,
    };
    vmpfi_log_window_rewind(window);
    VMPF_TRY(vmpfi_log_window_ensure(window, layout->records_offset, err));
    size_t left = vmpfi_log_window_left(window);
    vmpfi_log_window_advance(window, layout->records_offset < left ? layout->records_offset : left);
    return VMPF_OK;
}

/* What a record says of the whole log. */
static void note(struct vmpfi_log_scan *scan, const struct vmpfi_log_record *record)
{
    if (record->marker == VMPFI_LOG_TIME_N_ZONE && !scan->started && !scan->finished) {
        scan->started = record->time.known; /* [L-3.2-1] */
        scan->place.start = record->time;
    }
    if (record->marker == VMPFI_LOG_TRAILER) {
        scan->finished = true;
        scan->maps = vmpfi_log_maps_follow(&scan->place, record);
    }
}

/* Goes on to the next byte that may be the marker of a record to go on with; false: the log has ended. */
static vmpf_status seek_marker(struct vmpfi_log_window *window, bool *found, struct vmpf_error *err)
{
    *found = false;
    for (;;) {
        VMPF_TRY(vmpfi_log_window_ensure(window, 1, err));
        const uint8_t *data = vmpfi_log_window_data(window);
        size_t left = vmpfi_log_window_left(window);
        size_t at = 0;
        while (at < left && !((data[at] >= VMPFI_LOG_STACKTRACE && data[at] <= VMPFI_LOG_TRAILER) ||
                              data[at] == VMPFI_LOG_NATIVE_SYMBOLS)) {
            at++;
        }
        vmpfi_log_window_advance(window, at);
        *found = at < left;
        if (*found || left == 0) {
            return VMPF_OK;
        }
    }
}

static void tell(struct vmpfi_log_scan *scan, uint64_t from, uint8_t marker)
{
    struct vmpf_error error;
    uint64_t lost_bytes = scan->window->offset - from;
    bool cut = vmpfi_log_window_left(scan->window) == 0;
    scan->lost_bytes += lost_bytes;
    vmpfi_fail(&error, VMPF_E_CORRUPT, from, "L-3.3-3",
               cut ? "from here to the end of the log is no whole record"
                   : "there is no whole record here");
    if (scan->on_damage != NULL) {
        scan->on_damage(scan->damage_ctx, &error, lost_bytes, marker == VMPFI_LOG_STACKTRACE);
    }
}

/* [L-3.3-3]: to the next record that surely stands, or the end. */
static vmpf_status search(struct vmpfi_log_scan *scan, struct vmpf_error *err)
{
    struct vmpfi_log_window *window = scan->window;
    struct vmpfi_log_record record;
    uint64_t from = window->offset;
    uint8_t marker = *vmpfi_log_window_data(window);
    bool found = true;
    bool sure = false;
    while (found && !sure) {
        bool stands = false;
        vmpfi_log_window_advance(window, 1);
        VMPF_TRY(seek_marker(window, &found, err));
        if (found) {
            VMPF_TRY(vmpfi_log_record_here(&scan->place, &record, &stands, err));
        }
        if (stands) {
            VMPF_TRY(vmpfi_log_record_is_sure(&scan->place, &record, &sure, err));
        }
    }
    tell(scan, from, marker);
    return VMPF_OK;
}

vmpf_status vmpfi_log_scan_next(struct vmpfi_log_scan *scan, struct vmpfi_log_record *record,
                                struct vmpf_error *err)
{
    struct vmpfi_log_window *window = scan->window;
    vmpfi_log_window_advance(window, scan->pending_bytes);
    scan->pending_bytes = 0;
    while (!scan->maps) {
        bool stands = false;
        VMPF_TRY(vmpfi_log_window_ensure(window, 1, err));
        if (vmpfi_log_window_left(window) == 0) {
            return VMPF_END;
        }
        VMPF_TRY(vmpfi_log_record_here(&scan->place, record, &stands, err));
        if (stands) {
            note(scan, record);
            scan->pending_bytes = record->size_bytes;
            return VMPF_OK;
        }
        VMPF_TRY(search(scan, err));
    }
    return VMPF_END;
}
