#include "tools/import/from_perf_data.h"

#include <string.h>

#include "tools/import/from_perf_script.h"
#include "tools/import/perf_child.h"

bool import_is_perf_data(const uint8_t *head, size_t size_bytes)
{
    return size_bytes >= 8 &&
           (memcmp(head, "PERFILE2", 8) == 0 || memcmp(head, "2ELIFREP", 8) == 0);
}

vmpf_status import_open_perf_data(struct vmpt_feed *feed, struct vmpf_source source,
                                  uint32_t skip_columns, struct vmpf_error *err)
{
    static const struct import_perf_printer printer = {.format = "perf-data",
                                                       .has_failed = perf_child_failed};
    struct vmpf_source text;
    (void)skip_columns;
    vmpf_status status = perf_child_open(&text, source, err);
    return status == VMPF_OK ? import_open_perf_printed(feed, text, &printer, err) : status;
}
