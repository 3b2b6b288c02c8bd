#include "tools/import/from_tachyon.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "tools/analysis/memory.h"
#include "tools/import/bytes.h"
#include "tools/import/made.h"
#include "tools/import/tachyon_tables.h"
#include "tools/import/whole_input.h"

#define PIECE_BYTES ((size_t)1 << 17)
#define NS_PER_US 1000u
#define MAX_THREADS 65536u
#define CHECKED_BYTES 8 /* the magic and the version */

enum { STACK_REPEAT = 0, STACK_FULL = 1, STACK_SUFFIX = 2, STACK_POP_PUSH = 3 };

/* A thread, and its sample before: the stacks of its frames, the outermost first. */
struct track {
    uint64_t thread_id, interpreter, time_us;
    uint32_t thread;
    bool is_broken; /* the sample before is not known */
    uint32_t *stacks;
    size_t depth, capacity;
};

struct tachyon {
    struct vmpf_source source;
    bool began;
    struct whole_input input;
    struct tachyon_header header;
    struct tachyon_tables tables;
    struct import_bytes bytes; /* the samples */
    ZSTD_DStream *stream;      /* NULL: they are not compressed */
    ZSTD_inBuffer packed;
    uint8_t *piece;
    struct track *tracks;
    size_t track_count, track_capacity, last_track;
    uint64_t done;   /* samples that were read, kept or not */
    uint64_t *fresh; /* frames of a sample, the innermost first */
    size_t fresh_count, fresh_capacity;
    struct {
        uint64_t left; /* samples of a record that says again what was before */
        struct track *track;
    } repeat;
};

static void tachyon_close(void *ctx)
{
    struct tachyon *t = ctx;
    if (!t->began) {
        vmpf_source_close(&t->source);
    }
    for (size_t i = 0; i < t->track_count; i++) {
        free(t->tracks[i].stacks);
    }
    whole_input_fini(&t->input);
    tachyon_tables_fini(&t->tables);
    import_bytes_fini(&t->bytes);
    (void)ZSTD_freeDStream(t->stream);
    free(t->tracks);
    free(t->fresh);
    free(t->piece);
    free(t);
}

bool import_is_tachyon(const uint8_t *head, size_t size_bytes)
{
    bool is_big;
    if (size_bytes < CHECKED_BYTES || !tachyon_magic(head, size_bytes, &is_big)) {
        return false;
    }
    return head[4 + (is_big ? 0 : 3)] == 0; /* a version is small */
}

/* ---- the samples' bytes ------------------------------------------------------------------------------ */

static vmpf_status refill(void *ctx, struct import_bytes *bytes, struct vmpf_error *err)
{
    struct tachyon *t = ctx;
    while (t->stream) {
        size_t before = t->packed.pos;
        ZSTD_outBuffer out = {.dst = t->piece, .size = PIECE_BYTES};
        size_t code = ZSTD_decompressStream(t->stream, &out, &t->packed);
        if (ZSTD_isError(code)) {
            return import_fail(err, VMPF_E_CORRUPT, "its compressed data is broken");
        }
        if (out.pos > 0) {
            bytes->at = t->piece;
            bytes->end = t->piece + out.pos;
            bytes->end_offset = TACHYON_HEADER_BYTES + t->packed.pos;
            return VMPF_OK;
        }
        if (t->packed.pos == before) {
            break;
        }
    }
    return VMPF_END;
}

static vmpf_status begin_samples(struct tachyon *t, struct vmpf_error *err)
{
    size_t size = (size_t)t->header.strings_at - TACHYON_HEADER_BYTES;
    import_bytes_init(&t->bytes, refill, t);
    t->bytes.end_offset = TACHYON_HEADER_BYTES;
    if (!t->header.is_compressed) {
        t->bytes.at = t->input.data + TACHYON_HEADER_BYTES;
        t->bytes.end = t->bytes.at + size;
        t->bytes.end_offset += size;
        return VMPF_OK;
    }
    t->packed = (ZSTD_inBuffer){.src = t->input.data + TACHYON_HEADER_BYTES, .size = size};
    t->stream = ZSTD_createDStream();
    t->piece = malloc(PIECE_BYTES);
    return t->stream && t->piece ? VMPF_OK : import_fail(err, VMPF_E_NOMEM, "not enough memory");
}

static uint64_t number(struct tachyon *t)
{
    uint8_t ignored;
    return import_bytes_varint(&t->bytes, 7, &ignored);
}

static void no_memory(struct tachyon *t)
{
    t->bytes.status = import_fail(&t->bytes.err, VMPF_E_NOMEM, "not enough memory");
}

/* ---- a sample ---------------------------------------------------------------------------------------- */

