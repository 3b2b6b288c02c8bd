/* firefox.h: the parts of a processed profile of the Firefox Profiler. */
#ifndef VMPROF_TOOLS_CONVERT_FIREFOX_H
#define VMPROF_TOOLS_CONVERT_FIREFOX_H

#include <stdbool.h>

#include "tools/convert/tables.h"
#include "tools/convert/text.h"

/* Writes the tables that all threads share, with the comma behind them: stacks, frames, functions, libraries, files and
 * strings. A stack of `tables` has its number less one. False: memory is short. */
bool conv_firefox_shared(struct conv_text *text, const struct conv_tables *tables);

#endif
