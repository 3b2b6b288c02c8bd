/* text_input.h: a source, line by line. */
#ifndef VMPROF_TOOLS_IMPORT_TEXT_INPUT_H
#define VMPROF_TOOLS_IMPORT_TEXT_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vmprof/vmpf.h>

/* A longer line is no line of a profile. */
#define TEXT_MAX_LINE_BYTES ((size_t)64 << 20)

struct text_input {
    struct vmpf_source source;
    char *data; /* [begin, end) is read and not given yet */
    size_t begin, end, capacity;
    uint64_t offset; /* of data[0] in the input */
    bool at_end;
    uint64_t line_offset; /* of the line that was given last */
};

/* Takes source over. Nothing can fail before the first line. */
void text_input_init(struct text_input *input, struct vmpf_source source);
void text_input_fini(struct text_input *input);

/* The next line, without its end; it may be changed, and is valid until the next call. VMPF_END after the last;
 * VMPF_E_IO, VMPF_E_NOMEM, VMPF_E_LIMIT. */
vmpf_status text_input_line(struct text_input *input, char **line, size_t *size,
                            struct vmpf_error *err);

#endif
