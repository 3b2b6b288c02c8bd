#include "sampler/vm/cpython_walk.h"

#include <string.h>

#include "sampler/vm/cpython_top_walk.h"

/* Code behind the first frames is probed: only they can be in flux (pushed, or popped, right now).
 * Further out each frame holds a reference to its code. */
#define PROBED_FRAMES 2u
/* Of any object: its count, its type, and two words that say what it holds. */
#define OBJECT_BYTES 40u
#define TYPE_OFFSET 8u
#define SIZE_OFFSET 16u
#define HASH_OFFSET 24u
#define DATA_OFFSET 32u
#define STATE_OFFSET 32u
#define UNIT_BYTES UINT64_C(2) /* of an instruction: what the size of code counts, from 3.11 on */
#define MAX_CODE_SIZE_BYTES (UINT64_C(1) << 28)

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ (hash >> 32);
}

/* The word with the last byte of what follows an object's header; 0 where it stands elsewhere. An
 * aligned word does not cross a page, so that what lies beyond the object is no danger. */
static uint64_t last_word(uint64_t object, uint64_t header_bytes)
{
    uint64_t size = vmps_load64(object + SIZE_OFFSET);
    if (size == 0 || size > MAX_CODE_SIZE_BYTES) {
        return 0;
    }
    return vmps_load64((object + header_bytes + size - 1) & ~UINT64_C(7));
}

/* A text's length, its hash where that is known, and its end. Wider characters than one byte follow a
 * longer header, so that the word is inside the text all the same. */
static uint64_t mix_text(const struct vmps_cpython_layout *layout, uint64_t hash, uint64_t text)
{
    hash = mix(hash, text);
    hash = mix(hash, vmps_load64(text + SIZE_OFFSET));
    hash = mix(hash, vmps_load64(text + HASH_OFFSET));
    if (layout->text_ascii == 0) {
        return mix(hash, last_word(text, layout->bytes_data));
    }
    bool compact = (vmps_load32(text + STATE_OFFSET) >> layout->text_compact_bit & 1) != 0;
    return mix(hash, compact ? last_word(text, layout->text_ascii) : 0);
}

/* Addresses alone do not tell code from code that was freed: a program that makes functions in a loop
 * gets the same addresses for other names. So what is there counts too. In 2.7's str and in 3's str
 * and bytes alike, length and hash are at 16 and 24. */
static uint64_t hash_of_code(const struct vmps_cpython_layout *layout, uint64_t code)
{
    uint64_t lines = vmps_load64(code + layout->code_lines);
    uint64_t hash = mix(UINT64_C(0x76706679), code);
    hash = mix_text(layout, hash, vmps_load64(code + layout->code_name));
    hash = mix_text(layout, hash, vmps_load64(code + layout->code_file));
    hash = mix(hash, vmps_load32(code + layout->code_first_line));
    hash = mix(hash, lines);
    hash = mix(hash, vmps_load64(lines + SIZE_OFFSET));
    hash = mix(hash, vmps_load64(lines + DATA_OFFSET));
    return mix(hash, last_word(lines, layout->bytes_data));
}

static uint64_t code_bytes(const struct vmps_cpython_layout *layout, uint64_t code)
{
    return layout->ip == VMPS_IP_POINTER ? UNIT_BYTES * vmps_load64(code + SIZE_OFFSET)
                                         : MAX_CODE_SIZE_BYTES;
}

static uint32_t offset_of(const struct vmps_cpython_layout *layout, uint64_t frame, uint64_t code,
                          uint64_t size_bytes)
{
    int64_t offset;
    if (layout->ip == VMPS_IP_POINTER) {
        offset = (int64_t)(vmps_load64(frame + layout->frame_ip) - code - layout->code_bytes);
    } else {
        offset = (int32_t)vmps_load32(frame + layout->frame_ip);
    }
    if (layout->ip == VMPS_IP_UNITS) {
        offset *= 2;
    }
    /* Just before its first instruction a frame stands one unit before its code. */
    if (offset < 0 && offset >= -2) {
        return 0;
    }
    if (offset < 0 || (uint64_t)offset >= size_bytes || (uint64_t)offset >= MAX_CODE_SIZE_BYTES) {
        return VMPF_NO_OFFSET;
    }
    return (uint32_t)offset;
}

static bool is_object(struct vmps_walk *walk, uint64_t object, uint64_t type, uint64_t header_bytes)
{
    if (object % 8 != 0 || !vmps_probe_readable(&walk->probe, object, OBJECT_BYTES)) {
        return false;
    }
    if (vmps_load64(object + TYPE_OFFSET) != type) {
        return false;
    }
    uint64_t size = vmps_load64(object + SIZE_OFFSET);
    return size <= MAX_CODE_SIZE_BYTES &&
           vmps_probe_readable(&walk->probe, object + header_bytes + size, 1);
}

