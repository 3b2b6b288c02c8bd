/* huge_pages.h: large arrays in large pages, of which each is asked for at once: where a table of millions of nodes is
 * filled, the kernel's work for one small page after the other is the greater part.
 */
#ifndef VMPROF_TOOLS_ANALYSIS_HUGE_PAGES_H
#define VMPROF_TOOLS_ANALYSIS_HUGE_PAGES_H

#include <stddef.h>

/* Asks for large pages where some fit into memory, which was not written to yet, or not all of it. No more than a
 * wish: what memory holds stays as it is. */
void vmpt_huge_pages(void *memory, size_t size_bytes);

#endif
