#include "sampler/native/cfi_program.h"

#include <stdlib.h>

/* DWARF's numbers of the registers on x86-64. */
#define REG_RBP 6u
#define REG_RSP 7u
#define REG_RETURN 16u
#define RETURN_OFFSET (-8)
#define MAX_REMEMBERED 8
/* Operations of DWARF expressions. */
#define OP_DEREF 0x06u
#define OP_BREG_RBP 0x76u

enum cfa_form { FORM_REGISTER, FORM_AT_RBP, FORM_PLT, FORM_OTHER };
enum return_form { RETURN_AT_CFA, RETURN_NONE, RETURN_OTHER };

struct state {
    uint8_t form;        /* enum cfa_form */
    uint8_t return_form; /* enum return_form */
    uint8_t rbp;         /* enum vmps_rbp */
    int64_t cfa_register, cfa_offset, rbp_offset;
};

struct run {
    const struct vmps_cfi_common *common;
    struct vmps_cfi_cursor *program;
    struct vmps_cfi_rows *rows;
    struct state state, initial, remembered[MAX_REMEMBERED];
    int remembered_count;
    uint64_t pc, base;
    bool in_common;
};

/* ---- rows ------------------------------------------------------------------------------------- */

static bool says_the_same(const struct vmps_unwind_row *a, const struct vmps_unwind_row *b)
{
    return a->cfa == b->cfa && a->rbp == b->rbp && a->cfa_offset == b->cfa_offset &&
           a->rbp_offset == b->rbp_offset;
}

bool vmps_cfi_append(struct vmps_cfi_rows *rows, const struct vmps_unwind_row *row)
{
    if (rows->count != 0) {
        struct vmps_unwind_row *last = &rows->rows[rows->count - 1];
        if (last->begin == row->begin) {
            /* What is said last counts. */
            *last = *row;
            return true;
        }
        if (says_the_same(last, row)) {
            return true;
        }
    }
    if (rows->count == rows->capacity) {
        size_t capacity = rows->capacity == 0 ? 1024 : 2 * rows->capacity;
        struct vmps_unwind_row *grown = realloc(rows->rows, capacity * sizeof *grown);
        if (grown == NULL) {
            return false;
        }
        rows->rows = grown;
        rows->capacity = capacity;
    }
    rows->rows[rows->count++] = *row;
    return true;
}

static uint8_t cfa_of(const struct run *run)
{
    const struct state *state = &run->state;
    if (run->common->is_signal) {
        return VMPS_CFA_SIGNAL;
    }
    if (state->return_form == RETURN_NONE) {
        return VMPS_CFA_END;
    }
    if (state->return_form == RETURN_OTHER) {
        return VMPS_CFA_UNKNOWN;
    }
    switch (state->form) {
    case FORM_AT_RBP: return VMPS_CFA_AT_RBP;
    case FORM_PLT: return VMPS_CFA_PLT;
    case FORM_REGISTER:
        return state->cfa_register == REG_RSP   ? VMPS_CFA_RSP
               : state->cfa_register == REG_RBP ? VMPS_CFA_RBP
                                                : VMPS_CFA_UNKNOWN;
    default: return VMPS_CFA_UNKNOWN;
    }
}

static struct vmps_unwind_row row_of(const struct run *run)
{
    const struct state *state = &run->state;
    struct vmps_unwind_row row = {.begin = (uint32_t)(run->pc - run->base)};
    row.cfa = cfa_of(run);
    if (row.cfa == VMPS_CFA_UNKNOWN || row.cfa == VMPS_CFA_SIGNAL || row.cfa == VMPS_CFA_END) {
        return row;
    }
    bool fits = state->cfa_offset >= INT32_MIN && state->cfa_offset <= INT32_MAX &&
                state->rbp_offset >= INT16_MIN && state->rbp_offset <= INT16_MAX;
    if (!fits) {
        row.cfa = VMPS_CFA_UNKNOWN;
        return row;
    }
    row.cfa_offset = (int32_t)state->cfa_offset;
    /* gcc says so too where rbp is the caller's again, or not yet ours: before and behind a stack that is
     * realigned, at its last `ret` among others. */
    bool is_doubtful = state->rbp == VMPS_RBP_AT_RBP && row.cfa != VMPS_CFA_AT_RBP;
    row.rbp = is_doubtful ? VMPS_RBP_LOST : state->rbp;
    row.rbp_offset = (int16_t)state->rbp_offset;
    return row;
}

