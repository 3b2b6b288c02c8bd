#include <stdio.h>
#include <string.h>

#include "sampler/core/error.h"
#include "sampler/vm/cpython_resolve.h"
#include "sampler/vm/text.h"

struct check {
    const struct vmps_vm *vm;
    const struct vmps_known_frame *known;
    size_t known_count;
    size_t found;
    char mismatch[256]; /* "" while all fits */
};

/* Texts that no UTF-8 stands for (undecodable file names) are not compared. */
static bool same_text(const struct vmps_text *text, const char *known)
{
    char utf8[1024];
    size_t length;
    if (known == NULL || !vmps_text_utf8(text, utf8, sizeof utf8, &length)) {
        return true;
    }
    /* Of one that was cut, the part that is there. */
    bool cut = length + 4 > sizeof utf8;
    return strncmp(known, utf8, length) == 0 && (cut || known[length] == '\0');
}

static vmps_walk_status mismatch(struct check *check, const char *what)
{
    snprintf(check->mismatch, sizeof check->mismatch, "%s of %.60s", what,
             check->known[check->found].name != NULL ? check->known[check->found].name : "a frame");
    return VMPS_WALK_STOP;
}

static vmps_walk_status compare_frame(struct vmps_walk *walk, const struct vmps_walk_frame *frame)
{
    struct check *check = walk->context;
    if (check->found == check->known_count) {
        return VMPS_WALK_STOP;
    }
    const struct vmps_known_frame *known = &check->known[check->found];
    if (known->code_address != frame->code_address) {
        return VMPS_WALK_OK;
    }
    struct vmps_code code;
    memset(&code, 0, sizeof code);
    if (!check->vm->ops->walker.describe(walk, frame->code_address, &code)) {
        return VMPS_WALK_BROKEN;
    }
    if (!same_text(&code.name, known->name)) {
        return mismatch(check, "the name");
    }
    if (!same_text(&code.file, known->file)) {
        return mismatch(check, "the file");
    }
    if (known->first_line > 0 && (uint32_t)known->first_line != code.first_line) {
        return mismatch(check, "the first line");
    }
    /* The first known frame is the one that calls us: it has moved on since it looked at itself. */
    if (check->found != 0 && known->offset_bytes >= 0 &&
        (uint32_t)known->offset_bytes != frame->offset) {
        return mismatch(check, "the instruction");
    }
    check->found++;
    return VMPS_WALK_OK;
}

vmps_status vmps_cpython_check(const struct vmps_vm *vm, const struct vmps_known_frame *frames,
                               size_t frame_count, struct vmps_error *err)
{
    struct check check = {.vm = vm, .known = frames, .known_count = frame_count};
    const struct vmps_cpython *cpython = vm->data;
    /* Foreign calls let other threads run: then 2.7 has no current thread state that is ours. */
    uint64_t memory = (uint64_t)cpython->locked_thread_state();
    struct vmps_walk walk;
    memset(&walk, 0, sizeof walk);
    walk.vm = vm->data;
    walk.thread_memory = &memory;
    walk.checked = true;
    walk.frame = compare_frame;
    walk.context = &check;
    vmps_walk_status status = vm->ops->walker.walk(&walk);
    if (check.found == frame_count && check.mismatch[0] == '\0') {
        return VMPS_OK;
    }
    const char *what = check.mismatch;
    if (status == VMPS_WALK_BROKEN && walk.failure != NULL) {
        what = walk.failure;
    } else if (check.mismatch[0] == '\0') {
        what =
            check.found == 0 ? "the calling frame was not found" : "a calling frame was not found";
    }
    return vmps_fail(err, VMPS_E_INTERPRETER, 0,
                     "this build of CPython %s keeps its frames in another way than vmprof expects "
                     "(%s, frame %zu of %zu); please report it with the output of python -VV",
                     vm->version, what, check.found + 1, frame_count);
}
