#include "tests/fault/recording.h"

#include "tests/unit/fmt/producer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_WEIGHT 1000u
#define BLOCK_SAMPLES 16u
#define DRAIN_EVERY 10u

static uint64_t time_of(uint64_t i)
{
    return 3 + 7 * i;
}

static uint32_t thread_of(uint64_t i)
{
    return (uint32_t)(5 + i % 3);
}

static size_t name_of(uint64_t i, char *buffer, size_t size)
{
    (void)snprintf(buffer, size, "sample-%llu", (unsigned long long)i);
    return strlen(buffer);
}

/* ---- recording ------------------------------------------------------------------------------------- */

static vmpf_status add_frame(vmpf_writer *w, const char *name, size_t size, uint32_t *stack)
{
    const struct vmpf_module module = {.path = {.data = name, .size_bytes = size}};
    struct vmpf_function function = {.name = {.data = name, .size_bytes = size},
                                     .file = TEXT("prog.py"),
                                     .first_line = 3,
                                     .kind = VMPF_KIND_PY};
    uint32_t id;
    vmpf_status status = vmpf_writer_module(w, &module, &function.module, NULL);
    status = status == VMPF_OK ? vmpf_writer_function(w, &function, &id, NULL) : status;
    status = status == VMPF_OK ? vmpf_writer_location(w, id, 4, &id, NULL) : status;
    return status == VMPF_OK ? vmpf_writer_stack(w, *stack, id, stack, NULL) : status;
}

static vmpf_status record_call(vmpf_writer *w, uint64_t i)
{
    char name[32];
    const struct vmpf_thread thread = {.thread_id = thread_of(i), .name = TEXT("thread")};
    struct vmpf_sample sample = {.time_ns = time_of(i), .values = {FIRST_WEIGHT + i}};
    vmpf_status status = add_frame(w, "main", 4, &sample.stack);
    status = status == VMPF_OK ? add_frame(w, name, name_of(i, name, sizeof name), &sample.stack)
                               : status;
    status = status == VMPF_OK ? vmpf_writer_thread(w, &thread, &sample.thread, NULL) : status;
    status = status == VMPF_OK
                 ? vmpf_writer_label(w, 0, TEXT("request"), TEXT(""), i, &sample.label, NULL)
                 : status;
    return status == VMPF_OK ? vmpf_writer_sample(w, &sample, NULL) : status;
}

static void keep_first(struct outcome *out, vmpf_status status)
{
    out->first = out->first == VMPF_OK ? status : out->first;
}

static void record_calls(vmpf_writer *w, struct outcome *out)
{
    for (uint64_t i = 0; i < RECORDED_SAMPLES; i++) {
        vmpf_status status = record_call(w, i);
        keep_first(out, status);
        out->offered++;
        out->accepted += status == VMPF_OK ? 1 : 0;
    }
}

static void record_journal(vmpf_writer *w, bool busy, struct outcome *out)
{
    struct vmpf_journal *journal;
    struct vmpf_writer_stats stats;
    vmpf_status status = vmpf_writer_journal_open(w, 65536, &journal, NULL);
    keep_first(out, status);
    if (status != VMPF_OK) {
        return;
    }
    vmpf_writer_stats(w, &stats);
    out->mapped = stats.journal_mapped;
    (void)produce_code(journal, 1, "main", "prog.py", 3, 0x1000);
    for (uint32_t i = 0; i < RECORDED_SAMPLES; i++) {
        char name[32];
        const uint32_t frames[] = {i + 2, 1};
        (void)name_of(i, name, sizeof name);
        assert_true(produce_code(journal, i + 2, name, "prog.py", 4, 0x2000 + i));
        assert_true(produce_sample(journal, time_of(i), thread_of(i), FIRST_WEIGHT + i, frames, 2,
                                   PUBLISH_WHOLE));
        out->offered++;
        out->accepted++;
        if (i % DRAIN_EVERY == 0) {
            keep_first(out, vmpf_writer_drain(w, NULL));
            keep_first(out, busy ? vmpf_writer_flush(w, NULL) : VMPF_OK);
        }
    }
}

struct outcome record(struct vmpf_sink sink, enum recording_kind kind, uint64_t session_id)
{
    struct outcome out = {.closed = VMPF_E_NOMEM};
    const struct vmpf_string values[] = {TEXT("cpu:ns")};
    struct vmpf_writer_options options = fixed_options(BLOCK_SAMPLES);
    bool epochs = kind == RECORD_CALLS_EPOCHS || kind == RECORD_JOURNAL_BUSY;
    vmpf_writer *w;
    options.session_id = session_id;
    options.epoch_max_nodes = epochs ? 12 : 0;
    out.first = vmpf_writer_open(&w, sink, &options, NULL);
    if (out.first != VMPF_OK) {
        return out;
    }
    out.opened = true;
    /* Without it the samples have no value that could name them: nothing is recorded then. */
    out.first = vmpf_writer_meta_list(w, VMPF_META_VALUES, values, 1, NULL);
    if (out.first == VMPF_OK && (kind == RECORD_CALLS || kind == RECORD_CALLS_EPOCHS)) {
        record_calls(w, &out);
    } else if (out.first == VMPF_OK) {
        record_journal(w, kind == RECORD_JOURNAL_BUSY, &out);
    }
    out.closed = vmpf_writer_close(w, time_of(RECORDED_SAMPLES), NULL);
    return out;
}

