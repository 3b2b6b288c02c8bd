#include "sampler/signal/guard_sig.h"

#include <ucontext.h>

/* Initial-exec: an access must not allocate, as the first one of other models may. */
static _Thread_local bool load_failed __attribute__((tls_model("initial-exec")));

/* A load at an address that the handler knows. rdi: from where; rsi: what to set when it fails. */
uint64_t vmps_guard_load(uint64_t address, bool *failed) __attribute__((visibility("hidden")));
extern const char vmps_guard_load_at[] __attribute__((visibility("hidden")));
extern const char vmps_guard_load_gone[] __attribute__((visibility("hidden")));
__asm__(".text\n"
        ".globl vmps_guard_load, vmps_guard_load_at, vmps_guard_load_gone\n"
        ".type vmps_guard_load, @function\n"
        "vmps_guard_load:\n"
        ".cfi_startproc\n"
        "    endbr64\n"
        "vmps_guard_load_at:\n"
        "    movq (%rdi), %rax\n"
        "    ret\n"
        "vmps_guard_load_gone:\n"
        "    movb $1, (%rsi)\n"
        "    xorl %eax, %eax\n"
        "    ret\n"
        ".cfi_endproc\n"
        ".size vmps_guard_load, . - vmps_guard_load\n");

void vmps_guard_begin(void)
{
    load_failed = false;
}

bool vmps_guard_failed(void)
{
    return load_failed;
}

uint64_t vmps_guard64(uint64_t address)
{
    return vmps_guard_load(address, &load_failed);
}

/* The word around it: it does not cross a page. */
static uint64_t word_from(uint64_t address)
{
    const unsigned bits = 8;
    return vmps_guard64(address & ~UINT64_C(7)) >> (address % 8 * bits);
}

uint32_t vmps_guard32(uint64_t address)
{
    return (uint32_t)word_from(address);
}

uint8_t vmps_guard8(uint64_t address)
{
    return (uint8_t)word_from(address);
}

bool vmps_guard_catch(void *context)
{
    ucontext_t *at = context;
    if (at->uc_mcontext.gregs[REG_RIP] != (greg_t)vmps_guard_load_at) {
        return false;
    }
    at->uc_mcontext.gregs[REG_RIP] = (greg_t)vmps_guard_load_gone;
    return true;
}