/* ---- rules ------------------------------------------------------------------------------------ */

static void set_offset(struct run *run, uint64_t reg, int64_t offset)
{
    if (reg == REG_RBP) {
        run->state.rbp = VMPS_RBP_AT_CFA;
        run->state.rbp_offset = offset;
    } else if (reg == REG_RETURN) {
        run->state.return_form = offset == RETURN_OFFSET ? RETURN_AT_CFA : RETURN_OTHER;
    }
}

static void set_lost(struct run *run, uint64_t reg)
{
    if (reg == REG_RBP) {
        run->state.rbp = VMPS_RBP_LOST;
        run->state.rbp_offset = 0;
    } else if (reg == REG_RETURN) {
        run->state.return_form = RETURN_OTHER;
    }
}

static void set_undefined(struct run *run, uint64_t reg)
{
    set_lost(run, reg);
    if (reg == REG_RETURN) {
        run->state.return_form = RETURN_NONE;
    }
}

static void set_same(struct run *run, uint64_t reg)
{
    if (reg == REG_RBP) {
        run->state.rbp = VMPS_RBP_SAME;
        run->state.rbp_offset = 0;
    } else if (reg == REG_RETURN) {
        run->state.return_form = RETURN_OTHER;
    }
}

static void restore(struct run *run, uint64_t reg)
{
    if (reg == REG_RBP) {
        run->state.rbp = run->initial.rbp;
        run->state.rbp_offset = run->initial.rbp_offset;
    } else if (reg == REG_RETURN) {
        run->state.return_form = run->initial.return_form;
    }
}

/* A block: its length, then that many bytes. */
static struct vmps_cfi_cursor take_block(struct run *run)
{
    uint64_t size = vmps_cfi_uleb(run->program);
    struct vmps_cfi_cursor block = *run->program;
    vmps_cfi_skip(run->program, size);
    block.end = run->program->at;
    block.bad = run->program->bad;
    return block;
}

/* The expression that linkers give to the procedure linkage table: rsp + 8 + ((rip & 15) >= N ? 8 : 0). */
static bool is_plt(const struct vmps_cfi_cursor *block, int64_t *limit)
{
    static const uint8_t before[] = {0x77, 0x08, 0x80, 0x00, 0x3F, 0x1A};
    static const uint8_t after[] = {0x2A, 0x33, 0x24, 0x22};
    const uint8_t literal_0 = 0x30, literal_15 = 0x3F;
    size_t size = (size_t)(block->end - block->at);
    if (block->bad || size != sizeof before + 1 + sizeof after ||
        memcmp(block->at, before, sizeof before) != 0 ||
        memcmp(block->at + sizeof before + 1, after, sizeof after) != 0) {
        return false;
    }
    uint8_t literal = block->at[sizeof before];
    *limit = literal - literal_0;
    return literal >= literal_0 && literal <= literal_15;
}

/* rbp + offset, and nothing else behind it but `end`, which may be 0 for nothing. */
static bool is_near_rbp(struct vmps_cfi_cursor block, uint8_t end, int64_t *offset)
{
    bool fits = vmps_cfi_fixed(&block, 1) == OP_BREG_RBP;
    *offset = vmps_cfi_sleb(&block);
    if (end != 0) {
        fits = vmps_cfi_fixed(&block, 1) == end && fits;
    }
    return fits && !block.bad && block.at == block.end;
}

