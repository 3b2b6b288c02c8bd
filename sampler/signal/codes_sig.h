/* codes_sig.h: which code is in the journal already, and under which number.
 *
 * Thread: any number at once, without locks.  Signal: safe. */
#ifndef VMPROF_SAMPLER_SIGNAL_CODES_SIG_H
#define VMPROF_SAMPLER_SIGNAL_CODES_SIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sampler/signal/ring_sig.h"

#define VMPS_CODES_ENTRIES (UINT32_C(1) << 19)

/* Larger names are cut, larger line tables left out: a row has to fit the ring. */
#define VMPS_MAX_TEXT_BYTES (UINT32_C(64) << 10)
#define VMPS_MAX_LINES_BYTES (UINT32_C(256) << 10)

/* A set of hashes, one word an entry: 40 bits of the hash above 24 bits of the number. A slot is
 * written once. The memory is the owner's: VMPS_CODES_ENTRIES words, zero-filled. */
struct vmps_codes {
    _Atomic uint64_t *entries;
    _Atomic uint32_t last_id;
};

/* What a code row tells; the pointers are into the interpreter's objects. */
struct vmps_text {
    const void *data;
    uint32_t size_bytes;
    uint8_t encoding; /* VMPF_TEXT_* */
};
struct vmps_code {
    uint64_t address;
    uint32_t first_line;
    uint8_t kind;          /* vmpf_kind */
    uint8_t line_encoding; /* VMPF_LINES_* */
    struct vmps_text name;
    struct vmps_text file;
    const void *lines;
    uint32_t lines_size_bytes;
};

/* vmps_codes_find() gives the number of the code with that hash, 0 when it has none yet. */
uint32_t vmps_codes_find(const struct vmps_codes *codes, uint64_t hash);

/* vmps_codes_publish() gives code a new number, publishes its row, and remembers it, in this order:
 * a sample that names a number comes after the number's row [F-7.3-4]. 0: the ring has no room.
 * Where the table is full, or two threads meet, the same code gets two numbers; that is correct and
 * costs a row. */
uint32_t vmps_codes_publish(struct vmps_codes *codes, struct vmps_ring *ring, uint64_t hash,
                            const struct vmps_code *code);

#endif
