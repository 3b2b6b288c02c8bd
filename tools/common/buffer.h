/* buffer.h: text that grows, and what may be shown of bytes that somebody else wrote. */
#ifndef VMPROF_TOOLS_COMMON_BUFFER_H
#define VMPROF_TOOLS_COMMON_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

/* Zeroed, it is empty. `failed` is set where memory was short; what is added after that is dropped. */
struct vmpt_buffer {
    char *data; /* NUL-terminated once something was added */
    size_t size;
    size_t capacity;
    bool failed;
};

void vmpt_buffer_fini(struct vmpt_buffer *buffer);
void vmpt_buffer_add(struct vmpt_buffer *buffer, const char *data, size_t size_bytes);
void vmpt_buffer_add_text(struct vmpt_buffer *buffer, const char *text);
void vmpt_buffer_fill(struct vmpt_buffer *buffer, char c, size_t count);
__attribute__((format(printf, 2, 3))) void vmpt_buffer_printf(struct vmpt_buffer *buffer,
                                                              const char *format, ...);

/* Adds bytes of a profile so that a terminal can show them: what is not UTF-8 becomes U+FFFD;
 * control characters, which could move the cursor or change colours, become \xNN; those that change
 * the direction of text become \u{NNNN}. */
void vmpt_buffer_add_visible(struct vmpt_buffer *buffer, const char *data, size_t size_bytes);

/* Columns that text takes on a terminal: wide characters take two, combining ones none.
 * text: as vmpt_buffer_add_visible() makes it. */
size_t vmpt_text_columns(const char *text, size_t size_bytes);

/* Adds text cut in its middle to at most `columns` columns: the start and the end tell most. */
void vmpt_buffer_add_shortened(struct vmpt_buffer *buffer, const char *text, size_t size_bytes,
                               size_t columns);

#endif
