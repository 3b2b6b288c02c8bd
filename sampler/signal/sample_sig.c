#include "sampler/signal/sample_sig.h"

#include <string.h>
#include <time.h>

#define NS_PER_S UINT64_C(1000000000)
#define MAX_VALUES                                                                                 \
    3u /* CPU time; time on the clock; memory: in the order of vmps_metadata_write() */
#define WORD_BYTES 8u
/* Walks that must fail before the first fits, until the layout is given up: one that falls into an
 * instant at which the interpreter changes its stack proves nothing. */
#define MAX_MISFITS 8u

/* A walk may take longer than a period, where stacks are deep. So that the program gets on all the same, a
 * sample is followed by this many times its own cost without another; weights are measured, so that
 * this costs precision only. */
#define REST_FACTOR 4u
/* A sample that took longer by the clock on the wall may have lost its core meanwhile, for as long as others wanted it: that is
 * no cost of its own. */
#define LONG_SAMPLE_NS UINT64_C(10000)

struct sample {
    struct vmps_recording *recording;
    struct vmps_slot *slot;
};

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec now = {0};
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static uint32_t code_id(struct vmps_walk *walk, struct vmps_recording *recording,
                        const struct vmps_walk_frame *frame, vmps_walk_status *status)
{
    uint32_t id = vmps_codes_find(&recording->codes, frame->code_hash);
    if (id != 0) {
        return id;
    }
    struct vmps_code code;
    memset(&code, 0, sizeof code);
    *status = VMPS_WALK_BROKEN;
    if (!recording->walker.describe(walk, frame->code_address, &code)) {
        return 0;
    }
    *status = VMPS_WALK_LOST;
    return vmps_codes_publish(&recording->codes, &recording->ring, frame->code_hash, &code);
}

static vmps_walk_status record_frame(struct vmps_walk *walk, const struct vmps_walk_frame *frame)
{
    const struct sample *sample = walk->context;
    if (walk->frame_count == VMPS_MAX_FRAMES) {
        return VMPS_WALK_STOP;
    }
    vmps_walk_status status = VMPS_WALK_OK;
    uint32_t id = code_id(walk, sample->recording, frame, &status);
    if (id == 0) {
        return status;
    }
    /* vmps_sample_last() may be reading. */
    struct vmpf_row_frame *to = &sample->slot->frames[walk->frame_count];
    __atomic_store_n(&to->code, id, __ATOMIC_RELAXED);
    __atomic_store_n(&to->offset, frame->offset, __ATOMIC_RELAXED);
    return VMPS_WALK_OK;
}

/* A layout that nobody could check at the start is trusted after the first walk that fits it. */
void vmps_sample_judge(struct vmps_recording *recording, const struct vmps_walk *walk,
                       vmps_walk_status status)
{
    if (status == VMPS_WALK_OK && walk->frame_count != 0) {
        int unverified = VMPS_TRUST_UNVERIFIED;
        atomic_compare_exchange_strong(&recording->trust, &unverified, VMPS_TRUST_VERIFIED);
    } else if (status == VMPS_WALK_BROKEN) {
        atomic_store(&recording->misfit, walk->failure);
        if (atomic_fetch_add(&recording->misfits, 1) + 1 < MAX_MISFITS) {
            return;
        }
        int unverified = VMPS_TRUST_UNVERIFIED;
        atomic_compare_exchange_strong(&recording->trust, &unverified, VMPS_TRUST_OFF);
    }
}

static vmps_walk_status walk_stack(struct vmps_recording *recording, struct vmps_slot *slot,
                                   struct vmps_walk *walk)
{
    int trust = atomic_load_explicit(&recording->trust, memory_order_acquire);
    if (trust == VMPS_TRUST_OFF) {
        return VMPS_WALK_OK;
    }
    struct sample sample = {.recording = recording, .slot = slot};
    walk->vm = recording->vm;
    walk->thread_memory = &slot->vm_memory;
    walk->root_code = recording->root_code;
    walk->recorder_codes = recording->recorder_codes;
    walk->recorder_code_count = recording->recorder_code_count;
    walk->checked = trust == VMPS_TRUST_UNVERIFIED;
    walk->frame = record_frame;
    walk->context = &sample;
    if (recording->native != NULL) {
        walk->activations = recording->native->activations(slot, &walk->activation_capacity);
    }
    vmps_walk_status status = recording->walker.walk(walk);
    if (walk->checked) {
        vmps_sample_judge(recording, walk, status);
    }
    return status;
}

