#include "sampler/core/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sampler/core/error.h"
#include "sampler/core/metadata.h"
#include "sampler/core/native_frames.h"

#define JOURNAL_BYTES ((size_t)4 << 20)
#define SLOTS_BYTES (VMPS_MAX_SLOTS * sizeof(struct vmps_slot))
#define CODES_BYTES (VMPS_CODES_ENTRIES * sizeof(uint64_t))

uint64_t vmps_monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * VMPS_NS_PER_S + (uint64_t)now.tv_nsec;
}

static uint64_t unix_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * VMPS_NS_PER_S + (uint64_t)now.tv_nsec;
}

static void *map_zeroed(size_t size_bytes)
{
    void *address = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return address != MAP_FAILED ? address : NULL;
}

static vmps_status output_failed(struct vmps_error *err, const struct vmpf_error *cause)
{
    vmps_status status = cause->status == VMPF_E_NOMEM ? VMPS_E_SYSTEM : VMPS_E_DESCRIPTOR;
    vmps_fail(err, status, 0, "the profile cannot be written: %s",
              cause->message[0] != '\0' ? cause->message : vmpf_status_name(cause->status));
    if (err != NULL) {
        err->sys_errno = cause->sys_errno;
    }
    return status;
}

/* Tells the handler of faults where the output is mapped. */
static void guard_output(const struct vmps_session *session, const struct vmpf_journal *journal)
{
    struct vmpf_writer_stats stats;
    vmpf_writer_stats(session->writer, &stats);
    uint64_t begin = (uint64_t)journal;
    uint64_t end = begin + journal->header_size_bytes + journal->capacity_bytes;
    atomic_store(&vmps_signal_state.output_gone, false);
    atomic_store(&vmps_signal_state.output_begin, begin);
    atomic_store(&vmps_signal_state.output_end, stats.journal_mapped ? end : 0);
}

static void note_output(struct vmps_session *session, int fd)
{
    struct stat info;
    if (fstat(fd, &info) == 0) {
        session->output_device = info.st_dev;
        session->output_inode = info.st_ino;
    }
}

static vmps_status open_output(struct vmps_session *session, const struct vmps_options *options,
                               struct vmps_error *err)
{
    struct vmpf_error cause;
    memset(&cause, 0, sizeof cause);
    struct vmpf_sink sink;
    cause.status = vmpf_sink_open_fd(&sink, options->fd, &cause);
    if (cause.status != VMPF_OK) {
        return output_failed(err, &cause);
    }
    note_output(session, options->fd);
    const struct vmpf_writer_options writer = {.size = sizeof writer, .start_unix_ns = unix_ns()};
    session->recording.start_ns = vmps_monotonic_ns();
    cause.status = vmpf_writer_open(&session->writer, sink, &writer, &cause);
    if (cause.status == VMPF_OK) {
        cause.status = vmps_metadata_write(session, options, &cause);
    }
    struct vmpf_journal *journal = NULL;
    if (cause.status == VMPF_OK) {
        cause.status = vmpf_writer_journal_open(session->writer, JOURNAL_BYTES, &journal, &cause);
    }
    if (cause.status != VMPF_OK) {
        return output_failed(err, &cause);
    }
    vmps_ring_init(&session->recording.ring, journal);
    guard_output(session, journal);
    return VMPS_OK;
}

/* What the walker knows the caller's code by. */
static uint64_t code_of(const struct vmps_session *session, const struct vmps_options *options,
                        uint64_t address)
{
    const struct vmps_vm_ops *ops = session->vm.ops;
    if (ops->code_of == NULL || address == 0) {
        return address;
    }
    for (size_t i = 0; i < options->named_code_count; i++) {
        if (options->named_codes[i].code_address == address) {
            return ops->code_of(&session->vm, &options->named_codes[i]);
        }
    }
    return 0;
}

/* A program that was started by the recorder has no frames yet: its layout is checked by the first
 * walks. */
