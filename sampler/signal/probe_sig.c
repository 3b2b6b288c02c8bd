#include "sampler/signal/probe_sig.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE_SHIFT 12
#define PAGE_SIZE_BYTES (UINT64_C(1) << PAGE_SHIFT)
/* Above it nothing belongs to a program on x86-64 with four-level tables; the kernel answers for the
 * rest. Zero pages at the bottom are never mapped (vm.mmap_min_addr). */
#define LOWEST_ADDRESS PAGE_SIZE_BYTES
#define HIGHEST_ADDRESS (UINT64_C(1) << 47)

/* The kernel copies the new mask from the address before it looks at `how` (kernel/signal.c,
 * rt_sigprocmask), so an impossible `how` changes nothing: EFAULT tells that eight bytes cannot be
 * read there, EINVAL that they can. It is one of the calls that no seccomp filter can do without. */
static bool word_readable(uint64_t address)
{
    const int impossible_how = -1;
    const size_t kernel_mask_bytes = 8;
    long result = syscall(SYS_rt_sigprocmask, impossible_how, address, NULL, kernel_mask_bytes);
    return result == 0 || errno != EFAULT;
}

static bool page_readable(struct vmps_probe *probe, uint64_t page)
{
    uint64_t *known = &probe->page[page % VMPS_PROBE_PAGES];
    if (*known == page) {
        return true;
    }
    if (!word_readable(page << PAGE_SHIFT)) {
        return false;
    }
    *known = page;
    return true;
}

bool vmps_probe_readable(struct vmps_probe *probe, uint64_t address, size_t size_bytes)
{
    if (address < LOWEST_ADDRESS || address >= HIGHEST_ADDRESS) {
        return false;
    }
    if (size_bytes > HIGHEST_ADDRESS - address) {
        return false;
    }
    uint64_t last = (address + (size_bytes != 0 ? size_bytes - 1 : 0)) >> PAGE_SHIFT;
    for (uint64_t page = address >> PAGE_SHIFT; page <= last; page++) {
        if (!page_readable(probe, page)) {
            return false;
        }
    }
    return true;
}
