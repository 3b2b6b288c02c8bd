/* text.h: names as interpreters hold them, to UTF-8 (spec F-7.2-4). Private. */
#ifndef VMPROF_FMT_JOURNAL_TEXT_H
#define VMPROF_FMT_JOURNAL_TEXT_H

#include "libvmprof_fmt/src/base/buffer.h"

/* vmpfi_text_is_sound() is true when the encoding (VMPF_TEXT_*) is known, the text has no part of a character
 * [F-7.2-4], and what it becomes is at most max_bytes. */
bool vmpfi_text_is_sound(uint8_t encoding, const uint8_t *text, size_t size_bytes,
                         size_t max_bytes);

/* vmpfi_text_to_utf8() appends a sound text to out. false: no memory. */
bool vmpfi_text_to_utf8(struct vmpfi_buffer *out, uint8_t encoding, const uint8_t *text,
                        size_t size_bytes);

#endif
