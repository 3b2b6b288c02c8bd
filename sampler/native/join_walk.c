#include "sampler/native/join_walk.h"

#include <pthread.h>
#include <string.h>

#define KIND_NATIVE 4u /* VMPF_KIND_NATIVE; vmpf.h is not for handlers */
#define STACK_ALIGNMENT UINT64_C(16)
/* Beyond it new places have no number any more: a table that is nearly full is slow. */
#define MAX_CODES (VMPS_CODES_ENTRIES / 4 * 3)

struct join {
    struct vmps_recording *recording;
    const struct vmps_slot *slot;
    struct vmps_join_memory *memory;
    const struct vmps_walk *walk;
    uint32_t native_count;
    uint32_t count; /* of memory->frames */
    bool is_cut;    /* outer native frames could not be told */
    bool keeps_all; /* nothing is folded away */
    bool is_full;   /* a frame had no room, or no number */
};

/* ---- the native stack ------------------------------------------------------------------------- */

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ (hash >> 32);
}

/* The number of a place, under the address that a reader looks up: of an instruction for the innermost frame,
 * else one behind the byte that counts. 0: it has none. */
static uint32_t number_of(struct vmps_recording *recording, uint64_t address, uint32_t serial)
{
    uint64_t hash = mix(mix(UINT64_C(0x6E617469), address), serial);
    uint32_t code = vmps_codes_find(&recording->codes, hash);
    uint32_t last = atomic_load_explicit(&recording->codes.last_id, memory_order_relaxed);
    if (code != 0 || last >= MAX_CODES) {
        return code;
    }
    const struct vmps_code native = {.address = address, .kind = KIND_NATIVE};
    return vmps_codes_publish(&recording->codes, &recording->ring, hash, &native);
}

/* The memory is the slot's, which may be another thread's by now. */
static void begin(const struct join *join, const struct vmps_registers *registers,
                  struct vmps_probe *probe, struct vmps_unwind *unwind)
{
    const struct vmps_native *native = join->recording->native;
    struct vmps_join_memory *memory = join->memory;
    uint64_t tick = atomic_load_explicit(&join->slot->tick, memory_order_relaxed);
    if (memory->tick != tick) {
        memory->tick = tick;
        memory->unwind.low = memory->unwind.high = memory->unwind.foreign = 0;
    }
    /* The C library keeps a thread's block behind its stack. */
    bool is_main = join->slot->thread_id == native->main_thread_id;
    uint64_t end = is_main ? native->main_stack_end : (uint64_t)pthread_self();
    *unwind = (struct vmps_unwind){
        .tables = atomic_load(&native->tables),
        .memory = &memory->unwind,
        .probe = probe,
        .stack_end = end & ~(STACK_ALIGNMENT - 1),
        .pc = registers->pc,
        .sp = registers->stack_pointer,
        .bp = registers->frame_pointer,
        .bp_known = true,
        .is_exact = true,
    };
}

static void take_native(struct join *join, const struct vmps_unwind *unwind)
{
    struct vmps_unwind_entry *entry = unwind->entry;
    bool is_common = !unwind->is_exact || join->native_count == 0;
    if (entry->code == 0 && is_common && (entry->mark == VMPS_MARK_NONE || join->keeps_all)) {
        entry->code = number_of(join->recording, unwind->pc, entry->serial);
    }
    join->memory->native[join->native_count++] = (struct vmps_native_frame){
        .pc = unwind->pc,
        .code = is_common ? entry->code : 0,
        .serial = entry->serial,
        .mark = entry->mark,
        .is_exact = unwind->is_exact,
        .is_runtime = entry->is_runtime,
    };
}

static void collect(struct join *join, const struct vmps_registers *registers,
                    struct vmps_probe *probe)
{
    struct vmps_unwind unwind;
    enum vmps_unwind_status status = VMPS_UNWIND_CUT;
    begin(join, registers, probe, &unwind);
    while (join->native_count < VMPS_MAX_FRAMES) {
        vmps_unwind_look(&unwind);
        if (unwind.entry->is_no_return) {
            status = VMPS_UNWIND_CUT;
            break;
        }
        take_native(join, &unwind);
        status = vmps_unwind_step(&unwind);
        if (status != VMPS_UNWIND_FRAME) {
            break;
        }
        join->memory->native[join->native_count - 1].cfa = unwind.cfa;
    }
    join->memory->native[join->native_count - 1].cfa =
        status == VMPS_UNWIND_FRAME ? unwind.cfa : UINT64_MAX;
    join->is_cut = status != VMPS_UNWIND_END;
}

