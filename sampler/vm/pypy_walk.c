#include "sampler/vm/pypy_walk.h"

#include "sampler/vm/pypy_jit_walk.h"

#define WORD_BYTES 8u
#define NUMBERS 64u
/* More than there can be: a list that was damaged ends all the same. */
#define MAX_ENTRIES 1048576u
/* vmpf_kind; vmpf.h is not for signal handlers. */
#define KIND_PY 1u
#define KIND_JIT 2u
#define KIND_GC 6u
#define KIND_JIT_INTERNAL 7u
/* Machine code begins with making its frame; only there may the entry on top be that of its caller, with
 * the stack pointer this near below it. */
#define PROLOGUE_BYTES 128u
#define FRAME_BYTES 512u

/* Labels are told apart by the kind of their entry; this is none. */
#define UNRESOLVED 6u

struct label {
    const char *name;
    uint8_t kind; /* vmpf_kind */
};

/* By enum vmps_pypy_kind. */
static const struct label labels[] = {
    [VMPS_PYPY_BLACKHOLE] = {"<blackhole interpreter>", KIND_JIT_INTERNAL},
    [VMPS_PYPY_JITTING] = {"<tracing>", KIND_JIT_INTERNAL},
    [VMPS_PYPY_GC] = {"<garbage collector>", KIND_GC},
    [UNRESOLVED] = {"<machine code>", KIND_JIT_INTERNAL},
};
#define LABELS (sizeof labels / sizeof labels[0])

/* The hash of a frame: its code, and whether it runs as machine code. */
static uint64_t mix(uint64_t word)
{
    word = (word ^ UINT64_C(0x70797079)) * UINT64_C(0x9E3779B97F4A7C15);
    word ^= word >> 29;
    word *= UINT64_C(0xBF58476D1CE4E5B9);
    return word ^ (word >> 32);
}

#define LABEL_SHIFT 2

/* They are few, and were all compiled together: nearly any other number lies outside. */
static bool is_starter(const struct vmps_pypy *pypy, uint64_t number)
{
    uint32_t count = pypy->starter_count;
    if (count == 0 || number < pypy->starters[0] || number > pypy->starters[count - 1]) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (pypy->starters[i] == number) {
            return true;
        }
    }
    return false;
}

static vmps_walk_status emit(struct vmps_walk *walk, uint64_t address)
{
    uint64_t number = (address & VMPS_PYPY_LABEL_BIT) != 0 ? 0 : address & ~VMPS_PYPY_JIT_BIT;
    if (walk->met_root || is_starter(walk->vm, number)) {
        return VMPS_WALK_OK;
    }
    if (number != 0 && number == walk->root_code) {
        walk->met_root = true;
        return VMPS_WALK_OK;
    }
    for (size_t i = 0; number != 0 && i < walk->recorder_code_count; i++) {
        if (walk->recorder_codes[i] == number) {
            walk->met_root = true;
            walk->frame_count = 0;
            return VMPS_WALK_OK;
        }
    }
    const struct vmps_walk_frame frame = {
        .code_address = address,
        .code_hash = mix(address),
        .offset = VMPF_NO_OFFSET,
    };
    vmps_walk_status status = walk->frame(walk, &frame);
    if (status == VMPS_WALK_OK) {
        walk->frame_count++;
    }
    return status;
}

static vmps_walk_status emit_label(struct vmps_walk *walk, uint64_t label)
{
    return emit(walk, label << LABEL_SHIFT | VMPS_PYPY_LABEL_BIT);
}

