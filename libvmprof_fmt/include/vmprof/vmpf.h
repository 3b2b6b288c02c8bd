/* vmpf.h: read and write vmprof profiles.
 *
 * The format is specified in spec/vmprof-format.md; rule ids such as [F-4-2] refer to it.
 *
 * Conventions, stated once:
 *  - A function that can fail returns a vmpf_status and takes an optional struct vmpf_error *; NULL
 *    is allowed everywhere for it. VMPF_E_ARG means that the call itself was wrong: nothing changed.
 *  - Handles are made by *_open and given back by *_close, which accepts NULL.
 *  - Strings are bytes with a length; UTF-8 by convention, never validated, not NUL-terminated unless
 *    it is said. Times are ns, sizes bytes; names carry the unit.
 *  - Thread: a handle is used by one thread at a time; different handles are independent.
 *    Signal: nothing here may be called from a signal handler (vmpf_journal.h says what a handler does).
 *  - The library never prints, never exits and keeps no global state.
 */
#ifndef VMPROF_VMPF_H
#define VMPROF_VMPF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define VMPF_API __attribute__((visibility("default")))
#else
#define VMPF_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define VMPF_VERSION_STRING "0.1.0"

/* The format version that this library writes, and the newest that it reads [F-2-3]. */
#define VMPF_FORMAT_VERSION 1

/* ---- status and errors ---------------------------------------------------------------------- */

typedef enum vmpf_status {
    VMPF_OK = 0,
    VMPF_END = 1,             /* there is nothing more to read */
    VMPF_E_NOT_VMPROF = -10,  /* not one of our files */
    VMPF_E_VERSION = -11,     /* a format version newer than this library */
    VMPF_E_UNSUPPORTED = -12, /* sound, but uses something that this library does not know */
    VMPF_E_CORRUPT = -20,     /* breaks a rule of the spec */
    VMPF_E_TRUNCATED = -21,   /* ends too early */
    VMPF_E_LIMIT = -22,       /* over a limit of the spec or of the options */
    VMPF_E_NOMEM = -30,
    VMPF_E_IO = -31,  /* the source or sink failed: see sys_errno */
    VMPF_E_ARG = -40, /* the caller's fault; the state is unchanged */
} vmpf_status;

struct vmpf_error {
    vmpf_status status;
    int sys_errno;     /* errno of the failed system call, else 0 */
    uint64_t offset;   /* bytes from the start of the input or output */
    char rule[16];     /* the id of the rule that was broken, "F-4-2", or "" */
    char message[232]; /* one line without a newline, NUL-terminated */
};

/* vmpf_status_name() returns a short constant name, such as "corrupt". Thread: any. */
VMPF_API const char *vmpf_status_name(vmpf_status status);

/* ---- sources and sinks ----------------------------------------------------------------------- */

/* Where bytes come from. The reader reads strictly forward, so a pipe is as good as a file; only to find a range of time it
 * looks elsewhere, where the source can. */
struct vmpf_source_ops {
    /* Reads at most size bytes to buffer. Returns the count, 0 at the end, or -errno. */
    int64_t (*read)(void *ctx, void *buffer, size_t size);
    void (*close)(void *ctx); /* may be NULL */
    /* Both NULL where the source cannot seek. Offset 0 is the first byte that `read` gives or gave; neither moves what it
     * gives next. size: how many bytes there are, or -errno when that cannot be told. read_at: as read, from offset on. */
    int64_t (*size)(void *ctx);
    int64_t (*read_at)(void *ctx, uint64_t offset, void *buffer, size_t size);
};
struct vmpf_source {
    const struct vmpf_source_ops *ops;
    void *ctx;
};

