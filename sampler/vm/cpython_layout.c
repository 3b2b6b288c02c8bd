#include "sampler/vm/cpython_layout.h"

#include <string.h>

#define NO_MASK UINT64_MAX
#define TAG_MASK (~UINT64_C(3))

/* Read from the headers of each version: frameobject.h, code.h, pystate.h, unicodeobject.h, from 3.11
 * internal/pycore_frame.h, and from 3.14 internal/pycore_interpframe_structs.h. A build that moves
 * its fields (Py_DEBUG, Py_TRACE_REFS) does not pass the check at the start. */
#define TEXT_TO_311                                                                                \
    .bytes_data = 32, .text_ascii = 48, .text_compact = 72, .text_kind_shift = 2,                  \
    .text_compact_bit = 5, .text_ascii_bit = 6
#define TEXT_312                                                                                   \
    .bytes_data = 32, .text_ascii = 40, .text_compact = 56, .text_kind_shift = 2,                  \
    .text_compact_bit = 5, .text_ascii_bit = 6
#define FRAME_OBJECTS                                                                              \
    .stack = VMPS_STACK_FRAME_OBJECTS, .shim_owner = VMPS_NO_SHIM, .thread_frame = 24,             \
    .frame_previous = 24, .frame_code = 32, .frame_code_mask = NO_MASK
#define CODE_312                                                                                   \
    .code_name = 128, .code_file = 112, .code_first_line = 68, .code_lines = 136,                  \
    .lines = VMPF_LINES_LOCATIONS_311, .ip = VMPS_IP_POINTER

/* clang-format off */
static const struct vmps_cpython_layout layouts[] = {
    {
        .major = 2, .first_minor = 7, .last_minor = 7, .stack = VMPS_STACK_FRAME_OBJECTS,
        .shim_owner = VMPS_NO_SHIM, .thread_frame = 16, .thread_id = 144, .frame_previous = 24,
        .frame_code = 32, .frame_code_mask = NO_MASK, .frame_ip = 120, .ip = VMPS_IP_BYTES,
        .code_name = 88, .code_file = 80, .code_first_line = 96, .code_flags = 28, .code_lines = 104,
        .lines = VMPF_LINES_LNOTAB_UNSIGNED, .bytes_data = 36,
    },
    {
        .major = 3, .first_minor = 6, .last_minor = 6, FRAME_OBJECTS, .thread_id = 152,
        .frame_ip = 120, .ip = VMPS_IP_BYTES, .code_name = 104, .code_file = 96,
        .code_first_line = 36, .code_flags = 32, .code_lines = 112, .lines = VMPF_LINES_LNOTAB_SIGNED, TEXT_TO_311,
    },
    {
        .major = 3, .first_minor = 7, .last_minor = 7, FRAME_OBJECTS, .thread_id = 176,
        .frame_ip = 104, .ip = VMPS_IP_BYTES, .code_name = 104, .code_file = 96,
        .code_first_line = 36, .code_flags = 32, .code_lines = 112, .lines = VMPF_LINES_LNOTAB_SIGNED, TEXT_TO_311,
    },
    {
        .major = 3, .first_minor = 8, .last_minor = 9, FRAME_OBJECTS, .thread_id = 176,
        .frame_ip = 104, .ip = VMPS_IP_BYTES, .code_name = 112, .code_file = 104,
        .code_first_line = 40, .code_flags = 36, .code_lines = 120, .lines = VMPF_LINES_LNOTAB_SIGNED, TEXT_TO_311,
    },
    {
        .major = 3, .first_minor = 10, .last_minor = 10, FRAME_OBJECTS, .thread_id = 176,
        .frame_ip = 96, .ip = VMPS_IP_UNITS, .code_name = 112, .code_file = 104,
        .code_first_line = 40, .code_flags = 36, .code_lines = 120, .lines = VMPF_LINES_LINETABLE_310, TEXT_TO_311,
    },
    {
        .major = 3, .first_minor = 11, .last_minor = 11, .stack = VMPS_STACK_CFRAMES,
        .entry = VMPS_ENTRY_FLAG, .shim_owner = VMPS_NO_SHIM, .thread_frame = 56,
        .thread_id = 152, .thread_chunk = 296, .thread_chunk_top = 304, .cframe_frame = 8,
        .cframe_previous = 16, .frame_previous = 48, .frame_code = 32, .frame_code_mask = NO_MASK,
        .frame_ip = 56, .ip = VMPS_IP_POINTER, .frame_owner = 69, .frame_is_entry = 68,
        .code_name = 128, .code_file = 112, .code_first_line = 72, .code_lines = 136,
        .code_bytes = 184, .code_frame_words = {68, 76}, .frame_more_words = 9, .lines = VMPF_LINES_LOCATIONS_311, TEXT_TO_311,
    },
    {
        .major = 3, .first_minor = 12, .last_minor = 12, .stack = VMPS_STACK_CFRAMES,
        .entry = VMPS_ENTRY_SHIM, .shim_owner = 3, .thread_frame = 56, .thread_id = 136,
        .thread_chunk = 232, .thread_chunk_top = 240, .cframe_frame = 0, .cframe_previous = 8,
        .frame_previous = 8, .frame_code = 0, .frame_code_mask = NO_MASK, .frame_ip = 56,
        .frame_owner = 70, CODE_312, .code_bytes = 192, .code_frame_words = {76, 0}, TEXT_312,
    },
    {
        .major = 3, .first_minor = 13, .last_minor = 13, .stack = VMPS_STACK_FRAMES,
        .shim_owner = 3, .thread_frame = 72, .thread_id = 152, .frame_previous = 8,
        .frame_code = 0, .frame_code_mask = NO_MASK, .frame_ip = 56, .frame_owner = 70, CODE_312,
        .code_bytes = 200, TEXT_312,
    },
    {
        .major = 3, .first_minor = 14, .last_minor = 14, .stack = VMPS_STACK_FRAMES,
        .shim_owner = 3, .thread_frame = 72, .thread_id = 152, .frame_previous = 8,
        .frame_code = 0, .frame_code_mask = TAG_MASK, .frame_ip = 56, .frame_owner = 74, CODE_312,
        .code_bytes = 208, TEXT_312,
    },
    {
        .major = 3, .first_minor = 15, .last_minor = 15, .stack = VMPS_STACK_FRAMES,
        .shim_owner = 3, .thread_frame = 72, .thread_id = 176, .frame_previous = 8,
        .frame_code = 0, .frame_code_mask = TAG_MASK, .frame_ip = 56, .frame_owner = 74, CODE_312,
        .code_bytes = 208, TEXT_312,
    },
};
/* clang-format on */

