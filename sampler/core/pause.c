#include "sampler/core/pause.h"

#include <time.h>

#define POLL_NS 100000

bool vmps_turn_off(void)
{
    atomic_store(&vmps_signal_state.recording, NULL);
    uint64_t give_up_ns = vmps_monotonic_ns() + VMPS_QUIET_WAIT_NS;
    while (atomic_load(&vmps_signal_state.in_flight) != 0) {
        if (vmps_monotonic_ns() > give_up_ns) {
            return false;
        }
        const struct timespec moment = {.tv_nsec = POLL_NS};
        nanosleep(&moment, NULL);
    }
    return true;
}

static uint64_t session_ns(const struct vmps_session *session)
{
    return vmps_monotonic_ns() - session->recording.start_ns;
}

/* With the lock. Where a handler does not get out, its thread's slot must not be used again: the recording
 * stays off. */
static void turn_off(struct vmps_session *session)
{
    struct vmps_pause *pause = &session->pause;
    pause->since_ns = session_ns(session);
    vmps_threads_pause(&session->threads);
    pause->is_stuck = !vmps_turn_off();
    pause->is_off = true;
}

static void turn_on(struct vmps_session *session)
{
    struct vmps_pause *pause = &session->pause;
    if (pause->is_stuck) {
        return;
    }
    atomic_store(&vmps_signal_state.recording, &session->recording);
    pause->before_ns += session_ns(session) - pause->since_ns;
    pause->is_off = false;
    vmps_threads_resume(&session->threads);
}

void vmps_pause_begin(struct vmps_session *session)
{
    pthread_mutex_lock(&session->pause.lock);
    turn_off(session);
    /* From the first instant on. */
    session->pause.since_ns = 0;
    pthread_mutex_unlock(&session->pause.lock);
}

void vmps_pause_end(struct vmps_session *session)
{
    pthread_mutex_lock(&session->pause.lock);
    session->pause.is_over = true;
    pthread_mutex_unlock(&session->pause.lock);
}

bool vmps_pause_is_asked(const struct vmps_session *session)
{
    return atomic_load(&vmps_signal_state.toggles) != session->pause.followed;
}

void vmps_pause_follow(struct vmps_session *session)
{
    uint32_t asked = atomic_load(&vmps_signal_state.toggles);
    bool is_odd = ((asked - session->pause.followed) & 1) != 0;
    session->pause.followed = asked;
    if (!is_odd) {
        return;
    }
    pthread_mutex_lock(&session->pause.lock);
    if (!session->pause.is_over) {
        if (session->pause.is_off) {
            turn_on(session);
        } else {
            turn_off(session);
        }
    }
    pthread_mutex_unlock(&session->pause.lock);
}

bool vmps_pause_is_off(struct vmps_session *session)
{
    pthread_mutex_lock(&session->pause.lock);
    bool is_off = session->pause.is_off;
    pthread_mutex_unlock(&session->pause.lock);
    return is_off;
}

uint64_t vmps_pause_total_ns(struct vmps_session *session, uint64_t at_ns)
{
    struct vmps_pause *pause = &session->pause;
    pthread_mutex_lock(&pause->lock);
    uint64_t total_ns = pause->before_ns;
    if (pause->is_off && at_ns > pause->since_ns) {
        total_ns += at_ns - pause->since_ns;
    }
    pthread_mutex_unlock(&pause->lock);
    return total_ns;
}
