/* made_log.h: logs of upstream vmprof, put together byte by byte from spec/vmprof-log.md, without the library. */
#ifndef VMPROF_TESTS_UNIT_FMT_MADE_LOG_H
#define VMPROF_TESTS_UNIT_FMT_MADE_LOG_H

#include <stddef.h>
#include <stdint.h>

#define MADE_NO_MEMORY UINT64_MAX
#define MADE_MAX_ENDS 64u

struct made_log {
    uint8_t *data;
    size_t size_bytes, capacity_bytes;
    unsigned word, address; /* bytes of W and A */
    unsigned version;
    size_t records;                   /* where the first one begins */
    size_t stack_ends[MADE_MAX_ENDS]; /* behind the first STACKTRACEs */
    size_t stacks;
};

enum made_machine { MADE_64, MADE_32, MADE_WINDOWS };

/* The preamble and HEADER (version 0: INTERP_NAME). made_free() gives it back. */
struct made_log made_log(enum made_machine machine, unsigned version, unsigned mode,
                         const char *interpreter);
void made_free(struct made_log *log);
void made_bytes(struct made_log *log, const void *bytes, size_t count);
void made_u8(struct made_log *log, unsigned byte);
void made_word(struct made_log *log, uint64_t word);
void made_address(struct made_log *log, uint64_t address);
/* Words leaf first, as they stand in the log. thread only from version 1 on. */
void made_stack(struct made_log *log, const uint64_t *words, size_t count, uint64_t thread,
                uint64_t memory_kb);
/* marker 2 or 8 */
void made_name(struct made_log *log, unsigned marker, uint64_t id, const char *name);
void made_meta(struct made_log *log, const char *key, const char *value);
/* marker 6, or 3 from version 5 on; version below 5: TRAILER without a time */
void made_time(struct made_log *log, unsigned marker, uint64_t seconds, uint64_t microseconds);

/* Ten samples: six of main > foo, three of main, one of main > foo > cfun; the words are as version and mode want them, with
 * names and a trailer behind. */
struct made_log made_ten(enum made_machine machine, unsigned version, unsigned mode,
                         const char *interpreter);

/* The log as a gzip file behind what is in out, which the caller frees. */
void made_gzip(uint8_t **out, size_t *out_bytes, const void *data, size_t size_bytes);

#endif
