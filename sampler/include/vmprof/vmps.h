/* vmps.h: profile the process that this library is loaded in.
 *
 * Thread: the functions may be called from any thread, and exclude each other.
 * Signal: nothing here may be called from a signal handler.
 * Fork: a child goes on unprofiled; in it vmps_is_running() is 0 and vmps_stop() does nothing.
 */
#ifndef VMPROF_VMPS_H
#define VMPROF_VMPS_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define VMPS_API __attribute__((visibility("default")))
#else
#define VMPS_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define VMPS_MIN_PERIOD_NS UINT64_C(20000)
#define VMPS_MAX_RECORDER_CODES 8
#define VMPS_MAX_PERIOD_NS UINT64_C(999999999)

typedef enum vmps_status {
    VMPS_OK = 0,
    VMPS_E_ARG = -1,        /* an option is wrong */
    VMPS_E_STATE = -2,      /* started into another output, or not started */
    VMPS_E_DESCRIPTOR = -3, /* the output cannot be written */
    VMPS_E_INTERPRETER =
        -4,             /* no interpreter that is known here, or one that does not fit its table */
    VMPS_E_SYSTEM = -5, /* the system refused something */
} vmps_status;

struct vmps_error {
    vmps_status status;
    int sys_errno;
    char message[500]; /* one line, NUL-terminated: what is wrong and what to do */
};

/* A frame that the caller knows to be on its own stack: the oracle that the interpreter's layout is
 * checked against before it is trusted. */
struct vmps_known_frame {
    uint64_t code_address;
    const char *name; /* UTF-8 */
    const char *file; /* UTF-8 */
    int32_t first_line;
    int32_t offset_bytes; /* of the instruction: f_lasti in bytes; -1: not known */
};

/* Frames of machine code: none; those of the program and its libraries, between the interpreter's; also the
 * interpreter's own. With VMPS_NATIVE_ONLY a process without an interpreter is recorded too. */
#define VMPS_NATIVE_NONE 0u
#define VMPS_NATIVE_FOLDED 1u
#define VMPS_NATIVE_RAW 2u
#define VMPS_NATIVE_MODE 3u
#define VMPS_NATIVE_ONLY 4u

struct vmps_options {
    size_t size; /* sizeof(struct vmps_options): lets it grow */
    int fd; /* where the profile goes; the caller keeps it open until vmps_stop() and owns it */
    uint64_t period_ns;
    const char *program;          /* may be NULL: taken from the process */
    const char *const *arguments; /* argument_count strings; may be NULL */
    size_t argument_count;
    /* Frames from the one that runs this code on outwards are not recorded; 0: none. */
    uint64_t root_code_address;
    /* At most VMPS_MAX_RECORDER_CODES: a stack that has a frame of one of them, and none of root_code inside
     * of it, is the recorder's own work and is not recorded. */
    const uint64_t *recorder_codes;
    size_t recorder_code_count;
    /* PyPy's code has no addresses: root_code_address and recorder_codes are then any numbers, and these
     * frames say what code they stand for. Others ignore them. */
    const struct vmps_known_frame *named_codes;
    size_t named_code_count;
    /* The caller's Python stack, leaf first. NULL: the layout is checked by types only. */
    const struct vmps_known_frame *known_frames;
    size_t known_frame_count;
    /* 0: none. Else the recording is off at first, and each of this signal that comes to the process turns it on or
     * off: SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH or a real-time one. What the program uses while it is off is
     * counted nowhere. Where the program puts in a handler of its own for it, the signal is the program's. */
    int toggle_signal;
    /* Not 0: each sample has the process's resident size, too, not older than a millisecond. It is a level, and has
     * no sum. */
    int memory;
    uint32_t native; /* VMPS_NATIVE_*: whether frames of machine code are recorded */
    /* Not 0: samples have a second value, time on the clock, and tell what their thread did (label `state`). Threads that wait are
     * not woken for it. */
    int wall;
};

/* vmps_start() starts sampling every thread of the process. What ticks come from is chosen by itself; VMPROF_TICK_SOURCE in
 * the environment names one instead: cpu-timer, helper, perf, or reader, which reads stacks from outside and sends no signals (CPython only, no
 * native frames; some stacks may be wrong); an error where it cannot be had.
 *
 * Starts nest. While a recording runs, one more start whose descriptor is of the same file (or pipe) is counted,
 * and its other options do not matter: the recording goes on as the first one wanted it. As many stops
 * as starts end it. A start into another output is refused with VMPS_E_STATE. */
VMPS_API vmps_status vmps_start(const struct vmps_options *options, struct vmps_error *err);

struct vmps_summary {
    size_t size;
    uint64_t samples;           /* kept */
    uint64_t lost_samples;      /* due, but not kept */
    uint64_t duration_ns;       /* while the recording was on */
    uint64_t cpu_ns;            /* that the kept samples stand for */
    uint64_t asked_period_ns;   /* what vmps_start() was given */
    uint64_t reached_period_ns; /* cpu_ns a sample; 0: no sample */
    uint64_t waited_ns;         /* with `wall`: of all threads, while they did not run */
};

/* vmps_stop() takes back one start. The last one stops, writes all that is pending, and leaves no thread, timer,
 * descriptor, handler or mapping behind; what malloc() and the system's threads keep for their next use is
 * theirs. A failure of the output during the recording is reported here. summary may be NULL; that of an inner stop
 * is of what was recorded so far. */
VMPS_API vmps_status vmps_stop(struct vmps_summary *summary, struct vmps_error *err);

VMPS_API int vmps_is_running(void);

/* vmps_is_paused() says whether a recording runs that is off just now: before the first signal that turns it on, and
 * after each that turns it off. The signal itself is followed by a thread of the sampler's, a moment later. */
VMPS_API int vmps_is_paused(void);

/* vmps_name_thread() names a thread (0: the calling one) in the running recording. name: UTF-8. */
VMPS_API vmps_status vmps_name_thread(uint64_t thread_id, const char *name);

VMPS_API const char *vmps_version(void);

#ifdef __cplusplus
}
#endif
#endif