/* Where bytes go. Offsets count from the first byte of the profile. */
struct vmpf_sink_ops {
    /* Writes all of buffer at offset. Returns 0 or -errno. Without `truncate` (a stream) the offsets
     * only ever grow by the size of the last write. */
    int (*write)(void *ctx, uint64_t offset, const void *buffer, size_t size);
    /* Reads back exactly size bytes that were written. 0 or -errno. NULL for a stream. */
    int (*read)(void *ctx, uint64_t offset, void *buffer, size_t size);
    /* Cuts the output to size bytes. 0 or -errno. NULL for a stream. */
    int (*truncate)(void *ctx, uint64_t size);
    /* Reserves the space of [offset, offset+size) and maps it, shared and writable, zero-filled;
     * *address gets it. 0 or -errno. NULL where that cannot be had. */
    int (*map)(void *ctx, uint64_t offset, size_t size, void **address);
    void (*unmap)(void *ctx, void *address, size_t size);
    /* The offset's remainder modulo 64 in the underlying file, so that a mapping can be aligned. NULL: 0 */
    uint32_t (*misalignment)(void *ctx);
    void (*close)(void *ctx); /* may be NULL */
    /* Called before what was mapped is touched. Not 0: it must not be, since somebody has cut the output under the mapping.
     * May be NULL. */
    int (*check)(void *ctx);
};
struct vmpf_sink {
    const struct vmpf_sink_ops *ops;
    void *ctx;
};

/* vmpf_source_open_file() opens path for reading; a directory is refused with VMPF_E_IO (EISDIR).
 * vmpf_source_open_fd() reads from fd, from its current offset on, and does not close it. Regular files can seek.
 * vmpf_source_open_memory() reads data, which must outlive the source. */
VMPF_API vmpf_status vmpf_source_open_file(struct vmpf_source *out, const char *path,
                                           struct vmpf_error *err);
VMPF_API vmpf_status vmpf_source_open_fd(struct vmpf_source *out, int fd, struct vmpf_error *err);
VMPF_API vmpf_status vmpf_source_open_memory(struct vmpf_source *out, const void *data,
                                             size_t size_bytes, struct vmpf_error *err);
/* vmpf_source_close() gives a source back that no reader has taken. */
VMPF_API void vmpf_source_close(struct vmpf_source *source);

/* vmpf_sink_open_fd() writes to fd from its current offset on, and never closes fd. A regular file is
 * reopened through /proc/self/fd so that a write-only descriptor can be mapped; where that fails, or
 * for a pipe or a device, the sink is a stream. VMPF_E_IO (EBADF) for a closed or read-only descriptor.
 * vmpf_sink_open_memory() collects the bytes; vmpf_sink_memory() shows them until the sink is closed. */
VMPF_API vmpf_status vmpf_sink_open_fd(struct vmpf_sink *out, int fd, struct vmpf_error *err);
VMPF_API vmpf_status vmpf_sink_open_memory(struct vmpf_sink *out, struct vmpf_error *err);
VMPF_API const void *vmpf_sink_memory(const struct vmpf_sink *sink, size_t *size_bytes);
VMPF_API void vmpf_sink_close(struct vmpf_sink *sink);

/* ---- what a profile holds ---------------------------------------------------------------------- */

/* Frame kinds [F-5.2-4]. */
typedef enum vmpf_kind {
    VMPF_KIND_UNKNOWN = 0,
    VMPF_KIND_PY = 1,           /* interpreted code of the VM's language */
    VMPF_KIND_JIT = 2,          /* the VM's language, run as machine code that a JIT made */
    VMPF_KIND_VM = 3,           /* an embedder's own language */
    VMPF_KIND_NATIVE = 4,       /* compiled code of a binary */
    VMPF_KIND_KERNEL = 5,       /* the operating system's */
    VMPF_KIND_GC = 6,           /* the garbage collector */
    VMPF_KIND_JIT_INTERNAL = 7, /* the JIT's own work */
} vmpf_kind;

/* Bytes with a length. */
struct vmpf_string {
    const char *data;
    size_t size_bytes;
};

/* A file that machine code of the process came from [F-5.8-1]. */
struct vmpf_module {
    struct vmpf_string path;
    struct vmpf_string build_id; /* its bytes, not text; size 0: unknown */
    uint64_t address;            /* where it was loaded */
    uint64_t size_bytes;
    uint64_t file_offset;
};

