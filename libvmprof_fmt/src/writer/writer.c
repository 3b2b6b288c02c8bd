#include "libvmprof_fmt/src/writer/state.h"

#include "libvmprof_fmt/src/base/error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define DEFAULT_BLOCK_SAMPLES 65536u
#define DEFAULT_EPOCH_NODES 1048576u

static uint64_t random_id(void)
{
    uint64_t id = 0;
    if (getrandom(&id, sizeof id, GRND_NONBLOCK) != (ssize_t)sizeof id || id == 0) {
        /* Early in a system's life there is no randomness yet. An address will do: it only has to
         * differ from older bytes of the same file. */
        id = (uint64_t)(uintptr_t)&id ^ UINT64_C(0xA5A5A5A55A5A5A5A);
    }
    return id;
}

static vmpf_status write_superblock(vmpf_writer *w, struct vmpf_error *err)
{
    uint8_t bytes[VMPFI_SUPERBLOCK_BYTES];
    const struct vmpfi_superblock superblock = {.read_version = VMPF_FORMAT_VERSION,
                                                .write_version = VMPF_FORMAT_VERSION,
                                                .size_bytes = VMPFI_SUPERBLOCK_BYTES,
                                                .session_id = w->options.session_id,
                                                .start_unix_ns = w->options.start_unix_ns};
    vmpfi_superblock_encode(bytes, &superblock);
    return vmpfi_writer_put(w, bytes, sizeof bytes, err);
}

static void read_options(vmpf_writer *w, const struct vmpf_writer_options *options)
{
    if (options != NULL) {
        size_t known = options->size < sizeof w->options ? options->size : sizeof w->options;
        memcpy(&w->options, options, known);
    }
    if (w->options.session_id == 0) {
        w->options.session_id = random_id();
    }
    if (w->options.block_samples == 0 || w->options.block_samples > VMPFI_MAX_ENTRIES) {
        w->options.block_samples = DEFAULT_BLOCK_SAMPLES;
    }
    if (w->options.epoch_max_nodes == 0) {
        w->options.epoch_max_nodes = DEFAULT_EPOCH_NODES;
    }
}

vmpf_status vmpf_writer_open(vmpf_writer **out, struct vmpf_sink sink,
                             const struct vmpf_writer_options *options, struct vmpf_error *err)
{
    if (out == NULL || sink.ops == NULL || sink.ops->write == NULL) {
        vmpf_sink_close(&sink);
        return vmpfi_fail(err, VMPF_E_ARG, VMPFI_NO_OFFSET, "", "no sink to write to");
    }
    vmpf_writer *w = calloc(1, sizeof *w);
    if (w == NULL) {
        vmpf_sink_close(&sink);
        return vmpfi_fail_nomem(err);
    }
    w->sink = sink;
    w->limits = vmpfi_writer_default_limits;
    read_options(w, options);
    w->written = VMPFI_NOTHING_WRITTEN;
    vmpf_status status = vmpfi_dictionary_init(&w->dictionary);
    if (status != VMPF_OK) {
        vmpfi_fail_nomem(err);
    } else {
        status = write_superblock(w, err);
    }
    if (status != VMPF_OK) {
        vmpf_writer_abandon(w);
        return status;
    }
    *out = w;
    return VMPF_OK;
}

void vmpf_writer_abandon(vmpf_writer *w)
{
    if (w == NULL) {
        return;
    }
    vmpfi_writer_journal_fini(w);
    vmpfi_writer_index_fini(w);
    vmpf_sink_close(&w->sink);
    vmpfi_metadata_fini(&w->metadata);
    vmpfi_dictionary_fini(&w->dictionary);
    vmpfi_threads_fini(&w->threads);
    free(w->pending.stack);
    free(w->pending.thread);
    free(w->pending.time_ns);
    free(w->pending.flags);
    free(w->pending.label);
    for (size_t k = 0; k < VMPF_MAX_VALUES; k++) {
        free(w->pending.values[k]);
    }
    vmpfi_scratch_fini(&w->scratch);
    vmpfi_run_history_fini(&w->run_history);
    vmpfi_tally_fini(&w->tally);
    vmpfi_buffer_fini(&w->out);
    free(w);
}

