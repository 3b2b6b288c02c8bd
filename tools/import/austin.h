/* austin.h: what Austin's text and its binary format have in common: their modes, and what a sample's metrics come to.
 *
 * Austin says how long a thread was seen in a stack, in microseconds; what memory of the process came or went, in bytes; or
 * both, and whether the thread was idle.
 */
#ifndef VMPROF_TOOLS_IMPORT_AUSTIN_H
#define VMPROF_TOOLS_IMPORT_AUSTIN_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/import/made.h"

enum austin_mode {
    AUSTIN_UNKNOWN, /* no header says what the one number is */
    AUSTIN_WALL,
    AUSTIN_CPU,
    AUSTIN_MEMORY, /* allocated and freed are two values, since none is negative */
    AUSTIN_FULL,   /* wall, cpu, which is wall but where the thread was idle, allocated, freed */
    AUSTIN_WALL_MEMORY, /* what version 1 calls full: it does not say who was idle */
};

struct austin_metrics {
    uint64_t time_us; /* and of a mode that is not known, the number as it is */
    bool is_idle;
    uint64_t allocated_bytes, freed_bytes;
};

/* The values of a mode. False: memory is short. */
bool austin_add_values(struct import_made *made, enum austin_mode mode);
/* A sample's values, as many as the mode has. False: one is 2^63 or more. */
bool austin_values(enum austin_mode mode, const struct austin_metrics *metrics, uint64_t *values);
/* One of the header's or the footer's: the mode, the interval, the duration. */
void austin_take_metadata(struct import_made *made, struct vmpf_string key,
                          struct vmpf_string value, enum austin_mode *mode);
/* A thread by Austin's number of it, which has that many digits; what is no number is its name. The main interpreter has
 * the number 0, another one's is the thread's name. IMPORT_NO_ID: memory is short. */
uint32_t austin_thread(struct import_made *made, uint64_t process_id, uint64_t interpreter,
                       struct vmpf_string thread, unsigned base);
/* A function of Austin's by its file, name and kind. */
struct vmpf_function austin_function(struct vmpf_string file, struct vmpf_string name);

/* False: it is no number in that base, or 2^63 or more. */
bool austin_number(struct vmpf_string text, unsigned base, uint64_t *value);

#endif
