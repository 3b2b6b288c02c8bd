#include "sampler/vm/cpython_top_walk.h"

#include <pthread.h>

#define WORD_BYTES UINT64_C(8)
/* Covers each field that a layout names, and no more than the smallest object that has them. */
#define FRAME_BYTES 72u
#define FRAME_OBJECT_BYTES 128u
#define CODE_BYTES 144u
#define TYPE_OFFSET 8u
/* The outermost C frame is a field near the end of the thread state, which is smaller than this. */
#define THREAD_STATE_BYTES 1024u
/* Of a datastack chunk: previous, size, top, data (3.11 and later). */
#define CHUNK_SIZE_OFFSET 8u
#define OWNED_BY_THREAD 0 /* of a frame's owner: it is on the data stack */
#define OWNED_BY_GENERATOR 1
/* Include/code.h: CO_GENERATOR, CO_COROUTINE, CO_ITERABLE_COROUTINE, CO_ASYNC_GENERATOR. */
#define GENERATOR_FLAGS (0x20u | 0x80u | 0x100u | 0x200u)
/* Frames between two of the data stack: generators that iterate others, and the loop's own. */
#define MAX_ELSEWHERE 64u
/* Activations of the loop that may be looked at until one is whole: only the innermost can be under
 * construction, and one more if a signal handler of Python came in between. */
#define MAX_ACTIVATIONS 3

bool vmps_cpython_frame_readable(struct vmps_walk *walk, uint64_t frame)
{
    const struct vmps_cpython *cpython = walk->vm;
    size_t size =
        cpython->layout.stack == VMPS_STACK_FRAME_OBJECTS ? FRAME_OBJECT_BYTES : FRAME_BYTES;
    return frame % WORD_BYTES == 0 && vmps_probe_readable(&walk->probe, frame, size);
}

/* 3.11 unlinks a frame after it has given up its code. Code that was freed a moment ago still has its
 * type, but no sane count of references: 0, or the allocator's link, a pointer. From 3.13 on the upper
 * half of the count holds other things; there a frame is unlinked first. */
bool vmps_cpython_is_code(struct vmps_walk *walk, uint64_t code)
{
    const struct vmps_cpython *cpython = walk->vm;
    if (code % WORD_BYTES != 0 || !vmps_probe_readable(&walk->probe, code, CODE_BYTES)) {
        return false;
    }
    if (vmps_load64(code + TYPE_OFFSET) != cpython->code_type) {
        return false;
    }
    uint64_t references = vmps_load64(code);
    return (uint32_t)references != 0 &&
           (references >> 32 == 0 || cpython->layout.stack == VMPS_STACK_FRAMES);
}

static bool is_ours(struct vmps_walk *walk, uint64_t state)
{
    const struct vmps_cpython *cpython = walk->vm;
    const struct vmps_cpython_layout *layout = &cpython->layout;
    if (state == 0 || state % WORD_BYTES != 0) {
        return false;
    }
    if (!vmps_probe_readable(&walk->probe, state + layout->thread_frame, WORD_BYTES) ||
        !vmps_probe_readable(&walk->probe, state + layout->thread_id, WORD_BYTES)) {
        return false;
    }
    return vmps_load64(state + layout->thread_id) == (uint64_t)pthread_self();
}

/* Before 3 only the thread that runs Python is known; its state is remembered for the times at which
 * it does not (PyGILState_GetThisThreadState() takes a lock there). Both pointers may be to a state
 * that is gone. */
static uint64_t remembered_state(struct vmps_walk *walk)
{
    const struct vmps_cpython *cpython = walk->vm;
    uint64_t state = vmps_load64(cpython->current_thread_state);
    if (is_ours(walk, state)) {
        *walk->thread_memory = state;
        return state;
    }
    state = *walk->thread_memory;
    if (!is_ours(walk, state)) {
        return 0;
    }
    walk->checked = true;
    return state;
}

/* In 3 the state is the thread's own. While a thread ends it may be freed a moment before it is
 * unset; then its thread id or its frame tells. */
static uint64_t thread_state(struct vmps_walk *walk)
{
    const struct vmps_cpython *cpython = walk->vm;
    if (walk->thread != 0) {
        return walk->thread;
    }
    if (cpython->thread_state == NULL) {
        return remembered_state(walk);
    }
    uint64_t state = (uint64_t)cpython->thread_state();
    return is_ours(walk, state) ? state : 0;
}