vmpf_status vmpf_writer_close(vmpf_writer *w, uint64_t end_ns, struct vmpf_error *err)
{
    if (w == NULL) {
        return VMPF_OK;
    }
    vmpf_status status = vmpfi_writer_drain_rows(w, false, err);
    if (status == VMPF_OK) {
        struct vmpfi_end end = {.samples = w->samples_written + w->pending.count,
                                .lost_samples = vmpfi_writer_lost(w),
                                .end_ns = end_ns,
                                .value_count = w->pending_ready ? w->pending.value_count : 0};
        memcpy(end.sums, w->sums, sizeof end.sums);
        status = vmpfi_writer_flush(w, &end, err);
    }
    if (status == VMPF_OK) {
        vmpfi_writer_release_rows(w);
        status = vmpfi_writer_compact(w, err);
    }
    vmpf_writer_abandon(w);
    return status;
}

/* ---- metadata ---------------------------------------------------------------------------------- */

static vmpf_status set_meta(vmpf_writer *w, const char *key, struct vmpf_meta *entry,
                            struct vmpf_error *err)
{
    if (w == NULL || key == NULL || key[0] == '\0' ||
        (w->pending_ready && strcmp(key, VMPF_META_VALUES) == 0)) {
        return vmpfi_fail(err, VMPF_E_ARG, VMPFI_NO_OFFSET, "",
                          "metadata needs a key, and values cannot change behind the first sample");
    }
    entry->key = (struct vmpf_string){.data = key, .size_bytes = strlen(key)};
    struct vmpf_value_type types[VMPF_MAX_VALUES];
    size_t type_count;
    if (vmpfi_value_types(entry, 1, types, &type_count, NULL) != VMPF_OK) {
        return vmpfi_fail(err, VMPF_E_ARG, VMPFI_NO_OFFSET, "F-5.1-4",
                          "values are a list of 1 to 8 texts NAME:UNIT");
    }
    vmpf_status status = vmpfi_metadata_set(&w->metadata, entry);
    if (status != VMPF_OK) {
        return vmpfi_fail(err, status, VMPFI_NO_OFFSET, "", "metadata %s: %s", key,
                          vmpf_status_name(status));
    }
    w->metadata_dirty = true;
    return VMPF_OK;
}

vmpf_status vmpf_writer_meta_string(vmpf_writer *w, const char *key, struct vmpf_string value,
                                    struct vmpf_error *err)
{
    struct vmpf_meta entry = {.type = VMPF_META_STRING, .string = value};
    return set_meta(w, key, &entry, err);
}

vmpf_status vmpf_writer_meta_integer(vmpf_writer *w, const char *key, uint64_t value,
                                     struct vmpf_error *err)
{
    struct vmpf_meta entry = {.type = VMPF_META_INTEGER, .integer = value};
    return set_meta(w, key, &entry, err);
}

vmpf_status vmpf_writer_meta_list(vmpf_writer *w, const char *key, const struct vmpf_string *items,
                                  size_t item_count, struct vmpf_error *err)
{
    struct vmpf_meta entry = {.type = VMPF_META_LIST, .items = items, .item_count = item_count};
    return set_meta(w, key, &entry, err);
}

/* ---- definitions ------------------------------------------------------------------------------- */

static vmpf_status report(vmpf_status status, const char *what, struct vmpf_error *err)
{
    if (status == VMPF_OK) {
        return VMPF_OK;
    }
    return vmpfi_fail(err, status, VMPFI_NO_OFFSET, "", "%s: %s", what, vmpf_status_name(status));
}

vmpf_status vmpf_writer_module(vmpf_writer *w, const struct vmpf_module *module, uint32_t *id,
                               struct vmpf_error *err)
{
    if (w == NULL || module == NULL || id == NULL) {
        return report(VMPF_E_ARG, "module", err);
    }
    return report(vmpfi_intern_module(&w->dictionary, module, id), "module", err);
}

