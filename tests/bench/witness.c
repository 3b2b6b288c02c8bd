/* witness.c: how witnesses are written; witness_read.c knows them again. */
#include "tests/bench/bench.h"
#include "tests/bench/ring.h"
#include "tests/bench/witness_law.h"

#include <string.h>

static void publish_code(struct vmpf_journal *journal, uint32_t function)
{
    char text[WITNESS_NAME_BYTES + WITNESS_FILE_BYTES];
    const struct vmpf_row_code row = {.code = function + 1,
                                      .first_line = witness_line(function),
                                      .address = 4096 + 64 * (uint64_t)function,
                                      .kind = VMPF_KIND_PY,
                                      .name_size_bytes = WITNESS_NAME_BYTES,
                                      .file_size_bytes = WITNESS_FILE_BYTES};
    const uint32_t words = (sizeof row + sizeof text) / 8;
    uint64_t *payload = bench_ring_begin(journal, words);
    bench_check(payload != NULL, "the ring is too small for the names");
    witness_name(function, text);
    witness_file(function, text + WITNESS_NAME_BYTES);
    memcpy(payload, &row, sizeof row);
    memcpy((uint8_t *)payload + sizeof row, text, sizeof text);
    bench_ring_publish(journal, VMPF_ROW_CODE, payload, words);
}

vmpf_writer *witness_open(struct vmpf_sink sink, uint32_t block_samples, uint32_t epoch_max_nodes,
                          struct vmpf_journal **journal)
{
    const struct vmpf_writer_options options = {
        .size = sizeof options, .block_samples = block_samples, .epoch_max_nodes = epoch_max_nodes};
    const struct vmpf_string values[] = {{.data = "cpu:ns", .size_bytes = 6}};
    vmpf_writer *w;
    bench_check(vmpf_writer_open(&w, sink, &options, NULL) == VMPF_OK &&
                    vmpf_writer_meta_list(w, VMPF_META_VALUES, values, 1, NULL) == VMPF_OK &&
                    vmpf_writer_journal_open(w, WITNESS_RING_BYTES, journal, NULL) == VMPF_OK,
                "the writer cannot be opened");
    for (uint32_t i = 0; i < WITNESS_FUNCTIONS; i++) {
        publish_code(*journal, i);
    }
    return w;
}

bool witness_publish(struct vmpf_journal *journal, uint64_t i)
{
    const struct vmpf_row_sample row = {.time_ns = witness_time_ns(i),
                                        .thread_id = witness_thread(i),
                                        .frame_count = witness_depth(i),
                                        .value_count = 1};
    const uint32_t words = (uint32_t)(sizeof row / 8) + 1 + row.frame_count;
    uint64_t *payload = bench_ring_begin(journal, words);
    if (payload == NULL) {
        return false;
    }
    memcpy(payload, &row, sizeof row);
    payload[sizeof row / 8] = WITNESS_WEIGHT + i;
    uint64_t *frames = payload + sizeof row / 8 + 1;
    for (uint32_t k = row.frame_count; k-- > 0;) {
        const struct vmpf_row_frame frame = {.code = witness_function(i, k) + 1,
                                             .offset = VMPF_NO_OFFSET};
        memcpy(frames++, &frame, sizeof frame);
    }
    bench_ring_publish(journal, VMPF_ROW_SAMPLE, payload, words);
    return true;
}
