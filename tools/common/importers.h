/* importers.h: the formats that a profile may come in, recognised by content.
 *
 * To read another format: a file in tools/import that fills a vmpt_feed, and a row in importers.c.
 */
#ifndef VMPROF_TOOLS_COMMON_IMPORTERS_H
#define VMPROF_TOOLS_COMMON_IMPORTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/analysis/feed.h"

/* How much of an input is looked at to recognise it. */
#define VMPT_HEAD_BYTES 4096

struct vmpt_importer {
    const char *name;
    bool (*recognise)(const uint8_t *head, size_t size_bytes);
    /* As vmpt_feed_open_vmpf(). NULL: known, but not read; `refusal` says so. */
    vmpf_status (*open)(struct vmpt_feed *feed, struct vmpf_source source, uint32_t skip_columns,
                        struct vmpf_error *err);
    const char *refusal;
    bool inflates; /* open() reads what is gzip'd, too; recognise() is then given what is in it */
};

/* The importer for an input that starts so, or NULL. head: the first VMPT_HEAD_BYTES, or all there is. */
const struct vmpt_importer *vmpt_importer_find(const uint8_t *head, size_t size_bytes);

#endif
