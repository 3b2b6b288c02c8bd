/* tachyon_tables.h: the header and the tables of a profile of profiling.sampling. */
#ifndef VMPROF_TOOLS_IMPORT_TACHYON_TABLES_H
#define VMPROF_TOOLS_IMPORT_TACHYON_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/import/made.h"

#define TACHYON_HEADER_BYTES 64u

struct tachyon_header {
    bool is_big; /* the order of bytes of fixed numbers */
    bool is_compressed;
    uint64_t start_us, interval_us, sample_count, strings_at, frames_at;
};

struct tachyon_frame {
    uint32_t function, line;
    vmpf_kind kind;
};

struct tachyon_tables {
    struct vmpf_string *strings; /* into the data */
    struct tachyon_frame *frames;
    uint32_t string_count, frame_count;
};

/* Whether data begins so, and in which order its bytes are. */
bool tachyon_magic(const uint8_t *data, size_t size_bytes, bool *is_big);
/* VMPF_E_UNSUPPORTED, VMPF_E_TRUNCATED, VMPF_E_CORRUPT. */
vmpf_status tachyon_header_read(struct tachyon_header *header, const uint8_t *data,
                                size_t size_bytes, struct vmpf_error *err);
/* Each frame's function is made. VMPF_E_CORRUPT, VMPF_E_NOMEM; tachyon_tables_fini() may always be called after it. */
vmpf_status tachyon_tables_read(struct tachyon_tables *tables, const struct tachyon_header *header,
                                const uint8_t *data, size_t size_bytes, struct import_made *made,
                                struct vmpf_error *err);
void tachyon_tables_fini(struct tachyon_tables *tables);

#endif
