#include <vmprof/vmps.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sampler/core/drain.h"
#include "sampler/core/error.h"
#include "sampler/core/fork.h"
#include "sampler/core/handler.h"
#include "sampler/core/pause.h"
#include "sampler/core/session.h"

const char *vmps_version(void)
{
    return VMPF_VERSION_STRING;
}

/* A child that was made without fork() has a session in its memory that is its parent's. */
static bool is_running(void)
{
    const struct vmps_session *session = vmps_owner_state.session;
    return session != NULL && session->process_id == getpid();
}

void vmps_thread_born(void)
{
    pthread_mutex_lock(&vmps_owner_state.lock);
    if (is_running()) {
        vmps_threads_born(&vmps_owner_state.session->threads);
    }
    pthread_mutex_unlock(&vmps_owner_state.lock);
}

bool vmps_may_toggle(int number)
{
    static const int usual[] = {SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH};
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++) {
        if (number == usual[i]) {
            return true;
        }
    }
    return number >= SIGRTMIN && number <= SIGRTMAX;
}

static vmps_status check_options(const struct vmps_options *options, struct vmps_error *err)
{
    if (options == NULL || options->size < sizeof *options) {
        return vmps_fail(err, VMPS_E_ARG, 0, "the options are not of this version");
    }
    if (options->period_ns < VMPS_MIN_PERIOD_NS || options->period_ns > VMPS_MAX_PERIOD_NS) {
        return vmps_fail(err, VMPS_E_ARG, 0,
                         "the period must be at least 20 microseconds and less than a second");
    }
    if (options->known_frames == NULL && options->known_frame_count != 0) {
        return vmps_fail(err, VMPS_E_ARG, 0, "known_frame_count without known_frames");
    }
    if (options->recorder_code_count > VMPS_MAX_RECORDER_CODES ||
        (options->recorder_codes == NULL && options->recorder_code_count != 0)) {
        return vmps_fail(err, VMPS_E_ARG, 0, "at most 8 recorder_codes");
    }
    if (options->toggle_signal != 0 && !vmps_may_toggle(options->toggle_signal)) {
        return vmps_fail(err, VMPS_E_ARG, 0, "this signal cannot turn the recording on and off");
    }
    return VMPS_OK;
}

/* Nothing of ours runs afterwards. False: a handler does, and so the writer is left as it is: freed
 * memory under a handler is worse than a profile without an end, which readers cope with. */
static bool end(struct vmps_session *session)
{
    vmps_pause_end(session);
    vmps_threads_stop(&session->threads);
    bool quiet = vmps_turn_off();
    if (session->drain.ready) {
        vmps_drain_stop(session, quiet);
    }
    /* Last: the drain thread puts the handlers back in where they are missing, and closing the output
     * may still run into a page that is gone. */
    atomic_store(&vmps_signal_state.output_end, 0);
    vmps_handler_remove();
    return quiet;
}

static int install_handlers(const struct vmps_session *session, int toggle_signal)
{
    int failed = vmps_fork_register();
    if (failed == 0) {
        failed = vmps_handler_install();
    }
    if (failed == 0 && session->threads.source->reads) {
        failed = vmps_handler_install_guard();
    }
    return failed == 0 && toggle_signal != 0 ? vmps_handler_install_toggle(toggle_signal) : failed;
}

static vmps_status begin(struct vmps_session *session, int toggle_signal, struct vmps_error *err)
{
    if (toggle_signal != 0) {
        vmps_pause_begin(session);
    }
    int failed = install_handlers(session, toggle_signal);
    if (failed != 0) {
        return vmps_fail(err, VMPS_E_SYSTEM, failed, "the signal handler cannot be installed");
    }
    if (toggle_signal == 0) {
        atomic_store(&vmps_signal_state.recording, &session->recording);
    }
    failed = vmps_drain_start(session);
    if (failed != 0) {
        vmpf_writer_abandon(session->writer);
        session->writer = NULL;
        return vmps_fail(err, VMPS_E_SYSTEM, failed, "no thread for the recording");
    }
    failed = vmps_threads_begin(&session->threads);
    if (failed == 0) {
        return VMPS_OK;
    }
    return vmps_fail(err, VMPS_E_SYSTEM, failed, "the threads cannot be sampled");
}

static vmps_status start_again(struct vmps_session *session, int fd, struct vmps_error *err)
{
    struct stat info;
    if (fstat(fd, &info) != 0) {
        return vmps_fail(err, VMPS_E_DESCRIPTOR, errno, "the descriptor is not open");
    }
    if (info.st_dev != session->output_device || info.st_ino != session->output_inode) {
        return vmps_fail(err, VMPS_E_STATE, 0,
                         "already running, into another file; stop that recording first");
    }
    session->starts++;
    return VMPS_OK;
}

