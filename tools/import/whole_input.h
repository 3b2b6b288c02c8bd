/* whole_input.h: all of a source in memory, for formats whose tables come last. */
#ifndef VMPROF_TOOLS_IMPORT_WHOLE_INPUT_H
#define VMPROF_TOOLS_IMPORT_WHOLE_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vmprof/vmpf.h>

#define WHOLE_MAX_BYTES ((size_t)4 << 30)

struct whole_input {
    uint8_t *data;
    size_t size_bytes, capacity;
    bool
        cut; /* it was compressed, and its end is missing or broken: what came out before is there */
};

/* Reads source to its end, inflated where it is gzip'd, and closes it. VMPF_E_IO, VMPF_E_NOMEM, VMPF_E_LIMIT.
 * whole_input_fini() may always be called after it. */
vmpf_status whole_input_read(struct whole_input *input, struct vmpf_source *source,
                             struct vmpf_error *err);
void whole_input_fini(struct whole_input *input);

/* Whether bytes begin as gzip does; and what comes out of the first of them: how many bytes, at most room. */
bool whole_is_gzip(const uint8_t *head, size_t size_bytes);
size_t whole_inflate_head(const uint8_t *head, size_t size_bytes, uint8_t *out, size_t room);

#endif
