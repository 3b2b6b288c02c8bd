#include "libvmprof_fmt/src/legacy/log_frames.h"

#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/legacy/log_number.h"

#define OPENS 2u /* what the JIT inlined, in version 0 */
#define CLOSES 3u
#define FULL 1019u
#define FULL_OF_LINES 1018u
#define FULL_OF_PAIRS 1020u

/* The words of a stack. */
struct words {
    const uint8_t *data;
    size_t count, address_bytes;
};

static uint64_t word_at(const struct words *words, size_t i)
{
    return vmpfi_log_number(words->data + i * words->address_bytes, words->address_bytes);
}

bool vmpfi_log_is_truncated(const struct vmpfi_log_layout *layout,
                            const struct vmpfi_log_record *record)
{
    size_t full = layout->pairs ? FULL_OF_PAIRS : layout->lines ? FULL_OF_LINES : FULL;
    return layout->address_bytes == 8 && record->word_count >= full;
}

/* There is room. */
static void put(struct vmpfi_log_frames *out, struct vmpfi_log_frame frame)
{
    out->frames[out->count++] = frame;
}

static void put_id(struct vmpfi_log_frames *out, vmpf_kind kind, uint64_t id, uint32_t run)
{
    put(out, (struct vmpfi_log_frame){.id = id, .kind = kind, .run = run, .may_have_name = true});
}

/* ---- pairs of kind and value, [L-4-4] ---------------------------------------------------------------- */

enum pair_kind { PAIR_JITTED = 3, PAIR_ASSEMBLER = 6, PAIR_KINDS = 8 };

static const struct {
    vmpf_kind kind;
    const char *without_name; /* such a value may be 0 [L-5-1], but for the assembler's */
} pair_kinds[PAIR_KINDS] = {
    [1] = {VMPF_KIND_PY, NULL},
    [2] = {VMPF_KIND_JIT_INTERNAL, "<blackhole>"},
    [PAIR_JITTED] = {VMPF_KIND_JIT, NULL},
    [4] = {VMPF_KIND_JIT_INTERNAL, "<tracing>"},
    [5] = {VMPF_KIND_GC, "<gc>"},
    [PAIR_ASSEMBLER] = {VMPF_KIND_JIT_INTERNAL, "<assembler>"},
    [7] = {VMPF_KIND_NATIVE, NULL},
};

static void take_pairs(struct vmpfi_log_frames *out, const struct words *words)
{
    uint32_t run = 1;
    for (size_t i = 0; i + 1 < words->count; i += 2) {
        uint64_t which = word_at(words, i) % PAIR_KINDS; /* 1 to 7: the record stands */
        uint64_t id = word_at(words, i + 1);
        const char *name = pair_kinds[which].without_name;
        bool may_be_0 = name != NULL && which != PAIR_ASSEMBLER;
        run += which != PAIR_JITTED;
        if (id != 0 || may_be_0) {
            put(out, (struct vmpfi_log_frame){.id = id,
                                              .run = which == PAIR_JITTED ? run : 0,
                                              .kind = pair_kinds[which].kind,
                                              .may_have_name = which != PAIR_ASSEMBLER,
                                              .without_name = name});
        }
    }
}

/* ---- ids, with lines or without ---------------------------------------------------------------------- */

static void take_id(struct vmpfi_log_frames *out, uint64_t id, uint64_t line)
{
    if (id != 0) { /* [L-5-1], [L-5-2], [L-5-7] */
        put(out, (struct vmpfi_log_frame){.id = id,
                                          .line = line <= UINT32_MAX ? (uint32_t)line : 0,
                                          .kind = id % 2 != 0 ? VMPF_KIND_NATIVE : VMPF_KIND_PY,
                                          .may_have_name = true});
    }
}

static void take_lines(struct vmpfi_log_frames *out, const struct words *words)
{
    for (size_t i = 0; i + 1 < words->count; i += 2) {
        take_id(out, word_at(words, i + 1), word_at(words, i));
    }
}

static void take_ids(struct vmpfi_log_frames *out, const struct words *words)
{
    for (size_t i = 0; i < words->count; i++) {
        take_id(out, word_at(words, i), 0);
    }
}

/* ---- program counters -------------------------------------------------------------------------------- */