static bool add_track(struct tachyon *t, struct import_made *made, uint64_t thread_id,
                      uint64_t interpreter)
{
    char name[sizeof("interpreter 18446744073709551615")] = "";
    struct vmpf_thread thread = {.thread_id = thread_id, .name = {name, 0}};
    if (interpreter) {
        thread.name.size_bytes =
            (size_t)snprintf(name, sizeof(name), "interpreter %" PRIu64, interpreter);
    }
    uint32_t id = import_thread(made, &thread);
    if (id == IMPORT_NO_ID ||
        !vmpt_reserve(&t->tracks, &t->track_capacity, t->track_count + 1, sizeof(*t->tracks))) {
        no_memory(t);
        return false;
    }
    t->last_track = t->track_count++;
    t->tracks[t->last_track] = (struct track){.thread_id = thread_id,
                                              .interpreter = interpreter,
                                              .time_us = t->header.start_us,
                                              .thread = id};
    return true;
}

/* The thread of a record. NULL: the status says why. */
static struct track *take_track(struct tachyon *t, struct import_made *made)
{
    uint64_t thread_id = import_bytes_fixed(&t->bytes, 8, t->header.is_big);
    uint64_t interpreter = import_bytes_fixed(&t->bytes, 4, t->header.is_big);
    if (t->bytes.status != VMPF_OK) {
        return NULL;
    }
    for (size_t i = 0; i < t->track_count; i++) {
        size_t at = (t->last_track + i) % t->track_count;
        if (t->tracks[at].thread_id == thread_id && t->tracks[at].interpreter == interpreter) {
            t->last_track = at;
            return &t->tracks[at];
        }
    }
    if (t->track_count == MAX_THREADS) {
        t->bytes.status = VMPF_E_CORRUPT;
        return NULL;
    }
    return add_track(t, made, thread_id, interpreter) ? &t->tracks[t->last_track] : NULL;
}

/* When it was; the byte behind says what the thread did. */
static void take_time(struct tachyon *t, struct track *track)
{
    uint64_t delta_us = number(t);
    (void)import_bytes_u8(&t->bytes);
    if (delta_us > (uint64_t)INT64_MAX / NS_PER_US - (track->time_us - t->header.start_us)) {
        t->bytes.status = t->bytes.status == VMPF_OK ? VMPF_E_CORRUPT : t->bytes.status;
        return;
    }
    track->time_us += delta_us;
}

static void add_sample(struct tachyon *t, struct import_made *made, const struct track *track)
{
    static const uint64_t one = 1;
    uint64_t time_ns = (track->time_us - t->header.start_us) * NS_PER_US;
    t->done++;
    if (track->is_broken) {
        import_damage(made, import_bytes_offset(&t->bytes), 1, 0,
                      "a sample has a frame that is not there, or too many");
        return;
    }
    uint32_t stack = track->depth ? track->stacks[track->depth - 1] : 0;
    import_sample(made, stack, track->thread, time_ns, &one);
    if (time_ns > made->info.end_ns) {
        made->info.end_ns = time_ns;
    }
}

/* The new frames of a record. */
static void take_fresh(struct tachyon *t, uint64_t count)
{
    t->fresh_count = 0;
    for (uint64_t i = 0; i < count && t->bytes.status == VMPF_OK; i++) {
        uint64_t frame = number(t);
        if (t->fresh_count > VMPF_MAX_DEPTH) {
            continue; /* the sample is lost already */
        }
        if (!vmpt_reserve(&t->fresh, &t->fresh_capacity, t->fresh_count + 1, sizeof(*t->fresh))) {
            no_memory(t);
            return;
        }
        t->fresh[t->fresh_count++] = frame;
    }
}

/* Puts the new frames onto `kept` of those before. */
static void put_fresh(struct tachyon *t, struct import_made *made, struct track *track, size_t kept)
{
    size_t depth = kept + t->fresh_count;
    if (depth > VMPF_MAX_DEPTH) {
        track->is_broken = true;
        return;
    }
    if (!vmpt_reserve(&track->stacks, &track->capacity, depth, sizeof(*track->stacks))) {
        no_memory(t);
        return;
    }
    for (track->depth = kept; track->depth < depth; track->depth++) {
        uint64_t index = t->fresh[depth - 1 - track->depth];
        if (index >= t->tables.frame_count) {
            track->is_broken = true;
            return;
        }
        const struct tachyon_frame *frame = &t->tables.frames[index];
        uint32_t caller = track->depth ? track->stacks[track->depth - 1] : 0;
        uint32_t stack = import_frame(made, caller, frame->function, frame->line, frame->kind);
        if (stack == IMPORT_NO_ID) {
            no_memory(t);
            return;
        }
        track->stacks[track->depth] = stack;
    }
}