struct vmpf_function {
    struct vmpf_string name;
    struct vmpf_string file;
    uint32_t first_line; /* 0: unknown */
    vmpf_kind kind;
    uint64_t address; /* in the recorded process, unique within a session; 0: none */
    uint32_t module;  /* id; 0: none */
};

struct vmpf_location {
    uint32_t function; /* id; 0: none */
    uint32_t line;     /* 0: unknown */
};

/* A node of the stack prefix tree: a stack is the path from the node to the root (node 0). */
struct vmpf_stack {
    uint32_t parent;   /* id, always less than the node's own */
    uint32_t location; /* id */
};

/* A node of the tree of label sets: a set is the labels on the path from the node to the root (set 0). A key that
 * is there twice has the value nearest to the set itself [F-5.7-2]. */
struct vmpf_label {
    uint32_t parent; /* id, always less than the set's own */
    struct vmpf_string key;
    struct vmpf_string text; /* size 0: the value is the number */
    uint64_t number;
};

/* A well-known key [F-5.7-3]: "running", "waiting-gil", "waiting". */
#define VMPF_LABEL_STATE "state"

struct vmpf_thread {
    uint64_t process_id;
    uint64_t thread_id; /* the operating system's */
    struct vmpf_string name;
};

/* Flags of one sample [F-5.6-3]. */
#define VMPF_SAMPLE_TRUNCATED 1u      /* the stack was deeper; its outermost frames are missing */
#define VMPF_SAMPLE_NATIVE_MISSING 2u /* frames of machine code are missing in it */

#define VMPF_MAX_VALUES 8
#define VMPF_MAX_DEPTH 1048576u

/* A value that every sample carries, in the order of the `values` metadata [F-5.1-4]. */
struct vmpf_value_type {
    struct vmpf_string name; /* "cpu", "wall", "memory", "samples", ... */
    struct vmpf_string unit; /* "ns", "bytes", "count" */
};

/* Samples as columns: entry i of every array is sample i. */
struct vmpf_block {
    size_t count;
    const uint32_t *stack;   /* node ids */
    const uint32_t *thread;  /* thread ids, indexes of vmpf_reader_thread() */
    const uint64_t *time_ns; /* since the start of the session */
    const uint32_t *flags;
    const uint64_t *values[VMPF_MAX_VALUES]; /* value_count of the session's info are set */
    const uint32_t *label;                   /* ids of label sets; 0: none */
};

/* ---- metadata ---------------------------------------------------------------------------------- */

/* Well-known keys [F-5.1-3]; any other key may be used too. */
#define VMPF_META_PROGRAM "program"                         /* string */
#define VMPF_META_ARGUMENTS "arguments"                     /* list: what the program was given */
#define VMPF_META_INTERPRETER "interpreter"                 /* string: "cpython", "pypy" */
#define VMPF_META_INTERPRETER_VERSION "interpreter_version" /* string: "3.11.2" */
#define VMPF_META_HOST "host"                               /* string */
#define VMPF_META_OS "os"                                   /* string */
#define VMPF_META_PROCESS_ID "process_id"                   /* integer */
#define VMPF_META_CLOCK "clock"                             /* string: "thread-cpu", "wall" */
#define VMPF_META_PERIOD_NS "period_ns"                     /* integer: what was asked for */
#define VMPF_META_VALUES "values"                           /* list: "NAME:UNIT" a value */
#define VMPF_META_PRODUCER "producer"                       /* string: "vmprof 0.1.0" */
#define VMPF_META_LOG_VERSION "log_version" /* integer: of an upstream log [L-8-5] */
#define VMPF_META_MAPPED_FILES                                                                     \
    "mapped_files" /* list: "DEVICE INODE PATH" a file of a module, as in /proc/PID/maps [L-7-3] */
#define VMPF_META_NOTE "note"           /* string: what a reader should be told */
#define VMPF_META_PAUSED_NS "paused_ns" /* integer: of the session, not recorded on purpose */

typedef enum vmpf_meta_type {
    VMPF_META_STRING = 1,
    VMPF_META_INTEGER = 2,
    VMPF_META_LIST = 3, /* of strings */
} vmpf_meta_type;

