#include "sampler/core/waiting.h"

#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "sampler/core/ticks.h"
#include "sampler/signal/sample_sig.h"

/* A long wait is published piece by piece, so that a killed program loses no more than this of it. */
#define PIECE_NS UINT64_C(100000000)
#define FIRST_CAPACITY 64u
#define SAMPLE_TRUNCATED 1u

void vmps_waiting_init(struct vmps_waiting *waiting, struct vmps_recording *recording,
                       const struct vmps_vm *vm, uint64_t period_ns)
{
    *waiting = (struct vmps_waiting){
        .onlook = {.recording = recording, .vm = vm},
        .period_ns = period_ns,
        .random = (uint64_t)(uintptr_t)waiting << 1 | 1,
    };
}

void vmps_waiting_fini(struct vmps_waiting *waiting)
{
    vmps_onlook_fini(&waiting->onlook);
}

/* ---- its stack ---------------------------------------------------------------------------------- */

struct spelling {
    struct vmps_waiting *waiting;
    struct vmps_spell *spell;
};

static uint32_t code_id(struct vmps_onlook *onlook, struct vmps_walk *walk,
                        const struct vmps_walk_frame *frame)
{
    uint32_t id = vmps_onlook_code(onlook, frame);
    struct vmps_code code;
    bool is_new = id == 0 &&
                  vmps_onlook_describe(onlook, &onlook->vm->ops->onlooker, walk, frame, &code) &&
                  !vmps_peek_failed();
    return is_new ? vmps_onlook_publish(onlook, frame, &code) : id;
}

