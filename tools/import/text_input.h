/* text_input.h: a source, line by line; one that is gzip'd as what is in it. */
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
    uint64_t offset; /* of data[0] in the input, inflated */
    bool at_end;
    bool cut;              /* it is gzip'd, and what follows cannot be inflated */
    struct gunzip *gunzip; /* NULL: it is not */
    uint64_t line_offset;  /* of the line that was given last */
};

/* Takes source over. Nothing can fail before the first line. */
void text_input_init(struct text_input *input, struct vmpf_source source);
void text_input_fini(struct text_input *input);

/* The next line, without its end; it may be changed, and is valid until the next call. VMPF_END after the last, and after
 * the last whole one of an input that is cut;
 * VMPF_E_IO, VMPF_E_NOMEM, VMPF_E_LIMIT. */
vmpf_status text_input_line(struct text_input *input, char **line, size_t *size,
                            struct vmpf_error *err);

/* After VMPF_END: counts as damage what could not be inflated. */
struct import_made;
void text_input_end(const struct text_input *input, struct import_made *made);

#endif