/* One entry: what belongs to its type is set. */
struct vmpf_meta {
    struct vmpf_string key;
    vmpf_meta_type type;
    struct vmpf_string string;
    uint64_t integer;
    const struct vmpf_string *items;
    size_t item_count;
};

/* ---- writer ------------------------------------------------------------------------------------ */

typedef struct vmpf_writer vmpf_writer;

struct vmpf_writer_options {
    size_t size;            /* sizeof(struct vmpf_writer_options): lets it grow */
    uint64_t session_id;    /* 0: random; give one for deterministic bytes */
    uint64_t start_unix_ns; /* start of the session, ns since 1970 UTC */
    uint32_t block_samples; /* samples in a block before it is written; 0: 65536 */
    /* Stack nodes, or label sets, before a fresh dictionary, which also comes when the tables and the journal take 8 MiB; 0: 1048576. */
    uint32_t epoch_max_nodes;
};

/* vmpf_writer_open() writes the superblock and takes over sink, also when it fails.
 * vmpf_writer_close() writes what is pending and the end, brings the file to its final shape, and frees w
 * whatever happens. After an error the file is still readable, but not all is in it, or it is unfinished.
 * end_ns: the length of the session.
 * vmpf_writer_abandon() frees w and writes nothing: the file is as if the process had been killed. */
VMPF_API vmpf_status vmpf_writer_open(vmpf_writer **out, struct vmpf_sink sink,
                                      const struct vmpf_writer_options *options,
                                      struct vmpf_error *err);
VMPF_API vmpf_status vmpf_writer_close(vmpf_writer *w, uint64_t end_ns, struct vmpf_error *err);
VMPF_API void vmpf_writer_abandon(vmpf_writer *w);

/* Metadata: a key given again replaces the old value. The strings are copied. VALUES must be set
 * before the first sample and not changed afterwards; VMPF_E_ARG where they are no list of NAME:UNIT [F-5.1-4].
 * VMPF_E_LIMIT, and nothing is set: a text of more than 16 MiB, more than 4,096 keys or 65,536 items, or more than 32 MiB in all. */
VMPF_API vmpf_status vmpf_writer_meta_string(vmpf_writer *w, const char *key,
                                             struct vmpf_string value, struct vmpf_error *err);
VMPF_API vmpf_status vmpf_writer_meta_integer(vmpf_writer *w, const char *key, uint64_t value,
                                              struct vmpf_error *err);
VMPF_API vmpf_status vmpf_writer_meta_list(vmpf_writer *w, const char *key,
                                           const struct vmpf_string *items, size_t item_count,
                                           struct vmpf_error *err);

/* Definitions: *id gets the id of an equal entry, made when there is none yet. An id is good until
 * vmpf_writer_epoch() tells a new epoch, which vmpf_writer_sample(), vmpf_writer_flush(), vmpf_writer_drain() and
 * vmpf_writer_journal_open() may begin at their end: then ids start anew (threads keep theirs), and an old id means another entry, or none. The address of a function that another function already has is made unique
 * [F-5.2-5]. VMPF_E_LIMIT: a text of more than 16 MiB. vmpf_writer_thread(): an entry with the same process and thread id is renamed. */
VMPF_API vmpf_status vmpf_writer_module(vmpf_writer *w, const struct vmpf_module *module,
                                        uint32_t *id, struct vmpf_error *err);
VMPF_API vmpf_status vmpf_writer_function(vmpf_writer *w, const struct vmpf_function *function,
                                          uint32_t *id, struct vmpf_error *err);
VMPF_API vmpf_status vmpf_writer_location(vmpf_writer *w, uint32_t function, uint32_t line,
                                          uint32_t *id, struct vmpf_error *err);
/* VMPF_E_LIMIT: more than VMPF_MAX_DEPTH frames. */
VMPF_API vmpf_status vmpf_writer_stack(vmpf_writer *w, uint32_t parent, uint32_t location,
                                       uint32_t *id, struct vmpf_error *err);