static vmps_status open_vm(struct vmps_session *session, const struct vmps_options *options,
                           struct vmps_error *err)
{
    bool may_be_none = (options->native & VMPS_NATIVE_ONLY) != 0;
    vmps_status status = vmps_vm_open(&session->vm, may_be_none, err);
    if (status != VMPS_OK) {
        return status;
    }
    session->recording.walker = session->vm.ops->walker;
    session->recording.vm = session->vm.data;
    session->recording.root_code = code_of(session, options, options->root_code_address);
    session->recording.recorder_code_count = options->recorder_code_count;
    for (size_t i = 0; i < options->recorder_code_count; i++) {
        session->recording.recorder_codes[i] =
            code_of(session, options, options->recorder_codes[i]);
    }
    if (session->vm.ops->name == NULL) {
        session->recording.trust = VMPS_TRUST_VERIFIED;
    }
    if (options->known_frames == NULL || options->known_frame_count == 0) {
        return VMPS_OK;
    }
    status = session->vm.ops->check(&session->vm, options->known_frames, options->known_frame_count,
                                    err);
    if (status == VMPS_OK) {
        session->recording.trust = VMPS_TRUST_VERIFIED;
    }
    return status;
}

/* Of the process, where samples are to say it. */
static vmps_status open_resident(struct vmps_session *session, const struct vmps_options *options,
                                 struct vmps_error *err)
{
    atomic_store(&session->recording.memory.fd, -1);
    int failed =
        options->memory ? vmps_memory_open(&session->recording.memory, &session->memory_file) : 0;
    return failed == 0 ? VMPS_OK
                       : vmps_fail(err, VMPS_E_SYSTEM, failed, "/proc/self/statm cannot be read");
}

static int try_source(struct vmps_session *session, const struct vmps_tick_source *source)
{
    int failed =
        vmps_threads_init(&session->threads, source, session->period_ns, session->recording.slots);
    if (failed != 0) {
        vmps_threads_fini(&session->threads);
        session->threads.slots.free = NULL;
    }
    return failed;
}

/* A source that reads stacks from outside needs a VM that shows them; and no native frames, which only the thread itself can tell. */
static vmps_status check_reader(const struct vmps_session *session,
                                const struct vmps_options *options, struct vmps_error *err)
{
    const struct vmps_vm_ops *ops = session->vm.ops;
    if (ops->thread_of == NULL || ops->reader.walk == NULL) {
        return vmps_fail(err, VMPS_E_ARG, 0,
                         VMPS_TICK_SOURCE_VARIABLE
                         "=reader reads stacks of CPython only; leave " VMPS_TICK_SOURCE_VARIABLE
                         " out");
    }
    if ((options->native & VMPS_NATIVE_MODE) != VMPS_NATIVE_NONE) {
        return vmps_fail(err, VMPS_E_ARG, 0,
                         VMPS_TICK_SOURCE_VARIABLE
                         "=reader cannot see native frames; leave one of the two out");
    }
    return VMPS_OK;
}

/* What the source's own thread is to do besides sending ticks. */
static void put_to_work(struct vmps_session *session)
{
    struct vmps_ticker *ticker = session->threads.ticker;
    if (session->threads.source->reads) {
        vmps_reading_init(&session->reading, &session->recording, &session->vm);
        vmps_ticks_helper_read(ticker, &session->reading);
    }
    if (session->recording.wall) {
        vmps_waiting_init(&session->waiting, &session->recording, &session->vm, session->period_ns);
        vmps_ticks_helper_wait(ticker, &session->waiting);
    }
}

static vmps_status open_named(struct vmps_session *session, const struct vmps_options *options,
                              const char *name, struct vmps_error *err)
{
    const struct vmps_tick_source *source = vmps_ticks_named(name);
    if (source == NULL) {
        return vmps_fail(err, VMPS_E_ARG, 0,
                         VMPS_TICK_SOURCE_VARIABLE
                         " must be cpu-timer, helper, perf or reader, not %.60s",
                         name);
    }
    /* Who waits is seen by a thread that looks. */
    if (session->recording.wall && source != &vmps_ticks_helper && !source->reads) {
        return vmps_fail(err, VMPS_E_ARG, 0,
                         "time on the clock needs the ticks of helper or reader; "
                         "leave " VMPS_TICK_SOURCE_VARIABLE " out");
    }
    vmps_status status = source->reads ? check_reader(session, options, err) : VMPS_OK;
    if (status != VMPS_OK) {
        return status;
    }
    int failed = try_source(session, source);
    return failed == 0 ? VMPS_OK : vmps_fail(err, VMPS_E_SYSTEM, failed, "no ticks from %s", name);
}

