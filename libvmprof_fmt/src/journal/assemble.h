/* assemble.h: from rows to the entries of a dictionary (spec 7.2 to 7.5). Private.
 *
 * The writer's drain and the reader's salvage are both this: what differs is where the rows come from and
 * where the samples go. */
#ifndef VMPROF_FMT_JOURNAL_ASSEMBLE_H
#define VMPROF_FMT_JOURNAL_ASSEMBLE_H

#include "libvmprof_fmt/src/journal/paths.h"
#include "libvmprof_fmt/src/journal/rows.h"
#include "libvmprof_fmt/src/model/dictionary.h"
#include "libvmprof_fmt/src/model/threads.h"

#include <vmprof/vmpf.h>

struct vmpfi_code {
    struct vmpf_function function;
    uint8_t line_encoding;
    const uint8_t *lines;
    size_t lines_bytes;
    uint32_t function_id; /* in the epoch; 0: not interned yet */
};

struct vmpfi_assembler {
    struct vmpfi_dictionary *dictionary; /* not owned, nor threads */
    struct vmpfi_threads *threads;
    uint64_t process_id;
    size_t value_count;
    struct vmpfi_arena text;
    struct vmpfi_buffer utf8;
    struct vmpfi_code *codes;
    size_t code_count, code_capacity;
    struct vmpfi_map64 code_numbers; /* a row's code number to an index of codes */
    struct vmpfi_map64 location_of;  /* a row's frame to a location of the epoch */
    struct vmpfi_paths paths;
    uint32_t state_labels
        [4]; /* label sets of the epoch, by the state in a row's flags; 0: not made yet */
    const char *broken_rule; /* of the last row that was refused */
    uint64_t unknown_codes;  /* numbers that frames named before any CODE row did */
};

void vmpfi_assembler_fini(struct vmpfi_assembler *a);
/* The dictionary starts anew: ids that are remembered are forgotten. */
void vmpfi_assembler_new_epoch(struct vmpfi_assembler *a);

/* Whether these are the payloads of CODE rows, one behind the other, and nothing else [F-7.5-4]. */
bool vmpfi_codes_are_sound(const uint8_t *rows, size_t size_bytes);

/* Each takes the payload of one row. VMPF_E_CORRUPT: the row breaks [F-7.2-4] or [F-7.2-7] and was ignored. VMPF_E_NOMEM,
 * VMPF_E_LIMIT: final. consumed_bytes (may be NULL) gets the size of a CODE payload, padding included. */
vmpf_status vmpfi_assemble_code(struct vmpfi_assembler *a, const uint8_t *payload,
                                size_t size_bytes, size_t *consumed_bytes);
vmpf_status vmpfi_assemble_thread(struct vmpfi_assembler *a, const uint8_t *payload,
                                  size_t size_bytes);
vmpf_status vmpfi_assemble_sample(struct vmpfi_assembler *a, const uint8_t *payload,
                                  size_t size_bytes, struct vmpf_sample *sample);

#endif