/* The set of parent's labels and one more; a text of size 0 means that the value is number, else number is ignored.
 * VMPF_E_LIMIT: more than VMPF_MAX_DEPTH labels. */
VMPF_API vmpf_status vmpf_writer_label(vmpf_writer *w, uint32_t parent, struct vmpf_string key,
                                       struct vmpf_string text, uint64_t number, uint32_t *id,
                                       struct vmpf_error *err);
VMPF_API vmpf_status vmpf_writer_thread(vmpf_writer *w, const struct vmpf_thread *thread,
                                        uint32_t *id, struct vmpf_error *err);
VMPF_API uint32_t vmpf_writer_epoch(const vmpf_writer *w);

/* One sample, and vmpf_writer_sample() to add it. After VMPF_E_IO the samples before it are kept, this one may be
 * kept too, and the next call tries to write again. */
struct vmpf_sample {
    uint32_t stack;
    uint32_t thread;
    uint64_t time_ns;
    uint32_t flags;
    uint64_t values[VMPF_MAX_VALUES];
    uint32_t label; /* set id; 0: none */
};
VMPF_API vmpf_status vmpf_writer_sample(vmpf_writer *w, const struct vmpf_sample *sample,
                                        struct vmpf_error *err);
/* Counts samples that were due but could not be kept. */
VMPF_API void vmpf_writer_count_lost(vmpf_writer *w, uint64_t samples);
/* Writes all that is pending, so that a reader of the output sees it. It may begin a new epoch. */
VMPF_API vmpf_status vmpf_writer_flush(vmpf_writer *w, struct vmpf_error *err);

/* What came together so far. */
struct vmpf_writer_stats {
    uint64_t samples;
    uint64_t lost_samples;
    uint64_t written_bytes;
    bool journal_mapped; /* the journal lies in the output, and survives SIGKILL */
};
VMPF_API void vmpf_writer_stats(const vmpf_writer *w, struct vmpf_writer_stats *out);

/* The journal: rows that a signal handler publishes (vmpf_journal.h has their layout).
 * vmpf_writer_journal_open() lays a journal with a ring of capacity_bytes (a power of two, 64 KiB to
 * 64 MiB) into the output, or into private memory where that cannot be mapped; *journal is its
 * first byte, 64-byte aligned, valid until the writer is closed. Once a writer.
 * vmpf_writer_drain() turns the rows that were published into samples and definitions, and flushes
 * when the ring could be full before the next drain, when a block is full, or when the journal is private. When the sink fails, the rows
 * stay in the ring, later ones are counted as lost there, and the next drain tries again.
 * Where somebody else cuts the output, its mapping is gone from there on: the next call says so (VMPF_E_IO, ESTALE), and the writer
 * touches it no more. Who publishes rows meanwhile, or a call during which that happens, meets SIGBUS: a program that has to live on
 * handles that signal. */
struct vmpf_journal;
VMPF_API vmpf_status vmpf_writer_journal_open(vmpf_writer *w, size_t capacity_bytes,
                                              struct vmpf_journal **journal,
                                              struct vmpf_error *err);
VMPF_API vmpf_status vmpf_writer_drain(vmpf_writer *w, struct vmpf_error *err);

/* ---- reader ------------------------------------------------------------------------------------ */

typedef struct vmpf_reader vmpf_reader;

#define VMPF_COLUMN_TIME 1u
#define VMPF_COLUMN_FLAGS 2u
#define VMPF_COLUMN_LABEL 4u