static void take_stack(struct tachyon *t, struct import_made *made, struct track *track,
                       uint8_t encoding)
{
    take_time(t, track);
    uint64_t first = encoding == STACK_FULL ? 0 : number(t);
    take_fresh(t, number(t));
    if (t->bytes.status != VMPF_OK) {
        return;
    }
    uint64_t depth = track->depth;
    if (encoding == STACK_FULL) {
        track->is_broken = false;
    } else if (first > depth) {
        track->is_broken = true;
    }
    if (!track->is_broken) {
        uint64_t kept = encoding == STACK_FULL     ? 0
                        : encoding == STACK_SUFFIX ? first
                                                   : depth - first;
        put_fresh(t, made, track, (size_t)kept);
    }
    if (t->bytes.status == VMPF_OK) {
        add_sample(t, made, track);
    }
}

static void take_record(struct tachyon *t, struct import_made *made)
{
    if (t->repeat.left > 0) {
        t->repeat.left--;
        take_time(t, t->repeat.track);
        if (t->bytes.status == VMPF_OK) {
            add_sample(t, made, t->repeat.track);
        }
        return;
    }
    struct track *track = take_track(t, made);
    uint8_t encoding = import_bytes_u8(&t->bytes);
    if (!track || t->bytes.status != VMPF_OK) {
        return;
    }
    if (encoding == STACK_REPEAT) {
        t->repeat.left = number(t);
        t->repeat.track = track;
    } else if (encoding <= STACK_POP_PUSH) {
        take_stack(t, made, track, encoding);
    } else {
        t->bytes.status = VMPF_E_CORRUPT;
    }
}

/* ---- all of it --------------------------------------------------------------------------------------- */

/* What is said to be there and is not, is lost. */
static vmpf_status end(struct tachyon *t, struct import_made *made, bool is_whole)
{
    uint64_t lost = t->header.sample_count > t->done ? t->header.sample_count - t->done : 0;
    if (!is_whole || t->header.sample_count != t->done) {
        import_damage(made, import_bytes_offset(&t->bytes), lost <= INT64_MAX ? lost : 0, 0, "%s",
                      is_whole ? "it has not as many samples as it says"
                               : "a record is broken, and all behind it is lost");
    }
    t->bytes.status = VMPF_END;
    t->done = t->header.sample_count;
    return VMPF_END;
}

static vmpf_status tachyon_more(void *ctx, struct import_made *made, struct vmpf_error *err)
{
    struct tachyon *t = ctx;
    while (!import_is_full(made)) {
        bool is_between = t->repeat.left == 0;
        if (import_bytes_at_end(&t->bytes) && t->bytes.status == VMPF_END) {
            return end(t, made, is_between);
        }
        if (t->bytes.status == VMPF_OK) {
            take_record(t, made);
        }
        if (t->bytes.status == VMPF_E_NOMEM) {
            *err = t->bytes.err;
            return VMPF_E_NOMEM;
        }
        if (t->bytes.status != VMPF_OK) {
            return end(t, made, false);
        }
    }
    return VMPF_OK;
}

static const struct import_ops tachyon_ops = {
    .more = tachyon_more, .close = tachyon_close, .format = "tachyon"};

static vmpf_status begin(struct tachyon *t, struct import_made *made, struct vmpf_error *err)
{
    t->began = true;
    vmpf_status status = whole_input_read(&t->input, &t->source, err);
    if (status == VMPF_OK) {
        status = tachyon_header_read(&t->header, t->input.data, t->input.size_bytes, err);
    }
    if (status == VMPF_OK) {
        status = tachyon_tables_read(&t->tables, &t->header, t->input.data, t->input.size_bytes,
                                     made, err);
    }
    if (status == VMPF_OK && !import_add_value(made, "samples", "count")) {
        status = import_fail(err, VMPF_E_NOMEM, "not enough memory");
    }
    if (status == VMPF_OK && t->header.interval_us <= (uint64_t)INT64_MAX / NS_PER_US) {
        import_set_period(made, t->header.interval_us * NS_PER_US);
    }
    return status == VMPF_OK ? begin_samples(t, err) : status;
}

vmpf_status import_open_tachyon(struct vmpt_feed *feed, struct vmpf_source source,
                                uint32_t skip_columns, struct vmpf_error *err)
{
    struct tachyon *t = calloc(1, sizeof(*t));
    struct import_made *made;
    (void)skip_columns;
    if (!t) {
        vmpf_source_close(&source);
        return import_fail(err, VMPF_E_NOMEM, "not enough memory");
    }
    t->source = source;
    vmpf_status status = import_open(feed, &made, &tachyon_ops, t, err);
    if (status != VMPF_OK) {
        return status;
    }
    status = begin(t, made, err);
    if (status != VMPF_OK) {
        feed->ops->close(feed->ctx);
    }
    return status;
}
