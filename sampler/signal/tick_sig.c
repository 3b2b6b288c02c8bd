#include "sampler/signal/tick_sig.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <ucontext.h>

#include "sampler/signal/forward_sig.h"
#include "sampler/signal/sample_sig.h"
#include "sampler/signal/state_sig.h"

static struct vmps_slot *slot_of_tick(const struct vmps_recording *recording, uint64_t tick)
{
    uint64_t index = tick & VMPS_TICK_SLOT_MASK;
    if (index >= VMPS_MAX_SLOTS) {
        return NULL;
    }
    struct vmps_slot *slot = &recording->slots[index];
    return atomic_load_explicit(&slot->tick, memory_order_acquire) == tick ? slot : NULL;
}

static void tick(uint64_t value, const ucontext_t *context)
{
    /* Sequentially consistent, as is the owner's store of NULL before it reads in_flight: one of the
     * two sees the other. */
    atomic_fetch_add(&vmps_signal_state.in_flight, 1);
    struct vmps_recording *recording = atomic_load(&vmps_signal_state.recording);
    if (recording != NULL) {
        struct vmps_slot *slot = slot_of_tick(recording, value);
        if (slot != NULL) {
            const struct vmps_registers registers = {
                .pc = (uint64_t)context->uc_mcontext.gregs[REG_RIP],
                .stack_pointer = (uint64_t)context->uc_mcontext.gregs[REG_RSP],
                .frame_pointer = (uint64_t)context->uc_mcontext.gregs[REG_RBP],
            };
            vmps_sample_take(recording, slot, &registers);
        }
    }
    atomic_fetch_sub(&vmps_signal_state.in_flight, 1);
}

/* 0: it is no tick. */
static uint64_t value_of(const siginfo_t *info)
{
    if (info->si_code == SI_TIMER) {
        return (uint64_t)info->si_value.sival_ptr;
    }
    bool has_fd = info->si_code == POLL_IN && info->si_fd >= 0 && info->si_fd < VMPS_MAX_TICK_FDS;
    return has_fd ? atomic_load(&vmps_signal_state.fd_ticks[info->si_fd]) : 0;
}

void vmps_tick_handler(int number, siginfo_t *info, void *context)
{
    int saved_errno = errno;
    uint64_t value = value_of(info);
    if (value >> VMPS_TICK_MARK_SHIFT == VMPS_TICK_MARK) {
        tick(value, context);
    } else {
        (void)vmps_forward(&vmps_signal_state.before_tick, number, info, context);
    }
    errno = saved_errno;
}