/* A frame in the chunk on top of the data stack, at or above the stack's top, was popped already. */
static bool is_popped(const struct vmps_cpython_layout *layout, uint64_t state, uint64_t frame)
{
    uint64_t chunk = vmps_load64(state + layout->thread_chunk);
    if (chunk == 0 || frame < chunk) {
        return false;
    }
    uint64_t top = vmps_load64(state + layout->thread_chunk_top);
    return frame >= top && frame - chunk < vmps_load64(chunk + CHUNK_SIZE_OFFSET);
}

static bool ends_activation(const struct vmps_cpython_layout *layout, uint64_t frame)
{
    if (layout->entry == VMPS_ENTRY_SHIM) {
        return vmps_cpython_is_shim(layout, frame);
    }
    return vmps_load8(frame + layout->frame_is_entry) == 1;
}

/* Follows one activation of the loop, from frame to its end, which must hang on the frame that was
 * on top before it. *top gets the first frame that is not popped. */
static bool activation_whole(struct vmps_walk *walk, uint64_t state, uint64_t frame, uint64_t below,
                             uint64_t *top)
{
    const struct vmps_cpython *cpython = walk->vm;
    const struct vmps_cpython_layout *layout = &cpython->layout;
    *top = 0;
    /* The frame may also be the one below: the activation is about to return, its frames are gone. */
    for (uint32_t step = 0; step < VMPS_MAX_CHAIN && (step == 0 || frame != below); step++) {
        if (frame == below) {
            *top = below;
            return true;
        }
        if (!vmps_cpython_frame_readable(walk, frame)) {
            return false;
        }
        bool lives = vmps_cpython_is_shim(layout, frame) ||
                     vmps_cpython_is_code(walk, vmps_cpython_code_of(layout, frame));
        bool gone = !walk->brief && is_popped(layout, state, frame);
        bool popped = *top == 0 && (gone || (step == 0 && !lives));
        if (!popped && !lives) {
            return false;
        }
        if (!popped && *top == 0) {
            *top = frame;
        }
        uint64_t previous = vmps_load64(frame + layout->frame_previous);
        if (ends_activation(layout, frame)) {
            if (*top == 0) {
                *top = below;
            }
            return previous == below;
        }
        frame = previous;
    }
    return false;
}

static bool is_in_chunk(const struct vmps_cpython_layout *layout, uint64_t state, uint64_t frame)
{
    uint64_t chunk = vmps_load64(state + layout->thread_chunk);
    return chunk != 0 && frame >= chunk && frame - chunk < vmps_load64(chunk + CHUNK_SIZE_OFFSET);
}

static uint64_t frame_bytes(const struct vmps_cpython_layout *layout, uint64_t code)
{
    uint64_t words = layout->frame_more_words;
    for (size_t i = 0; i < 2; i++) {
        uint16_t at = layout->code_frame_words[i];
        words += at != 0 ? vmps_load32(code + at) : 0;
    }
    return words * WORD_BYTES;
}

/* A frame is linked to its caller and put on top, and compilers may do the second first: its link is then that of the
 * frame which stood there before. Frames follow each other on the data stack without a gap, but for those of
 * generators and the loop's own, which are elsewhere; so a true caller is known by its end. */
static bool follows_its_caller(struct vmps_walk *walk, uint64_t state, uint64_t frame)
{
    const struct vmps_cpython *cpython = walk->vm;
    const struct vmps_cpython_layout *layout = &cpython->layout;
    if (frame == 0 || !vmps_cpython_frame_readable(walk, frame) ||
        vmps_load8(frame + layout->frame_owner) != OWNED_BY_THREAD ||
        !is_in_chunk(layout, state, frame)) {
        return true;
    }
    uint64_t caller = vmps_load64(frame + layout->frame_previous);
    for (uint32_t step = 0; step < MAX_ELSEWHERE; step++) {
        if (caller == 0 || !vmps_cpython_frame_readable(walk, caller)) {
            return true;
        }
        if (vmps_load8(caller + layout->frame_owner) == OWNED_BY_THREAD) {
            break;
        }
        caller = vmps_load64(caller + layout->frame_previous);
    }
    uint64_t code = vmps_cpython_code_of(layout, caller);
    if (!is_in_chunk(layout, state, caller) || !vmps_cpython_is_code(walk, code)) {
        return true;
    }
    return caller + frame_bytes(layout, code) == frame;
}

