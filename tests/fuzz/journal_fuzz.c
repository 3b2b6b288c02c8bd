/* journal_fuzz.c: any bytes in a journal's ring are read to its end, without a crash; and whether the writer drains
 * them or a reader salvages them behind its death, the samples are the same.
 *
 * Input: one byte of options, then the ring. With bit 0 of the options the rows get sound checks, which a fuzzer
 * cannot guess; with bit 1 the ring begins near its end, so that rows meet the wrap; with bit 2 the journal's
 * positions are damaged. */
#include "tests/fuzz/arena.h"
#include "tests/fuzz/fuzz_profile.h"

#include <string.h>
#include <vmprof/vmpf_journal.h>

#define CAPACITY ((size_t)65536)
#define SESSION_ID UINT64_C(0x0123456789ABCDEF)

static struct arena arena;
static struct arena killed;

static uint8_t *ring_of(struct vmpf_journal *journal)
{
    return (uint8_t *)journal + sizeof *journal;
}

/* The ring's words [begin, end) look like rows, one behind the other: each committed one gets the check that it
 * would have. */
static void make_checks(struct vmpf_journal *journal, uint64_t begin, uint64_t end)
{
    uint64_t words[CAPACITY / 8];
    memcpy(words, ring_of(journal), CAPACITY);
    for (uint64_t at = begin; at < end;) {
        uint64_t *row = &words[at % CAPACITY / 8];
        uint64_t count = *row & VMPF_ROW_MAX_WORDS;
        uint32_t kind = (uint32_t)(*row >> 24) & 0xFF;
        if (count == 0 || count > (end - at) / 8 || count > (CAPACITY - at % CAPACITY) / 8) {
            at += 8;
            continue;
        }
        if ((*row & VMPF_ROW_COMMITTED) != 0) {
            uint32_t payload_words = kind == VMPF_ROW_PAD ? 0 : (uint32_t)count - 1;
            uint64_t check = vmpf_row_check(SESSION_ID, at, kind, row + 1, payload_words);
            *row = vmpf_row_header(kind, (uint32_t)count, check, VMPF_ROW_COMMITTED);
        }
        at += count * 8;
    }
    memcpy(ring_of(journal), words, CAPACITY);
}

/* Rows to nowhere, drained: the next one begins short of the ring's end. */
static void go_near_the_end(vmpf_writer *w, struct vmpf_journal *journal)
{
    uint64_t bytes = CAPACITY - 64;
    uint64_t check = vmpf_row_check(SESSION_ID, 0, VMPF_ROW_PAD, NULL, 0);
    uint64_t row = vmpf_row_header(VMPF_ROW_PAD, (uint32_t)(bytes / 8), check, VMPF_ROW_COMMITTED);
    memcpy(ring_of(journal), &row, sizeof row);
    atomic_store(&journal->head, bytes);
    FUZZ_MUST(vmpf_writer_drain(w, NULL) == VMPF_OK);
    FUZZ_MUST(atomic_load(&journal->tail) == bytes);
}

static void fill_ring(struct vmpf_journal *journal, bool checks, const uint8_t *data, size_t size)
{
    uint64_t begin = atomic_load(&journal->tail);
    size = size < CAPACITY ? size / 8 * 8 : CAPACITY;
    for (size_t i = 0; i < size; i++) {
        ring_of(journal)[(begin + i) % CAPACITY] = data[i];
    }
    atomic_store(&journal->head, begin + size);
    if (checks) {
        make_checks(journal, begin, begin + size);
    }
}

static void read_copy(struct fuzz_profile *out, const struct arena *from)
{
    /* A ring has no room for so much that it would not be read. */
    FUZZ_MUST(fuzz_profile_read(out, from->data, from->size_bytes));
    FUZZ_MUST(out->status == VMPF_END && out->session_count == 1);
    FUZZ_MUST(vmpf_reader_info(out->r, 0)->samples == out->sample_count);
}

/* The rest is the same code; what is only the writer's, and only the reader's, must not make a difference. */
static void compare(const struct fuzz_profile *drained, const struct fuzz_profile *salvaged)
{
    FUZZ_MUST(!vmpf_reader_damage(drained->r)->damaged);
    FUZZ_MUST(vmpf_reader_damage(salvaged->r)->unfinished);
    FUZZ_MUST(drained->sample_count == salvaged->sample_count);
    FUZZ_MUST(drained->sample_count == 0 ||
              memcmp(drained->samples, salvaged->samples,
                     drained->sample_count * sizeof *drained->samples) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct vmpf_string values[] = {{.data = "cpu:ns", .size_bytes = 6}};
    const struct vmpf_writer_options options = {.size = sizeof options, .session_id = SESSION_ID};
    struct fuzz_profile drained = {0};
    struct fuzz_profile salvaged = {0};
    struct vmpf_journal *journal;
    vmpf_writer *w;
    if (size == 0) {
        return 0;
    }
    FUZZ_MUST(vmpf_writer_open(&w, arena_sink(&arena), &options, NULL) == VMPF_OK);
    FUZZ_MUST(vmpf_writer_meta_list(w, VMPF_META_VALUES, values, 1, NULL) == VMPF_OK);
    /* The process that THREAD rows of the seeds name: theirs are then the names of the samples' threads. */
    FUZZ_MUST(vmpf_writer_meta_integer(w, VMPF_META_PROCESS_ID, 7, NULL) == VMPF_OK);
    FUZZ_MUST(vmpf_writer_journal_open(w, CAPACITY, &journal, NULL) == VMPF_OK);
    if ((data[0] & 2) != 0) {
        go_near_the_end(w, journal);
    }
    fill_ring(journal, (data[0] & 1) != 0, data + 1, size - 1);
    killed = arena;
    if ((data[0] & 4) != 0) {
        size_t at = (size_t)((uint8_t *)journal - arena.data);
        memcpy(killed.data + at + 64, data + size - (size < 8 ? size : 8), size < 8 ? size : 8);
    }
    read_copy(&salvaged, &killed);
    FUZZ_MUST(vmpf_writer_close(w, 1, NULL) == VMPF_OK);
    read_copy(&drained, &arena);
    if ((data[0] & 4) == 0) {
        compare(&drained, &salvaged);
    }
    fuzz_profile_free(&drained);
    fuzz_profile_free(&salvaged);
    return 0;
}