/* _Py_DebugOffsets stands at the start of _PyRuntime from 3.13 on: a cookie, the version, and numbers
 * of 64 bits. Its own order differs per minor version (3.13: internal/pycore_runtime.h, later:
 * internal/pycore_debug_offsets.h), hence these indexes of its numbers. */
#define DEBUG_COOKIE "xdebugpy"
#define DEBUG_VERSION 1
#define DEBUG_FREE_THREADED 2
/* No field that is looked for lies further out; the table is trusted as little as ours. */
#define MAX_OFFSET 2048

struct debug_index {
    uint8_t minor;
    uint8_t thread_frame, thread_id;
    uint8_t frame_previous, frame_code, frame_ip, frame_owner;
    uint8_t code_file, code_name, code_lines, code_first_line, code_bytes;
};

static const struct debug_index debug_indexes[] = {
    {13, 23, 24, 29, 30, 31, 33, 35, 37, 38, 39, 43},
    {14, 26, 27, 32, 33, 34, 36, 40, 42, 43, 44, 48},
    {15, 26, 30, 40, 41, 42, 44, 48, 50, 51, 52, 56},
};

const struct vmps_cpython_layout *vmps_cpython_layout_find(unsigned major, unsigned minor)
{
    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
        const struct vmps_cpython_layout *row = &layouts[i];
        if (row->major == major && row->first_minor <= minor && minor <= row->last_minor) {
            return row;
        }
    }
    return NULL;
}

const char *vmps_cpython_layout_known(void)
{
    return "2.7 and 3.6 to 3.15";
}

static uint64_t number_at(const void *table, size_t index)
{
    uint64_t number;
    memcpy(&number, (const char *)table + index * sizeof number, sizeof number);
    return number;
}

static const struct debug_index *find_index(const struct vmps_cpython_layout *layout,
                                            const void *table)
{
    if (memcmp(table, DEBUG_COOKIE, strlen(DEBUG_COOKIE)) != 0) {
        return NULL;
    }
    /* PY_VERSION_HEX: major, minor, micro, level. */
    uint64_t version = number_at(table, DEBUG_VERSION);
    if (version >> 24 != layout->major || (version >> 16 & 0xFF) != layout->first_minor) {
        return NULL;
    }
    if (number_at(table, DEBUG_FREE_THREADED) != 0) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof debug_indexes / sizeof debug_indexes[0]; i++) {
        if (debug_indexes[i].minor == layout->first_minor) {
            return &debug_indexes[i];
        }
    }
    return NULL;
}

bool vmps_cpython_layout_refine(struct vmps_cpython_layout *layout, const void *debug_offsets)
{
    const struct debug_index *at = find_index(layout, debug_offsets);
    if (at == NULL) {
        return false;
    }
    struct vmps_cpython_layout refined = *layout;
    const struct {
        uint8_t index;
        uint16_t *field;
    } fields[] = {
        {at->thread_frame, &refined.thread_frame},
        {at->thread_id, &refined.thread_id},
        {at->frame_previous, &refined.frame_previous},
        {at->frame_code, &refined.frame_code},
        {at->frame_ip, &refined.frame_ip},
        {at->frame_owner, &refined.frame_owner},
        {at->code_file, &refined.code_file},
        {at->code_name, &refined.code_name},
        {at->code_lines, &refined.code_lines},
        {at->code_first_line, &refined.code_first_line},
        {at->code_bytes, &refined.code_bytes},
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        uint64_t offset = number_at(debug_offsets, fields[i].index);
        if (offset > MAX_OFFSET) {
            return false;
        }
        *fields[i].field = (uint16_t)offset;
    }
    *layout = refined;
    return true;
}
