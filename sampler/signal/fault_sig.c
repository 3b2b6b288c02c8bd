#include "sampler/signal/fault_sig.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "sampler/signal/forward_sig.h"
#include "sampler/signal/guard_sig.h"
#include "sampler/signal/state_sig.h"

#define PAGE_BYTES UINT64_C(4096)

/* Of this thread, to the handler before ours. */
static _Thread_local bool told_of_fault __attribute__((tls_model("initial-exec")));

/* Only whole pages that hold nothing but the output: the mapping is made of these. */
static bool replace_page(uint64_t address)
{
    uint64_t begin = atomic_load(&vmps_signal_state.output_begin) & ~(PAGE_BYTES - 1);
    uint64_t end = atomic_load(&vmps_signal_state.output_end);
    if (end == 0 || address < begin || address >= end) {
        return false;
    }
    void *page = (void *)(address & ~(PAGE_BYTES - 1));
    void *got = mmap(page, PAGE_BYTES, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (got != page) {
        return false;
    }
    atomic_store(&vmps_signal_state.output_gone, true);
    return true;
}

/* The instruction that failed runs again when we return: with the default action it ends the process. */
static void back_to_default(int number)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = SIG_DFL;
    sigaction(number, &action, NULL);
}

/* A handler that has told of a fault raises the signal again, for the one that it found before it. That was ours, if it came
 * later than we: then nobody is left. */
static bool hand_on(int number, siginfo_t *info, void *context, bool is_fault)
{
    const struct vmps_former *former = number == VMPS_FAULT_SIGNAL
                                           ? &vmps_signal_state.before_fault
                                           : &vmps_signal_state.before_guard;
    if (!is_fault && told_of_fault) {
        return false;
    }
    told_of_fault = is_fault;
    return vmps_forward(former, number, info, context);
}

void vmps_fault_handler(int number, siginfo_t *info, void *context)
{
    int saved_errno = errno;
    bool is_fault = info->si_code > 0; /* the kernel's, and not somebody's kill() */
    bool is_output =
        is_fault && number == VMPS_FAULT_SIGNAL && replace_page((uint64_t)info->si_addr);
    if (!is_output && !(is_fault && vmps_guard_catch(context)) &&
        !hand_on(number, info, context, is_fault)) {
        back_to_default(number);
        if (!is_fault) {
            raise(number);
        }
    }
    errno = saved_errno;
}