/* ---- which activation is which frame ------------------------------------------------------------ */

/* The innermost frame of the loop that has an activation; *fits: that all others have theirs. */
static uint32_t match_by_number(const struct join *join, bool *fits)
{
    uint32_t loops = 0, first = 0;
    uint32_t activations = join->walk->activation_count;
    for (uint32_t i = join->native_count; i-- > 0;) {
        if (join->memory->native[i].mark == VMPS_MARK_EVAL) {
            loops++;
            if (loops <= activations) {
                first = i;
            }
        }
    }
    *fits = !join->is_cut && loops >= activations; /* how many more: see match() */
    return first;
}

static bool holds(const struct join *join, uint32_t i, uint64_t anchor)
{
    const struct vmps_native_frame *native = join->memory->native;
    return anchor < native[i].cfa && (i == 0 || anchor >= native[i - 1].cfa);
}

/* Activations from *next on that no frame has been found for: where the stack is cut they are further out; and
 * some versions keep a last shim that is no activation. */
static bool is_rest(const struct join *join, uint32_t next)
{
    const struct vmps_activation *activations = join->memory->activations;
    uint32_t left = join->walk->activation_count - next;
    uint32_t frames = next != 0 ? activations[next - 1].frame_count : 0;
    return left == 0 || join->is_cut || (left == 1 && activations[next].frame_count == frames);
}

static uint32_t match_by_place(const struct join *join, bool *fits)
{
    uint32_t next = 0, first = join->native_count;
    bool all_have_one = true;
    for (uint32_t i = 0; i < join->native_count; i++) {
        if (join->memory->native[i].mark != VMPS_MARK_EVAL) {
            continue;
        }
        if (next < join->walk->activation_count &&
            holds(join, i, join->memory->activations[next].anchor)) {
            first = next == 0 ? i : first;
            next++;
        } else if (next != 0) {
            all_have_one = false;
        }
    }
    *fits = all_have_one && is_rest(join, next);
    return first;
}

/* A loop that was just entered, or is about to be left, has no activation; it is the innermost. */
static bool is_at_most_one(const struct join *join, uint32_t first)
{
    uint32_t loops = 0;
    for (uint32_t i = 0; i < first && i < join->native_count; i++) {
        loops += join->memory->native[i].mark == VMPS_MARK_EVAL;
    }
    return loops <= 1;
}

static bool match(const struct join *join, uint32_t *first)
{
    bool fits = join->walk->frame_count == 0;
    *first = join->native_count;
    if (join->walk->activation_count != 0) {
        bool has_places = join->memory->activations[0].anchor != 0;
        *first = has_places ? match_by_place(join, &fits) : match_by_number(join, &fits);
    }
    return fits && is_at_most_one(join, *first);
}

/* ---- the joined stack --------------------------------------------------------------------------- */

static void put(struct join *join, struct vmpf_row_frame frame)
{
    if (join->count == VMPS_MAX_FRAMES || frame.code == 0) {
        join->is_full = true;
        return;
    }
    join->memory->frames[join->count++] = frame;
}

/* A caller's place is where its call returns to, and the byte before is what counts; what a signal interrupted
 * is told in the same way. The innermost frame of all is told by its instruction. */
static void put_native(struct join *join, const struct vmps_native_frame *native)
{
    bool is_leaf = join->count == 0;
    uint64_t address = native->pc;
    uint32_t code = 0;
    if (is_leaf && !native->is_exact) {
        address--;
    } else if (!is_leaf && native->is_exact) {
        address++;
    } else {
        code = native->code;
    }
    if (code == 0) {
        code = number_of(join->recording, address, native->serial);
    }
    put(join, (struct vmpf_row_frame){.code = code, .offset = VMPF_NO_OFFSET});
}

static bool is_folded(const struct join *join, const struct vmps_native_frame *native)
{
    bool is_ours = native->mark == VMPS_MARK_OURS;
    return is_ours || (!join->keeps_all && native->mark != VMPS_MARK_NONE);
}