static void add(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* What calls a function's own machine code has entered the function already: the interpreter's entry below, or the innermost
 * function of the machine code below, is then the same activation, and named once. *machine is the
 * outermost function of the machine code inside of this; afterwards that of this. 0: there is none. */
static vmps_walk_status emit_unless_named(struct vmps_walk *walk, uint64_t number, uint64_t address,
                                          uint64_t *machine)
{
    bool named = number == *machine;
    *machine = 0;
    return named ? VMPS_WALK_OK : emit(walk, address);
}

static vmps_walk_status emit_uncovered(struct vmps_walk *walk, uint64_t block, uint64_t address,
                                       uint64_t *machine)
{
    const struct vmps_pypy *pypy = walk->vm;
    uint64_t number = vmps_pypy_function_before(block, address);
    if (number == 0) {
        *machine = 0;
        add(&pypy->counts->unresolved);
        return emit_label(walk, UNRESOLVED);
    }
    add(&pypy->counts->uncovered);
    vmps_walk_status status = emit_unless_named(walk, number, number | VMPS_PYPY_JIT_BIT, machine);
    *machine = number;
    return status;
}

/* Hands out the functions that run at an address of a block, innermost first. */
static vmps_walk_status emit_functions(struct vmps_walk *walk, uint64_t block, uint64_t address,
                                       uint64_t *machine)
{
    uint64_t numbers[NUMBERS];
    uint32_t left = vmps_pypy_functions_at(block, address, numbers, 0, 0);
    vmps_walk_status status = VMPS_WALK_OK;
    if (left == 0) {
        return emit_uncovered(walk, block, address, machine);
    }
    while (left != 0 && status == VMPS_WALK_OK) {
        uint32_t skip = left > NUMBERS ? left - NUMBERS : 0;
        vmps_pypy_functions_at(block, address, numbers, skip, left - skip);
        for (uint32_t i = left - skip; i-- > 0 && status == VMPS_WALK_OK;) {
            status = emit_unless_named(walk, numbers[i], numbers[i] | VMPS_PYPY_JIT_BIT, machine);
        }
        left = skip;
    }
    *machine = numbers[0];
    return status;
}

static uint64_t innermost_at(uint64_t block, uint64_t address)
{
    uint64_t number = 0;
    uint32_t count = vmps_pypy_functions_at(block, address, &number, 0, 0);
    if (count != 0) {
        vmps_pypy_functions_at(block, address, &number, count - 1, 1);
    }
    return number;
}

/* The word below the stack pointer of machine code that called something is where it returns to. */
static uint64_t return_address(uint64_t entry)
{
    return vmps_load64(vmps_load64(entry + VMPS_PYPY_ENTRY_VALUE) - WORD_BYTES);
}

/* PyPy's own handler takes the word for where the machine code is, whether it has called something or
 * not, and takes the byte behind a call for a part of it. */
static void compare_with_vm(const struct vmps_pypy *pypy, uint64_t entry, uint64_t ours)
{
    uint64_t address = return_address(entry);
    uint64_t block = vmps_pypy_block_at(pypy->code_map, address);
    uint64_t theirs = block != 0 ? innermost_at(block, address) : 0;
    add(&pypy->counts->machine_code);
    if (theirs != ours) {
        add(&pypy->counts->vm_differs);
    }
}

/* An activation of machine code that has called something. */
static vmps_walk_status emit_caller(struct vmps_walk *walk, uint64_t entry, bool is_top,
                                    uint64_t *machine)
{
    const struct vmps_pypy *pypy = walk->vm;
    uint64_t address = return_address(entry) - 1;
    bool called = !is_top || walk->stack_pointer < vmps_load64(entry + VMPS_PYPY_ENTRY_VALUE);
    uint64_t block =
        called && pypy->code_map != 0 ? vmps_pypy_block_at(pypy->code_map, address) : 0;
    if (block == 0) {
        *machine = 0;
        add(&pypy->counts->unresolved);
        return emit_label(walk, UNRESOLVED);
    }
    if (is_top) {
        compare_with_vm(pypy, entry, innermost_at(block, address));
    }
    return emit_functions(walk, block, address, machine);
}

/* Whether machine code that is at the walk's pc is the activation of the topmost entry, and not yet, or no
 * longer, one without an entry. */
static bool is_activation_of(const struct vmps_walk *walk, uint64_t block, uint64_t entry)
{
    if (entry == 0 || vmps_load64(entry + VMPS_PYPY_ENTRY_KIND) != VMPS_PYPY_JITTED) {
        return false;
    }
    uint64_t frame = vmps_load64(entry + VMPS_PYPY_ENTRY_VALUE);
    if (frame == walk->stack_pointer) {
        return true;
    }
    uint64_t offset = walk->pc - vmps_load64(block + VMPS_PYPY_MAP_KEY);
    return offset >= PROLOGUE_BYTES && frame > walk->stack_pointer &&
           frame - walk->stack_pointer < FRAME_BYTES;
}

/* The machine code that runs right now, if any. *entry is moved on where its entry was used. */
static vmps_walk_status emit_running(struct vmps_walk *walk, uint64_t *entry, uint64_t *machine)
{
    const struct vmps_pypy *pypy = walk->vm;
    uint64_t block = pypy->code_map != 0 ? vmps_pypy_block_at(pypy->code_map, walk->pc) : 0;
    if (block == 0) {
        return VMPS_WALK_OK;
    }
    if (is_activation_of(walk, block, *entry)) {
        compare_with_vm(pypy, *entry, innermost_at(block, walk->pc));
        *entry = vmps_load64(*entry + VMPS_PYPY_ENTRY_NEXT);
    }
    return emit_functions(walk, block, walk->pc, machine);
}

/* Hands out one entry. *machine: see emit_unless_named(). */
static vmps_walk_status emit_entry(struct vmps_walk *walk, uint64_t entry, bool is_top,
                                   uint64_t *machine)
{
    uint64_t kind = vmps_load64(entry + VMPS_PYPY_ENTRY_KIND);
    uint64_t value = vmps_load64(entry + VMPS_PYPY_ENTRY_VALUE);
    if (kind == VMPS_PYPY_JITTED) {
        return emit_caller(walk, entry, is_top, machine);
    }
    if (kind == VMPS_PYPY_CODE) {
        return emit_unless_named(walk, value, value, machine);
    }
    *machine = 0;
    return kind < LABELS && labels[kind].name != NULL ? emit_label(walk, kind) : VMPS_WALK_OK;
}

static vmps_walk_status walk_list(struct vmps_walk *walk, uint64_t first)
{
    uint64_t entry = first, machine = 0;
    vmps_walk_status status = emit_running(walk, &entry, &machine);
    bool is_top = entry == first && machine == 0;
    for (uint32_t step = 0; status == VMPS_WALK_OK && entry != 0 && !walk->met_root; step++) {
        if (step == MAX_ENTRIES) {
            walk->failure = "a stack without an end";
            return VMPS_WALK_BROKEN;
        }
        if (walk->checked && !vmps_probe_readable(&walk->probe, entry, VMPS_PYPY_ENTRY_BYTES)) {
            walk->failure = "an entry that cannot be read";
            return VMPS_WALK_BROKEN;
        }
        status = emit_entry(walk, entry, is_top, &machine);
        is_top = false;
        entry = vmps_load64(entry + VMPS_PYPY_ENTRY_NEXT);
    }
    return status;
}

static uint64_t thread_pointer(void)
{
    uint64_t pointer;
    __asm__("mov %%fs:0, %0" : "=r"(pointer));
    return pointer;
}

vmps_walk_status vmps_pypy_walk(struct vmps_walk *walk)
{
    const struct vmps_pypy *pypy = walk->vm;
    uint64_t block = thread_pointer() + (uint64_t)pypy->block_offset;
    if (pypy->list_offset == 0 || vmps_load32(block) != VMPS_PYPY_READY) {
        return VMPS_WALK_OK;
    }
    uint64_t first = vmps_load64(block + pypy->list_offset);
    /* Between the two PyPy keeps its map as it is. Where it is just being changed, the sample is lost: its time
     * goes to the next one. */
    vmps_walk_status status = pypy->enter() == 0 ? walk_list(walk, first) : VMPS_WALK_LOST;
    pypy->leave();
    return status;
}

bool vmps_pypy_describe(struct vmps_walk *walk, uint64_t code_address, struct vmps_code *code)
{
    const struct vmps_pypy *pypy = walk->vm;
    if ((code_address & VMPS_PYPY_LABEL_BIT) != 0) {
        const struct label *label = &labels[code_address >> LABEL_SHIFT];
        code->kind = label->kind;
        code->name.data = label->name;
        code->name.encoding = VMPF_TEXT_UTF8;
        while (label->name[code->name.size_bytes] != '\0') {
            code->name.size_bytes++;
        }
        return true;
    }
    struct vmps_pypy_name name;
    code->address = code_address & ~VMPS_PYPY_JIT_BIT;
    code->kind = (code_address & VMPS_PYPY_JIT_BIT) != 0 ? KIND_JIT : KIND_PY;
    code->line_encoding = VMPF_LINES_NONE;
    if (!vmps_pypy_name_find(&pypy->names, &walk->probe, code->address, &name) ||
        !vmps_pypy_name_split(&name, code)) {
        walk->failure = "code without a name";
        return false;
    }
    return true;
}
