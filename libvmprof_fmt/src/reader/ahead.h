/* ahead.h: blocks of samples are decoded before they are asked for, by other threads. Private.
 *
 * What is read, and in which order, does not change: this looks at the bytes that the reader will come to, guesses which of them
 * are SAMPLES chunks, and decodes those. The reader takes what was decoded when it comes to just that chunk; a guess that was
 * wrong costs time and nothing else. So a reading is the same with any number of threads. */
#ifndef VMPROF_FMT_READER_AHEAD_H
#define VMPROF_FMT_READER_AHEAD_H

#include "libvmprof_fmt/src/blocks/samples.h"
#include "libvmprof_fmt/src/reader/input.h"

#include <pthread.h>

enum vmpfi_job_state {
    VMPFI_JOB_FREE,
    VMPFI_JOB_QUEUED,
    VMPFI_JOB_RUNNING,
    VMPFI_JOB_DONE,
    VMPFI_JOB_TAKEN, /* its samples are the caller's block */
};

/* A payload, and what it holds. */
struct vmpfi_job {
    enum vmpfi_job_state state;
    struct vmpfi_buffer bytes;
    uint64_t offset; /* of the payload in the input */
    uint32_t crc;
    size_t value_count;
    uint32_t stack_base; /* added to the stacks: that of the reader's ids, if the epoch is its */
    struct vmpfi_scratch scratch;
    struct vmpfi_columnset_head head;
    struct vmpfi_samples samples;
    struct vmpf_error error; /* status VMPF_OK: it was decoded */
};

struct vmpfi_ahead {
    uint32_t thread_count; /* with the caller's; below 2: nothing is done ahead */
    uint32_t skip_columns;
    struct vmpfi_job *jobs; /* used in turn */
    size_t job_count;
    uint64_t offset; /* of the input: up to there it was looked at */
    pthread_t *threads;
    size_t started;
    pthread_mutex_t mutex; /* guards the states of the jobs, and stop */
    pthread_cond_t changed;
    bool ready, stop;
};

/* vmpfi_ahead_start() does nothing for fewer than two threads. VMPF_E_NOMEM: also when no thread can be had. */
vmpf_status vmpfi_ahead_start(struct vmpfi_ahead *ahead, uint32_t thread_count,
                              uint32_t skip_columns);
void vmpfi_ahead_stop(struct vmpfi_ahead *ahead);

/* What the reader knows of the chunks that will come, if they are of the session and the epoch that it is in. */
struct vmpfi_outlook {
    uint64_t session_id;
    uint32_t epoch;
    uint32_t stack_base; /* 0: nothing is to be added to stacks */
    size_t value_count;
};

/* vmpfi_ahead_look() hands out SAMPLES chunks of the session that follow in the input. The block that was given last is no
 * longer used. VMPF_E_IO, VMPF_E_NOMEM. */
vmpf_status vmpfi_ahead_look(struct vmpfi_ahead *ahead, struct vmpfi_input *input,
                             const struct vmpfi_outlook *outlook, struct vmpf_error *err);

/* vmpfi_ahead_take() gives what was decoded of this payload; false: nothing was. *status and err are those of vmpfi_samples_decode(). */
bool vmpfi_ahead_take(struct vmpfi_ahead *ahead, const struct vmpfi_payload *payload, uint32_t crc,
                      size_t value_count, struct vmpfi_columnset_head *head,
                      struct vmpfi_samples *samples, vmpf_status *status, struct vmpf_error *err);

#endif