/* What the hash reads of a code object is there. */
static bool objects_fit(struct vmps_walk *walk, uint64_t code)
{
    const struct vmps_cpython *cpython = walk->vm;
    const struct vmps_cpython_layout *layout = &cpython->layout;
    uint64_t header = layout->text_ascii != 0 ? layout->text_ascii : layout->bytes_data;
    return is_object(walk, vmps_load64(code + layout->code_name), cpython->text_type, header) &&
           is_object(walk, vmps_load64(code + layout->code_file), cpython->text_type, header) &&
           is_object(walk, vmps_load64(code + layout->code_lines), cpython->bytes_type,
                     layout->bytes_data);
}

/* From 3.12 on a class that is called may get a frame of the interpreter's own between the caller and
 * __init__ (Python/specialize.c, _Py_InitCleanup): its name and its file are one object, and it has no
 * line. No compiled code is so, since a file's name is not a function's. */
static bool is_trampoline(const struct vmps_cpython_layout *layout, uint64_t code)
{
    return vmps_load32(code + layout->code_first_line) == 0 &&
           vmps_load64(code + layout->code_name) == vmps_load64(code + layout->code_file);
}

static vmps_walk_status hand_on(struct vmps_walk *walk, const struct vmps_walk_frame *found)
{
    vmps_walk_status status = walk->frame(walk, found);
    if (status == VMPS_WALK_OK) {
        walk->frame_count++;
    }
    return status;
}

static vmps_walk_status emit_brief(struct vmps_walk *walk, uint64_t frame, uint64_t code)
{
    const struct vmps_cpython *cpython = walk->vm;
    const struct vmps_walk_frame found = {
        .frame_address = frame,
        .code_address = code,
        .offset = offset_of(&cpython->layout, frame, code, MAX_CODE_SIZE_BYTES),
    };
    walk->offset = found.offset;
    return hand_on(walk, &found);
}

/* Hands one frame on. */
static vmps_walk_status emit(struct vmps_walk *walk, uint64_t frame, uint64_t code)
{
    const struct vmps_cpython *cpython = walk->vm;
    const struct vmps_cpython_layout *layout = &cpython->layout;
    if (walk->brief) {
        return emit_brief(walk, frame, code);
    }
    bool in_flux = walk->frame_count < PROBED_FRAMES;
    if (walk->checked || in_flux) {
        if (!vmps_cpython_is_code(walk, code)) {
            return vmps_cpython_broken(walk, "a frame without code");
        }
    } else if (vmps_load64(code + TYPE_OFFSET) != cpython->code_type) {
        return vmps_cpython_broken(walk, "a frame without code");
    }
    if (walk->checked && !objects_fit(walk, code)) {
        return vmps_cpython_broken(walk, "code without a name, a file or a line table");
    }
    if (is_trampoline(layout, code)) {
        return VMPS_WALK_OK;
    }
    const struct vmps_walk_frame found = {
        .frame_address = frame,
        .code_address = code,
        .code_hash = hash_of_code(layout, code),
        .offset = offset_of(layout, frame, code, code_bytes(layout, code)),
    };
    /* 3.11 and 3.12 link a new frame, and compilers may put its code in later: it has that of the call before, and an
     * instruction of its own. Its callers cannot be told from those of that call either. */
    if (walk->frame_count == 0 && layout->stack == VMPS_STACK_CFRAMES &&
        found.offset == VMPF_NO_OFFSET) {
        return VMPS_WALK_LOST;
    }
    return hand_on(walk, &found);
}

vmps_walk_status vmps_cpython_identify(struct vmps_walk *walk, struct vmps_walk_frame *frame)
{
    const struct vmps_cpython *cpython = walk->vm;
    const struct vmps_cpython_layout *layout = &cpython->layout;
    const uint64_t code = frame->code_address;
    if (!vmps_cpython_is_code(walk, code)) {
        return vmps_cpython_broken(walk, "a frame without code");
    }
    if (!objects_fit(walk, code)) {
        return vmps_cpython_broken(walk, "code without a name, a file or a line table");
    }
    if (is_trampoline(layout, code)) {
        return VMPS_WALK_STOP;
    }
    frame->code_hash = hash_of_code(layout, code);
    if (frame->offset != VMPF_NO_OFFSET && frame->offset >= code_bytes(layout, code)) {
        frame->offset = VMPF_NO_OFFSET;
    }
    bool has_no_code_yet = walk->frame_count == 0 && layout->stack == VMPS_STACK_CFRAMES &&
                           frame->offset == VMPF_NO_OFFSET;
    return has_no_code_yet ? VMPS_WALK_LOST : VMPS_WALK_OK;
}

/* Before 3.11 each frame object is an allocation of its own, linked before it is used; only the first
 * is probed. Later frames lie side by side on few pages, where probing all costs little. */
static bool frame_usable(struct vmps_walk *walk, uint64_t frame)
{
    const struct vmps_cpython *cpython = walk->vm;
    if (!walk->checked && walk->frame_count != 0 &&
        cpython->layout.stack == VMPS_STACK_FRAME_OBJECTS) {
        return true;
    }
    return vmps_cpython_frame_readable(walk, frame);
}

