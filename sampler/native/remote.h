/* remote.h: reads memory of this process that may go away meanwhile. */
#ifndef VMPROF_SAMPLER_NATIVE_REMOTE_H
#define VMPROF_SAMPLER_NATIVE_REMOTE_H

#include <stddef.h>
#include <stdint.h>

/* vmps_remote_read() copies what can be read of [address, address + size_bytes), from the front. Returns how
 * much that was. Thread: any. */
size_t vmps_remote_read(uint64_t address, void *buffer, size_t size_bytes);

#endif
