#include "sampler/vm/peek.h"

#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define WINDOW_BYTES VMPS_PEEK_WINDOW_BYTES

static _Thread_local struct vmps_peek *kept;

void vmps_peek_begin(struct vmps_peek *peek)
{
    for (size_t i = 0; i < VMPS_PEEK_WINDOWS; i++) {
        peek->windows[i].begin = 0;
    }
    peek->failed = false;
    kept = peek;
}

bool vmps_peek_failed(void)
{
    return kept->failed;
}

bool vmps_peek_copy(void *to, uint64_t address, size_t size_bytes)
{
    const struct iovec local = {.iov_base = to, .iov_len = size_bytes};
    const struct iovec remote = {.iov_base = (void *)address, .iov_len = size_bytes};
    return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)size_bytes;
}

static const uint8_t *window_at(uint64_t begin)
{
    size_t index = begin / WINDOW_BYTES % VMPS_PEEK_WINDOWS;
    uint8_t *bytes = kept->windows[index].bytes;
    if (kept->windows[index].begin == begin && begin != 0) {
        return bytes;
    }
    kept->windows[index].begin = begin;
    if (!vmps_peek_copy(bytes, begin, WINDOW_BYTES)) {
        kept->windows[index].begin = 0;
        kept->failed = true;
        memset(bytes, 0, WINDOW_BYTES);
    }
    return bytes;
}

static void load(void *to, uint64_t address, size_t size_bytes)
{
    uint8_t *bytes = to;
    for (size_t i = 0; i < size_bytes; i++) {
        uint64_t at = address + i;
        bytes[i] = window_at(at - at % WINDOW_BYTES)[at % WINDOW_BYTES];
    }
}

uint64_t vmps_peek64(uint64_t address)
{
    uint64_t word;
    if (address % WINDOW_BYTES <= WINDOW_BYTES - sizeof word) {
        memcpy(&word, window_at(address - address % WINDOW_BYTES) + address % WINDOW_BYTES,
               sizeof word);
        return word;
    }
    load(&word, address, sizeof word);
    return word;
}

uint32_t vmps_peek32(uint64_t address)
{
    uint32_t word;
    load(&word, address, sizeof word);
    return word;
}

uint8_t vmps_peek8(uint64_t address)
{
    uint8_t byte;
    load(&byte, address, sizeof byte);
    return byte;
}
