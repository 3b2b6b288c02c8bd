/* report.h: what is known of the files: every block of them, their sessions, and sums over both. */
#ifndef VMPROF_TOOLS_INFO_REPORT_H
#define VMPROF_TOOLS_INFO_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vmprof/vmpf_inspect.h>

#include "tools/info/source.h"
#include "tools/info/totals.h"

#define INFO_NONE SIZE_MAX

/* A superblock, a chunk, or bytes that belong to nothing. */
struct info_block {
    size_t file;
    size_t session;        /* of the report */
    struct vmpf_item item; /* its columns are in the report's list, from first_column on */
    size_t first_column;
};

struct info_column {
    size_t block;
    struct vmpf_column_info info;
};

struct info_session {
    size_t file;
    uint64_t offset; /* of the superblock */
    uint64_t size_bytes;
    struct vmpf_superblock_info superblock;
    /* Entries of the chunks that a reader uses: a name that two epochs have counts twice. */
    uint64_t chunk_samples;
    uint64_t functions;
    uint64_t locations;
    uint64_t stacks;
    uint64_t threads;
    uint64_t epochs;
    size_t journal; /* its block, or INFO_NONE */
    size_t end;
    /* What the reader says; info is NULL where it gave up before. */
    const struct vmpf_info *info;
    uint64_t sums[VMPF_MAX_VALUES]; /* of what it decoded */
    bool is_log;                    /* of upstream vmprof: it has no blocks */
};

struct info_file {
    const char *name;
    uint64_t size_bytes;
    size_t first_session;
    size_t session_count;
    size_t first_block;
    size_t block_count;
    vmpf_reader *reader; /* read to its end */
    struct info_totals totals;
    bool has_totals;         /* a TOTALS chunk that a reader uses */
    struct vmpf_error error; /* why it was not; status VMPF_OK: it was */
};

struct info_report {
    struct info_file *files;
    size_t file_count;
    struct info_session *sessions;
    size_t session_count;
    size_t session_capacity;
    struct info_block *blocks;
    size_t block_count;
    size_t block_capacity;
    struct info_column *columns;
    size_t column_count;
    size_t column_capacity;
};

/* False: memory is short. */
bool info_report_init(struct info_report *report, const char *const *names, size_t count);
void info_report_fini(struct info_report *report);

/* Reads one file twice: its blocks, then its samples; a log, which has no blocks, is what the reader says. An error: nothing can be said of the file, or memory is
 * short. What only part of it suffers from is in the file's `error`. */
vmpf_status info_report_read(struct info_report *report, size_t file, struct info_source *source,
                             struct vmpf_error *err);

/* The samples that the reader found in the session, in chunks and in its journal. */
uint64_t info_session_samples(const struct info_session *session);
/* Of these, in the journal. */
uint64_t info_session_journal_samples(const struct info_session *session);

/* Its end is there. */
bool info_session_finished(const struct info_session *session);

/* Whether a reader uses what the chunk holds: it is whole, and no copy. */
bool info_block_counts(const struct info_block *block);
/* What the block would take if its columns were not compressed. */
uint64_t info_block_raw_bytes(const struct info_report *report, const struct info_block *block);

#endif
