#include "sampler/native/unwind_walk.h"

#include <string.h>

#define WORD_BYTES 8u
#define PAGE_BYTES UINT64_C(4096)
#define EXACT_BIT (UINT64_C(1) << 63)
#define PLT_ENTRY_BYTES 16u
/* The red zone and what a function may take in a step; a CFA further out is no CFA. */
#define MAX_FRAME_BYTES (UINT64_C(1) << 30)
/* The kernel's frame of a signal begins with a ucontext: flags, link and stack, then the registers. */
#define CONTEXT_REGISTERS 40u
#define CONTEXT_RBP (CONTEXT_REGISTERS + 10u * WORD_BYTES)
#define CONTEXT_RSP (CONTEXT_REGISTERS + 15u * WORD_BYTES)
#define CONTEXT_RIP (CONTEXT_REGISTERS + 16u * WORD_BYTES)
/* Pages below the end of a stack that are probed to find out that they are one stack. */
#define MAX_STACK_PAGES 2048u

static const struct vmps_unwind_row no_row;

/* ---- memory ----------------------------------------------------------------------------------- */

/* A thread's own stack stays as long as the thread does, and below it is a page that cannot be read: where
 * all pages from here to its end can be read, this is that stack, and needs no probe again. */
static void learn_stack(struct vmps_unwind *unwind, uint64_t address)
{
    struct vmps_unwind_memory *memory = unwind->memory;
    uint64_t high = memory->high != 0 ? memory->low : unwind->stack_end;
    uint64_t low = address & ~(PAGE_BYTES - 1);
    if (unwind->stack_end == 0 || low >= high || low == memory->foreign ||
        (high - low) / PAGE_BYTES > MAX_STACK_PAGES) {
        return;
    }
    for (uint64_t page = low; page < high; page += PAGE_BYTES) {
        if (!vmps_probe_readable(unwind->probe, page, 1)) {
            memory->foreign = low;
            return;
        }
    }
    memory->high = unwind->stack_end;
    memory->low = low;
}

static bool readable(struct vmps_unwind *unwind, uint64_t address)
{
    const struct vmps_unwind_memory *memory = unwind->memory;
    if (address >= memory->low && address < memory->high && memory->high - address >= WORD_BYTES) {
        return true;
    }
    return vmps_probe_readable(unwind->probe, address, WORD_BYTES);
}

static bool load(struct vmps_unwind *unwind, uint64_t address, uint64_t *value)
{
    if (address % WORD_BYTES != 0 || !readable(unwind, address)) {
        return false;
    }
    *value = vmps_load64(address);
    return true;
}

/* ---- tables ----------------------------------------------------------------------------------- */

static const struct vmps_unwind_module *find_module(const struct vmps_unwind_tables *tables,
                                                    uint64_t pc)
{
    size_t low = 0, high = tables->module_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (tables->modules[middle].end <= pc) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool found = low < tables->module_count && tables->modules[low].begin <= pc;
    return found ? &tables->modules[low] : NULL;
}

