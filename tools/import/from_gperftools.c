#include "tools/import/from_gperftools.h"

#include <stdlib.h>
#include <string.h>

#include "tools/import/gperftools_text.h"
#include "tools/import/made.h"
#include "tools/import/whole_input.h"

#define HEADER_WORDS 5u
#define LEAST_HEADER_WORDS 3u /* behind the second */
#define MOST_HEADER_WORDS 1024u
#define HEAD_BYTES 4096
#define NS_PER_US 1000u
#define RAW_PERIOD_US 1u /* google-pprof's own words say this, whatever the period was */
/* What only a recogniser may hold against a file. */
#define LIKELY_COUNT (UINT64_C(1) << 32)
#define LIKELY_DEPTH 65536u /* what google-pprof takes */
#define LAST_LOG_MARKER 8u

struct words {
    const uint8_t *data;
    size_t size_bytes;
    size_t word_bytes;
    bool is_big;
};

struct gperf {
    struct vmpf_source source;
    bool began;
    struct whole_input input;
    struct words words; /* from the header on */
    size_t at;          /* the word of the next record */
    size_t end;         /* behind the last whole record */
    bool has_end;       /* google-pprof ends its own without one, and without mapped files */
    uint64_t period_ns; /* 0: not known */
    struct gperf_frames frames;
    uint32_t thread;
};

static void gperf_close(void *ctx)
{
    struct gperf *g = ctx;
    if (!g->began) {
        vmpf_source_close(&g->source);
    }
    whole_input_fini(&g->input);
    gperf_frames_fini(&g->frames);
    free(g);
}

/* ---- words ----------------------------------------------------------------------------------------- */

static size_t word_count(const struct words *words)
{
    return words->size_bytes / words->word_bytes;
}

/* index: less than word_count(). */
static uint64_t word_at(const struct words *words, size_t index)
{
    const uint8_t *at = words->data + index * words->word_bytes;
    uint64_t value = 0;
    for (size_t i = 0; i < words->word_bytes; i++) {
        value = value << 8 | at[words->is_big ? i : words->word_bytes - 1 - i];
    }
    return value;
}

/* Which words data is made of: those by which the header is one. */
static bool find_words(struct words *words, const uint8_t *data, size_t size_bytes)
{
    for (unsigned kind = 0; kind < 4; kind++) {
        *words = (struct words){data, size_bytes, kind & 1 ? 4 : 8, (kind & 2) != 0};
        if (word_count(words) < HEADER_WORDS) {
            continue;
        }
        uint64_t more = word_at(words, 1);
        if (word_at(words, 0) == 0 && more >= LEAST_HEADER_WORDS && more <= MOST_HEADER_WORDS &&
            word_at(words, 2) == 0 && word_at(words, 3) <= UINT32_MAX) {
            return true;
        }
    }
    return false;
}

static size_t first_record(const struct words *words)
{
    return 2 + (size_t)word_at(words, 1);
}

static bool is_trailer(const struct words *words, size_t at)
{
    return word_count(words) - at >= 3 && word_at(words, at) == 0 && word_at(words, at + 1) == 1 &&
           word_at(words, at + 2) == 0;
}

/* A log of upstream may go on with a marker of one byte and two words: those are seen here with the marker for the lowest byte
 * of the first, and 0 for that of the second. */
static bool is_likely(uint64_t count, uint64_t depth)
{
    bool is_log = depth % 256 == 0 && count >= 256 && count % 256 <= LAST_LOG_MARKER;
    return count > 0 && count < LIKELY_COUNT && depth > 0 && depth <= LIKELY_DEPTH && !is_log;
}

bool import_is_gperftools(const uint8_t *head, size_t size_bytes)
{
    struct words words;
    uint8_t plain[HEAD_BYTES];
    if (whole_is_gzip(head, size_bytes)) {
        size_bytes = whole_inflate_head(head, size_bytes, plain, sizeof(plain));
        head = plain;
    }
    if (gperf_has_text(head, size_bytes)) {
        return true;
    }
    if (!find_words(&words, head, size_bytes) || word_count(&words) < first_record(&words) + 3) {
        return false;
    }
    size_t at = first_record(&words);
    return is_trailer(&words, at) || is_likely(word_at(&words, at), word_at(&words, at + 1));
}

/* ---- records --------------------------------------------------------------------------------------- */

/* Finds the end of the records, which the mapped files stand behind. */
static void find_end(struct gperf *g, bool is_raw)
{
    size_t count = word_count(&g->words);
    g->end = g->at;
    while (count - g->end >= 3 && !is_trailer(&g->words, g->end)) {
        uint64_t depth = word_at(&g->words, g->end + 1);
        if (depth == 0 || depth > count - g->end - 2) {
            return;
        }
        g->end += 2 + (size_t)depth;
    }
    g->has_end =
        count - g->end >= 3 || (is_raw && g->end * g->words.word_bytes == g->words.size_bytes);
}

