#include "sampler/core/native_frames.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "sampler/core/error.h"
#include "sampler/native/images.h"
#include "sampler/native/join_walk.h"

/* Files come in swarms: where one was loaded, another may be soon. */
#define LOADING_NS VMPS_NS_PER_S
#define FLUSH_INTERVAL_NS UINT64_C(200000000)
#define LOADING_INTERVAL_NS UINT64_C(4000000)

/* What handlers may still use. */
struct retired {
    struct retired *next;
    struct vmps_unwind_tables *tables;
    struct vmps_gone *gone;
};

struct vmps_native_frames {
    struct vmps_native native; /* what handlers see */
    struct vmps_images images;
    struct vmps_unwind_tables *tables;
    struct retired *retired;
    uint64_t changed_ns; /* when files were loaded or unloaded last */
    uint32_t epoch;      /* that the modules were written in */
    bool is_written;
    bool is_flushed; /* what is not in the file is lost when the process is killed */
    uint64_t flushed_ns;
};

/* ---- tables ----------------------------------------------------------------------------------- */

static void free_retired(struct vmps_native_frames *frames)
{
    while (frames->retired != NULL) {
        struct retired *next = frames->retired->next;
        free(frames->retired->tables);
        vmps_gone_free(frames->retired->gone);
        free(frames->retired);
        frames->retired = next;
    }
}

/* Whoever came in before the exchange holds the former tables; nobody who came later does. */
static bool put_in(struct vmps_native_frames *frames)
{
    struct retired *retired = malloc(sizeof *retired);
    struct vmps_unwind_tables *tables = vmps_images_tables(&frames->images);
    if (retired == NULL || tables == NULL) {
        free(retired);
        free(tables);
        return false;
    }
    *retired = (struct retired){
        .next = frames->retired,
        .tables = frames->tables,
        .gone = vmps_images_take_gone(&frames->images),
    };
    frames->tables = tables;
    atomic_store(&frames->native.tables, tables);
    frames->retired = retired;
    return true;
}

/* ---- modules ---------------------------------------------------------------------------------- */

static vmpf_status write_image(vmpf_writer *writer, const struct vmps_image *image,
                               struct vmpf_error *err)
{
    vmpf_status status = VMPF_OK;
    for (uint32_t i = 0; i < image->segment_count && status == VMPF_OK; i++) {
        const struct vmps_segment *segment = &image->segments[i];
        const struct vmpf_module module = {
            .path = {.data = image->path, .size_bytes = strlen(image->path)},
            .build_id = {.data = (const char *)image->build_id, .size_bytes = image->build_id_size},
            .address = segment->address,
            .size_bytes = segment->size_bytes,
            .file_offset = segment->file_offset,
        };
        uint32_t id;
        status = vmpf_writer_module(writer, &module, &id, err);
    }
    return status;
}

vmpf_status vmps_native_frames_write(struct vmps_session *session, struct vmpf_error *err)
{
    struct vmps_native_frames *frames = session->native;
    if (frames == NULL) {
        return VMPF_OK;
    }
    uint32_t epoch = vmpf_writer_epoch(session->writer);
    if (frames->is_written && frames->epoch == epoch) {
        return VMPF_OK;
    }
    vmpf_status status = VMPF_OK;
    for (size_t i = 0; i < frames->images.count && status == VMPF_OK; i++) {
        status = write_image(session->writer, &frames->images.images[i], err);
    }
    frames->epoch = epoch;
    frames->is_written = status == VMPF_OK;
    frames->is_flushed = false;
    return status;
}

/* Not with each file that a program loads: a flush ends a block. */
static vmpf_status flush_modules(struct vmps_session *session, struct vmpf_error *err)
{
    struct vmps_native_frames *frames = session->native;
    uint64_t now_ns = vmps_monotonic_ns();
    if (frames->is_flushed || now_ns - frames->flushed_ns < FLUSH_INTERVAL_NS) {
        return VMPF_OK;
    }
    frames->is_flushed = true;
    frames->flushed_ns = now_ns;
    return vmpf_writer_flush(session->writer, err);
}

