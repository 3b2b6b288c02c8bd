/* terminal.h: what standard output is, and how text should look there. */
#ifndef VMPROF_TOOLS_COMMON_TERMINAL_H
#define VMPROF_TOOLS_COMMON_TERMINAL_H

#include <stdbool.h>

#include "tools/common/settings.h"
#include "tools/common/table.h"

bool vmpt_is_terminal(void);
/* LC_ALL, LC_CTYPE or LANG, whichever is set first, says that text is UTF-8. */
bool vmpt_is_utf8(void);
/* Colour as --color and NO_COLOR (no-color.org) say; the width of COLUMNS, else of the terminal. */
struct vmpt_text_look vmpt_terminal_look(enum vmpt_color color);

/* Opens what the caller left closed of descriptors 0 to 2 so that it fails to be used, and so that
 * no file that is opened later is taken for it. */
void vmpt_terminal_guard(void);

#endif
