/* fixture.h: what the library's tests share: cmocka in its order, and a profile of known content. */
#ifndef VMPROF_TESTS_UNIT_FMT_FIXTURE_H
#define VMPROF_TESTS_UNIT_FMT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <vmprof/vmpf.h>

#define TEXT(literal) ((struct vmpf_string){.data = (literal), .size_bytes = sizeof(literal) - 1})

/* What a reading of a whole input gives. */
struct reading {
    vmpf_status status; /* VMPF_OK: read to the end */
    uint64_t samples;
    uint64_t weight;     /* sum of value 0 */
    uint64_t lost_names; /* samples whose leaf is <lost> */
    struct vmpf_damage damage;
    struct vmpf_error error;
    size_t sessions;
    uint64_t lost_samples; /* of the first session's info */
    char leaf[64];         /* name of the last sample's innermost function */
    uint32_t leaf_line;
    uint32_t depth;  /* of the last sample */
    uint64_t digest; /* of every sample: names, files, lines, thread, time, value */
};

/* A new file that has no name, for reading and writing. The caller closes it. */
int unnamed_file(void);

struct reading read_all(const void *data, size_t size_bytes);

/* Options with fixed ids, so that the bytes are the same in every run. */
struct vmpf_writer_options fixed_options(uint32_t block_samples);
/* Writes sample_count samples of a few stacks and threads to w; sample i weighs 1000 + i. */
void write_samples(vmpf_writer *w, uint64_t sample_count);
/* A finished profile in memory; the caller frees *data. */
void make_profile(uint64_t sample_count, uint32_t block_samples, uint8_t **data,
                  size_t *size_bytes);
uint64_t weight_of(uint64_t sample_count);

#endif