static bool publish(struct vmps_recording *recording, const struct vmpf_row_frame *frames,
                    const struct vmpf_row_sample *fixed, const uint64_t *values)
{
    struct vmps_row row;
    uint32_t words =
        (uint32_t)(sizeof *fixed / WORD_BYTES) + fixed->value_count + fixed->frame_count;
    if (!vmps_ring_reserve(&recording->ring, VMPF_ROW_SAMPLE, words, &row)) {
        return false;
    }
    uint64_t *to = row.words + 1;
    memcpy(to, fixed, sizeof *fixed);
    to += sizeof *fixed / WORD_BYTES;
    memcpy(to, values, fixed->value_count * sizeof *values);
    to += fixed->value_count;
    if (fixed->frame_count != 0) { /* else frames may be NULL */
        memcpy(to, frames, fixed->frame_count * sizeof frames[0]);
    }
    vmps_ring_commit(&recording->ring, &row);
    return true;
}

/* The counters have one writer, the slot's thread. */
static void add(_Atomic uint64_t *counter, uint64_t amount)
{
    uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, value + amount, memory_order_relaxed);
}

/* A thread that lives for less than a period has a sample now and then, which stands for the period:
 * measured time alone would make such threads too light, since what follows a thread's last sample
 * is never told. */
static uint64_t weight_of(const struct vmps_slot *slot, uint64_t cpu_ns)
{
    uint64_t measured_ns = cpu_ns > slot->last_cpu_ns ? cpu_ns - slot->last_cpu_ns : 0;
    return measured_ns > slot->first_weight_ns ? measured_ns : slot->first_weight_ns;
}

static void count_lost(struct vmps_recording *recording, struct vmps_slot *slot)
{
    if (vmps_ring_is_ours(&recording->ring)) {
        atomic_fetch_add_explicit(&recording->ring.journal->lost, 1, memory_order_relaxed);
    }
    add(&slot->lost, 1);
}

/* Time on the clock is the CPU time and what was waited, which is told apart from it. Returns how many values there are. */
static uint32_t fill_values(struct vmps_recording *recording, uint64_t now_ns, uint64_t cpu_ns,
                            uint64_t wall_ns, uint64_t values[MAX_VALUES])
{
    uint32_t count = 0;
    values[count++] = cpu_ns;
    if (recording->wall) {
        values[count++] = wall_ns;
    }
    if (recording->memory.is_on) {
        values[count++] = vmps_memory_bytes(&recording->memory, now_ns);
    }
    return count;
}

void vmps_sample_seen(struct vmps_recording *recording, struct vmps_slot *slot,
                      const struct vmps_seen *seen)
{
    if (seen->nobodys) {
        slot->last_cpu_ns = seen->cpu_ns;
        return;
    }
    uint64_t weight_ns = weight_of(slot, seen->cpu_ns);
    uint64_t values[MAX_VALUES];
    const struct vmpf_row_sample fixed = {
        .time_ns = seen->now_ns - recording->start_ns,
        .thread_id = slot->thread_id,
        .frame_count = seen->frame_count,
        .flags = seen->flags | (recording->wall ? VMPF_ROW_STATE_RUNNING : 0),
        .value_count = fill_values(recording, seen->now_ns, weight_ns, weight_ns, values),
    };
    if (!seen->whole || !publish(recording, seen->frames, &fixed, values)) {
        count_lost(recording, slot);
        return;
    }
    slot->last_cpu_ns = seen->cpu_ns;
    slot->first_weight_ns = 0;
    add(&slot->samples, 1);
    add(&slot->cpu_ns, weight_ns);
}

