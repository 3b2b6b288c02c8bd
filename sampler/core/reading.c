#include "sampler/core/reading.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sampler/core/handler.h"
#include "sampler/signal/guard_sig.h"
#include "sampler/signal/sample_sig.h"

/* How often a stack is read that changes all the time, until the sample is lost. */
#define TRIES 16
/* How often a generator has to be found as a thread's root that was not known as that, but for the last time. */
#define NEW_ROOTS 3
/* Until the thread has its memory back. */
#define SETTLE_NS UINT64_C(3000)
#define NS_PER_S UINT64_C(1000000000)
#define FIRST_CAPACITY 64u

void vmps_reading_init(struct vmps_reading *reading, struct vmps_recording *recording,
                       const struct vmps_vm *vm)
{
    *reading = (struct vmps_reading){.onlook = {.recording = recording, .vm = vm}};
}

void vmps_reading_fini(struct vmps_reading *reading)
{
    vmps_onlook_fini(&reading->onlook);
    free(reading->first.frames);
    free(reading->second.frames);
    free(reading->rows);
    *reading = (struct vmps_reading){.onlook = reading->onlook};
}

/* ---- where it is -------------------------------------------------------------------------------- */

static vmps_walk_status keep_frame(struct vmps_walk *walk, const struct vmps_walk_frame *frame)
{
    struct vmps_seen_stack *stack = walk->context;
    if (vmps_guard_failed()) {
        return VMPS_WALK_LOST;
    }
    if (stack->count == VMPS_MAX_FRAMES) {
        return VMPS_WALK_STOP;
    }
    if (stack->count == stack->capacity) {
        uint32_t capacity = stack->capacity == 0 ? FIRST_CAPACITY : 2 * stack->capacity;
        struct vmps_walk_frame *grown = realloc(stack->frames, capacity * sizeof *grown);
        if (grown == NULL) {
            return VMPS_WALK_LOST;
        }
        stack->frames = grown;
        stack->capacity = capacity;
    }
    stack->frames[stack->count++] = *frame;
    return VMPS_WALK_OK;
}

static vmps_walk_status walk_brief(struct vmps_reading *reading, uint64_t state,
                                   struct vmps_seen_stack *stack, struct vmps_walk *walk)
{
    vmps_onlook_walk_init(&reading->onlook, walk, state, &reading->memory);
    walk->brief = true;
    walk->frame = keep_frame;
    walk->context = stack;
    stack->count = 0;
    vmps_guard_begin();
    vmps_walk_status status = reading->onlook.vm->ops->reader.walk(walk);
    return vmps_guard_failed() ? VMPS_WALK_BROKEN : status;
}

static bool is_stack(vmps_walk_status status)
{
    return status == VMPS_WALK_OK || status == VMPS_WALK_STOP;
}

/* The same activation. The leaf's instruction moves on all the time. */
static bool is_same(const struct vmps_walk_frame *a, const struct vmps_walk_frame *b)
{
    return a->frame_address == b->frame_address && a->code_address == b->code_address;
}

/* The frame that is the step-th from the root, 0 for the root itself. */
static const struct vmps_walk_frame *from_root(const struct vmps_seen_stack *stack, uint32_t step)
{
    return &stack->frames[stack->count - 1 - step];
}

bool vmps_reading_is_sure(const struct vmps_seen_stack *first, const struct vmps_seen_stack *second)
{
    uint32_t least = first->count < second->count ? first->count : second->count;
    uint32_t common = 0;
    while (common < least && is_same(from_root(first, common), from_root(second, common))) {
        bool calls = common + 1 < least;
        if (calls && from_root(first, common)->offset != from_root(second, common)->offset) {
            /* Another call, which may be of the same function: then it is not known from where it was called the first time. */
            const struct vmps_walk_frame *leaf = from_root(first, common + 1);
            return first->count == common + 2 && !is_same(leaf, from_root(second, common + 1));
        }
        common++;
    }
    return first->count == common || (common != 0 && first->count == common + 1);
}

