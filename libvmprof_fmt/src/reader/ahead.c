#include "libvmprof_fmt/src/reader/ahead.h"

#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/blocks/chunk.h"

#include <stdlib.h>
#include <string.h>

#define JOBS_PER_THREAD 3u
#define MAX_THREADS 64u
/* Larger chunks, and what is further away, are decoded when they come: the window over the input has to hold all that
 * is looked at. */
#define MAX_WINDOW_BYTES ((size_t)1 << 20)

/* ---- work ------------------------------------------------------------------------------------------ */

/* With the mutex held: the next job to be done, which is then the caller's; NULL: none is queued. */
static struct vmpfi_job *claim(struct vmpfi_ahead *ahead)
{
    struct vmpfi_job *next = NULL;
    for (size_t i = 0; i < ahead->job_count; i++) {
        struct vmpfi_job *job = &ahead->jobs[i];
        if (job->state == VMPFI_JOB_QUEUED && (next == NULL || job->offset < next->offset)) {
            next = job;
        }
    }
    if (next != NULL) {
        next->state = VMPFI_JOB_RUNNING;
    }
    return next;
}

/* With the mutex held, which is given up meanwhile. */
static void run(struct vmpfi_ahead *ahead, struct vmpfi_job *job)
{
    (void)pthread_mutex_unlock(&ahead->mutex);
    const struct vmpfi_payload payload = {
        .data = job->bytes.data, .size_bytes = job->bytes.size_bytes, .offset = job->offset};
    job->error.status = VMPF_OK;
    vmpf_status status =
        vmpfi_samples_decode(&job->head, &job->samples, &job->scratch, job->value_count,
                             ahead->skip_columns, &payload, &job->error);
    if (status == VMPF_OK && job->stack_base != 0) {
        vmpfi_samples_add_base(&job->samples, job->stack_base);
    }
    (void)pthread_mutex_lock(&ahead->mutex);
    job->state = VMPFI_JOB_DONE;
    (void)pthread_cond_broadcast(&ahead->changed);
}

static void *work(void *ctx)
{
    struct vmpfi_ahead *ahead = ctx;
    (void)pthread_mutex_lock(&ahead->mutex);
    while (!ahead->stop) {
        struct vmpfi_job *job = claim(ahead);
        if (job != NULL) {
            run(ahead, job);
        } else {
            (void)pthread_cond_wait(&ahead->changed, &ahead->mutex);
        }
    }
    (void)pthread_mutex_unlock(&ahead->mutex);
    return NULL;
}

/* ---- life ------------------------------------------------------------------------------------------ */

vmpf_status vmpfi_ahead_start(struct vmpfi_ahead *ahead, uint32_t thread_count,
                              uint32_t skip_columns)
{
    if (thread_count < 2) {
        return VMPF_OK;
    }
    thread_count = thread_count < MAX_THREADS ? thread_count : MAX_THREADS;
    ahead->skip_columns = skip_columns;
    ahead->job_count = (size_t)thread_count * JOBS_PER_THREAD;
    ahead->jobs = calloc(ahead->job_count, sizeof *ahead->jobs);
    ahead->threads = calloc(thread_count, sizeof *ahead->threads);
    ahead->ready = ahead->jobs != NULL && ahead->threads != NULL &&
                   pthread_mutex_init(&ahead->mutex, NULL) == 0;
    if (!ahead->ready || pthread_cond_init(&ahead->changed, NULL) != 0) {
        vmpfi_ahead_stop(ahead);
        return VMPF_E_NOMEM;
    }
    while (ahead->started + 1 < thread_count &&
           pthread_create(&ahead->threads[ahead->started], NULL, work, ahead) == 0) {
        ahead->started++;
    }
    ahead->thread_count = thread_count; /* with fewer threads than wished the rest do more */
    return VMPF_OK;
}

void vmpfi_ahead_stop(struct vmpfi_ahead *ahead)
{
    if (ahead->thread_count > 0) {
        (void)pthread_mutex_lock(&ahead->mutex);
        ahead->stop = true;
        (void)pthread_cond_broadcast(&ahead->changed);
        (void)pthread_mutex_unlock(&ahead->mutex);
        for (size_t i = 0; i < ahead->started; i++) {
            (void)pthread_join(ahead->threads[i], NULL);
        }
        (void)pthread_cond_destroy(&ahead->changed);
    }
    if (ahead->ready) {
        (void)pthread_mutex_destroy(&ahead->mutex);
    }
    for (size_t i = 0; ahead->jobs != NULL && i < ahead->job_count; i++) {
        vmpfi_buffer_fini(&ahead->jobs[i].bytes);
        vmpfi_scratch_fini(&ahead->jobs[i].scratch);
    }
    free(ahead->jobs);
    free(ahead->threads);
    memset(ahead, 0, sizeof *ahead);
}

/* ---- looking ahead --------------------------------------------------------------------------------- */

/* With the mutex held: jobs that nobody came for, or whose block is done with, are free again. */
static struct vmpfi_job *free_job(struct vmpfi_ahead *ahead, uint64_t reader_offset)
{
    struct vmpfi_job *found = NULL;
    for (size_t i = 0; i < ahead->job_count; i++) {
        struct vmpfi_job *job = &ahead->jobs[i];
        bool passed = job->offset < reader_offset;
        if (job->state == VMPFI_JOB_TAKEN ||
            (passed && (job->state == VMPFI_JOB_DONE || job->state == VMPFI_JOB_QUEUED))) {
            job->state = VMPFI_JOB_FREE;
        }
        found = job->state == VMPFI_JOB_FREE ? job : found;
    }
    return found;
}

