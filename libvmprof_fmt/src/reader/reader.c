#include "libvmprof_fmt/src/reader/state.h"

#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/reader/log.h"
#include "libvmprof_fmt/src/wire/cursor.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_MEMORY_LIMIT (UINT64_C(4) << 30)

/* ---- opening ------------------------------------------------------------------------------------- */

static vmpf_status not_ours(const vmpf_reader *r, struct vmpf_error *err)
{
    size_t available = vmpfi_input_available(&r->input);
    if (available == 0) {
        return vmpfi_fail(err, VMPF_E_TRUNCATED, 0, "F-2-1", "the input is empty");
    }
    if (available >= VMPFI_MAGIC_BYTES && vmpfi_is_magic(vmpfi_input_data(&r->input))) {
        return vmpfi_fail(err, VMPF_E_TRUNCATED, available, "F-2-4",
                          "the input ends within its first 64 bytes");
    }
    return vmpfi_fail(err, VMPF_E_NOT_VMPROF, 0, "F-2-1", "this is not a vmprof profile");
}

static vmpf_status read_first_superblock(vmpf_reader *r, struct vmpf_error *err)
{
    struct vmpfi_superblock superblock = {0};
    struct vmpf_error error = {.status = VMPF_OK};
    VMPF_TRY(vmpfi_input_ensure(&r->input, VMPFI_SUPERBLOCK_BYTES + VMPFI_CHUNK_HEADER_BYTES, err));
    if (vmpfi_reader_log_is_input(r)) {
        return vmpfi_reader_log_open(r, err);
    }
    const uint8_t *data = vmpfi_input_data(&r->input);
    if (vmpfi_input_available(&r->input) < VMPFI_SUPERBLOCK_BYTES) {
        return not_ours(r, err);
    }
    bool magic = vmpfi_is_magic(data);
    vmpf_status status =
        magic ? vmpfi_superblock_decode(data, &superblock, 0, &error)
              : vmpfi_fail(&error, VMPF_E_CORRUPT, 0, "F-2-1", "the first bytes are damaged");
    if (status == VMPF_E_VERSION) {
        if (err != NULL) {
            *err = error;
        }
        return status;
    }
    if (status != VMPF_OK) {
        if (!vmpfi_superblock_recover(data, vmpfi_input_available(&r->input), &superblock)) {
            if (magic && err != NULL) {
                *err = error;
            }
            return magic ? status : not_ours(r, err);
        }
        vmpfi_damage_bytes(r, VMPFI_SUPERBLOCK_BYTES, &error);
    }
    VMPF_TRY(vmpfi_session_begin(r, &superblock, err));
    VMPF_TRY(vmpfi_input_ensure(&r->input, superblock.size_bytes, err));
    size_t skip = superblock.size_bytes < vmpfi_input_available(&r->input)
                      ? superblock.size_bytes
                      : vmpfi_input_available(&r->input);
    vmpfi_input_advance(&r->input, skip);
    return VMPF_OK;
}

/* Who verifies reads everything, and in one thread: blocks that others decode have ids of the reader's own. */
static vmpf_status check_options(vmpf_reader *r, struct vmpf_error *err)
{
    if (!r->options.verify) {
        return VMPF_OK;
    }
    r->options.threads = 1;
    return r->options.totals || r->range.set
               ? vmpfi_fail(err, VMPF_E_ARG, VMPFI_NO_OFFSET, "",
                            "who verifies reads neither totals nor a range of time")
               : VMPF_OK;
}

