#include "tests/fuzz/witness.h"

#include "tests/fuzz/arena.h"
#include "tests/unit/fmt/producer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_WEIGHT 1000u
#define ALL_SAMPLES (2 * WITNESS_SAMPLES) /* of both sessions */
#define CAPACITY ((size_t)65536)

/* ---- what sample i is ------------------------------------------------------------------------------ */

static uint64_t weight_of(uint32_t i)
{
    return FIRST_WEIGHT + 17 * (uint64_t)i;
}

static uint64_t time_of(uint32_t i)
{
    return 5 + 1000003 * (uint64_t)i;
}

static uint32_t thread_of(uint32_t i)
{
    return 100 + i % 3;
}

static struct vmpf_string name_of(uint32_t i, char *buffer, size_t size)
{
    (void)snprintf(buffer, size, "w%llu", (unsigned long long)weight_of(i));
    return (struct vmpf_string){.data = buffer, .size_bytes = strlen(buffer)};
}

/* ---- writing --------------------------------------------------------------------------------------- */

static uint32_t add_frame(vmpf_writer *w, uint32_t parent, struct vmpf_string name)
{
    const struct vmpf_function function = {
        .name = name, .file = name, .first_line = 3, .kind = VMPF_KIND_PY};
    uint32_t id;
    FUZZ_MUST(vmpf_writer_function(w, &function, &id, NULL) == VMPF_OK);
    FUZZ_MUST(vmpf_writer_location(w, id, 4, &id, NULL) == VMPF_OK);
    FUZZ_MUST(vmpf_writer_stack(w, parent, id, &id, NULL) == VMPF_OK);
    return id;
}

static void write_sample(vmpf_writer *w, uint32_t i)
{
    char text[32];
    const struct vmpf_string root = {.data = "main", .size_bytes = 4};
    const struct vmpf_thread thread = {.process_id = 1, .thread_id = thread_of(i)};
    struct vmpf_sample sample = {.time_ns = time_of(i), .values = {weight_of(i)}};
    sample.stack = add_frame(w, add_frame(w, 0, root), name_of(i, text, sizeof text));
    FUZZ_MUST(vmpf_writer_thread(w, &thread, &sample.thread, NULL) == VMPF_OK);
    FUZZ_MUST(vmpf_writer_sample(w, &sample, NULL) == VMPF_OK);
}

static void produce(struct vmpf_journal *journal, uint32_t i)
{
    char text[32];
    const uint32_t frames[] = {i + 2, 1};
    (void)name_of(i, text, sizeof text);
    FUZZ_MUST(
        produce_code(journal, i + 2, text, text, 4, 0) &&
        produce_sample(journal, time_of(i), thread_of(i), weight_of(i), frames, 2, PUBLISH_WHOLE));
}

static void write_journal(vmpf_writer *w, uint32_t first)
{
    struct vmpf_journal *journal;
    FUZZ_MUST(vmpf_writer_journal_open(w, CAPACITY, &journal, NULL) == VMPF_OK);
    FUZZ_MUST(produce_code(journal, 1, "main", "main", 3, 0));
    for (uint32_t i = 0; i < WITNESS_SAMPLES; i++) {
        if (i == WITNESS_SAMPLES / 2) {
            FUZZ_MUST(vmpf_writer_drain(w, NULL) == VMPF_OK);
            FUZZ_MUST(vmpf_writer_flush(w, NULL) == VMPF_OK);
        }
        produce(journal, first + i);
    }
    vmpf_writer_abandon(w);
}

static void write_session(uint32_t first, bool journal, uint32_t epoch_max_nodes,
                          struct fuzz_bytes *out)
{
    static struct arena arena;
    static const struct vmpf_string values[] = {{.data = "cpu:ns", .size_bytes = 6}};
    const struct vmpf_writer_options options = {.size = sizeof options,
                                                .session_id = UINT64_C(0x5EED0000) + first,
                                                .block_samples = 8,
                                                .epoch_max_nodes = epoch_max_nodes};
    vmpf_writer *w;
    FUZZ_MUST(vmpf_writer_open(&w, arena_sink(&arena), &options, NULL) == VMPF_OK);
    FUZZ_MUST(vmpf_writer_meta_list(w, VMPF_META_VALUES, values, 1, NULL) == VMPF_OK);
    if (journal) {
        write_journal(w, first);
    } else {
        for (uint32_t i = 0; i < WITNESS_SAMPLES; i++) {
            write_sample(w, first + i);
        }
        FUZZ_MUST(vmpf_writer_close(w, time_of(first + WITNESS_SAMPLES), NULL) == VMPF_OK);
    }
    fuzz_bytes_append(out, arena.data, arena.size_bytes);
}

void witness_make(enum witness_kind kind, struct fuzz_bytes *out)
{
    bool journal = kind == WITNESS_JOURNAL || kind == WITNESS_MIXED;
    write_session(0, journal, kind == WITNESS_EPOCHS ? 20 : 0, out);
    if (kind == WITNESS_JOINED || kind == WITNESS_MIXED) {
        write_session(WITNESS_SAMPLES, false, 0, out);
    }
}

