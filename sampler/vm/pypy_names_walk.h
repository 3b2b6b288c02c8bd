/* pypy_names_walk.h: the names of PyPy's code, as its own _vmprof tells them.
 *
 * While _vmprof is enabled, each code object that is made gets a number, and a record with the number and the
 * name. Records lie in a buffer of PyPy's until it is full and goes to the descriptor that _vmprof was
 * enabled with: a file in memory that is ours. Both are read here, so that the name of code that runs is always
 * to be had.
 *
 * Thread: any number at once, without locks.  Signal: safe. */
#ifndef VMPROF_SAMPLER_VM_PYPY_NAMES_WALK_H
#define VMPROF_SAMPLER_VM_PYPY_NAMES_WALK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "sampler/signal/codes_sig.h"
#include "sampler/signal/probe_sig.h"

/* Numbers are multiples of this. */
#define VMPS_PYPY_NUMBER_STEP 4u
#define VMPS_PYPY_MAX_CODES (UINT32_C(1) << 24)
#define VMPS_PYPY_FILE_BYTES (UINT64_C(1) << 30)
/* PyPy's buffers: an array of them; u32 bytes used, u32 bytes written, bytes. */
#define VMPS_PYPY_BUFFER_BYTES 8192u
#define VMPS_PYPY_BUFFER_COUNT 20u
#define VMPS_PYPY_BUFFER_HEADER 8u

struct vmps_pypy_names {
    int fd;              /* shares its position with the one that PyPy writes to */
    const uint8_t *file; /* VMPS_PYPY_FILE_BYTES mapped, as much as there is of it */
    _Atomic uint32_t
        *places; /* by number / STEP: where in the file the name's record is, plus 1; 0: not read */
    _Atomic uint64_t *read_bytes; /* of the file */
    uint64_t buffers;             /* PyPy's, the first one; 0: not known */
};

/* A name's text "py:NAME:LINE:FILE", which is not terminated. */
struct vmps_pypy_name {
    const char *text;
    uint32_t size_bytes;
};

/* vmps_pypy_name_find() finds the name of a number. probe: of the walk. */
bool vmps_pypy_name_find(const struct vmps_pypy_names *names, struct vmps_probe *probe,
                         uint64_t number, struct vmps_pypy_name *name);

/* vmps_pypy_names_read() reads what PyPy has written to the file since. */
void vmps_pypy_names_read(const struct vmps_pypy_names *names);

/* vmps_pypy_name_in() finds, in size_bytes of records, the last one of a number, or where prefix is not NULL the last
 * one whose name begins with it. */
struct vmps_pypy_wanted {
    uint64_t number;
    const char *prefix;
};
bool vmps_pypy_name_in(const uint8_t *bytes, uint64_t size_bytes,
                       const struct vmps_pypy_wanted *wanted, uint64_t *number,
                       struct vmps_pypy_name *name);

/* vmps_pypy_name_split() cuts a name into what a code row tells; false: it is none. */
bool vmps_pypy_name_split(const struct vmps_pypy_name *name, struct vmps_code *code);

#endif