/* The chunk at ahead->offset; false: there is none, or it is too far ahead, or not whole. */
static bool next_chunk(const struct vmpfi_ahead *ahead, struct vmpfi_input *input,
                       uint64_t session_id, struct vmpfi_chunk_header *header,
                       const uint8_t **payload)
{
    size_t skip = (size_t)(ahead->offset - input->offset);
    if (skip > MAX_WINDOW_BYTES ||
        vmpfi_input_ensure(input, skip + VMPFI_CHUNK_HEADER_BYTES, NULL) != VMPF_OK ||
        vmpfi_input_available(input) < skip + VMPFI_CHUNK_HEADER_BYTES ||
        !vmpfi_chunk_header_decode(vmpfi_input_data(input) + skip, header) ||
        header->session_id != session_id || header->payload_bytes > MAX_WINDOW_BYTES) {
        return false;
    }
    size_t size_bytes = VMPFI_CHUNK_HEADER_BYTES + (size_t)header->payload_bytes;
    if (vmpfi_input_ensure(input, skip + size_bytes, NULL) != VMPF_OK ||
        vmpfi_input_available(input) < skip + size_bytes) {
        return false;
    }
    *payload = vmpfi_input_data(input) + skip + VMPFI_CHUNK_HEADER_BYTES;
    return true;
}

/* A job that is free is nobody else's. */
static bool fill(struct vmpfi_job *job, const struct vmpfi_chunk_header *header,
                 const uint8_t *payload, uint64_t offset, const struct vmpfi_outlook *outlook)
{
    job->bytes.size_bytes = 0;
    job->offset = offset + VMPFI_CHUNK_HEADER_BYTES;
    job->crc = header->payload_crc;
    job->value_count = outlook->value_count;
    job->stack_base = header->epoch == outlook->epoch ? outlook->stack_base : 0;
    return vmpfi_buffer_append(&job->bytes, payload, header->payload_bytes);
}

vmpf_status vmpfi_ahead_look(struct vmpfi_ahead *ahead, struct vmpfi_input *input,
                             const struct vmpfi_outlook *outlook, struct vmpf_error *err)
{
    struct vmpfi_chunk_header header;
    const uint8_t *payload;
    if (ahead->thread_count < 2) {
        return VMPF_OK;
    }
    ahead->offset = ahead->offset < input->offset ? input->offset : ahead->offset;
    (void)pthread_mutex_lock(&ahead->mutex);
    struct vmpfi_job *job = free_job(ahead, input->offset);
    (void)pthread_mutex_unlock(&ahead->mutex);
    while (job != NULL && next_chunk(ahead, input, outlook->session_id, &header, &payload)) {
        uint64_t offset = ahead->offset;
        ahead->offset += VMPFI_CHUNK_HEADER_BYTES + (uint64_t)header.payload_bytes;
        if (header.kind != VMPFI_SAMPLES) {
            continue;
        }
        if (!fill(job, &header, payload, offset, outlook)) {
            return vmpfi_fail_nomem(err);
        }
        (void)pthread_mutex_lock(&ahead->mutex);
        job->state = VMPFI_JOB_QUEUED;
        (void)pthread_cond_signal(&ahead->changed);
        job = free_job(ahead, input->offset);
        (void)pthread_mutex_unlock(&ahead->mutex);
    }
    return VMPF_OK;
}

static struct vmpfi_job *job_of(struct vmpfi_ahead *ahead, uint64_t offset)
{
    for (size_t i = 0; i < ahead->job_count; i++) {
        if (ahead->jobs[i].offset == offset && ahead->jobs[i].state != VMPFI_JOB_FREE &&
            ahead->jobs[i].state != VMPFI_JOB_TAKEN) {
            return &ahead->jobs[i];
        }
    }
    return NULL;
}

/* With the mutex held: until the job is done this thread does others, so that it is not idle. */
static void wait_for(struct vmpfi_ahead *ahead, const struct vmpfi_job *job)
{
    while (job->state != VMPFI_JOB_DONE) {
        struct vmpfi_job *other = claim(ahead);
        if (other != NULL) {
            run(ahead, other);
        } else {
            (void)pthread_cond_wait(&ahead->changed, &ahead->mutex);
        }
    }
}

bool vmpfi_ahead_take(struct vmpfi_ahead *ahead, const struct vmpfi_payload *payload, uint32_t crc,
                      size_t value_count, struct vmpfi_columnset_head *head,
                      struct vmpfi_samples *samples, vmpf_status *status, struct vmpf_error *err)
{
    if (ahead->thread_count < 2) {
        return false;
    }
    (void)pthread_mutex_lock(&ahead->mutex);
    struct vmpfi_job *job = job_of(ahead, payload->offset);
    bool usable = job != NULL && job->crc == crc && job->value_count == value_count &&
                  job->bytes.size_bytes == payload->size_bytes;
    if (usable) {
        wait_for(ahead, job);
        job->state = VMPFI_JOB_TAKEN;
    }
    (void)pthread_mutex_unlock(&ahead->mutex);
    if (!usable) {
        return false;
    }
    *head = job->head;
    *samples = job->samples;
    *status = job->error.status;
    if (err != NULL) {
        *err = job->error;
    }
    return true;
}