vmpf_status vmpf_reader_open(vmpf_reader **out, struct vmpf_source source,
                             const struct vmpf_reader_options *options, struct vmpf_error *err)
{
    if (out == NULL || source.ops == NULL || source.ops->read == NULL) {
        vmpf_source_close(&source);
        return vmpfi_fail(err, VMPF_E_ARG, VMPFI_NO_OFFSET, "", "no source to read from");
    }
    vmpf_reader *r = calloc(1, sizeof *r);
    if (r == NULL) {
        vmpf_source_close(&source);
        return vmpfi_fail_nomem(err);
    }
    r->input.source = source;
    if (options != NULL) {
        memcpy(&r->options, options,
               options->size < sizeof r->options ? options->size : sizeof r->options);
    }
    if (r->options.memory_limit_bytes == 0) {
        r->options.memory_limit_bytes = DEFAULT_MEMORY_LIMIT;
    }
    vmpf_status status = vmpfi_tables_init(&r->tables, r->options.memory_limit_bytes);
    if (status != VMPF_OK) {
        vmpfi_fail(err, status, VMPFI_NO_OFFSET, "", "no memory for the tables");
    } else {
        r->tables.one_epoch = r->options.one_epoch;
        if (r->options.totals) {
            r->options.skip_columns |= VMPF_COLUMN_TIME | VMPF_COLUMN_FLAGS | VMPF_COLUMN_LABEL;
        }
        r->range = vmpfi_range_of(&r->options);
        status = check_options(r, err);
    }
    if (status == VMPF_OK) {
        status = read_first_superblock(r, err);
    }
    if (status == VMPF_OK && r->log == NULL) {
        bool totals = r->options.totals && !r->range.set;
        status = vmpfi_plan_make(&r->plan, r->input.source, &r->range, totals, &r->scratch,
                                 r->options.memory_limit_bytes);
        r->totals_wanted = totals && r->plan.made;
        if (status == VMPF_OK && !r->range.set) {
            status = vmpfi_ahead_start(&r->ahead, r->options.threads, r->options.skip_columns);
        }
        if (status != VMPF_OK) {
            vmpfi_fail_nomem(err);
        }
    }
    if (status != VMPF_OK) {
        vmpf_reader_close(r);
        return status;
    }
    *out = r;
    return VMPF_OK;
}

void vmpf_reader_close(vmpf_reader *r)
{
    if (r == NULL) {
        return;
    }
    for (size_t i = 0; i < r->session_count; i++) {
        vmpfi_metadata_fini(&r->sessions[i]->metadata);
        free(r->sessions[i]);
    }
    free(r->sessions);
    vmpfi_reader_log_free(r->log);
    vmpfi_ahead_stop(&r->ahead);
    vmpfi_input_fini(&r->input);
    vmpfi_plan_fini(&r->plan);
    vmpfi_verify_fini(&r->verify);
    vmpfi_tables_fini(&r->tables);
    vmpfi_scratch_fini(&r->scratch);
    free(r->zeros);
    vmpfi_buffer_fini(&r->ones);
    vmpfi_buffer_fini(&r->journal.payload);
    vmpfi_buffer_fini(&r->journal.codes);
    free(r->coverage.ends);
    free(r);
}

/* ---- the samples ----------------------------------------------------------------------------------- */

/* [F-2-3], [F-3-4]: what one session needs says nothing of the next. */
static bool ends_a_session(vmpf_status status)
{
    return status == VMPF_E_UNSUPPORTED || status == VMPF_E_VERSION;
}

/* Where a range takes samples out, ids stay those of the file until it has. */
static vmpf_status look_ahead(vmpf_reader *r, struct vmpf_error *err)
{
    const struct vmpfi_outlook outlook = {
        .session_id = r->session_id,
        .epoch = r->epoch,
        .stack_base = r->range.set ? 0 : r->tables.stack_epoch.base,
        .value_count = vmpfi_reader_current(r)->info.value_count,
    };
    return vmpfi_ahead_look(&r->ahead, &r->input, &outlook, err);
}

/* One step, of what the input is. */
static vmpf_status step(vmpf_reader *r, bool *block, struct vmpf_error *err)
{
    if (r->log != NULL) {
        return vmpfi_reader_log_step(r, block, err);
    }
    return r->plan.made ? vmpfi_plan_step(r, block, err) : vmpfi_reader_step(r, block, err);
}

/* Reads on to the next samples, or totals. */
static vmpf_status advance(vmpf_reader *r, struct vmpf_error *err)
{
    vmpf_status status = VMPF_OK;
    bool have_block = false;
    while (status == VMPF_OK && !have_block && !r->have_totals) {
        if (!r->plan.made && r->session_count > 0) {
            VMPF_TRY(look_ahead(r, err));
        }
        status = step(r, &have_block, err);
        have_block = have_block && vmpfi_block_is_wanted(r);
    }
    r->block_session = status == VMPF_OK ? r->session_count - 1 : r->block_session;
    return status;
}

/* What both ways of reading do at their end. */
static vmpf_status report(vmpf_reader *r, vmpf_status status, const struct vmpf_error *error,
                          struct vmpf_error *err)
{
    if (status == VMPF_OK || status == VMPF_END) {
        return status;
    }
    if (!ends_a_session(status)) {
        r->failure = *error;
    }
    if (err != NULL) {
        *err = *error;
    }
    return status;
}

