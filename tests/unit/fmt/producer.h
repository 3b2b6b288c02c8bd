/* producer.h: a producer of journal rows for the tests: one thread, no signals. It follows the spec's section 7.3,
 * not the sampler's code. */
#ifndef VMPROF_TESTS_UNIT_FMT_PRODUCER_H
#define VMPROF_TESTS_UNIT_FMT_PRODUCER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vmprof/vmpf_journal.h>

enum publish {
    PUBLISH_WHOLE,
    PUBLISH_RESERVED, /* dies behind the store of the header that is not committed */
    PUBLISH_NOTHING,  /* dies behind the reservation */
};

/* Publishes a row with this payload (a multiple of 8 bytes). false: it did not fit. */
bool produce_row(struct vmpf_journal *journal, uint32_t kind, const void *payload,
                 size_t payload_bytes, enum publish how);
bool produce_code(struct vmpf_journal *journal, uint32_t number, const char *name, const char *file,
                  uint32_t first_line, uint64_t address);
/* frame_count code numbers, leaf first, without offsets; one value. */
bool produce_sample(struct vmpf_journal *journal, uint64_t time_ns, uint32_t thread_id,
                    uint64_t weight, const uint32_t *codes, uint32_t frame_count, enum publish how);

#endif