/* 3.11 and 3.12 publish the C frame of a new activation before they store its first frame into it
 * (_PyEval_EvalFrameDefault: tstate->cframe is set first), so for some instructions it holds what was
 * on the C stack before, and compilers may store its link later, too. An activation that is not whole
 * is left out: it has not begun. Without the link the sample is lost. A thread that runs meanwhile has been on top with the
 * frame that was read first, even if it is popped when the data stack is looked at. */
static vmps_walk_status cframes_top(struct vmps_walk *walk, uint64_t state, uint64_t *frame)
{
    const struct vmps_cpython *cpython = walk->vm;
    const struct vmps_cpython_layout *layout = &cpython->layout;
    uint64_t cframe = vmps_load64(state + layout->thread_frame);
    if (!vmps_probe_readable(&walk->probe, state + layout->thread_chunk, 2 * WORD_BYTES)) {
        return vmps_cpython_broken(walk, "the thread state cannot be read");
    }
    for (int activation = 0; activation < MAX_ACTIVATIONS; activation++) {
        if (cframe % WORD_BYTES != 0 ||
            !vmps_probe_readable(&walk->probe, cframe, 3 * WORD_BYTES)) {
            return vmps_cpython_broken(walk, "no C frame where it should be");
        }
        uint64_t previous = vmps_load64(cframe + layout->cframe_previous);
        uint64_t top = vmps_load64(cframe + layout->cframe_frame);
        if (previous == 0 && cframe - state < THREAD_STATE_BYTES) {
            *frame = top;
            return VMPS_WALK_OK;
        }
        if (previous % WORD_BYTES != 0 ||
            !vmps_probe_readable(&walk->probe, previous, 3 * WORD_BYTES)) {
            return vmps_cpython_broken(walk, "no outer C frame where it should be");
        }
        uint64_t below = vmps_load64(previous + layout->cframe_frame);
        if (activation_whole(walk, state, top, below, frame)) {
            bool whole = walk->brief || follows_its_caller(walk, state, *frame);
            return whole ? VMPS_WALK_OK : VMPS_WALK_LOST;
        }
        cframe = previous;
    }
    return vmps_cpython_broken(walk, "no whole activation of the interpreter's loop");
}

vmps_walk_status vmps_cpython_top(struct vmps_walk *walk, uint64_t *frame)
{
    const struct vmps_cpython *cpython = walk->vm;
    uint64_t state = thread_state(walk);
    *frame = 0;
    if (state == 0) {
        return VMPS_WALK_OK;
    }
    if (cpython->layout.stack == VMPS_STACK_CFRAMES) {
        return cframes_top(walk, state, frame);
    }
    *frame = vmps_load64(state + cpython->layout.thread_frame);
    return VMPS_WALK_OK;
}

bool vmps_cpython_is_top(struct vmps_walk *walk, uint64_t frame)
{
    const struct vmps_cpython *cpython = walk->vm;
    uint64_t at = thread_state(walk) + cpython->layout.thread_frame;
    if (cpython->layout.stack == VMPS_STACK_CFRAMES) {
        uint64_t cframe = vmps_load64(at);
        if (cframe % WORD_BYTES != 0 ||
            !vmps_probe_readable(&walk->probe, cframe, 3 * WORD_BYTES)) {
            return false;
        }
        at = cframe + cpython->layout.cframe_frame;
    }
    return vmps_load64(at) == frame;
}

bool vmps_cpython_is_generator(struct vmps_walk *walk, uint64_t frame)
{
    const struct vmps_cpython *cpython = walk->vm;
    const struct vmps_cpython_layout *layout = &cpython->layout;
    if (layout->stack != VMPS_STACK_FRAME_OBJECTS) {
        return vmps_load8(frame + layout->frame_owner) == OWNED_BY_GENERATOR;
    }
    uint64_t code = vmps_cpython_code_of(layout, frame);
    return vmps_cpython_is_code(walk, code) &&
           (vmps_load32(code + layout->code_flags) & GENERATOR_FLAGS) != 0;
}
