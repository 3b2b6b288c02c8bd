#include "sampler/core/fork.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "sampler/core/handler.h"
#include "sampler/core/session.h"
#include "sampler/signal/tick_sig.h"

/* A drain that waits for a full pipe does not hold up a fork for longer. */
#define LOCK_WAIT_NS 100000000

/* Of the thread that forks. */
static _Thread_local struct {
    sigset_t mask;
    bool owner_locked, writer_locked, threads_locked;
} forking;

static bool lock_soon(pthread_mutex_t *lock)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += LOCK_WAIT_NS;
    if (until.tv_nsec >= (long)VMPS_NS_PER_S) {
        until.tv_nsec -= (long)VMPS_NS_PER_S;
        until.tv_sec++;
    }
    return pthread_mutex_timedlock(lock, &until) == 0;
}

/* A tick while the kernel copies the process makes it begin anew (ERESTARTNOINTR): a large process
 * under a short period would never have forked. */
static void prepare(void)
{
    sigset_t ticks;
    sigemptyset(&ticks);
    sigaddset(&ticks, VMPS_TICK_SIGNAL);
    pthread_sigmask(SIG_BLOCK, &ticks, &forking.mask);
    forking.owner_locked = lock_soon(&vmps_owner_state.lock);
    forking.writer_locked = forking.threads_locked = false;
    struct vmps_session *session = vmps_owner_state.session;
    if (!forking.owner_locked || session == NULL) {
        return;
    }
    forking.writer_locked = lock_soon(&session->writer_lock);
    forking.threads_locked = lock_soon(&session->threads.lock);
}

static void unlock_session(struct vmps_session *session)
{
    if (forking.threads_locked) {
        pthread_mutex_unlock(&session->threads.lock);
    }
    if (forking.writer_locked) {
        pthread_mutex_unlock(&session->writer_lock);
    }
}

static void in_parent(void)
{
    unlock_session(vmps_owner_state.session);
    if (forking.owner_locked) {
        pthread_mutex_unlock(&vmps_owner_state.lock);
    }
    pthread_sigmask(SIG_SETMASK, &forking.mask, NULL);
}

/* Timers and threads are not inherited; the memory is. Whoever held a lock is not in this process. */
static void in_child(void)
{
    struct vmps_session *session = vmps_owner_state.session;
    atomic_store(&vmps_signal_state.recording, NULL);
    atomic_store(&vmps_signal_state.output_end, 0);
    atomic_store(&vmps_signal_state.in_flight, 0);
    vmps_handler_remove();
    unlock_session(session);
    vmps_owner_state.session = NULL;
    pthread_mutex_init(&vmps_owner_state.lock, NULL);
    if (session != NULL && forking.threads_locked) {
        vmps_session_forget(session, forking.writer_locked);
    }
    pthread_sigmask(SIG_SETMASK, &forking.mask, NULL);
}

int vmps_fork_register(void)
{
    if (vmps_owner_state.fork_handlers) {
        return 0;
    }
    int failed = pthread_atfork(prepare, in_parent, in_child);
    vmps_owner_state.fork_handlers = failed == 0;
    return failed;
}