struct counters {
    const struct words *words;
    const struct vmpfi_log_names *code;
    bool pypy;
    bool open; /* behind a 2 that no 3 has closed yet */
    uint32_t run;
};

/* [L-5-3] */
static bool is_virtual(const struct counters *c, uint64_t word)
{
    uint64_t highest = word >> 56;
    return (c->words->address_bytes == 8 && (highest == 0x70 || highest == 0x77)) ||
           vmpfi_log_names_has(c->code, word) ||
           (c->pypy && vmpfi_log_names_has(c->code, word - 1));
}

/* [L-5-4]: how many words at the leaf are passed over. */
static size_t first_word(const struct counters *c)
{
    if (c->words->count < 2 || word_at(c->words, 0) != word_at(c->words, 1)) {
        return 0;
    }
    uint64_t word = word_at(c->words, 0);
    bool native = word != 0 && !is_virtual(c, word) && !(c->pypy && word == OPENS);
    return native ? 1 : 0;
}

static void take_native(struct vmpfi_log_frames *out, const struct counters *c, size_t i)
{
    const struct words *words = c->words;
    bool trace = c->pypy && i + 1 < words->count && word_at(words, i + 1) == OPENS;
    if (!trace) {
        put_id(out, VMPF_KIND_NATIVE, word_at(words, i), 0);
        return;
    }
    put(out, (struct vmpfi_log_frame){.id = word_at(words, i),
                                      .kind = VMPF_KIND_JIT_INTERNAL,
                                      .without_name = pair_kinds[PAIR_ASSEMBLER].without_name});
}

/* [L-5-5] */
static void take_counter(struct vmpfi_log_frames *out, struct counters *c, size_t i)
{
    uint64_t word = word_at(c->words, i);
    if (c->pypy && word == OPENS) {
        c->run += !c->open;
        c->open = true;
    } else if (c->pypy && c->open && word == CLOSES) {
        c->open = false;
    } else if (word == 0) {
        return;
    } else if (c->open) {
        put_id(out, VMPF_KIND_JIT, word, c->run);
    } else if (!is_virtual(c, word)) {
        take_native(out, c, i);
    } else if (c->pypy && word % 2 == 0) {
        put_id(out, VMPF_KIND_JIT, word, 0);
    } else {
        put_id(out, VMPF_KIND_PY, c->pypy ? word - 1 : word, 0);
    }
}

/* ---- all --------------------------------------------------------------------------------------------- */

/* [L-5-6]: a frame that the JIT took over stands once more outside of its run. */
static void join(struct vmpfi_log_frames *out)
{
    const struct vmpfi_log_frame none = {.run = 0};
    struct vmpfi_log_frame inner = none; /* the last of kind py or jit */
    size_t kept = 0;
    for (size_t i = 0; i < out->count; i++) {
        const struct vmpfi_log_frame frame = out->frames[i];
        bool same = false;
        if (frame.kind == VMPF_KIND_PY || frame.kind == VMPF_KIND_JIT) {
            same = inner.run != 0 && inner.run != frame.run && inner.id == frame.id;
            inner = frame;
        }
        if (!same) {
            out->frames[kept++] = frame;
        }
    }
    out->count = kept;
}

vmpf_status vmpfi_log_frames_of(struct vmpfi_log_frames *out, const struct vmpfi_log_layout *layout,
                                const struct vmpfi_log_record *record,
                                const struct vmpfi_log_names *code)
{
    const struct words words = {
        .data = record->words, .count = record->word_count, .address_bytes = layout->address_bytes};
    void *array = out->frames;
    bool grown = vmpfi_grow(&array, &out->capacity, record->word_count, sizeof *out->frames);
    out->frames = array;
    out->count = 0;
    if (!grown) {
        return VMPF_E_NOMEM;
    }
    if (vmpfi_log_has_counters(layout)) {
        struct counters c = {.words = &words, .code = code, .pypy = layout->pypy};
        for (size_t i = first_word(&c); i < words.count; i++) {
            take_counter(out, &c, i);
        }
    } else if (layout->pairs) {
        take_pairs(out, &words);
    } else if (layout->lines) {
        take_lines(out, &words);
    } else {
        take_ids(out, &words);
    }
    if (layout->pairs || vmpfi_log_has_counters(layout)) {
        join(out);
    }
    return VMPF_OK;
}