/* ---- reading --------------------------------------------------------------------------------------- */

static bool is_text(struct vmpf_string text, const char *want)
{
    return text.size_bytes == strlen(want) && memcmp(text.data, want, text.size_bytes) == 0;
}

static struct vmpf_function function_at(const vmpf_reader *r, uint32_t node)
{
    return vmpf_reader_function(
        r, vmpf_reader_location(r, vmpf_reader_stack(r, node).location).function);
}

static struct vmpf_string name_at(const vmpf_reader *r, uint32_t node)
{
    return function_at(r, node).name;
}

/* Calls give each sample a label and each function a module of its name; rows of a journal, whose functions have an
 * address, have neither. */
static void check_extras(const vmpf_reader *r, const struct vmpf_block *block, size_t at,
                         uint64_t i, bool names)
{
    const struct vmpf_function leaf = function_at(r, block->stack[at]);
    const struct vmpf_label label = vmpf_reader_label(r, block->label[at]);
    const struct vmpf_module module = vmpf_reader_module(r, leaf.module);
    bool known = block->label[at] != 0 && !is_text(label.key, "<lost>");
    assert_true(!known || (is_text(label.key, "request") && label.number == i));
    if (names) {
        assert_true(known == (leaf.address == 0));
        assert_true((leaf.module != 0) == known);
        assert_true(!known ||
                    (module.path.size_bytes == leaf.name.size_bytes &&
                     memcmp(module.path.data, leaf.name.data, leaf.name.size_bytes) == 0));
    }
}

static void check_sample(const vmpf_reader *r, const struct vmpf_block *block, size_t at,
                         bool names)
{
    char want[32];
    uint64_t i = block->values[0][at] - FIRST_WEIGHT;
    assert_in_range(i, 0, RECORDED_SAMPLES - 1);
    assert_int_equal(block->time_ns[at], time_of(i));
    const struct vmpf_thread thread = vmpf_reader_thread(r, block->thread[at]);
    const struct vmpf_string leaf = name_at(r, block->stack[at]);
    (void)name_of(i, want, sizeof want);
    assert_true(is_text(leaf, want) || (!names && is_text(leaf, "<lost>")));
    assert_true(thread.thread_id == thread_of(i) || (!names && is_text(thread.name, "<lost>")));
    check_extras(r, block, at, i, names);
    if (names) {
        uint32_t root = vmpf_reader_stack(r, block->stack[at]).parent;
        assert_true(is_text(name_at(r, root), "main"));
        assert_int_equal(vmpf_reader_stack(r, root).parent, 0);
    }
}

static void check_block(const vmpf_reader *r, const struct vmpf_block *block, bool names,
                        bool *seen)
{
    for (size_t at = 0; at < block->count; at++) {
        check_sample(r, block, at, names);
        bool *mine = &seen[block->values[0][at] - FIRST_WEIGHT];
        assert_false(*mine);
        *mine = true;
    }
}

struct remains check_remains(struct vmpf_source source, bool names)
{
    struct remains out = {.samples = 0};
    bool seen[RECORDED_SAMPLES] = {false};
    struct vmpf_block block;
    vmpf_reader *r = NULL;
    size_t session = 0;
    out.status = vmpf_reader_open(&r, source, NULL, NULL);
    while (out.status == VMPF_OK) {
        out.status = vmpf_reader_next(r, &block, NULL);
        if (out.status == VMPF_OK) {
            if (vmpf_reader_session(r) != session) {
                session = vmpf_reader_session(r);
                memset(seen, 0, sizeof seen);
            }
            check_block(r, &block, names, seen);
            out.samples += block.count;
        }
    }
    if (r != NULL) {
        out.damage = *vmpf_reader_damage(r);
    }
    out.status = out.status == VMPF_END ? VMPF_OK : out.status;
    vmpf_reader_close(r);
    return out;
}

struct remains check_remains_memory(const void *data, size_t size_bytes, bool names)
{
    struct vmpf_source source;
    vmpf_status status = vmpf_source_open_memory(&source, data, size_bytes, NULL);
    return status == VMPF_OK ? check_remains(source, names) : (struct remains){.status = status};
}
