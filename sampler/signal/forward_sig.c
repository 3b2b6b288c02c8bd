#include "sampler/signal/forward_sig.h"

#include <stddef.h>

/* Initial-exec: an access must not allocate, as the first one of other models may. It guards against
 * a handler before ours that hands signals back to us. */
static _Thread_local int forwarding __attribute__((tls_model("initial-exec")));

bool vmps_forward(const struct vmps_former *former, int number, siginfo_t *info, void *context)
{
    uint32_t index = atomic_load_explicit(&former->previous_index, memory_order_acquire) & 1;
    const struct sigaction *previous = &former->previous[index];
    bool takes_info = (previous->sa_flags & SA_SIGINFO) != 0;
    bool is_handler = takes_info
                          ? previous->sa_sigaction != NULL
                          : previous->sa_handler != SIG_DFL && previous->sa_handler != SIG_IGN;
    if (!is_handler || forwarding != 0) {
        return false;
    }
    forwarding = 1;
    if (takes_info) {
        previous->sa_sigaction(number, info, context);
    } else {
        previous->sa_handler(number);
    }
    forwarding = 0;
    return true;
}