/* The walk of the calling thread, into the slot's frames. */
static vmps_walk_status walk_into_slot(struct vmps_recording *recording, struct vmps_slot *slot,
                                       struct vmps_walk *walk)
{
    /* What is stored next must not be seen before. */
    uint32_t sequence = atomic_fetch_add_explicit(&slot->sequence, 1, memory_order_acq_rel);
    vmps_walk_status status = walk_stack(recording, slot, walk);
    atomic_store_explicit(&slot->last_frames, walk->frame_count, memory_order_relaxed);
    atomic_store_explicit(&slot->sequence, sequence + 2, memory_order_release);
    return status;
}

static void take(struct vmps_recording *recording, struct vmps_slot *slot,
                 const struct vmps_registers *registers, uint64_t now_ns, uint64_t cpu_ns)
{
    struct vmps_walk walk;
    memset(&walk, 0, sizeof walk);
    walk.pc = registers->pc;
    walk.stack_pointer = registers->stack_pointer;
    vmps_walk_status status = walk_into_slot(recording, slot, &walk);
    struct vmps_seen seen = {
        .now_ns = now_ns,
        .cpu_ns = cpu_ns,
        .whole = status == VMPS_WALK_OK || status == VMPS_WALK_STOP,
        .nobodys = walk.met_root && walk.frame_count == 0,
    };
    struct vmps_joined joined = {
        .frames = slot->frames,
        .frame_count = walk.frame_count,
        .flags = status == VMPS_WALK_STOP ? VMPS_SAMPLE_TRUNCATED : 0,
    };
    if (seen.whole && !seen.nobodys && recording->native != NULL) {
        recording->native->join(recording, slot, registers, &walk, &joined);
    }
    seen.flags = joined.flags;
    seen.frame_count = joined.frame_count;
    seen.frames = joined.frames;
    vmps_sample_seen(recording, slot, &seen);
}

void vmps_sample_take(struct vmps_recording *recording, struct vmps_slot *slot,
                      const struct vmps_registers *registers)
{
    uint64_t now_ns = clock_ns(CLOCK_MONOTONIC);
    uint64_t cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    if (cpu_ns < slot->not_before_ns) {
        return;
    }
    take(recording, slot, registers, now_ns, cpu_ns);
    uint64_t cost_ns = clock_ns(CLOCK_MONOTONIC) - now_ns;
    if (cost_ns > LONG_SAMPLE_NS) {
        cost_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_ns;
    }
    slot->not_before_ns = cpu_ns + cost_ns + REST_FACTOR * cost_ns;
}

bool vmps_sample_waited(struct vmps_recording *recording, struct vmps_slot *slot,
                        const struct vmps_waited *waited)
{
    uint64_t values[MAX_VALUES];
    const struct vmpf_row_sample fixed = {
        .time_ns = waited->now_ns - recording->start_ns,
        .thread_id = slot->thread_id,
        .frame_count = waited->frame_count,
        .flags = waited->flags,
        .value_count = fill_values(recording, waited->now_ns, 0, waited->wall_ns, values),
    };
    if (!publish(recording, waited->frames, &fixed, values)) {
        return false;
    }
    add(&slot->waited_ns, waited->wall_ns);
    return true;
}

uint32_t vmps_sample_last(const struct vmps_slot *slot, struct vmpf_row_frame *frames,
                          uint32_t capacity)
{
    uint32_t before = atomic_load_explicit(&slot->sequence, memory_order_acquire);
    uint32_t count = atomic_load_explicit(&slot->last_frames, memory_order_relaxed);
    if (count > capacity || before % 2 != 0) {
        return 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        frames[i].code = __atomic_load_n(&slot->frames[i].code, __ATOMIC_RELAXED);
        frames[i].offset = __atomic_load_n(&slot->frames[i].offset, __ATOMIC_RELAXED);
    }
    atomic_thread_fence(memory_order_acquire);
    return atomic_load_explicit(&slot->sequence, memory_order_relaxed) == before ? count : 0;
}
