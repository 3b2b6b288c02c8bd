#include "sampler/core/handler.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "sampler/signal/fault_sig.h"
#include "sampler/signal/state_sig.h"
#include "sampler/signal/tick_sig.h"
#include "sampler/signal/toggle_sig.h"

/* Our two signals; where there are, that of guarded loads, and the one that turns the recording on and off. */
struct own_handler {
    int number;
    void (*action)(int number, siginfo_t *info, void *context);
    struct vmps_former *former;
};

static const struct own_handler own_handlers[] = {
    {VMPS_TICK_SIGNAL, vmps_tick_handler, &vmps_signal_state.before_tick},
    {VMPS_FAULT_SIGNAL, vmps_fault_handler, &vmps_signal_state.before_fault},
};
#define OWN_HANDLERS (sizeof own_handlers / sizeof own_handlers[0])

static struct own_handler toggle_handler(void)
{
    return (struct own_handler){atomic_load(&vmps_signal_state.toggle_signal), vmps_toggle_handler,
                                &vmps_signal_state.before_toggle};
}

static const struct own_handler guard_handler = {VMPS_GUARD_SIGNAL, vmps_fault_handler,
                                                 &vmps_signal_state.before_guard};

static bool is_ours(const struct own_handler *own, const struct sigaction *action)
{
    return (action->sa_flags & SA_SIGINFO) != 0 && action->sa_sigaction == own->action;
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

static void remember(struct vmps_former *former, const struct sigaction *previous)
{
    uint32_t other = (atomic_load(&former->previous_index) + 1) & 1;
    former->previous[other] = *previous;
    atomic_store_explicit(&former->previous_index, other, memory_order_release);
}

static int install(const struct own_handler *own)
{
    struct sigaction now;
    if (sigaction(own->number, NULL, &now) != 0) {
        return errno;
    }
    if (is_ours(own, &now)) {
        return 0;
    }
    remember(own->former, &now);
    struct sigaction ours;
    memset(&ours, 0, sizeof ours);
    ours.sa_sigaction = own->action;
    ours.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
    block_others(&ours.sa_mask);
    return sigaction(own->number, &ours, NULL) == 0 ? 0 : errno;
}

static void put_back(const struct own_handler *own)
{
    struct sigaction now;
    if (sigaction(own->number, NULL, &now) != 0 || !is_ours(own, &now)) {
        return;
    }
    uint32_t index = atomic_load(&own->former->previous_index) & 1;
    sigaction(own->number, &own->former->previous[index], NULL);
}

int vmps_handler_install(void)
{
    int failed = 0;
    for (size_t i = 0; i < OWN_HANDLERS && failed == 0; i++) {
        failed = install(&own_handlers[i]);
    }
    return failed == 0 && atomic_load(&vmps_signal_state.guards) ? install(&guard_handler) : failed;
}

int vmps_handler_install_guard(void)
{
    int failed = install(&guard_handler);
    atomic_store(&vmps_signal_state.guards, failed == 0);
    return failed;
}

int vmps_handler_keep_guard(void)
{
    return install(&guard_handler);
}

int vmps_handler_install_toggle(int number)
{
    atomic_store(&vmps_signal_state.toggle_signal, number);
    const struct own_handler own = toggle_handler();
    int failed = install(&own);
    if (failed != 0) {
        atomic_store(&vmps_signal_state.toggle_signal, 0);
    }
    return failed;
}

void vmps_handler_remove(void)
{
    const struct own_handler toggle = toggle_handler();
    if (toggle.number != 0) {
        put_back(&toggle);
        atomic_store(&vmps_signal_state.toggle_signal, 0);
    }
    if (atomic_load(&vmps_signal_state.guards)) {
        put_back(&guard_handler);
        atomic_store(&vmps_signal_state.guards, false);
    }
    for (size_t i = 0; i < OWN_HANDLERS; i++) {
        put_back(&own_handlers[i]);
    }
}
