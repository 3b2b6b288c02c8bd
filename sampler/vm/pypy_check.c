#include <stdio.h>
#include <string.h>

#include "sampler/core/error.h"
#include "sampler/vm/pypy_resolve.h"

#define MAX_NAME_BYTES 1024u
/* PyPy cuts parts of names that are longer, and writes dots for the rest. */
#define PART_BYTES 110u
#define DOTS "..."
#define DOTS_BYTES 3u

/* What the frames of a walk are compared with: the known ones must come in their order; between them may be
 * frames that Python does not show, of PyPy's own code. */
struct comparison {
    const struct vmps_vm *vm;
    const struct vmps_known_frame *frames;
    size_t count, next;
};

/* Compares a text of Python with a part of a name. */
static bool same_text(const struct vmps_text *part, const char *text)
{
    const char *data = part->data;
    size_t length = strlen(text);
    size_t size = part->size_bytes;
    bool is_cut = size >= PART_BYTES && memcmp(data + size - DOTS_BYTES, DOTS, DOTS_BYTES) == 0;
    if (is_cut) {
        size -= DOTS_BYTES;
    }
    if (is_cut ? length < size : length != size) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        if (data[i] != (text[i] == ':' ? ';' : text[i])) {
            return false;
        }
    }
    return true;
}

static bool same_code(const struct vmps_pypy_name *name, const struct vmps_known_frame *known)
{
    struct vmps_code code;
    memset(&code, 0, sizeof code);
    return vmps_pypy_name_split(name, &code) && code.first_line == (uint32_t)known->first_line &&
           same_text(&code.name, known->name) && same_text(&code.file, known->file);
}

static vmps_walk_status compare(struct vmps_walk *walk, const struct vmps_walk_frame *frame)
{
    struct comparison *comparison = walk->context;
    const struct vmps_pypy_vm *pypy = comparison->vm->data;
    struct vmps_pypy_name name;
    if (comparison->next < comparison->count && (frame->code_address & VMPS_PYPY_LABEL_BIT) == 0 &&
        vmps_pypy_name_find(&pypy->walk.names, &walk->probe,
                            frame->code_address & ~VMPS_PYPY_JIT_BIT, &name) &&
        same_code(&name, &comparison->frames[comparison->next])) {
        comparison->next++;
    }
    return VMPS_WALK_OK;
}

vmps_status vmps_pypy_check(const struct vmps_vm *vm, const struct vmps_known_frame *frames,
                            size_t frame_count, struct vmps_error *err)
{
    struct comparison comparison = {.vm = vm, .frames = frames, .count = frame_count};
    uint64_t thread_memory = 0;
    struct vmps_walk walk;
    memset(&walk, 0, sizeof walk);
    walk.vm = vm->data;
    walk.thread_memory = &thread_memory;
    walk.checked = true;
    walk.frame = compare;
    walk.context = &comparison;
    vmps_walk_status status = vmps_pypy_walk(&walk);
    if (status == VMPS_WALK_OK && comparison.next == frame_count) {
        return VMPS_OK;
    }
    const char *name = comparison.next < frame_count ? frames[comparison.next].name : walk.failure;
    return vmps_fail(err, VMPS_E_INTERPRETER, 0,
                     "this build of PyPy %s keeps its frames in another way than vmprof expects "
                     "(%s is not where it runs); please report it with the output of pypy3 -VV",
                     vm->version, name != NULL ? name : "the stack");
}

uint64_t vmps_pypy_code_of(const struct vmps_vm *vm, const struct vmps_known_frame *code)
{
    const struct vmps_pypy_vm *pypy = vm->data;
    struct vmps_probe probe;
    memset(&probe, 0, sizeof probe);
    /* The last one: a module that was loaded anew runs under new numbers. */
    for (uint64_t number = pypy->probe_number; number != 0; number -= VMPS_PYPY_NUMBER_STEP) {
        struct vmps_pypy_name name;
        if (vmps_pypy_name_find(&pypy->walk.names, &probe, number, &name) &&
            same_code(&name, code)) {
            return number;
        }
    }
    return 0;
}
