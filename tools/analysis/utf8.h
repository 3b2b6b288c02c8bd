/* utf8.h: names are bytes that should be UTF-8; what is not is shown as U+FFFD, a byte at a time. */
#ifndef VMPROF_TOOLS_ANALYSIS_UTF8_H
#define VMPROF_TOOLS_ANALYSIS_UTF8_H

#include <stddef.h>
#include <stdint.h>

#define VMPT_UTF8_BAD 0xFFFDu
#define VMPT_UTF8_BAD_BYTES "\xEF\xBF\xBD"

/* Reads the code point at data (size_bytes > 0) and returns how many bytes it takes: 1 with
 * *code = VMPT_UTF8_BAD and *valid = 0 where it is not well-formed (Unicode, table 3-7). */
size_t vmpt_utf8_decode(const char *data, size_t size_bytes, uint32_t *code, int *valid);

/* The size of data with what is malformed replaced, and the replaced bytes in out (of that size;
 * not NUL-terminated; NULL: only the size). */
size_t vmpt_utf8_repair(const char *data, size_t size_bytes, char *out);

#endif