bool witness_is_finished(enum witness_kind kind)
{
    return kind != WITNESS_JOURNAL && kind != WITNESS_MIXED;
}

/* ---- reading --------------------------------------------------------------------------------------- */

struct check {
    vmpf_reader *r;
    bool lost_names; /* in the sessions so far */
    bool partial;    /* a session ended without one of its samples */
    size_t session;  /* whose samples are in seen */
    uint32_t count;  /* of them */
    uint32_t first;  /* 0 or WITNESS_SAMPLES: which session of the witness it is */
    bool seen[ALL_SAMPLES];
};

static bool is_text(struct vmpf_string text, const char *want)
{
    return text.size_bytes == strlen(want) && memcmp(text.data, want, text.size_bytes) == 0;
}

static bool is_lost(struct vmpf_string text)
{
    return is_text(text, "<lost>");
}

/* The stack has this sample's own frame on a common root, or says that it does not know. */
static void check_stack(struct check *c, uint32_t node, uint32_t i)
{
    char text[32];
    const struct vmpf_stack leaf = vmpf_reader_stack(c->r, node);
    const struct vmpf_location location = vmpf_reader_location(c->r, leaf.location);
    const struct vmpf_function function = vmpf_reader_function(c->r, location.function);
    (void)name_of(i, text, sizeof text);
    FUZZ_MUST(is_lost(function.name) || is_text(function.name, text));
    FUZZ_MUST(is_lost(function.name) || is_lost(function.file) || is_text(function.file, text));
    const struct vmpf_stack root = vmpf_reader_stack(c->r, leaf.parent);
    const struct vmpf_function main_function =
        vmpf_reader_function(c->r, vmpf_reader_location(c->r, root.location).function);
    FUZZ_MUST(is_lost(function.name) || is_lost(main_function.name) ||
              is_text(main_function.name, "main"));
    FUZZ_MUST(leaf.parent == 0 || root.parent == 0);
    c->lost_names = c->lost_names || is_lost(function.name) || is_lost(function.file) ||
                    is_lost(main_function.name);
}

static void end_session(struct check *c, size_t next)
{
    c->partial = c->partial || c->count != WITNESS_SAMPLES;
    memset(c->seen, 0, sizeof c->seen);
    c->count = 0;
    c->session = next;
}

static void check_sample(struct check *c, const struct vmpf_block *block, size_t at)
{
    uint64_t weight = block->values[0][at];
    uint32_t i = (uint32_t)((weight - FIRST_WEIGHT) / 17);
    FUZZ_MUST(weight >= FIRST_WEIGHT && i < ALL_SAMPLES && weight_of(i) == weight);
    FUZZ_MUST(block->time_ns[at] == time_of(i) && block->flags[at] == 0);
    const struct vmpf_thread thread = vmpf_reader_thread(c->r, block->thread[at]);
    FUZZ_MUST(is_lost(thread.name) || thread.thread_id == thread_of(i));
    c->lost_names = c->lost_names || is_lost(thread.name);
    check_stack(c, block->stack[at], i);
    FUZZ_MUST(!c->seen[i]);
    FUZZ_MUST(c->count == 0 || c->first == i / WITNESS_SAMPLES);
    c->first = i / WITNESS_SAMPLES;
    c->seen[i] = true;
    c->count++;
}

static void check_blocks(struct check *c)
{
    struct vmpf_block block;
    vmpf_status status = vmpf_reader_next(c->r, &block, NULL);
    while (status == VMPF_OK) {
        if (vmpf_reader_session(c->r) != c->session) {
            end_session(c, vmpf_reader_session(c->r));
        }
        for (size_t i = 0; i < block.count; i++) {
            check_sample(c, &block, i);
        }
        status = vmpf_reader_next(c->r, &block, NULL);
    }
    end_session(c, 0);
    FUZZ_MUST(status == VMPF_END);
}

bool witness_check(const void *data, size_t size_bytes, bool *whole)
{
    struct vmpf_source source;
    struct check c = {0};
    FUZZ_MUST(vmpf_source_open_memory(&source, data, size_bytes, NULL) == VMPF_OK);
    if (vmpf_reader_open(&c.r, source, NULL, NULL) != VMPF_OK) {
        return false;
    }
    check_blocks(&c);
    *whole = !vmpf_reader_damage(c.r)->damaged;
    FUZZ_MUST(!*whole || (!c.partial && !c.lost_names));
    for (size_t i = 0; *whole && i < vmpf_reader_session_count(c.r); i++) {
        FUZZ_MUST(vmpf_reader_info(c.r, i)->finished);
        FUZZ_MUST(vmpf_reader_info(c.r, i)->samples == WITNESS_SAMPLES);
    }
    vmpf_reader_close(c.r);
    return true;
}