static bool is_recorder(const struct vmps_walk *walk, uint64_t code)
{
    for (size_t i = 0; i < walk->recorder_code_count; i++) {
        if (walk->recorder_codes[i] == code) {
            return true;
        }
    }
    return false;
}

/* Tells of the activation of the loop that ends with a frame. To 3.10 each frame has one, and nothing says where
 * it is; 3.12 and later keep the shim that ends it in the loop's own C frame. The outermost shim of 3.15 is
 * kept in the thread state: no activation has it. */
static void tell_activation(struct vmps_walk *walk, uint64_t frame)
{
    const struct vmps_cpython *cpython = walk->vm;
    const struct vmps_cpython_layout *layout = &cpython->layout;
    bool is_shim = vmps_cpython_is_shim(layout, frame);
    bool ends = layout->shim_owner != VMPS_NO_SHIM ? is_shim
                : layout->stack == VMPS_STACK_FRAME_OBJECTS
                    ? true
                    : vmps_load8(frame + layout->frame_is_entry) == 1;
    if (walk->activations == NULL || !ends || walk->activation_count == walk->activation_capacity) {
        return;
    }
    walk->activations[walk->activation_count++] = (struct vmps_activation){
        .anchor = is_shim ? frame : 0,
        .frame_count = walk->frame_count,
        .is_hidden = walk->met_root,
    };
}

/* Hands on what one frame is, unless it lies outside of the root. *done: the rest does not count. */
static vmps_walk_status take_frame(struct vmps_walk *walk, uint64_t frame, bool *done)
{
    const struct vmps_cpython *cpython = walk->vm;
    uint64_t code = vmps_cpython_code_of(&cpython->layout, frame);
    if (walk->met_root) {
        return VMPS_WALK_OK;
    }
    if (code == walk->root_code && code != 0) {
        walk->met_root = true;
        *done = walk->activations == NULL;
        return VMPS_WALK_OK;
    }
    if (is_recorder(walk, code)) {
        walk->met_root = true;
        walk->frame_count = 0;
        *done = true;
        return VMPS_WALK_OK;
    }
    return emit(walk, frame, code);
}

/* The frame on top, as it was found. */
struct top {
    uint64_t frame, code, previous;
};

static struct top top_at(const struct vmps_cpython_layout *layout, uint64_t frame)
{
    return (struct top){
        .frame = frame,
        .code = vmps_cpython_code_of(layout, frame),
        .previous = vmps_load64(frame + layout->frame_previous),
    };
}

/* The caller of a leaf stands at its call for as long as the leaf does. So of a thread that runs meanwhile both are looked at again
 * as soon as they are known. The next call has its frame where that of the last one was. */
static bool has_moved(struct vmps_walk *walk, const struct top *top, uint64_t caller)
{
    const struct vmps_cpython *cpython = walk->vm;
    const struct vmps_cpython_layout *layout = &cpython->layout;
    bool is_top = vmps_cpython_is_top(walk, top->frame);
    struct top now = top_at(layout, top->frame);
    uint64_t code = vmps_cpython_code_of(layout, caller);
    return !is_top || now.code != top->code || now.previous != top->previous ||
           offset_of(layout, caller, code, MAX_CODE_SIZE_BYTES) != walk->offset;
}

/* After a frame of a brief walk, before which there were frame_count others. */
static void watch(struct vmps_walk *walk, const struct top *top, uint64_t frame,
                  uint32_t frame_count)
{
    const struct vmps_cpython *cpython = walk->vm;
    const uint32_t leaf_alone = 1;
    if (frame_count == leaf_alone && walk->frame_count > leaf_alone) {
        walk->moved = has_moved(walk, top, frame);
    }
    if (vmps_load64(frame + cpython->layout.frame_previous) == 0) {
        walk->ends_in_generator = vmps_cpython_is_generator(walk, frame);
    }
}

vmps_walk_status vmps_cpython_walk(struct vmps_walk *walk)
{
    const struct vmps_cpython *cpython = walk->vm;
    const struct vmps_cpython_layout *layout = &cpython->layout;
    uint64_t frame;
    bool done = false;
    vmps_walk_status status = vmps_cpython_top(walk, &frame);
    struct top top = walk->brief && frame != 0 ? top_at(layout, frame) : (struct top){0};
    for (uint32_t step = 0; status == VMPS_WALK_OK && frame != 0 && !done; step++) {
        if (step == VMPS_MAX_CHAIN) {
            return vmps_cpython_broken(walk, "a stack without an end");
        }
        if (!frame_usable(walk, frame)) {
            return vmps_cpython_broken(walk, "a frame that cannot be read");
        }
        const uint32_t frame_count = walk->frame_count;
        if (!vmps_cpython_is_shim(layout, frame)) {
            status = take_frame(walk, frame, &done);
        }
        tell_activation(walk, frame);
        if (walk->brief) {
            watch(walk, &top, frame, frame_count);
        }
        frame = vmps_load64(frame + layout->frame_previous);
    }
    return status;
}
