/* lines.h: the line tables of interpreters (spec 7.4). Private. */
#ifndef VMPROF_FMT_JOURNAL_LINES_H
#define VMPROF_FMT_JOURNAL_LINES_H

#include <stddef.h>
#include <stdint.h>

/* vmpfi_line_at() finds the line of the instruction at offset_bytes of a code that begins at first_line.
 * encoding: VMPF_LINES_*. Any table gives a line [F-7.4-1]; it is never read behind its end. */
uint32_t vmpfi_line_at(uint8_t encoding, const uint8_t *table, size_t size_bytes,
                       uint32_t first_line, uint32_t offset_bytes);

#endif