/* Whether a call that a signal interrupts fails in the VM's programs: Python 2 does not make it again (PEP 475). The helper may
 * signal a thread that has begun to wait just now. */
static bool fears_signals(const struct vmps_vm *vm)
{
    return vm->version[0] == '2' && vm->version[1] == '.';
}

static vmps_status open_best(struct vmps_session *session, struct vmps_error *err)
{
    const struct vmps_tick_source *source = NULL;
    int failed = 0;
    for (size_t i = 0; (source = vmps_ticks_choice(session->period_ns, i)) != NULL; i++) {
        if (source != &vmps_ticks_cpu_timer && fears_signals(&session->vm)) {
            continue; /* perf's price is not for a default */
        }
        failed = try_source(session, source);
        if (failed == 0) {
            return VMPS_OK;
        }
    }
    return vmps_fail(err, VMPS_E_SYSTEM, failed, "the threads cannot be sampled");
}

/* The best source of ticks that is to be had, or the one that the environment names. */
static vmps_status open_threads(struct vmps_session *session, const struct vmps_options *options,
                                struct vmps_error *err)
{
    const char *name = getenv(VMPS_TICK_SOURCE_VARIABLE);
    bool is_named = name != NULL && name[0] != '\0';
    if (!is_named && session->recording.wall) {
        name = vmps_ticks_helper.name;
        is_named = true;
    }
    vmps_status status =
        is_named ? open_named(session, options, name, err) : open_best(session, err);
    if (status == VMPS_OK) {
        put_to_work(session);
    }
    return status;
}

static vmps_status open_memory(struct vmps_session *session, const struct vmps_options *options,
                               struct vmps_error *err)
{
    session->recording.slots = map_zeroed(SLOTS_BYTES);
    session->recording.codes.entries = map_zeroed(CODES_BYTES);
    if (session->recording.slots == NULL || session->recording.codes.entries == NULL) {
        return vmps_fail(err, VMPS_E_SYSTEM, errno, "no memory for the recording");
    }
    return open_threads(session, options, err);
}

vmps_status vmps_session_open(struct vmps_session **out, const struct vmps_options *options,
                              struct vmps_error *err)
{
    struct vmps_session *session = calloc(1, sizeof *session);
    if (session == NULL) {
        return vmps_fail(err, VMPS_E_SYSTEM, errno, "no memory for the recording");
    }
    session->process_id = getpid();
    session->starts = 1;
    session->period_ns = options->period_ns;
    session->recording.wall = options->wall != 0;
    pthread_mutex_init(&session->writer_lock, NULL);
    pthread_mutex_init(&session->pause.lock, NULL);
    session->pause.followed = atomic_load(&vmps_signal_state.toggles);
    vmps_status status = open_vm(session, options, err);
    if (status == VMPS_OK) {
        status = open_memory(session, options, err);
    }
    if (status == VMPS_OK) {
        status = open_resident(session, options, err);
    }
    if (status == VMPS_OK) {
        status = open_output(session, options, err);
    }
    if (status == VMPS_OK) {
        status = vmps_native_frames_open(session, options, err);
    }
    if (status != VMPS_OK) {
        vmpf_writer_abandon(session->writer);
        vmps_session_close(session);
        return status;
    }
    *out = session;
    return VMPS_OK;
}

void vmps_session_close(struct vmps_session *session)
{
    if (session->threads.slots.free != NULL) {
        vmps_threads_fini(&session->threads);
    }
    vmps_native_frames_close(session);
    vmps_waiting_fini(&session->waiting);
    vmps_reading_fini(&session->reading);
    vmps_vm_close(&session->vm);
    vmps_memory_close(&session->recording.memory, &session->memory_file);
    if (session->recording.slots != NULL) {
        munmap(session->recording.slots, SLOTS_BYTES);
    }
    if (session->recording.codes.entries != NULL) {
        munmap((void *)(uintptr_t)session->recording.codes.entries, CODES_BYTES);
    }
    pthread_mutex_destroy(&session->writer_lock);
    pthread_mutex_destroy(&session->pause.lock);
    free(session);
}

void vmps_session_forget(struct vmps_session *session, bool writer_is_whole)
{
    if (writer_is_whole) {
        vmpf_writer_abandon(session->writer);
    }
    vmps_session_close(session);
}