vmpf_status vmps_native_frames_tend(struct vmps_session *session, struct vmpf_error *err)
{
    struct vmps_native_frames *frames = session->native;
    bool changed;
    if (frames == NULL) {
        return VMPF_OK;
    }
    if (frames->retired != NULL && atomic_load(&vmps_signal_state.in_flight) == 0) {
        free_retired(frames);
    }
    /* Where memory is short the former tables stay: what they do not know is cut. */
    if (vmps_images_refresh(&frames->images, &changed) != 0 || !changed) {
        return flush_modules(session, err);
    }
    frames->is_written = false;
    frames->changed_ns = vmps_monotonic_ns();
    vmpf_status status = vmps_native_frames_write(session, err);
    (void)put_in(frames);
    return status;
}

uint64_t vmps_native_frames_interval(const struct vmps_session *session, uint64_t interval_ns)
{
    const struct vmps_native_frames *frames = session->native;
    bool is_loading = frames != NULL && vmps_monotonic_ns() - frames->changed_ns < LOADING_NS;
    return is_loading && interval_ns > LOADING_INTERVAL_NS ? LOADING_INTERVAL_NS : interval_ns;
}

void vmps_native_frames_tell(struct vmps_session *session)
{
    if (session->native == NULL) {
        return;
    }
    const struct vmps_native_counts *counts = &session->native->native.counts;
    const struct {
        const char *key;
        uint64_t count;
    } numbers[] = {
        {"native_whole", atomic_load(&counts->whole)},
        {"native_cut", atomic_load(&counts->cut)},
        {"native_unplaced", atomic_load(&counts->unplaced)},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        (void)vmpf_writer_meta_integer(session->writer, numbers[i].key, numbers[i].count, NULL);
    }
}

/* ---- open and close ----------------------------------------------------------------------------- */

/* Where the first thread's stack ends: the loader keeps it for the C library. */
static uint64_t main_stack_end(void)
{
    void *const *end = dlsym(RTLD_DEFAULT, "__libc_stack_end");
    return end != NULL ? (uint64_t)*end : 0;
}

static vmps_status failed(struct vmps_error *err)
{
    return vmps_fail(err, VMPS_E_SYSTEM, 0, "no memory for native frames");
}

vmps_status vmps_native_frames_open(struct vmps_session *session,
                                    const struct vmps_options *options, struct vmps_error *err)
{
    uint32_t mode = options->native & VMPS_NATIVE_MODE;
    if (mode == VMPS_NATIVE_NONE) {
        return VMPS_OK;
    }
    const struct vmps_vm *vm = &session->vm;
    struct vmps_native_frames *frames = calloc(1, sizeof *frames);
    struct vmpf_error cause = {0};
    bool changed;
    if (frames == NULL) {
        return failed(err);
    }
    session->native = frames;
    frames->changed_ns = vmps_monotonic_ns();
    vmps_images_init(&frames->images,
                     vm->ops->loop_address != NULL ? vm->ops->loop_address(vm) : 0);
    if (vmps_images_refresh(&frames->images, &changed) != 0 || !put_in(frames)) {
        return failed(err);
    }
    frames->native.raw = mode == VMPS_NATIVE_RAW;
    frames->native.main_thread_id = (uint32_t)session->process_id;
    frames->native.main_stack_end = main_stack_end();
    frames->native.activations = vmps_join_activations;
    frames->native.join = vmps_join;
    session->threads.slots.native_bytes = sizeof(struct vmps_join_memory);
    session->recording.native = &frames->native;
    /* In the file at once: a process that is killed leaves them. */
    if (vmps_native_frames_write(session, &cause) != VMPF_OK ||
        flush_modules(session, &cause) != VMPF_OK) {
        return vmps_fail(err, VMPS_E_DESCRIPTOR, cause.sys_errno,
                         "the profile cannot be written: %s", cause.message);
    }
    return VMPS_OK;
}

void vmps_native_frames_close(struct vmps_session *session)
{
    struct vmps_native_frames *frames = session->native;
    if (frames == NULL) {
        return;
    }
    session->recording.native = NULL;
    session->native = NULL;
    free_retired(frames);
    free(frames->tables);
    vmps_images_fini(&frames->images);
    free(frames);
}