struct vmpf_reader_options {
    size_t size; /* sizeof(struct vmpf_reader_options) */
    uint32_t
        skip_columns; /* VMPF_COLUMN_*: not wanted, never inflated; their arrays are then NULL */
    uint64_t memory_limit_bytes; /* of the tables; 0: 4 GiB */
    /* A range of time: only samples with from_ns <= time < to_ns are given, of each session since its own start.
     * to_ns 0: to the end; both 0: all. Where the source can seek and every session of the input is finished and
     * has an index, only what the range needs is read, else everything. What the range leaves out is not
     * held against the end of its session: damage then speaks only of what was looked at, and the samples of
     * an info are those that were given. */
    uint64_t from_ns, to_ns;
    /* The tables of an epoch are dropped when the next epoch, or session, begins: memory is bounded by one epoch's.
     * Ids of all tables but that of threads, and their strings, are then good only for the block that they came
     * with, until the next call of vmpf_reader_next(); see vmpf_reader_epoch(). Threads keep theirs. */
    bool one_epoch;
    /* vmpf_reader_next_totals() is going to be called in place of vmpf_reader_next(): samples whose totals the file has are
     * not read, where the source can seek and every session of the input is finished and has an index: what is wrong with
     * their chunks is then not found, and vmpf_reader_damage() does not speak of it. Of no effect with a range of time. */
    bool totals;
    /* How many threads decode blocks, the caller's own among them; 0 and 1: only that. Blocks come in the same order, with the
     * same content, whatever their number. Of no effect with a range of time. */
    uint32_t threads;
    /* Whatever the reader does not need, too, is held against what was read, and told as damage, or counted there: totals against samples, the index
     * and the end's offsets against where chunks are. One thread decodes. VMPF_E_ARG with totals or
     * a range of time. */
    bool verify;
};

/* What was wrong with the input, in numbers. */
struct vmpf_damage {
    bool damaged;            /* anything below, or no end */
    bool unfinished;         /* a session has no end: killed, still running, or cut */
    uint64_t lost_samples;   /* samples that the file says it had and that cannot be read */
    uint64_t lost_bytes;     /* bytes that belong to nothing readable */
    uint64_t bad_chunks;     /* chunks whose checksum or content is wrong */
    uint64_t unknown_names;  /* table entries that are missing, shown as <lost> */
    struct vmpf_error first; /* the first thing that was wrong */
    /* With verify: chunks that do not say what others do. Nothing of the samples is lost by them. */
    uint64_t wrong_totals;
    uint64_t
        wrong_indexes; /* and offsets of the end: no damage, since nobody has to believe them */
};

/* What a file is. */
typedef enum vmpf_format {
    VMPF_FORMAT_VMPROF = 0, /* a profile of spec/vmprof-format.md */
    VMPF_FORMAT_LOG =
        1, /* a log of upstream vmprof, versions 0 to 6, gzip or not: spec/vmprof-log.md */
} vmpf_format;

/* A file holds one session, or several one after the other (concatenation, [F-2-6]); a log is one [L-8-1]. */
struct vmpf_info {
    uint32_t format_version; /* of its format, see below */
    uint64_t start_unix_ns;  /* of the session */
    uint64_t end_ns;         /* length of the session; of an unfinished one: its last sample */
    bool finished;           /* the end of the session was read */
    uint64_t samples;        /* read so far, in the session */
    uint64_t lost_samples;   /* due but not kept by the producer, in the session */
    size_t value_count;
    struct vmpf_value_type values[VMPF_MAX_VALUES];
    size_t meta_count;
    const struct vmpf_meta *meta;
    vmpf_format format;
};

/* vmpf_reader_open() reads the superblock and takes over source, also when it fails:
 * VMPF_E_NOT_VMPROF, VMPF_E_VERSION, VMPF_E_TRUNCATED, VMPF_E_IO, VMPF_E_NOMEM, VMPF_E_ARG.
 * A log of upstream vmprof is read as a profile is, see vmpf_format; samples have no times [L-8-3]. It may also be
 * VMPF_E_UNSUPPORTED or VMPF_E_CORRUPT. Its names stand behind its samples, so opening reads all of it once, and what cannot
 * seek is copied to a temporary file; the names count against memory_limit_bytes, beside the tables. With one_epoch
 * the tables start anew at a million nodes.
 * The reader recovers: what is damaged is skipped and counted, see vmpf_reader_damage(). */
VMPF_API vmpf_status vmpf_reader_open(vmpf_reader **out, struct vmpf_source source,
                                      const struct vmpf_reader_options *options,
                                      struct vmpf_error *err);
VMPF_API void vmpf_reader_close(vmpf_reader *r);

