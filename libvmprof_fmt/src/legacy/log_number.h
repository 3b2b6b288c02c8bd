/* log_number.h: words and addresses: 4 or 8 bytes, lowest first, at any place that the caller knows to be there. Private. */
#ifndef VMPROF_FMT_LEGACY_LOG_NUMBER_H
#define VMPROF_FMT_LEGACY_LOG_NUMBER_H

#include "libvmprof_fmt/src/wire/cursor.h"

/* [L-1-1] */
static inline uint64_t vmpfi_log_number(const uint8_t *at, size_t number_bytes)
{
    return number_bytes == 8 ? vmpfi_load_u64(at) : vmpfi_load_u32(at);
}

static inline int64_t vmpfi_log_signed(const uint8_t *at, size_t number_bytes)
{
    return number_bytes == 8 ? (int64_t)vmpfi_load_u64(at) : (int32_t)vmpfi_load_u32(at);
}

#endif
