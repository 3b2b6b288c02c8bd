/* probe_sig.h: may an address be read? Asked of the kernel, so that the answer is never a fault.
 *
 * Signal: safe. */
#ifndef VMPROF_SAMPLER_SIGNAL_PROBE_SIG_H
#define VMPROF_SAMPLER_SIGNAL_PROBE_SIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VMPS_PROBE_PAGES 32

/* Pages that were found readable during one walk: what was mapped a microsecond ago, in the same
 * thread, is not asked for again. Zero-filled is empty. */
struct vmps_probe {
    uint64_t page[VMPS_PROBE_PAGES];
};

/* vmps_probe_readable() tells whether all of [address, address + size_bytes) can be read. */
bool vmps_probe_readable(struct vmps_probe *probe, uint64_t address, size_t size_bytes);

/* Loads from addresses that were probed, or that the interpreter itself keeps valid. Volatile: the
 * words belong to other code, and each is to be read once. */
static inline uint64_t vmps_load64(uint64_t address)
{
    return *(const volatile uint64_t *)address;
}

static inline uint32_t vmps_load32(uint64_t address)
{
    return *(const volatile uint32_t *)address;
}

static inline uint8_t vmps_load8(uint64_t address)
{
    return *(const volatile uint8_t *)address;
}

#endif
