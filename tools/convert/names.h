/* names.h: functions of a view as text, and text as the formats want it escaped. */
#ifndef VMPROF_TOOLS_CONVERT_NAMES_H
#define VMPROF_TOOLS_CONVERT_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/analysis/view.h"
#include "tools/common/buffer.h"

/* A function of a view, <hidden> too; strings are the profile's, valid as long as it. An empty name is "-", an empty
 * file the module's. */
struct vmpt_function conv_function(const struct vmpt_view *view, uint32_t function);
/* One of a format's own tables, likewise; module: the path of its machine code, or NULL. */
struct vmpt_function conv_named(struct vmpt_function function, const struct vmpf_string *module);
/* The last part of a path. */
const char *conv_base_name(const char *path, size_t size_bytes, size_t *base_bytes);

/* UTF-8 with what is malformed replaced, and every control character a space. */
void conv_add_clean(struct vmpt_buffer *out, const char *data, size_t size_bytes);
/* The name of a frame as in collapsed stacks: `name (file:first line)`, or `name [module]` of machine code; only the name
 * for names_only. `;` is written `,`, a line's end as a space, and what is no UTF-8 as U+FFFD. */
void conv_add_frame(struct vmpt_buffer *out, const struct vmpt_function *function, bool names_only);

/* The inside of a JSON string. Pure ASCII but for UTF-8 above U+00A0; what is malformed is U+FFFD. */
void conv_add_json(struct vmpt_buffer *out, const char *data, size_t size_bytes);
/* Character data or an attribute of XML 1.0. What XML cannot hold, and what turns the direction of text, is shown as
 * vmpt_buffer_add_visible() shows it. At most max_bytes of data; where it was cut, "..." and its size stand at its end. */
void conv_add_xml(struct vmpt_buffer *out, const char *data, size_t size_bytes, size_t max_bytes);

#endif
