#include "sampler/core/drain.h"

#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "sampler/core/handler.h"
#include "sampler/core/metadata.h"
#include "sampler/core/native_frames.h"
#include "sampler/core/pause.h"
#include "sampler/signal/fault_sig.h"
#include "sampler/signal/toggle_sig.h"

#define STACK_BYTES ((size_t)512 << 10)
#define MS UINT64_C(1000000)
#define INTERVAL_NS (50 * MS)
/* Where rows come fast, or only what is written survives. */
#define SHORT_INTERVAL_NS (20 * MS)
#define FAST_PERIOD_NS MS
/* From here on none of them having a Python frame is no chance. */
#define ENOUGH_SAMPLES 50

static void keep_error(struct vmps_session *session, vmpf_status status,
                       const struct vmpf_error *err)
{
    if (status == VMPF_OK || session->output_error.status != VMPF_OK) {
        return;
    }
    session->output_error = *err;
    session->output_error.status = status;
}

static void write_names(struct vmps_session *session)
{
    struct vmps_thread_name *name = vmps_threads_take_names(&session->threads);
    while (name != NULL) {
        const struct vmpf_thread thread = {
            .process_id = (uint64_t)session->process_id,
            .thread_id = (uint64_t)name->id,
            .name = {.data = name->name, .size_bytes = strlen(name->name)},
        };
        uint32_t id;
        struct vmpf_error err = {0};
        keep_error(session, vmpf_writer_thread(session->writer, &thread, &id, &err), &err);
        struct vmps_thread_name *next = name->next;
        free(name);
        name = next;
    }
}

static void note(struct vmps_session *session, const char *text)
{
    struct vmpf_error err = {0};
    keep_error(session, vmps_metadata_note(session, text, &err), &err);
    dprintf(STDERR_FILENO, "vmprof: %s\n", text);
}

/* What went wrong on the way is said once, and in the profile. */
static void tell(struct vmps_session *session)
{
    char text[400];
    if (atomic_load(&session->recording.trust) == VMPS_TRUST_OFF && !session->told_misfit) {
        const char *misfit = atomic_load(&session->recording.misfit);
        session->told_misfit = true;
        snprintf(text, sizeof text,
                 "this build of %s %s keeps its frames in another way than vmprof expects "
                 "(%s): samples have no Python frames; please report it with the output of "
                 "python -VV",
                 session->vm.ops->title, session->vm.version, misfit != NULL ? misfit : "unknown");
        note(session, text);
    }
    if (session->threads.failure != 0 && !session->told_threads) {
        char reason[128];
        session->told_threads = true;
        snprintf(text, sizeof text, "some threads are not sampled: %s",
                 strerror_r(session->threads.failure, reason, sizeof reason));
        note(session, text);
    }
}

/* A layout that was never contradicted, and never confirmed either. */
static void tell_end(struct vmps_session *session)
{
    struct vmps_thread_totals totals;
    struct vmpf_error err = {0};
    keep_error(session, vmps_metadata_reached(session, &err), &err);
    vmps_threads_totals(&session->threads, &totals);
    if (atomic_load(&session->recording.trust) == VMPS_TRUST_UNVERIFIED &&
        totals.samples >= ENOUGH_SAMPLES) {
        note(session, "no sample found a Python frame; if the program did run Python code, please "
                      "report it with the output of python -VV");
    }
}

/* What the VM's adapter has found out. */
static void conclude(struct vmps_session *session)
{
    char buffer[400];
    struct vmpf_error err = {0};
    const char *text = session->vm.ops->conclude != NULL
                           ? session->vm.ops->conclude(&session->vm, buffer, sizeof buffer)
                           : NULL;
    if (text != NULL) {
        keep_error(session, vmps_metadata_note(session, text, &err), &err);
    }
}

/* Written when it went on again, so that what a killed program leaves says as much as was known. */
static void write_pause(struct vmps_session *session, uint64_t paused_ns)
{
    struct vmpf_error err = {0};
    if (paused_ns != session->pause.told_ns) {
        session->pause.told_ns = paused_ns;
        keep_error(session, vmps_metadata_paused(session, paused_ns, &err), &err);
    }
}

