#include "sampler/signal/state_sig.h"

struct vmps_signal_state vmps_signal_state;

struct vmps_owner_state vmps_owner_state = {.lock = PTHREAD_MUTEX_INITIALIZER};
