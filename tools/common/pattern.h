/* pattern.h: a user's regular expression, POSIX extended, that cannot take for ever.
 *
 * The C library's matcher runs in time that is bounded by the length of the name, but for two things: references
 * back to what a group matched, for which it has to try everything, and repetitions of repetitions, which it writes
 * out. The first are refused, and so are the second where they would come to more than VMPT_PATTERN_MOST_COPIES. What of a
 * name is matched has a limit, too (view.h).
 */
#ifndef VMPROF_TOOLS_COMMON_PATTERN_H
#define VMPROF_TOOLS_COMMON_PATTERN_H

#include <regex.h>
#include <stdbool.h>

#include "tools/common/options.h"

#define VMPT_PATTERN_MOST_COPIES 65536u

/* False: see why; *out is then nothing to be freed. */
bool vmpt_pattern_compile(regex_t *out, const char *text, struct vmpt_refusal *why);

#endif