static void drain_once(struct vmps_session *session)
{
    struct vmpf_error err = {0};
    pthread_mutex_lock(&session->writer_lock);
    /* stop_ns is told by who stops, before. */
    uint64_t end_ns = atomic_load(&session->drain.stop) ? session->stop_ns : 0;
    write_pause(session, vmps_pause_total_ns(session, end_ns));
    write_names(session);
    tell(session);
    /* Before the rows that need them; behind them where an epoch began. */
    keep_error(session, vmps_native_frames_tend(session, &err), &err);
    keep_error(session, vmpf_writer_drain(session->writer, &err), &err);
    keep_error(session, vmps_native_frames_write(session, &err), &err);
    pthread_mutex_unlock(&session->writer_lock);
}

/* Waits one interval, or until the recording has to go on or off. False: it is time to stop. */
static bool wait_interval(const struct vmps_session *session)
{
    uint64_t until_ns =
        vmps_monotonic_ns() + vmps_native_frames_interval(session, session->drain.interval_ns);
    for (;;) {
        /* Read before what it announces. */
        uint32_t wake = atomic_load(&vmps_signal_state.wake);
        uint64_t now_ns = vmps_monotonic_ns();
        if (atomic_load(&session->drain.stop)) {
            return false;
        }
        if (now_ns >= until_ns || vmps_pause_is_asked(session)) {
            return true;
        }
        const struct timespec left = {
            .tv_sec = (time_t)((until_ns - now_ns) / VMPS_NS_PER_S),
            .tv_nsec = (long)((until_ns - now_ns) % VMPS_NS_PER_S),
        };
        syscall(SYS_futex, &vmps_signal_state.wake, FUTEX_WAIT_PRIVATE, wake, &left, NULL, 0);
    }
}

static void say_ready(struct vmps_session *session)
{
    pthread_setname_np(pthread_self(), "vmprof");
    session->threads.own[VMPS_OWN_DRAIN] = (pid_t)syscall(SYS_gettid);
    pthread_mutex_lock(&session->drain.lock);
    session->drain.ready = true;
    pthread_cond_broadcast(&session->drain.is_ready);
    pthread_mutex_unlock(&session->drain.lock);
}

/* The writer is closed here and not by who stops: all signals are blocked in this thread, SIGPIPE
 * among them. */
static void *drain_main(void *argument)
{
    struct vmps_session *session = argument;
    say_ready(session);
    while (wait_interval(session)) {
        vmps_pause_follow(session);
        vmps_threads_scan(&session->threads);
        if (session->vm.ops->tend != NULL) {
            session->vm.ops->tend(&session->vm);
        }
        vmps_memory_tend(&session->recording.memory, &session->memory_file);
        /* The program may have put in a handler of its own, which now gets our ticks. */
        vmps_handler_install();
        drain_once(session);
    }
    tell_end(session);
    conclude(session);
    vmps_native_frames_tell(session);
    drain_once(session);
    if (!session->drain.close) {
        return NULL;
    }
    struct vmpf_error err = {0};
    keep_error(session, vmpf_writer_close(session->writer, session->stop_ns, &err), &err);
    session->writer = NULL;
    return NULL;
}

static int create_thread(struct vmps_session *session)
{
    pthread_attr_t attributes;
    int failed = pthread_attr_init(&attributes);
    if (failed != 0) {
        return failed;
    }
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    sigset_t all, before;
    sigfillset(&all);
    /* A fault that is blocked ends the process. */
    sigdelset(&all, VMPS_FAULT_SIGNAL);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    failed = pthread_create(&session->drain.thread, &attributes, drain_main, session);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return failed;
}

int vmps_drain_start(struct vmps_session *session)
{
    struct vmps_drain *drain = &session->drain;
    struct vmpf_writer_stats stats;
    vmpf_writer_stats(session->writer, &stats);
    bool fast = session->period_ns < FAST_PERIOD_NS || !stats.journal_mapped;
    drain->interval_ns = fast ? SHORT_INTERVAL_NS : INTERVAL_NS;
    pthread_mutex_init(&drain->lock, NULL);
    pthread_cond_init(&drain->is_ready, NULL);
    int failed = create_thread(session);
    if (failed != 0) {
        return failed;
    }
    pthread_mutex_lock(&drain->lock);
    while (!drain->ready) {
        pthread_cond_wait(&drain->is_ready, &drain->lock);
    }
    pthread_mutex_unlock(&drain->lock);
    return 0;
}

void vmps_drain_stop(struct vmps_session *session, bool close)
{
    struct vmps_drain *drain = &session->drain;
    drain->close = close;
    atomic_store(&drain->stop, true);
    vmps_wake();
    pthread_join(drain->thread, NULL);
    pthread_cond_destroy(&drain->is_ready);
    pthread_mutex_destroy(&drain->lock);
}