/* What starts the interpreter, or a thread of it, is no part of the program. */
static void drop_start(struct join *join, uint32_t first_outer, uint32_t count)
{
    bool is_start = !join->keeps_all;
    for (uint32_t i = first_outer; i < join->native_count && is_start; i++) {
        const struct vmps_native_frame *native = &join->memory->native[i];
        is_start = native->is_runtime || is_folded(join, native);
    }
    if (is_start) {
        join->count = count;
    }
}

/* The interpreter's frames that one run of the loop stands for. */
static void put_activation(struct join *join, uint32_t activation, uint32_t *next_frame)
{
    uint32_t end = join->memory->activations[activation].frame_count;
    for (; *next_frame < end; ++*next_frame) {
        put(join, join->slot->frames[*next_frame]);
    }
}

/* The rest of the interpreter's stack is known where the native one is cut. */
static void put_rest(struct join *join, uint32_t next_frame)
{
    for (; join->is_cut && next_frame < join->walk->frame_count; next_frame++) {
        put(join, join->slot->frames[next_frame]);
    }
}

static void put_all(struct join *join, uint32_t first)
{
    uint32_t activation = 0, next_frame = 0;
    uint32_t outer = 0,
             count = 0; /* behind the last activation: of native frames, and of those put */
    for (uint32_t i = 0; i < join->native_count; i++) {
        const struct vmps_native_frame *native = &join->memory->native[i];
        bool is_activation = native->mark == VMPS_MARK_EVAL && i >= first &&
                             activation < join->walk->activation_count;
        if (is_activation) {
            uint32_t before = next_frame;
            put_activation(join, activation++, &next_frame);
            if (join->memory->activations[activation - 1].is_hidden) {
                /* What is further out is not wanted, nor what the root's own frame calls. */
                join->count = next_frame != before ? join->count : count;
                join->is_cut = false;
                return;
            }
        }
        if (!is_folded(join, native)) {
            put_native(join, native);
        }
        if (is_activation) {
            outer = i + 1;
            count = join->count;
        }
    }
    if (outer != 0 && !join->is_cut) {
        drop_start(join, outer, count);
    }
    put_rest(join, next_frame);
}

static void add(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* What is told of a sample whose frames were joined. */
static void tell(const struct join *join, struct vmps_joined *out)
{
    struct vmps_native_counts *counts = &join->recording->native->counts;
    out->frames = join->memory->frames;
    out->frame_count = join->count;
    if (join->is_cut || join->is_full) {
        add(&counts->cut);
        bool by_vm = join->walk->activation_count != 0 && !join->is_full;
        out->flags |=
            by_vm ? VMPS_SAMPLE_NATIVE_MISSING : VMPS_SAMPLE_TRUNCATED | VMPS_SAMPLE_NATIVE_MISSING;
    } else {
        add(&counts->whole);
    }
}

struct vmps_activation *vmps_join_activations(struct vmps_slot *slot, uint32_t *capacity)
{
    struct vmps_join_memory *memory = slot->native_memory;
    *capacity = memory != NULL ? VMPS_MAX_FRAMES : 0;
    return memory != NULL ? memory->activations : NULL;
}

void vmps_join(struct vmps_recording *recording, struct vmps_slot *slot,
               const struct vmps_registers *registers, struct vmps_walk *walk,
               struct vmps_joined *out)
{
    struct join join = {
        .recording = recording,
        .slot = slot,
        .memory = slot->native_memory,
        .walk = walk,
        .keeps_all = recording->native->raw,
    };
    uint32_t first;
    bool is_whole_walk = (out->flags & VMPS_SAMPLE_TRUNCATED) == 0;
    if (join.memory == NULL) {
        out->flags |= VMPS_SAMPLE_NATIVE_MISSING;
        return;
    }
    collect(&join, registers, &walk->probe);
    if (!is_whole_walk || !match(&join, &first)) {
        add(&recording->native->counts.unplaced);
        out->flags |= VMPS_SAMPLE_NATIVE_MISSING;
        return;
    }
    if (walk->activation_count == 0) {
        join.keeps_all = true;
    }
    put_all(&join, first);
    tell(&join, out);
}
