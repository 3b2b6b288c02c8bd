#include "sampler/core/onlook.h"

#include <stdlib.h>
#include <string.h>

#include "sampler/vm/peek.h"

#define TEXTS_BYTES (2 * (size_t)VMPS_MAX_TEXT_BYTES + VMPS_MAX_LINES_BYTES)

void vmps_onlook_fini(struct vmps_onlook *onlook)
{
    free(onlook->texts);
    onlook->texts = NULL;
}

void vmps_onlook_walk_init(const struct vmps_onlook *onlook, struct vmps_walk *walk, uint64_t state,
                           uint64_t *memory)
{
    const struct vmps_recording *recording = onlook->recording;
    memset(walk, 0, sizeof *walk);
    *memory = 0;
    walk->vm = onlook->vm->data;
    walk->thread = state;
    walk->thread_memory = memory;
    walk->root_code = recording->root_code;
    walk->recorder_codes = recording->recorder_codes;
    walk->recorder_code_count = recording->recorder_code_count;
    walk->checked = true;
}

/* What the code row is to hold, copied before it is used: the objects are another thread's. */
static bool copy_code(struct vmps_onlook *onlook, struct vmps_code *code)
{
    if (onlook->texts == NULL) {
        onlook->texts = malloc(TEXTS_BYTES);
    }
    uint8_t *name = onlook->texts;
    if (name == NULL) {
        return false;
    }
    uint8_t *file = name + VMPS_MAX_TEXT_BYTES;
    uint8_t *lines = file + VMPS_MAX_TEXT_BYTES;
    if (!vmps_peek_copy(name, (uint64_t)code->name.data, code->name.size_bytes) ||
        !vmps_peek_copy(file, (uint64_t)code->file.data, code->file.size_bytes) ||
        !vmps_peek_copy(lines, (uint64_t)code->lines, code->lines_size_bytes)) {
        return false;
    }
    code->name.data = name;
    code->file.data = file;
    code->lines = lines;
    return true;
}

uint32_t vmps_onlook_code(const struct vmps_onlook *onlook, const struct vmps_walk_frame *frame)
{
    return vmps_codes_find(&onlook->recording->codes, frame->code_hash);
}

bool vmps_onlook_describe(struct vmps_onlook *onlook, const struct vmps_walker *walker,
                          struct vmps_walk *walk, const struct vmps_walk_frame *frame,
                          struct vmps_code *code)
{
    memset(code, 0, sizeof *code);
    return walker->describe(walk, frame->code_address, code) && copy_code(onlook, code);
}

uint32_t vmps_onlook_publish(struct vmps_onlook *onlook, const struct vmps_walk_frame *frame,
                             const struct vmps_code *code)
{
    struct vmps_recording *recording = onlook->recording;
    return vmps_codes_publish(&recording->codes, &recording->ring, frame->code_hash, code);
}