vmpf_status vmpf_writer_function(vmpf_writer *w, const struct vmpf_function *function, uint32_t *id,
                                 struct vmpf_error *err)
{
    if (w == NULL || function == NULL || id == NULL) {
        return report(VMPF_E_ARG, "function", err);
    }
    return report(vmpfi_intern_function(&w->dictionary, function, id), "function", err);
}

vmpf_status vmpf_writer_location(vmpf_writer *w, uint32_t function, uint32_t line, uint32_t *id,
                                 struct vmpf_error *err)
{
    if (w == NULL || id == NULL) {
        return report(VMPF_E_ARG, "location", err);
    }
    return report(vmpfi_intern_location(&w->dictionary, function, line, id), "location", err);
}

vmpf_status vmpf_writer_stack(vmpf_writer *w, uint32_t parent, uint32_t location, uint32_t *id,
                              struct vmpf_error *err)
{
    if (w == NULL || id == NULL) {
        return report(VMPF_E_ARG, "stack", err);
    }
    return report(vmpfi_intern_stack(&w->dictionary, parent, location, id), "stack", err);
}

vmpf_status vmpf_writer_label(vmpf_writer *w, uint32_t parent, struct vmpf_string key,
                              struct vmpf_string text, uint64_t number, uint32_t *id,
                              struct vmpf_error *err)
{
    if (w == NULL || id == NULL) {
        return report(VMPF_E_ARG, "label", err);
    }
    const struct vmpf_label label = {.parent = parent, .key = key, .text = text, .number = number};
    return report(vmpfi_intern_label(&w->dictionary, &label, id), "label", err);
}

vmpf_status vmpf_writer_thread(vmpf_writer *w, const struct vmpf_thread *thread, uint32_t *id,
                               struct vmpf_error *err)
{
    if (w == NULL || thread == NULL || id == NULL) {
        return report(VMPF_E_ARG, "thread", err);
    }
    return report(vmpfi_threads_define(&w->threads, thread, true, id), "thread", err);
}

uint32_t vmpf_writer_epoch(const vmpf_writer *w)
{
    return w->epoch;
}

/* ---- samples ----------------------------------------------------------------------------------- */

vmpf_status vmpf_writer_sample(vmpf_writer *w, const struct vmpf_sample *sample,
                               struct vmpf_error *err)
{
    if (w == NULL || sample == NULL || sample->stack >= w->dictionary.stack_count ||
        sample->thread >= w->threads.count || sample->label >= w->dictionary.label_count) {
        return vmpfi_fail(err, VMPF_E_ARG, VMPFI_NO_OFFSET, "F-5.6-2",
                          "a sample of no such stack, thread or label");
    }
    if (vmpfi_writer_full(w)) { /* an earlier flush failed */
        VMPF_TRY(vmpfi_writer_flush_in_epoch(w, err));
    }
    VMPF_TRY(vmpfi_writer_push(w, sample, err));
    return vmpfi_writer_full(w) ? vmpfi_writer_flush(w, NULL, err) : VMPF_OK;
}

void vmpf_writer_count_lost(vmpf_writer *w, uint64_t samples)
{
    w->lost_samples += samples;
}

vmpf_status vmpf_writer_flush(vmpf_writer *w, struct vmpf_error *err)
{
    if (w == NULL) {
        return vmpfi_fail(err, VMPF_E_ARG, VMPFI_NO_OFFSET, "", "no writer");
    }
    return vmpfi_writer_flush(w, NULL, err);
}

void vmpf_writer_stats(const vmpf_writer *w, struct vmpf_writer_stats *out)
{
    *out = (struct vmpf_writer_stats){.samples = w->samples_written + w->pending.count,
                                      .lost_samples = vmpfi_writer_lost(w),
                                      .written_bytes = w->offset,
                                      .journal_mapped = w->journal.mapped};
}
