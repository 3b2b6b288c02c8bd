/* witness.h: a sound profile in which every sample says which one it is, in each of its columns and names, so that one
 * which a reader makes up, or puts together from two, is seen. */
#ifndef VMPROF_TESTS_FUZZ_WITNESS_H
#define VMPROF_TESTS_FUZZ_WITNESS_H

#include "tests/fuzz/fuzz_profile.h"

#define WITNESS_SAMPLES 40u /* of one session */

enum witness_kind {
    WITNESS_PLAIN,
    WITNESS_EPOCHS,  /* a fresh dictionary every few blocks */
    WITNESS_JOINED,  /* two sessions, one after the other */
    WITNESS_JOURNAL, /* killed: a half of the samples is in chunks, the other in the journal */
    WITNESS_MIXED,   /* WITNESS_JOURNAL, then a finished session */
    WITNESS_KINDS
};

void witness_make(enum witness_kind kind, struct fuzz_bytes *out);
/* true when all its sessions are finished. */
bool witness_is_finished(enum witness_kind kind);
/* Reads data to its end and ends the process when a sample is not what the witness had, when one comes twice in a
 * session, or when the reader calls whole what is not. Returns false when data is refused. *whole: nothing was wrong. */
bool witness_check(const void *data, size_t size_bytes, bool *whole);

#endif
