/* gperftools_text.h: what is text in a profile of gperftools: symbols before the records, mapped files behind them. */
#ifndef VMPROF_TOOLS_IMPORT_GPERFTOOLS_TEXT_H
#define VMPROF_TOOLS_IMPORT_GPERFTOOLS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/import/keys.h"
#include "tools/import/made.h"

struct gperf_frame {
    uint32_t function;
    vmpf_kind kind;
};

/* By address: its frames, the outermost first. */
struct gperf_frames {
    struct import_keys known; /* of ranges */
    struct gperf_range {
        size_t first, count;
    } * ranges;
    size_t range_count, range_capacity;
    struct gperf_frame *frames;
    size_t frame_count, frame_capacity;
};

void gperf_frames_fini(struct gperf_frames *frames);
/* The frames of an address, which is made one of its own where no symbol names it. NULL: memory is short. */
const struct gperf_range *gperf_frames_at(struct gperf_frames *frames, struct import_made *made,
                                          uint64_t address);

/* Whether data begins with a line of such a text. */
bool gperf_has_text(const uint8_t *data, size_t size_bytes);
/* Reads the sections of text before the records, which begin at *used. VMPF_E_TRUNCATED, VMPF_E_UNSUPPORTED, VMPF_E_NOMEM. */
vmpf_status gperf_read_symbols(struct gperf_frames *frames, struct import_made *made,
                               const uint8_t *data, size_t size_bytes, size_t *used,
                               struct vmpf_error *err);
/* Adds the mapped files whose code may run. False: memory is short. */
bool gperf_read_maps(struct import_made *made, const uint8_t *data, size_t size_bytes);

#endif