static bool make_room(struct vmps_spell *spell, uint32_t frame_count)
{
    if (frame_count <= spell->capacity) {
        return true;
    }
    uint32_t capacity = frame_count < FIRST_CAPACITY ? FIRST_CAPACITY : 2 * frame_count;
    struct vmpf_row_frame *grown = realloc(spell->frames, capacity * sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    spell->frames = grown;
    spell->capacity = capacity;
    return true;
}

static vmps_walk_status keep_frame(struct vmps_walk *walk, const struct vmps_walk_frame *frame)
{
    const struct spelling *spelling = walk->context;
    struct vmps_spell *spell = spelling->spell;
    if (spell->frame_count == VMPS_MAX_FRAMES) {
        spell->flags = SAMPLE_TRUNCATED;
        return VMPS_WALK_STOP;
    }
    uint32_t id = vmps_peek_failed() ? 0 : code_id(&spelling->waiting->onlook, walk, frame);
    if (id == 0 || !make_room(spell, spell->frame_count + 1)) {
        return VMPS_WALK_LOST;
    }
    spell->frames[spell->frame_count++] =
        (struct vmpf_row_frame){.code = id, .offset = frame->offset};
    return VMPS_WALK_OK;
}

static bool walk_from_outside(struct vmps_waiting *waiting, struct vmps_spell *spell)
{
    struct spelling spelling = {.waiting = waiting, .spell = spell};
    uint64_t memory;
    struct vmps_walk walk;
    vmps_onlook_walk_init(&waiting->onlook, &walk, spell->state, &memory);
    walk.frame = keep_frame;
    walk.context = &spelling;
    vmps_walk_status status = waiting->onlook.vm->ops->onlooker.walk(&walk);
    spell->nobodys = walk.met_root && walk.frame_count == 0;
    return (status == VMPS_WALK_OK || status == VMPS_WALK_STOP) && !vmps_peek_failed();
}

/* A thread that runs no Python, of a VM whose threads are known, waits with no frames. Where no other thread's stack can be
 * walked, the one of its last sample stands for it. */
static bool read_stack(struct vmps_waiting *waiting, struct vmps_spell *spell,
                       const struct vmps_look *look)
{
    const struct vmps_vm_ops *ops = waiting->onlook.vm->ops;
    spell->frame_count = spell->flags = 0;
    spell->nobodys = false;
    if (ops->thread_of == NULL) {
        const struct vmps_slot *slot = &waiting->onlook.recording->slots[look->slot];
        bool room =
            make_room(spell, atomic_load_explicit(&slot->last_frames, memory_order_relaxed));
        spell->frame_count = room ? vmps_sample_last(slot, spell->frames, spell->capacity) : 0;
        return true;
    }
    if (atomic_load(&waiting->onlook.recording->trust) == VMPS_TRUST_OFF) {
        return true;
    }
    vmps_peek_begin(&waiting->peek);
    spell->state = ops->thread_of(waiting->onlook.vm, look->thread_id, spell->state);
    return spell->state == 0 || walk_from_outside(waiting, spell);
}

/* ---- why it waits ------------------------------------------------------------------------------- */

static uint32_t why(const struct vmps_waiting *waiting, pid_t thread_id)
{
    long call;
    uint64_t argument;
    if (!vmps_thread_call(thread_id, &call, &argument)) {
        return VMPF_ROW_STATE_RUNNING;
    }
    bool on_lock = call == SYS_futex && waiting->onlook.vm->ops->is_lock != NULL &&
                   waiting->onlook.vm->ops->is_lock(waiting->onlook.vm, argument);
    return on_lock ? VMPF_ROW_STATE_WAITING_GIL : VMPF_ROW_STATE_WAITING;
}

/* ---- its time ----------------------------------------------------------------------------------- */

static uint64_t random_below(struct vmps_waiting *waiting, uint64_t limit)
{
    uint64_t x = waiting->random;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    waiting->random = x;
    return x % limit;
}

static void publish(struct vmps_waiting *waiting, struct vmps_spell *spell, uint32_t slot)
{
    if (spell->waited_ns == 0 || spell->nobodys) {
        spell->waited_ns = 0;
        return;
    }
    const struct vmps_waited waited = {
        .now_ns = spell->seen_ns,
        .wall_ns = spell->waited_ns,
        .flags = spell->flags | spell->label,
        .frame_count = spell->frame_count,
        .frames = spell->frames,
    };
    if (vmps_sample_waited(waiting->onlook.recording, &waiting->onlook.recording->slots[slot],
                           &waited)) {
        spell->waited_ns = 0;
    }
}

/* The time of each look's interval goes to what is found at the next look that finds the thread waiting, as that of a CPU
 * sample goes to what is found at the tick. For that the looks must come alike, whatever the thread does; where they
 * come seldom, as when all threads wait, it is known what it did meanwhile: only the part that would be left after
 * the last of more frequent looks goes to the next. */
static void end_spell(struct vmps_waiting *waiting, struct vmps_spell *spell,
                      const struct vmps_look *look, uint64_t off_ns)
{
    uint64_t left_ns = look->late ? random_below(waiting, waiting->period_ns) : off_ns;
    left_ns = left_ns < off_ns ? left_ns : off_ns;
    spell->waited_ns += off_ns - left_ns;
    spell->pending_ns += left_ns;
    publish(waiting, spell, look->slot);
    spell->waits = false;
}

static void begin_spell(struct vmps_waiting *waiting, struct vmps_spell *spell,
                        const struct vmps_look *look)
{
    spell->waited_ns = 0;
    spell->label = why(waiting, look->thread_id);
    bool known = read_stack(waiting, spell, look);
    if (!known || vmps_thread_cpu_ns(look->thread_id) != look->cpu_ns) {
        return; /* it ran meanwhile: the time waits for a look that finds it waiting */
    }
    spell->waits = true;
    spell->waits_cpu_ns = look->cpu_ns;
    spell->waited_ns = spell->pending_ns;
    spell->pending_ns = 0;
}

void vmps_waiting_look(struct vmps_waiting *waiting, struct vmps_spell *spell,
                       const struct vmps_look *look)
{
    uint64_t passed_ns = look->now_ns - spell->seen_ns;
    uint64_t ran_ns = look->cpu_ns - spell->seen_cpu_ns;
    uint64_t off_ns = passed_ns > ran_ns && spell->seen_ns != 0 ? passed_ns - ran_ns : 0;
    spell->seen_ns = look->now_ns;
    spell->seen_cpu_ns = look->cpu_ns;
    if (spell->waits && spell->waits_cpu_ns == look->cpu_ns) {
        spell->waited_ns += off_ns;
        if (spell->waited_ns >= PIECE_NS) {
            publish(waiting, spell, look->slot);
        }
        return;
    }
    if (spell->waits) {
        end_spell(waiting, spell, look, off_ns);
    } else {
        spell->pending_ns += off_ns;
    }
    if (!look->runs) {
        begin_spell(waiting, spell, look);
    }
}

void vmps_waiting_end(struct vmps_waiting *waiting, struct vmps_spell *spell, uint32_t slot)
{
    if (spell->waits) {
        spell->waited_ns += spell->pending_ns;
        publish(waiting, spell, slot);
    }
    free(spell->frames);
    *spell = (struct vmps_spell){0};
}
