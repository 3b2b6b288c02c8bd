/* recording.h: recordings in which every sample names itself, made while something fails, and what is left of them. */
#ifndef VMPROF_TESTS_FAULT_RECORDING_H
#define VMPROF_TESTS_FAULT_RECORDING_H

#include "tests/unit/fmt/fixture.h"

#include <stdbool.h>

#define RECORDED_SAMPLES 90u

enum recording_kind {
    RECORD_CALLS,        /* through the calls of the API */
    RECORD_CALLS_EPOCHS, /* and a fresh dictionary every few blocks */
    RECORD_JOURNAL,      /* through a journal, drained now and then, flushed at the end */
    RECORD_JOURNAL_BUSY, /* and flushed at every drain, in epochs */
    RECORDING_KINDS
};

struct outcome {
    vmpf_status first;  /* the first failure of a call before the close */
    vmpf_status closed; /* VMPF_E_NOMEM when there was nothing to close */
    uint64_t offered;   /* samples that were handed over */
    uint64_t accepted;  /* those of them whose call did not fail, or whose row was published */
    bool opened;
    bool mapped; /* a journal lay in the output */
};

/* Records to sink, goes on after every failure, as a producer does, and closes. */
struct outcome record(struct vmpf_sink sink, enum recording_kind kind, uint64_t session_id);

struct remains {
    vmpf_status status; /* VMPF_OK: read to the end */
    uint64_t samples;
    struct vmpf_damage damage;
};

/* Reads data; fails the test when a sample is not one of those recorded, or comes twice in a session. With `names`
 * also when one lacks its names. Allocates nothing itself. */
struct remains check_remains(struct vmpf_source source, bool names);
struct remains check_remains_memory(const void *data, size_t size_bytes, bool names);

#endif
