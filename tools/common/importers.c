#include "tools/common/importers.h"

#include <string.h>

/* Our own reader knows our own files best: whatever it does not call somebody else's is ours, be it
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

/* Upstream's logs start with the words 0, 3, 0, period, 0 of the machine's size and order: a byte 3
 * among zeros. */
static bool is_upstream_log(const uint8_t *head, size_t size_bytes)
{
    static const struct {
        uint8_t word_bytes;
        uint8_t three_at;
    } layouts[] = {{8, 8}, {4, 4}, {8, 15}, {4, 7}};
    for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
        size_t checked = (size_t)3 * layouts[i].word_bytes;
        bool fits = size_bytes >= checked && head[layouts[i].three_at] == 3;
        for (size_t at = 0; fits && at < checked; at++) {
            fits = at == layouts[i].three_at || head[at] == 0;
        }
        if (fits) {
            return true;
        }
    }
    return false;
}

static bool is_gzip(const uint8_t *head, size_t size_bytes)
{
    return size_bytes >= 2 && head[0] == 0x1F && head[1] == 0x8B;
}

static const struct vmpt_importer importers[] = {
    {.name = "vmprof", .recognise = is_vmpf, .open = vmpt_feed_open_vmpf},
    {.name = "vmprof-log",
     .recognise = is_upstream_log,
     .refusal = "a log of the upstream vmprof; reading those comes with a later version"},
    {.name = "gzip",
     .recognise = is_gzip,
     .refusal =
         "compressed by gzip; reading such files comes with a later version, gunzip it first"},
};

const struct vmpt_importer *vmpt_importer_find(const uint8_t *head, size_t size_bytes)
{
    for (size_t i = 0; i < sizeof(importers) / sizeof(importers[0]); i++) {
        if (importers[i].recognise(head, size_bytes)) {
            return &importers[i];
        }
    }
    return NULL;
}