/* vmpf_reader_next() gives the next block of samples, of one session. VMPF_END after the last.
 * VMPF_E_UNSUPPORTED and VMPF_E_VERSION end one session, which then counts as not finished [F-2-3], [F-3-4]: what was read
 * before stays valid, and the next call goes on with the next session. Any other error is final.
 * Lifetime: the block's arrays are valid until the next call on r. Ids stay valid, and unique over
 * all sessions of the input, until the reader is closed, unless one_epoch was asked for. */
VMPF_API vmpf_status vmpf_reader_next(vmpf_reader *r, struct vmpf_block *block,
                                      struct vmpf_error *err);

/* What the samples of some stacks come to: entry i is of stack[i]. */
struct vmpf_totals {
    size_t count;
    const uint32_t *stack;                   /* node ids; one may be there several times */
    const uint64_t *samples;                 /* how many */
    const uint64_t *values[VMPF_MAX_VALUES]; /* sums; value_count of the session's info are set */
};

/* vmpf_reader_next_totals() gives the totals of stacks, a piece at a time, of one session each: what the file says of them where
 * it does (see vmpf_reader_options), else the samples of a block. The same stack may come again, in the same
 * piece or a later one: a caller adds up. Status, errors and lifetime are those of vmpf_reader_next(); a reader is read with
 * one of the two. */
VMPF_API vmpf_status vmpf_reader_next_totals(vmpf_reader *r, struct vmpf_totals *totals,
                                             struct vmpf_error *err);

/* The session of the last block: 0, 1, ...; sessions may have none (ended without a sample), so at
 * VMPF_END the count of all sessions is vmpf_reader_session_count(). */
VMPF_API size_t vmpf_reader_session(const vmpf_reader *r);
VMPF_API size_t vmpf_reader_session_count(const vmpf_reader *r);
/* Grows by one whenever the ids of all tables but that of threads start anew: with one_epoch. Else it is 0. */
VMPF_API uint64_t vmpf_reader_epoch(const vmpf_reader *r);
/* What is known of a session by now; all of it after VMPF_END. NULL when there is no such session. */
VMPF_API const struct vmpf_info *vmpf_reader_info(const vmpf_reader *r, size_t session);
/* The entry with that key, or NULL. */
VMPF_API const struct vmpf_meta *vmpf_info_meta(const struct vmpf_info *info, const char *key);

/* The tables. Counts include entry 0, which is "nothing", and entry 1, which is "<lost>" and stands for
 * what is missing (threads are numbered from 0, without these two). An id that is not there gives "<lost>". Lifetime of the strings: until the reader is closed. */
VMPF_API uint32_t vmpf_reader_module_count(const vmpf_reader *r);
VMPF_API uint32_t vmpf_reader_function_count(const vmpf_reader *r);
VMPF_API uint32_t vmpf_reader_location_count(const vmpf_reader *r);
VMPF_API uint32_t vmpf_reader_stack_count(const vmpf_reader *r);
VMPF_API uint32_t vmpf_reader_label_count(const vmpf_reader *r);
VMPF_API uint32_t vmpf_reader_thread_count(const vmpf_reader *r);
VMPF_API struct vmpf_module vmpf_reader_module(const vmpf_reader *r, uint32_t id);
VMPF_API struct vmpf_function vmpf_reader_function(const vmpf_reader *r, uint32_t id);
VMPF_API struct vmpf_location vmpf_reader_location(const vmpf_reader *r, uint32_t id);
VMPF_API struct vmpf_stack vmpf_reader_stack(const vmpf_reader *r, uint32_t id);
/* Entry 1 has the key and the text "<lost>". */
VMPF_API struct vmpf_label vmpf_reader_label(const vmpf_reader *r, uint32_t id);
VMPF_API struct vmpf_thread vmpf_reader_thread(const vmpf_reader *r, uint32_t id);

/* What was wrong so far; complete after VMPF_END. Lifetime: the reader's. */
VMPF_API const struct vmpf_damage *vmpf_reader_damage(const vmpf_reader *r);

#ifdef __cplusplus
}
#endif
#endif
