/* text.h: names as interpreters hold them, to UTF-8 (spec F-7.2-4). Private. */
#ifndef VMPROF_FMT_JOURNAL_TEXT_H
#define VMPROF_FMT_JOURNAL_TEXT_H

#include "libvmprof_fmt/src/base/buffer.h"

/* vmpfi_text_to_utf8() appends text to out. encoding: VMPF_TEXT_*. A last unit that is cut is left out.
 * false: no memory. */
bool vmpfi_text_to_utf8(struct vmpfi_buffer *out, uint8_t encoding, const uint8_t *text,
                        size_t size_bytes);

#endif