static void pause_ns(uint64_t pause_ns)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const uint64_t until_ns = (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec + pause_ns;
    while ((uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec < until_ns) {
        clock_gettime(CLOCK_MONOTONIC, &now);
    }
}

/* Reads the stack into reading->first. False: it changed meanwhile. The second reading does not count: the first has taken the
 * thread's memory from its core's cache, and so it changes more slowly for a moment just where it is looked at. */
static bool read_twice(struct vmps_reading *reading, uint64_t state, struct vmps_walk *walk,
                       vmps_walk_status *status)
{
    struct vmps_walk again;
    *status = walk_brief(reading, state, &reading->first, walk);
    return is_stack(*status) && !walk->moved &&
           is_stack(walk_brief(reading, state, &reading->second, &again)) &&
           vmps_reading_is_sure(&reading->first, &reading->second);
}

/* A generator that was left has no caller: read just then a stack seems to begin with it. So such a stack has to be found some times,
 * unless the thread's last one began so. */
static vmps_walk_status read_surely(struct vmps_reading *reading, struct vmps_sight *sight,
                                    struct vmps_walk *walk)
{
    vmps_walk_status status = VMPS_WALK_LOST;
    struct vmps_walk_frame root = sight->root;
    int met = NEW_ROOTS;
    for (int i = 0; i < TRIES; i++) {
        if (i != 0) {
            pause_ns(SETTLE_NS);
        }
        if (!read_twice(reading, sight->state, walk, &status)) {
            continue;
        }
        if (!walk->ends_in_generator) {
            return status;
        }
        const struct vmps_walk_frame *found = from_root(&reading->first, 0);
        met = is_same(found, &root) ? met + 1 : 1;
        root = *found;
        if (met > NEW_ROOTS) {
            sight->root = root;
            return status;
        }
    }
    return is_stack(status) ? VMPS_WALK_LOST : status;
}

/* ---- what it is --------------------------------------------------------------------------------- */

static bool is_still_there(struct vmps_reading *reading, uint64_t state,
                           const struct vmps_walk_frame *frame)
{
    struct vmps_walk walk;
    bool found = false;
    if (is_stack(walk_brief(reading, state, &reading->second, &walk))) {
        for (uint32_t i = 0; i < reading->second.count && !found; i++) {
            found = is_same(&reading->second.frames[i], frame);
        }
    }
    return found;
}

/* Code that is seen here first is told only where it is known not to have been freed meanwhile. */
static uint32_t code_id(struct vmps_reading *reading, struct vmps_walk *walk,
                        const struct vmps_walk_frame *frame)
{
    struct vmps_onlook *onlook = &reading->onlook;
    uint32_t id = vmps_onlook_code(onlook, frame);
    struct vmps_code code;
    bool is_new = id == 0 &&
                  vmps_onlook_describe(onlook, &onlook->vm->ops->reader, walk, frame, &code) &&
                  !vmps_guard_failed() && is_still_there(reading, walk->thread, frame);
    return is_new ? vmps_onlook_publish(onlook, frame, &code) : id;
}

static bool make_room(struct vmps_reading *reading, uint32_t count)
{
    if (count <= reading->row_capacity) {
        return true;
    }
    struct vmpf_row_frame *grown = realloc(reading->rows, reading->first.capacity * sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    reading->rows = grown;
    reading->row_capacity = reading->first.capacity;
    return true;
}

/* The rows of the frames of reading->first. */
static vmps_walk_status identify(struct vmps_reading *reading, struct vmps_walk *walk,
                                 uint32_t *row_count)
{
    const struct vmps_walker *reader = &reading->onlook.vm->ops->reader;
    struct vmps_walk_frame *frames = reading->first.frames;
    const uint32_t count = reading->first.count;
    *row_count = 0;
    if (!make_room(reading, count)) {
        return VMPS_WALK_LOST;
    }
    vmps_guard_begin();
    for (uint32_t i = 0; i < count; i++) {
        walk->frame_count = i;
        vmps_walk_status status = reader->identify(walk, &frames[i]);
        if (status == VMPS_WALK_STOP) {
            continue;
        }
        if (status != VMPS_WALK_OK || vmps_guard_failed()) {
            return vmps_guard_failed() ? VMPS_WALK_LOST : status;
        }
        uint32_t id = code_id(reading, walk, &frames[i]);
        if (id == 0) {
            return VMPS_WALK_LOST;
        }
        reading->rows[(*row_count)++] =
            (struct vmpf_row_frame){.code = id, .offset = frames[i].offset};
    }
    return VMPS_WALK_OK;
}

static void read_stack(struct vmps_reading *reading, struct vmps_sight *sight,
                       struct vmps_seen *seen)
{
    struct vmps_recording *recording = reading->onlook.recording;
    struct vmps_walk walk;
    vmps_walk_status status = read_surely(reading, sight, &walk);
    if (is_stack(status)) {
        seen->flags = status == VMPS_WALK_STOP ? VMPS_SAMPLE_TRUNCATED : 0;
        seen->nobodys = walk.met_root && reading->first.count == 0;
        status = identify(reading, &walk, &seen->frame_count);
        seen->frames = reading->rows;
        walk.frame_count = seen->frame_count;
    }
    seen->whole = status == VMPS_WALK_OK;
    if (atomic_load(&recording->trust) == VMPS_TRUST_UNVERIFIED) {
        vmps_sample_judge(recording, &walk, status);
    }
}

void vmps_reading_sample(struct vmps_reading *reading, struct vmps_sight *sight,
                         const struct vmps_look *look)
{
    struct vmps_recording *recording = reading->onlook.recording;
    const struct vmps_vm *vm = reading->onlook.vm;
    struct vmps_seen seen = {.now_ns = look->now_ns, .cpu_ns = look->cpu_ns, .whole = true};
    if (atomic_load(&recording->trust) != VMPS_TRUST_OFF) {
        seen.whole = vmps_handler_keep_guard() == 0;
        sight->state = vm->ops->thread_of(vm, look->thread_id, sight->state);
        if (sight->state != 0 && seen.whole) {
            read_stack(reading, sight, &seen);
        }
    }
    vmps_sample_seen(recording, &recording->slots[look->slot], &seen);
}
