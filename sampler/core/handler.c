#include "sampler/core/handler.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "sampler/signal/state_sig.h"
#include "sampler/signal/tick_sig.h"

static bool is_ours(const struct sigaction *action)
{
    return (action->sa_flags & SA_SIGINFO) != 0 && action->sa_sigaction == vmps_tick_handler;
}

/* No other handler may come in between, least of all one that leaves by longjmp; the signals of a
 * fault stay open, or a fault would end the process without a word. */
static void block_others(sigset_t *mask)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};
    sigfillset(mask);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        sigdelset(mask, faults[i]);
    }
}

static void remember(const struct sigaction *previous)
{
    struct vmps_signal_state *state = &vmps_signal_state;
    uint32_t other = (atomic_load(&state->previous_index) + 1) & 1;
    state->previous[other] = *previous;
    atomic_store_explicit(&state->previous_index, other, memory_order_release);
}

int vmps_handler_install(void)
{
    struct sigaction now;
    if (sigaction(VMPS_TICK_SIGNAL, NULL, &now) != 0) {
        return errno;
    }
    if (is_ours(&now)) {
        return 0;
    }
    remember(&now);
    struct sigaction ours;
    memset(&ours, 0, sizeof ours);
    ours.sa_sigaction = vmps_tick_handler;
    ours.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
    block_others(&ours.sa_mask);
    return sigaction(VMPS_TICK_SIGNAL, &ours, NULL) == 0 ? 0 : errno;
}

void vmps_handler_remove(void)
{
    struct vmps_signal_state *state = &vmps_signal_state;
    struct sigaction now;
    if (sigaction(VMPS_TICK_SIGNAL, NULL, &now) != 0 || !is_ours(&now)) {
        return;
    }
    sigaction(VMPS_TICK_SIGNAL, &state->previous[atomic_load(&state->previous_index) & 1], NULL);
}
