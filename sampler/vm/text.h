/* text.h: an interpreter's text as UTF-8. */
#ifndef VMPROF_SAMPLER_VM_TEXT_H
#define VMPROF_SAMPLER_VM_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "sampler/signal/codes_sig.h"

/* vmps_text_utf8() writes text to buffer, cut where it is full, without a NUL. False: it holds a
 * surrogate, or an encoding that is not known. */
bool vmps_text_utf8(const struct vmps_text *text, char *buffer, size_t size_bytes, size_t *length);

#endif
