#include "tools/common/importers.h"

#include <string.h>

#include "tools/import/from_austin.h"
#include "tools/import/from_callgrind.h"
#include "tools/import/from_collapsed.h"
#include "tools/import/from_firefox.h"
#include "tools/import/from_gperftools.h"
#include "tools/import/from_mojo.h"
#include "tools/import/from_perf_data.h"
#include "tools/import/from_perf_script.h"
#include "tools/import/from_pprof.h"
#include "tools/import/from_speedscope.h"
#include "tools/import/from_tachyon.h"
#include "tools/import/whole_input.h"

/* Our own reader knows our own files, and upstream's logs, best: whatever it does not call somebody else's is ours, be it
 * newer than we are or cut short. */
static bool is_vmpf(const uint8_t *head, size_t size_bytes)
{
    struct vmpf_source source;
    vmpf_reader *reader = NULL;
    struct vmpf_reader_options options = {.size = sizeof(options)};
    if (vmpf_source_open_memory(&source, head, size_bytes, NULL) != VMPF_OK) {
        return false;
    }
    vmpf_status status = vmpf_reader_open(&reader, source, &options, NULL);
    vmpf_reader_close(reader);
    return status != VMPF_E_NOT_VMPROF;
}

/* In the order of how sure a format can be told. The logs of upstream begin as gperftools' profiles do. */
static const struct vmpt_importer importers[] = {
    {.name = "gperftools", .recognise = import_is_gperftools, .open = import_open_gperftools},
    {.name = "vmprof", .recognise = is_vmpf, .open = vmpt_feed_open_vmpf},
    {.name = "mojo", .recognise = import_is_mojo, .open = import_open_mojo},
    {.name = "tachyon", .recognise = import_is_tachyon, .open = import_open_tachyon},
    {.name = "perf-data", .recognise = import_is_perf_data, .open = import_open_perf_data},
    {.name = "pprof", .recognise = import_is_pprof, .open = import_open_pprof},
    {.name = "austin", .recognise = import_is_austin, .open = import_open_austin, .inflates = true},
    {.name = "speedscope",
     .recognise = import_is_speedscope,
     .open = import_open_speedscope,
     .inflates = true},
    {.name = "firefox",
     .recognise = import_is_firefox,
     .open = import_open_firefox,
     .inflates = true},
    {.name = "callgrind",
     .recognise = import_is_callgrind,
     .open = import_open_callgrind,
     .inflates = true},
    {.name = "perf-script",
     .recognise = import_is_perf_script,
     .open = import_open_perf_script,
     .inflates = true},
    {.name = "collapsed",
     .recognise = import_is_collapsed,
     .open = import_open_collapsed,
     .inflates = true},
};

static const struct vmpt_importer *find(const uint8_t *head, size_t size_bytes, bool gzip)
{
    for (size_t i = 0; i < sizeof(importers) / sizeof(importers[0]); i++) {
        if ((!gzip || importers[i].inflates) && importers[i].recognise(head, size_bytes)) {
            return &importers[i];
        }
    }
    return NULL;
}

/* What some recognise by themselves in what is gzip'd is shown to the others inflated. */
const struct vmpt_importer *vmpt_importer_find(const uint8_t *head, size_t size_bytes)
{
    uint8_t plain[VMPT_HEAD_BYTES];
    const struct vmpt_importer *found = find(head, size_bytes, false);
    if (found || !whole_is_gzip(head, size_bytes)) {
        return found;
    }
    return find(plain, whole_inflate_head(head, size_bytes, plain, sizeof(plain)), true);
}
