/* peek.h: loads from memory that another thread may give back to the system at any moment. The kernel copies, so that the
 * answer is never a fault; what is copied lasts until the next vmps_peek_begin().
 *
 * Thread: any; what is kept is the thread's own.  Signal: unsafe. */
#ifndef VMPROF_SAMPLER_VM_PEEK_H
#define VMPROF_SAMPLER_VM_PEEK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is kept. Frames and code objects are smaller than a window; one copy then does for all the words of one. A window does
 * not cross a page. */
#define VMPS_PEEK_WINDOW_BYTES 256u
#define VMPS_PEEK_WINDOWS 32u

struct vmps_peek {
    struct {
        uint64_t begin; /* 0: empty */
        uint8_t bytes[VMPS_PEEK_WINDOW_BYTES];
    } windows[VMPS_PEEK_WINDOWS];
    bool failed;
};

/* vmps_peek_begin() has the loads of this thread kept in peek, which is emptied. vmps_peek_failed() tells whether a load since then met memory that cannot be
 * read; it gave 0, and nothing that was found is worth anything. */
void vmps_peek_begin(struct vmps_peek *peek);
bool vmps_peek_failed(void);

uint64_t vmps_peek64(uint64_t address);
uint32_t vmps_peek32(uint64_t address);
uint8_t vmps_peek8(uint64_t address);

/* vmps_peek_copy() copies as it is now. False: it cannot be read. */
bool vmps_peek_copy(void *to, uint64_t address, size_t size_bytes);

#endif
