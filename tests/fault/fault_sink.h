/* fault_sink.h: a file in memory whose N-th call of a kind fails. It allocates nothing. */
#ifndef VMPROF_TESTS_FAULT_FAULT_SINK_H
#define VMPROF_TESTS_FAULT_FAULT_SINK_H

#include "tests/fuzz/arena.h"

#include <stdbool.h>

enum fault_call {
    FAULT_NONE = 0,
    FAULT_WRITE = 1,
    FAULT_READ = 2,
    FAULT_TRUNCATE = 4,
    FAULT_MAP = 8,
};

/* What the output can do. */
enum fault_medium {
    MEDIUM_FILE,     /* all */
    MEDIUM_UNMAPPED, /* cannot be mapped */
    MEDIUM_STREAM,   /* can be appended to, and that is all */
    MEDIA
};

struct fault_sink {
    struct arena arena;
    unsigned calls;      /* which kinds count, and fail */
    uint64_t calls_left; /* before the failures begin */
    uint64_t failures;   /* that are left; UINT64_MAX: for good */
    bool failed;
};

/* The calls of these kinds fail from number nth (from 0) on, `failures` times. */
struct vmpf_sink fault_sink(struct fault_sink *sink, enum fault_medium medium, unsigned calls,
                            uint64_t nth, uint64_t failures);

#endif
