/* fuzz_profile.h: what the fuzz targets share: all that a reader gives of an input, as values that can be
 * compared, and a copy of it that the writer makes. */
#ifndef VMPROF_TESTS_FUZZ_FUZZ_PROFILE_H
#define VMPROF_TESTS_FUZZ_FUZZ_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vmprof/vmpf.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A finding: ends the process, and says where. */
#define FUZZ_MUST(holds) ((holds) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #holds))
_Noreturn void fuzz_fail(const char *file, int line, const char *what);

/* Bytes that grow. Zero-initialised it is empty. */
struct fuzz_bytes {
    uint8_t *data;
    size_t size_bytes, capacity_bytes;
};
void fuzz_bytes_append(struct fuzz_bytes *bytes, const void *data, size_t size_bytes);
void fuzz_bytes_free(struct fuzz_bytes *bytes);

/* One sample, without ids: equal samples are equal bytes. */
struct fuzz_sample {
    uint64_t stack; /* digest of all frames: names, files, lines, kinds, modules */
    uint64_t label; /* digest of its label set */
    uint64_t process_id, thread_id;
    uint64_t thread_name; /* digest; the last name that the thread has in the session */
    uint64_t time_ns;
    uint64_t flags;
    uint64_t values[VMPF_MAX_VALUES];
};

struct fuzz_session {
    uint64_t start_unix_ns, end_ns, samples, lost_samples;
    uint64_t metadata; /* digest of keys and values; of the value types where there are samples */
};

/* Where sample i came from, for the copy. */
struct fuzz_origin {
    uint32_t session, stack, thread, label;
};

struct fuzz_profile {
    vmpf_reader *r;
    vmpf_status status; /* VMPF_END: read to its end */
    struct fuzz_sample *samples;
    struct fuzz_origin *origins;
    size_t sample_count, sample_capacity;
    struct fuzz_session *sessions;
    size_t session_count;
};

/* Reads data. false: it is refused, or so large that its copy would take a fuzzer's time; *out is empty then. */
bool fuzz_profile_read(struct fuzz_profile *out, const void *data, size_t size_bytes);
void fuzz_profile_free(struct fuzz_profile *profile);
bool fuzz_profile_equal(const struct fuzz_profile *a, const struct fuzz_profile *b);
/* Writes what was read: a session for each session. Equal profiles give equal bytes. */
void fuzz_profile_write(const struct fuzz_profile *profile, uint32_t block_samples,
                        uint32_t epoch_max_nodes, struct fuzz_bytes *out);

#endif