static vmpf_status check_call(const vmpf_reader *r, const void *out, struct vmpf_error *err)
{
    if (r == NULL || out == NULL) {
        return vmpfi_fail(err, VMPF_E_ARG, VMPFI_NO_OFFSET, "",
                          "no reader, or nowhere to put what it gives");
    }
    if (r->failure.status != VMPF_OK && err != NULL) {
        *err = r->failure;
    }
    return r->failure.status;
}

vmpf_status vmpf_reader_next(vmpf_reader *r, struct vmpf_block *block, struct vmpf_error *err)
{
    struct vmpf_error error = {.status = VMPF_OK};
    VMPF_TRY(check_call(r, block, err));
    if (r->options.totals) {
        return vmpfi_fail(err, VMPF_E_ARG, VMPFI_NO_OFFSET, "",
                          "this reader was opened to give totals");
    }
    vmpf_status status = advance(r, &error);
    if (status == VMPF_OK) {
        status = vmpfi_block_finish(r, block, &error);
    }
    return report(r, status, &error, err);
}

vmpf_status vmpf_reader_next_totals(vmpf_reader *r, struct vmpf_totals *totals,
                                    struct vmpf_error *err)
{
    struct vmpf_error error = {.status = VMPF_OK};
    VMPF_TRY(check_call(r, totals, err));
    vmpf_status status = advance(r, &error);
    if (status == VMPF_OK) {
        status = vmpfi_totals_finish(r, totals, &error);
    }
    return report(r, status, &error, err);
}

/* ---- what is known --------------------------------------------------------------------------------- */

size_t vmpf_reader_session(const vmpf_reader *r)
{
    return r->block_session;
}

uint64_t vmpf_reader_epoch(const vmpf_reader *r)
{
    return r->tables.epochs_dropped;
}

size_t vmpf_reader_session_count(const vmpf_reader *r)
{
    return r->session_count;
}

const struct vmpf_info *vmpf_reader_info(const vmpf_reader *r, size_t session)
{
    return session < r->session_count ? &r->sessions[session]->info : NULL;
}

const struct vmpf_meta *vmpf_info_meta(const struct vmpf_info *info, const char *key)
{
    return vmpfi_metadata_find(info->meta, info->meta_count, key);
}

uint32_t vmpf_reader_module_count(const vmpf_reader *r)
{
    return (uint32_t)r->tables.module_count;
}

uint32_t vmpf_reader_function_count(const vmpf_reader *r)
{
    return (uint32_t)r->tables.function_count;
}

uint32_t vmpf_reader_location_count(const vmpf_reader *r)
{
    return (uint32_t)r->tables.location_count;
}

uint32_t vmpf_reader_stack_count(const vmpf_reader *r)
{
    return (uint32_t)r->tables.stack_count;
}

uint32_t vmpf_reader_label_count(const vmpf_reader *r)
{
    return (uint32_t)r->tables.label_count;
}

uint32_t vmpf_reader_thread_count(const vmpf_reader *r)
{
    return (uint32_t)r->tables.thread_count;
}

struct vmpf_module vmpf_reader_module(const vmpf_reader *r, uint32_t id)
{
    return r->tables.modules[id < r->tables.module_count ? id : VMPFI_LOST_ID];
}

struct vmpf_function vmpf_reader_function(const vmpf_reader *r, uint32_t id)
{
    return r->tables.functions[id < r->tables.function_count ? id : VMPFI_LOST_ID];
}

struct vmpf_location vmpf_reader_location(const vmpf_reader *r, uint32_t id)
{
    return r->tables.locations[id < r->tables.location_count ? id : VMPFI_LOST_ID];
}

struct vmpf_stack vmpf_reader_stack(const vmpf_reader *r, uint32_t id)
{
    return r->tables.stacks[id < r->tables.stack_count ? id : VMPFI_LOST_ID];
}

struct vmpf_label vmpf_reader_label(const vmpf_reader *r, uint32_t id)
{
    return r->tables.labels[id < r->tables.label_count ? id : VMPFI_LOST_ID].label;
}

struct vmpf_thread vmpf_reader_thread(const vmpf_reader *r, uint32_t id)
{
    const struct vmpf_thread lost = {.name = {.data = "<lost>", .size_bytes = 6}};
    return id < r->tables.thread_count ? r->tables.threads[id] : lost;
}

const struct vmpf_damage *vmpf_reader_damage(const vmpf_reader *r)
{
    return &r->damage;
}
