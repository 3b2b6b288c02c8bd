/* from_austin.h: the text of Austin, a line a sample, of versions 1 ("Thread HEX;name (file);L3 500"), 2 and newer
 * ("P12;T0:34;file:name:3 500", with "# austin: 3.4.1" and other headers since version 3). */
#ifndef VMPROF_TOOLS_IMPORT_FROM_AUSTIN_H
#define VMPROF_TOOLS_IMPORT_FROM_AUSTIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/analysis/feed.h"

bool import_is_austin(const uint8_t *head, size_t size_bytes);
/* As vmpt_feed_open_vmpf(). Where no header says what a single number is, it is a "weight". Lines of another form than the
 * mode's are lost, and counted. There are no times in it. */
vmpf_status import_open_austin(struct vmpt_feed *feed, struct vmpf_source source,
                               uint32_t skip_columns, struct vmpf_error *err);

#endif
