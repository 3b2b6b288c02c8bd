#include "sampler/signal/memory_sig.h"

#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TEXT_BYTES 128
#define FIELDS 7 /* of statm, proc(5): size resident shared text lib data dt; numbers of pages */
#define RESIDENT 1
#define MAX_PAGES (UINT64_C(1) << 50)

/* The resident pages. The program may have closed our descriptor, and its number be that of a file of its own: what
 * does not look like a statm is none. */
static bool parse(const char *text, size_t size_bytes, uint64_t *pages)
{
    uint64_t fields[FIELDS] = {0};
    size_t field = 0, digits = 0;
    for (size_t i = 0; i < size_bytes; i++) {
        bool is_last = i + 1 == size_bytes;
        if (text[i] >= '0' && text[i] <= '9' && fields[field] < MAX_PAGES) {
            fields[field] = fields[field] * 10 + (uint64_t)(text[i] - '0');
            digits++;
            continue;
        }
        if (digits == 0 || text[i] != (is_last ? '\n' : ' ') || (field + 1 == FIELDS) != is_last) {
            return false;
        }
        field++;
        digits = 0;
    }
    *pages = fields[RESIDENT];
    return field == FIELDS;
}

static void read_again(struct vmps_memory *memory)
{
    char text[TEXT_BYTES];
    uint64_t pages;
    int fd = atomic_load_explicit(&memory->fd, memory_order_relaxed);
    long size = fd >= 0 ? syscall(SYS_pread64, fd, text, sizeof text, 0L) : -1;
    if (size > 0 && parse(text, (size_t)size, &pages)) {
        atomic_store_explicit(&memory->bytes, pages * memory->page_bytes, memory_order_relaxed);
    }
}

uint64_t vmps_memory_bytes(struct vmps_memory *memory, uint64_t now_ns)
{
    uint64_t next_ns = atomic_load_explicit(&memory->next_ns, memory_order_relaxed);
    if (now_ns >= next_ns && atomic_compare_exchange_strong_explicit(
                                 &memory->next_ns, &next_ns, now_ns + VMPS_MEMORY_FRESH_NS,
                                 memory_order_relaxed, memory_order_relaxed)) {
        read_again(memory);
    }
    return atomic_load_explicit(&memory->bytes, memory_order_relaxed);
}