static void set_cfa_expression(struct run *run)
{
    struct vmps_cfi_cursor block = take_block(run);
    struct state *state = &run->state;
    int64_t number;
    state->form = FORM_OTHER;
    if (is_plt(&block, &number)) {
        state->form = FORM_PLT;
        state->rbp = VMPS_RBP_SAME;
        state->rbp_offset = number;
    } else if (is_near_rbp(block, OP_DEREF, &number)) {
        state->form = FORM_AT_RBP;
        state->cfa_offset = number;
    }
}

static void set_expression(struct run *run)
{
    uint64_t reg = vmps_cfi_uleb(run->program);
    struct vmps_cfi_cursor block = take_block(run);
    int64_t offset;
    if (reg == REG_RBP && is_near_rbp(block, 0, &offset)) {
        run->state.rbp = VMPS_RBP_AT_RBP;
        run->state.rbp_offset = offset;
    } else {
        set_lost(run, reg);
    }
}

static void set_cfa(struct run *run, int64_t reg, int64_t offset)
{
    run->state.form = FORM_REGISTER;
    run->state.cfa_register = reg;
    run->state.cfa_offset = offset;
}

static int64_t factored(const struct run *run, int64_t number)
{
    int64_t result;
    if (__builtin_mul_overflow(number, run->common->data_align, &result)) {
        run->program->bad = true;
        return 0;
    }
    return result;
}

/* ---- instructions ----------------------------------------------------------------------------- */

static void remember(struct run *run)
{
    if (run->remembered_count == MAX_REMEMBERED) {
        run->program->bad = true;
        return;
    }
    run->remembered[run->remembered_count++] = run->state;
}

static void recall(struct run *run)
{
    if (run->remembered_count == 0) {
        run->program->bad = true;
        return;
    }
    run->state = run->remembered[--run->remembered_count];
}

/* False: memory is short. */
static bool advance(struct run *run, uint64_t delta)
{
    uint64_t step;
    if (run->program->bad || run->in_common ||
        __builtin_mul_overflow(delta, run->common->code_align, &step) || step > UINT32_MAX) {
        run->program->bad = true;
        return true;
    }
    const struct vmps_unwind_row row = row_of(run);
    run->pc += step;
    return step == 0 || vmps_cfi_append(run->rows, &row);
}

static bool set_place(struct run *run)
{
    uint64_t place = vmps_cfi_pointer(run->program, run->common->pointer_encoding);
    if (run->program->bad || place < run->pc || place - run->pc > UINT32_MAX) {
        run->program->bad = true;
        return true;
    }
    const struct vmps_unwind_row row = row_of(run);
    bool moved = place != run->pc;
    run->pc = place;
    return !moved || vmps_cfi_append(run->rows, &row);
}

/* Those that say where a register was saved. False: it is none of them. */
static bool run_register(struct run *run, uint8_t op)
{
    struct vmps_cfi_cursor *program = run->program;
    uint64_t reg;
    switch (op) {
    case 0x05: /* DW_CFA_offset_extended */
        reg = vmps_cfi_uleb(program);
        set_offset(run, reg, factored(run, (int64_t)vmps_cfi_uleb(program)));
        return true;
    case 0x06: restore(run, vmps_cfi_uleb(program)); return true;
    case 0x07: set_undefined(run, vmps_cfi_uleb(program)); return true;
    case 0x08: set_same(run, vmps_cfi_uleb(program)); return true;
    case 0x11: /* DW_CFA_offset_extended_sf */
        reg = vmps_cfi_uleb(program);
        set_offset(run, reg, factored(run, vmps_cfi_sleb(program)));
        return true;
    case 0x10: set_expression(run); return true;
    case 0x09: /* DW_CFA_register */
    case 0x14: /* DW_CFA_val_offset */
        set_lost(run, vmps_cfi_uleb(program));
        (void)vmps_cfi_uleb(program);
        return true;
    case 0x15: /* DW_CFA_val_offset_sf */
        set_lost(run, vmps_cfi_uleb(program));
        (void)vmps_cfi_sleb(program);
        return true;
    case 0x16: /* DW_CFA_val_expression */
        set_lost(run, vmps_cfi_uleb(program));
        (void)take_block(run);
        return true;
    default: return false;
    }
}