/* The last row that begins at or before offset. */
static const struct vmps_unwind_row *find_row(const struct vmps_unwind_module *module,
                                              uint32_t offset)
{
    size_t low = 0, high = module->row_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (module->rows[middle].begin <= offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low != 0 ? &module->rows[low - 1] : &no_row;
}

static uint32_t find_mark(const struct vmps_unwind_module *module, uint32_t offset)
{
    size_t low = 0, high = module->mark_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (module->marks[middle].end <= offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool found = low < module->mark_count && module->marks[low].begin <= offset;
    return found ? module->marks[low].mark : (uint32_t)VMPS_MARK_NONE;
}

/* Where a call returns to, a call stands before: else the module is not the one that the tables are of, or
 * the row was wrong. The call with a displacement is E8; those through a register or memory are FF /2, of
 * two to seven bytes. */
static bool follows_call(struct vmps_unwind *unwind, uint64_t pc)
{
    const uint64_t longest = 7;
    if (!vmps_probe_readable(unwind->probe, pc - longest, longest)) {
        return false;
    }
    if (vmps_load8(pc - 5) == 0xE8) {
        return true;
    }
    for (uint64_t size = 2; size <= longest; size++) {
        if (vmps_load8(pc - size) == 0xFF && (vmps_load8(pc - size + 1) & 0x38) == 0x10) {
            return true;
        }
    }
    return false;
}

static void fill(struct vmps_unwind *unwind, struct vmps_unwind_entry *entry, uint64_t key)
{
    uint64_t pc = unwind->is_exact ? unwind->pc : unwind->pc - 1;
    const struct vmps_unwind_module *module = find_module(unwind->tables, pc);
    memset(entry, 0, sizeof *entry);
    entry->key = key;
    entry->generation = unwind->tables->generation;
    if (module == NULL) {
        return;
    }
    uint32_t offset = (uint32_t)(pc - module->begin);
    const struct vmps_unwind_row *row = find_row(module, offset);
    /* No call returns to the code that ends a signal, nor to where a stack begins. */
    bool is_called = row->cfa != VMPS_CFA_SIGNAL && row->cfa != VMPS_CFA_END;
    if (!unwind->is_exact && is_called && !follows_call(unwind, unwind->pc)) {
        entry->is_no_return = true;
        return;
    }
    entry->row = *row;
    entry->mark = (uint8_t)find_mark(module, offset);
    entry->is_runtime = module->is_runtime;
    entry->serial = module->serial;
}

void vmps_unwind_look(struct vmps_unwind *unwind)
{
    uint64_t key = unwind->is_exact ? unwind->pc | EXACT_BIT : unwind->pc;
    uint64_t hash = key * UINT64_C(0x9E3779B97F4A7C15);
    struct vmps_unwind_entry *entry = &unwind->memory->cache[hash >> 52];
    if (entry->key != key || entry->generation != unwind->tables->generation) {
        fill(unwind, entry, key);
    }
    unwind->entry = entry;
}

/* ---- steps ------------------------------------------------------------------------------------ */

static bool find_cfa(struct vmps_unwind *unwind, const struct vmps_unwind_row *row)
{
    uint64_t offset = (uint64_t)(int64_t)row->cfa_offset;
    switch (row->cfa) {
    case VMPS_CFA_RSP: unwind->cfa = unwind->sp + offset; return true;
    case VMPS_CFA_RBP: unwind->cfa = unwind->bp + offset; return unwind->bp_known;
    case VMPS_CFA_AT_RBP:
        return unwind->bp_known && load(unwind, unwind->bp + offset, &unwind->cfa);
    case VMPS_CFA_PLT:
        unwind->cfa = unwind->sp + WORD_BYTES;
        if (unwind->pc % PLT_ENTRY_BYTES >= (uint64_t)row->rbp_offset) {
            unwind->cfa += WORD_BYTES;
        }
        return true;
    default: return false;
    }
}

static enum vmps_unwind_status step_over_signal(struct vmps_unwind *unwind)
{
    uint64_t context = unwind->sp;
    uint64_t pc, sp, bp;
    if (!load(unwind, context + CONTEXT_RIP, &pc) || !load(unwind, context + CONTEXT_RSP, &sp) ||
        !load(unwind, context + CONTEXT_RBP, &bp)) {
        return VMPS_UNWIND_CUT;
    }
    unwind->cfa = sp;
    unwind->pc = pc;
    unwind->sp = sp;
    unwind->bp = bp;
    unwind->bp_known = true;
    unwind->is_exact = true;
    return VMPS_UNWIND_FRAME;
}

static bool restore_bp(struct vmps_unwind *unwind, const struct vmps_unwind_row *row)
{
    uint64_t offset = (uint64_t)(int64_t)row->rbp_offset;
    switch (row->rbp) {
    case VMPS_RBP_SAME: return true;
    case VMPS_RBP_AT_CFA: return load(unwind, unwind->cfa + offset, &unwind->bp);
    case VMPS_RBP_AT_RBP: return unwind->bp_known && load(unwind, unwind->bp + offset, &unwind->bp);
    default: unwind->bp_known = false; return true;
    }
}

enum vmps_unwind_status vmps_unwind_step(struct vmps_unwind *unwind)
{
    const struct vmps_unwind_row *row = &unwind->entry->row;
    uint64_t pc;
    if (row->cfa == VMPS_CFA_END) {
        return VMPS_UNWIND_END;
    }
    if (row->cfa == VMPS_CFA_SIGNAL) {
        return step_over_signal(unwind);
    }
    if (!find_cfa(unwind, row)) {
        return VMPS_UNWIND_CUT;
    }
    /* Each frame is further out than the one that it called: a walk that goes on this way has an end. */
    if (unwind->cfa <= unwind->sp || unwind->cfa - unwind->sp > MAX_FRAME_BYTES) {
        return VMPS_UNWIND_CUT;
    }
    if (!unwind->has_looked && (unwind->memory->high == 0 || unwind->sp < unwind->memory->low)) {
        unwind->has_looked = true;
        learn_stack(unwind, unwind->sp);
    }
    if (!load(unwind, unwind->cfa - WORD_BYTES, &pc) || !restore_bp(unwind, row)) {
        return VMPS_UNWIND_CUT;
    }
    unwind->pc = pc;
    unwind->sp = unwind->cfa;
    unwind->is_exact = false;
    return pc != 0 ? VMPS_UNWIND_FRAME : VMPS_UNWIND_END;
}
