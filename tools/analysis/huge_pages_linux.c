#include "tools/analysis/huge_pages.h"

#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>

/* Of x86-64. Where pages are of another size, the wish may be refused, which does no harm. */
#define PAGE_BYTES ((uintptr_t)4096)
#define HUGE_PAGE_BYTES ((uintptr_t)2 << 20)

/* The pages at both ends count, too: they are all of the mapping where an array has one of its own, and one that is of
 * two kinds could not be moved any more when the array grows, but had to be copied. */
void vmpt_huge_pages(void *memory, size_t size_bytes)
{
    int before = errno;
    if (size_bytes >= 2 * HUGE_PAGE_BYTES) {
        uintptr_t skipped = (uintptr_t)memory % PAGE_BYTES;
        uintptr_t room = (size_bytes + skipped + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
        (void)madvise((unsigned char *)memory - skipped, room, MADV_HUGEPAGE);
    }
    errno = before;
}