/* Those that say where the CFA is, and the rest. */
static void run_frame(struct run *run, uint8_t op)
{
    struct vmps_cfi_cursor *program = run->program;
    int64_t reg;
    switch (op) {
    case 0x00: break;
    case 0x0A: remember(run); break;
    case 0x0B: recall(run); break;
    case 0x0C: /* DW_CFA_def_cfa */
        reg = (int64_t)vmps_cfi_uleb(program);
        set_cfa(run, reg, (int64_t)vmps_cfi_uleb(program));
        break;
    case 0x0D: /* DW_CFA_def_cfa_register */
        set_cfa(run, (int64_t)vmps_cfi_uleb(program), run->state.cfa_offset);
        break;
    case 0x0E: /* DW_CFA_def_cfa_offset */
        set_cfa(run, run->state.cfa_register, (int64_t)vmps_cfi_uleb(program));
        break;
    case 0x0F: set_cfa_expression(run); break;
    case 0x12: /* DW_CFA_def_cfa_sf */
        reg = (int64_t)vmps_cfi_uleb(program);
        set_cfa(run, reg, factored(run, vmps_cfi_sleb(program)));
        break;
    case 0x13: /* DW_CFA_def_cfa_offset_sf */
        set_cfa(run, run->state.cfa_register, factored(run, vmps_cfi_sleb(program)));
        break;
    case 0x2E: (void)vmps_cfi_uleb(program); break; /* DW_CFA_GNU_args_size */
    default: program->bad = true; break;
    }
}

/* False: memory is short. */
static bool run_one(struct run *run)
{
    struct vmps_cfi_cursor *program = run->program;
    uint8_t op = (uint8_t)vmps_cfi_fixed(program, 1);
    uint8_t low = op & 0x3F;
    switch (op >> 6) {
    case 1: return advance(run, low);
    case 2: set_offset(run, low, factored(run, (int64_t)vmps_cfi_uleb(program))); return true;
    case 3: restore(run, low); return true;
    default: break;
    }
    switch (op) {
    case 0x01: return set_place(run);
    case 0x02: return advance(run, vmps_cfi_fixed(program, 1));
    case 0x03: return advance(run, vmps_cfi_fixed(program, 2));
    case 0x04: return advance(run, vmps_cfi_fixed(program, 4));
    default: break;
    }
    if (!run_register(run, op)) {
        run_frame(run, op);
    }
    return true;
}

/* False: memory is short. */
static bool run_all(struct run *run, uint64_t end)
{
    while (run->program->at < run->program->end && !run->program->bad && run->pc < end) {
        if (!run_one(run)) {
            return false;
        }
    }
    return true;
}

bool vmps_cfi_run(const struct vmps_cfi_description *description, uint64_t base,
                  struct vmps_cfi_rows *rows)
{
    struct vmps_cfi_cursor common = description->common->program;
    struct vmps_cfi_cursor program = description->program;
    struct run run = {
        .common = description->common,
        .program = &common,
        .rows = rows,
        .state = {.form = FORM_OTHER, .return_form = RETURN_OTHER},
        .pc = description->begin,
        .base = base,
        .in_common = true,
    };
    if (!run_all(&run, UINT64_MAX)) {
        return false;
    }
    run.initial = run.state;
    run.in_common = false;
    run.program = &program;
    if (!run_all(&run, description->end)) {
        return false;
    }
    if (common.bad || program.bad) {
        run.state.return_form = RETURN_OTHER;
    }
    const struct vmps_unwind_row last = row_of(&run);
    const struct vmps_unwind_row nothing = {.begin = (uint32_t)(description->end - base)};
    bool room = run.pc >= description->end || vmps_cfi_append(rows, &last);
    return room && vmps_cfi_append(rows, &nothing);
}
