/* text.h: text on its way to the output: numbers and strings of JSON, many millions of them, through one piece of memory. */
#ifndef VMPROF_TOOLS_CONVERT_TEXT_H
#define VMPROF_TOOLS_CONVERT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/common/buffer.h"
#include "tools/common/output.h"

struct conv_text {
    struct vmpt_output *output;
    char *data;
    size_t size;
    struct vmpt_buffer scratch;
    bool failed; /* memory was short: what is written is not whole */
};

/* False: memory is short. conv_text_fini() writes what is pending; it may always be called after conv_text_init(), and
 * says whether all was written that should be. */
bool conv_text_init(struct conv_text *text, struct vmpt_output *output);
bool conv_text_fini(struct conv_text *text);

void conv_text_add(struct conv_text *text, const char *data, size_t size_bytes);
void conv_text_put(struct conv_text *text, const char *string);
__attribute__((format(printf, 2, 3))) void conv_text_printf(struct conv_text *text,
                                                            const char *format, ...);
void conv_text_number(struct conv_text *text, uint64_t number);
/* A number of thousandths (6: millionths, ...) exactly, with a point where it needs one; digits: 3, 6 or 9. */
void conv_text_fraction(struct conv_text *text, uint64_t number, unsigned digits);
/* Numbers with commas between. digits: 0, or as of conv_text_fraction(). */
void conv_text_numbers(struct conv_text *text, const uint64_t *numbers, size_t count,
                       unsigned digits);
/* A string of JSON, in its quotes. */
void conv_text_string(struct conv_text *text, const char *data, size_t size_bytes);

#endif
