/* duration.h: spans of time as people write them. */
#ifndef VMPROF_TOOLS_COMMON_DURATION_H
#define VMPROF_TOOLS_COMMON_DURATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VMPT_MIN_PERIOD_NS UINT64_C(20000)
#define VMPT_MAX_PERIOD_NS UINT64_C(999999999)

/* Seconds (`0.001`, `1e-3`), or a number with a unit: ns, us, ms, s, m, h. Not negative; at most 290
 * years. False: text is something else, and *ns is unchanged. */
bool vmpt_parse_duration(const char *text, uint64_t *ns);

/* A duration that may be a sampling period: 20 us or more, and less than 1 s. False: why gets what
 * is wrong, without a newline. */
bool vmpt_parse_period(const char *text, uint64_t *ns, char *why, size_t why_size);

/* "1 ms", "100 us", "2.5 s": three digits, the unit that suits. out: 32 bytes are enough. */
void vmpt_format_duration(uint64_t ns, char *out, size_t out_size);

#endif