/* The stack of a record's addresses, the innermost first. 0: there are too many; IMPORT_NO_ID: memory is short. */
static uint32_t stack_of(struct gperf *g, struct import_made *made, size_t first, size_t count)
{
    size_t depth = 0;
    uint32_t stack = 0;
    for (size_t i = count; i-- > 0;) {
        const struct gperf_range *range =
            gperf_frames_at(&g->frames, made, word_at(&g->words, first + i));
        if (!range) {
            return IMPORT_NO_ID;
        }
        depth += range->count;
        if (depth > VMPF_MAX_DEPTH) {
            return 0;
        }
        for (size_t k = 0; k < range->count; k++) {
            const struct gperf_frame *frame = &g->frames.frames[range->first + k];
            stack = import_frame(made, stack, frame->function, 0, frame->kind);
            if (stack == IMPORT_NO_ID) {
                return stack;
            }
        }
    }
    return stack;
}

static bool take_record(struct gperf *g, struct import_made *made)
{
    size_t at = g->at;
    uint64_t count = word_at(&g->words, at);
    size_t depth = (size_t)word_at(&g->words, at + 1);
    uint64_t offset = (uint64_t)(g->words.data - g->input.data) + at * g->words.word_bytes;
    uint64_t most = g->period_ns ? (uint64_t)INT64_MAX / g->period_ns : (uint64_t)INT64_MAX;
    g->at = at + 2 + depth;
    if (count == 0 || count > most) {
        import_damage(made, offset, 1, 0, "a record counts nothing, or too much");
        return true;
    }
    uint32_t stack = stack_of(g, made, at + 2, depth);
    if (stack == IMPORT_NO_ID) {
        return false;
    }
    if (stack == 0) {
        import_damage(made, offset, 1, 0, "a record has too many frames");
        return true;
    }
    const uint64_t values[] = {count, count * g->period_ns};
    import_sample(made, stack, g->thread, 0, values);
    return true;
}

static void say_end(const struct gperf *g, struct import_made *made)
{
    size_t end = g->end * g->words.word_bytes;
    uint64_t offset = (uint64_t)(g->words.data - g->input.data) + end;
    if (!g->has_end) {
        import_damage(made, offset, 0, g->words.size_bytes - end,
                      "it is cut, or a record is broken: no end is behind it");
    } else if (g->input.cut) {
        import_damage(made, g->input.size_bytes, 0, 0, "what is gzip'd is cut, or damaged");
    }
}

static vmpf_status gperf_more(void *ctx, struct import_made *made, struct vmpf_error *err)
{
    struct gperf *g = ctx;
    while (!import_is_full(made)) {
        if (g->at >= g->end) {
            say_end(g, made);
            return VMPF_END;
        }
        if (!take_record(g, made)) {
            return import_fail(err, VMPF_E_NOMEM, "not enough memory");
        }
    }
    return VMPF_OK;
}

static const struct import_ops gperf_ops = {
    .more = gperf_more, .close = gperf_close, .format = "gperftools"};

/* ---- all of it ------------------------------------------------------------------------------------- */

static vmpf_status begin_records(struct gperf *g, struct import_made *made, size_t text_bytes,
                                 struct vmpf_error *err)
{
    static const struct vmpf_thread unknown = {.name = {"", 0}};
    if (!find_words(&g->words, g->input.data + text_bytes, g->input.size_bytes - text_bytes) ||
        first_record(&g->words) > word_count(&g->words)) {
        return import_fail(err, text_bytes ? VMPF_E_CORRUPT : VMPF_E_NOT_VMPROF,
                           "it is no CPU profile of gperftools, or is cut within its header");
    }
    g->at = first_record(&g->words);
    find_end(g, text_bytes > 0);
    bool has_maps = g->has_end && word_count(&g->words) - g->end >= 3;
    size_t maps = (g->end + 3) * g->words.word_bytes;
    uint64_t period_us = word_at(&g->words, 3);
    g->period_ns = text_bytes && period_us == RAW_PERIOD_US ? 0 : period_us * NS_PER_US;
    g->thread = import_thread(made, &unknown);
    bool done =
        g->thread != IMPORT_NO_ID && import_add_value(made, "samples", "count") &&
        (g->period_ns == 0 || import_add_value(made, "cpu", "ns")) &&
        (!has_maps || gperf_read_maps(made, g->words.data + maps, g->words.size_bytes - maps));
    if (done && g->period_ns) {
        import_set_period(made, g->period_ns);
    }
    return done ? VMPF_OK : import_fail(err, VMPF_E_NOMEM, "not enough memory");
}

static vmpf_status begin(struct gperf *g, struct import_made *made, struct vmpf_error *err)
{
    size_t used = 0;
    g->began = true;
    vmpf_status status = whole_input_read(&g->input, &g->source, err);
    if (status == VMPF_OK && gperf_has_text(g->input.data, g->input.size_bytes)) {
        status =
            gperf_read_symbols(&g->frames, made, g->input.data, g->input.size_bytes, &used, err);
    }
    return status == VMPF_OK ? begin_records(g, made, used, err) : status;
}

vmpf_status import_open_gperftools(struct vmpt_feed *feed, struct vmpf_source source,
                                   uint32_t skip_columns, struct vmpf_error *err)
{
    struct gperf *g = calloc(1, sizeof(*g));
    struct import_made *made;
    (void)skip_columns;
    if (!g) {
        vmpf_source_close(&source);
        return import_fail(err, VMPF_E_NOMEM, "not enough memory");
    }
    g->source = source;
    vmpf_status status = import_open(feed, &made, &gperf_ops, g, err);
    if (status != VMPF_OK) {
        return status;
    }
    status = begin(g, made, err);
    if (status != VMPF_OK) {
        feed->ops->close(feed->ctx);
    }
    return status;
}
