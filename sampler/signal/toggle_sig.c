#include "sampler/signal/toggle_sig.h"

#include <errno.h>
#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sampler/signal/state_sig.h"

void vmps_wake(void)
{
    atomic_fetch_add(&vmps_signal_state.wake, 1);
    syscall(SYS_futex, &vmps_signal_state.wake, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

void vmps_toggle_handler(int number, siginfo_t *info, void *context)
{
    int saved_errno = errno;
    (void)number;
    (void)info;
    (void)context;
    atomic_fetch_add(&vmps_signal_state.toggles, 1);
    vmps_wake();
    errno = saved_errno;
}
