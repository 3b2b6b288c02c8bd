/* pprof_tables.h: the tables of a pprof profile (profile.proto): strings, functions, mappings, locations, value types. */
#ifndef VMPROF_TOOLS_IMPORT_PPROF_TABLES_H
#define VMPROF_TOOLS_IMPORT_PPROF_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/import/made.h"
#include "tools/import/proto.h"

enum pprof_profile_field {
    PPROF_SAMPLE_TYPE = 1,
    PPROF_SAMPLE = 2,
    PPROF_MAPPING = 3,
    PPROF_LOCATION = 4,
    PPROF_FUNCTION = 5,
    PPROF_STRING = 6,
    PPROF_TIME_NANOS = 9,
    PPROF_DURATION_NANOS = 10,
    PPROF_PERIOD_TYPE = 11,
    PPROF_PERIOD = 12,
    PPROF_DEFAULT_SAMPLE_TYPE = 14,
};

/* A frame of a location: its innermost first, as in the file. */
struct pprof_frame {
    uint32_t function; /* of the profile that is made */
    uint32_t line;
    vmpf_kind kind;
};

struct pprof_entry {
    uint64_t id;
    struct proto message;
    uint32_t first_frame, frame_count; /* of a location, once it was used; count 0: not yet */
};

/* A table by id. */
struct pprof_table {
    struct pprof_entry *entries;
    size_t count, capacity;
    uint32_t *slots; /* open addressing: index + 1, or 0 */
    size_t slot_count;
};

struct pprof_tables {
    struct vmpf_string *strings;
    size_t string_count, string_capacity;
    struct pprof_table functions, locations, mappings;
    struct pprof_frame *frames;
    size_t frame_count, frame_capacity;
    struct pprof_value {
        struct proto type;
        size_t
            place; /* among the values of the profile that is made; VMPF_MAX_VALUES and more: passed over */
        uint64_t scale; /* what it is multiplied with */
    } * values;
    size_t value_count, value_capacity; /* in the file */
    bool broken;                        /* a message of the tables was */
};

/* Finds the tables of a profile, and sets up made: values, times, period. False: memory is short. */
bool pprof_tables_read(struct pprof_tables *tables, struct proto profile, struct import_made *made);
void pprof_tables_fini(struct pprof_tables *tables);

struct vmpf_string pprof_string(const struct pprof_tables *tables, uint64_t index);

/* The frames of the location with this id, at least one: of one that is not there or says nothing, its address. NULL: memory is
 * short. */
const struct pprof_frame *pprof_frames(struct pprof_tables *tables, struct import_made *made,
                                       uint64_t location, size_t *count);

#endif