static vmps_status start(const struct vmps_options *options, struct vmps_error *err)
{
    if (is_running()) {
        return start_again(vmps_owner_state.session, options->fd, err);
    }
    struct vmps_session *session;
    vmps_status status = vmps_session_open(&session, options, err);
    if (status != VMPS_OK) {
        return status;
    }
    status = begin(session, options->toggle_signal, err);
    if (status == VMPS_OK) {
        vmps_owner_state.session = session;
        return VMPS_OK;
    }
    end(session);
    if (session->writer == NULL) {
        vmps_session_close(session);
    }
    return status;
}

/* A limit on file sizes is told by a signal that ends a program which does not expect it. Ours is told by the
 * error alone: what came for this thread in the meantime was for us. */
static vmps_status start_without_xfsz(const struct vmps_options *options, struct vmps_error *err)
{
    sigset_t limit, before, pending;
    sigemptyset(&limit);
    sigaddset(&limit, SIGXFSZ);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &limit, &before);
    vmps_status status = start(options, err);
    const struct timespec at_once = {0};
    if (sigismember(&pending, SIGXFSZ) == 0) {
        (void)sigtimedwait(&limit, NULL, &at_once);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return status;
}

vmps_status vmps_start(const struct vmps_options *options, struct vmps_error *err)
{
    vmps_status status = check_options(options, err);
    if (status != VMPS_OK) {
        return status;
    }
    pthread_mutex_lock(&vmps_owner_state.lock);
    status = start_without_xfsz(options, err);
    pthread_mutex_unlock(&vmps_owner_state.lock);
    return status;
}

static void summarise(struct vmps_session *session, struct vmps_summary *summary)
{
    struct vmps_thread_totals totals;
    if (summary == NULL || summary->size < sizeof *summary) {
        return;
    }
    vmps_threads_totals(&session->threads, &totals);
    *summary = (struct vmps_summary){
        .size = sizeof *summary,
        .samples = totals.samples,
        .lost_samples = totals.lost,
        .duration_ns = session->stop_ns - vmps_pause_total_ns(session, session->stop_ns),
        .cpu_ns = totals.cpu_ns,
        .waited_ns = totals.waited_ns,
        .asked_period_ns = session->period_ns,
        .reached_period_ns = totals.samples != 0 ? totals.cpu_ns / totals.samples : 0,
    };
}

static vmps_status finish(struct vmps_session *session, struct vmps_error *err)
{
    if (!end(session)) {
        return vmps_fail(err, VMPS_E_SYSTEM, 0,
                         "a thread does not get out of the signal handler; the profile has no end");
    }
    const struct vmpf_error *cause = &session->output_error;
    if (cause->status == VMPF_OK) {
        return VMPS_OK;
    }
    vmps_fail(err, VMPS_E_DESCRIPTOR, 0, "the profile could not be written to its end: %s%s",
              cause->message,
              cause->sys_errno != ESTALE ? ""
                                         : " (another program cut or replaced the file; give each "
                                           "recording a file of its own)");
    if (err != NULL) {
        err->sys_errno = cause->sys_errno;
    }
    return VMPS_E_DESCRIPTOR;
}

static vmps_status stop(struct vmps_summary *summary, struct vmps_error *err)
{
    if (!is_running()) {
        return vmps_fail(err, VMPS_E_STATE, 0, "not running; start a recording first");
    }
    struct vmps_session *session = vmps_owner_state.session;
    session->stop_ns = vmps_monotonic_ns() - session->recording.start_ns;
    if (--session->starts != 0) {
        summarise(session, summary);
        return VMPS_OK;
    }
    vmps_owner_state.session = NULL;
    vmps_status status = finish(session, err);
    summarise(session, summary);
    /* Not closed: still in use, see finish(). */
    if (session->writer == NULL) {
        vmps_session_close(session);
    }
    return status;
}

vmps_status vmps_stop(struct vmps_summary *summary, struct vmps_error *err)
{
    pthread_mutex_lock(&vmps_owner_state.lock);
    vmps_status status = stop(summary, err);
    pthread_mutex_unlock(&vmps_owner_state.lock);
    return status;
}

int vmps_is_running(void)
{
    pthread_mutex_lock(&vmps_owner_state.lock);
    int running = is_running();
    pthread_mutex_unlock(&vmps_owner_state.lock);
    return running;
}

int vmps_is_paused(void)
{
    pthread_mutex_lock(&vmps_owner_state.lock);
    int paused = is_running() && vmps_pause_is_off(vmps_owner_state.session);
    pthread_mutex_unlock(&vmps_owner_state.lock);
    return paused;
}

vmps_status vmps_name_thread(uint64_t thread_id, const char *name)
{
    if (name == NULL || thread_id > INT32_MAX) {
        return VMPS_E_ARG;
    }
    pid_t id = thread_id != 0 ? (pid_t)thread_id : (pid_t)syscall(SYS_gettid);
    vmps_status status = VMPS_E_STATE;
    pthread_mutex_lock(&vmps_owner_state.lock);
    if (is_running()) {
        status = vmps_threads_set_name(&vmps_owner_state.session->threads, id, name) == 0
                     ? VMPS_OK
                     : VMPS_E_SYSTEM;
    }
    pthread_mutex_unlock(&vmps_owner_state.lock);
    return status;
}
