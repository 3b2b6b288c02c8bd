#include "tests/unit/native/stepping.h"

#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <ucontext.h>

#define MAX_DEPTH 512
#define TRAP_FLAG 0x100

static struct {
    const struct vmps_unwind_tables *tables;
    struct vmps_unwind_memory *memory;
    uint64_t stack_end;
    uint64_t before_pc;
    uint64_t returns[MAX_DEPTH];
    size_t depth;
    volatile bool runs;
    struct stepping result;
} state;

static bool is_prefix(uint8_t byte)
{
    return byte == 0xF2 || byte == 0xF3 || byte == 0x66 || byte == 0x3E || byte == 0x2E ||
           (byte >= 0x40 && byte <= 0x4F);
}

/* What the instruction that just ran did to the stack of returns. */
static void follow(uint64_t pc, uint64_t sp)
{
    const uint8_t *code = (const uint8_t *)state.before_pc;
    while (is_prefix(*code)) {
        code++;
    }
    bool is_call = code[0] == 0xE8 || (code[0] == 0xFF && (code[1] & 0x38) == 0x10);
    bool is_return = code[0] == 0xC3 || code[0] == 0xC2;
    if (is_call && state.depth < MAX_DEPTH) {
        state.returns[state.depth++] = *(const uint64_t *)sp;
    } else if (is_return && state.depth > 0) {
        state.depth--;
        state.result.wrong += state.returns[state.depth] != pc;
    }
}

static void compare(const greg_t *registers)
{
    struct vmps_probe probe;
    memset(&probe, 0, sizeof probe);
    struct vmps_unwind unwind = {
        .tables = state.tables,
        .memory = state.memory,
        .probe = &probe,
        .stack_end = state.stack_end,
        .pc = (uint64_t)registers[REG_RIP],
        .sp = (uint64_t)registers[REG_RSP],
        .bp = (uint64_t)registers[REG_RBP],
        .bp_known = true,
        .is_exact = true,
    };
    for (size_t i = state.depth; i > 0; i--) {
        vmps_unwind_look(&unwind);
        enum vmps_unwind_status status = vmps_unwind_step(&unwind);
        if (status == VMPS_UNWIND_CUT) {
            state.result.cut++;
            return;
        }
        if (status != VMPS_UNWIND_FRAME || unwind.pc != state.returns[i - 1]) {
            state.result.wrong++;
            state.result.wrong_pc = (uint64_t)registers[REG_RIP];
            return;
        }
        state.result.frames++;
    }
}

static void on_trap(int number, siginfo_t *info, void *context)
{
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    (void)number;
    (void)info;
    if (!state.runs) {
        registers[REG_EFL] &= ~TRAP_FLAG;
        return;
    }
    if (state.before_pc != 0) {
        follow((uint64_t)registers[REG_RIP], (uint64_t)registers[REG_RSP]);
        state.result.steps++;
        compare(registers);
    }
    state.before_pc = (uint64_t)registers[REG_RIP];
}

static __attribute__((noinline)) void set_trap_flag(void)
{
    __asm__ volatile("lea -128(%%rsp), %%rsp\n\t"
                     "pushfq\n\t"
                     "orq $0x100, (%%rsp)\n\t"
                     "popfq\n\t"
                     "lea 128(%%rsp), %%rsp"
                     :
                     :
                     : "memory", "cc");
}

void stepping_run(const struct vmps_unwind_tables *tables, struct vmps_unwind_memory *memory,
                  uint64_t stack_end, long (*work)(long), long argument, struct stepping *out)
{
    struct sigaction action, before;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = on_trap;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGTRAP, &action, &before);
    memset(&state, 0, sizeof state);
    state.tables = tables;
    state.memory = memory;
    state.stack_end = stack_end;
    state.runs = true;
    set_trap_flag();
    (void)work(argument);
    state.runs = false;
    __asm__ volatile("nop\n\tnop");
    sigaction(SIGTRAP, &before, NULL);
    *out = state.result;
}
