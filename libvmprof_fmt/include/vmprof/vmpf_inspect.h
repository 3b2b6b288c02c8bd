/* vmpf_inspect.h: what a profile is made of, piece by piece.
 *
 * An inspector walks forward over the bytes of a profile and names every one of them: as part of a superblock,
 * of a chunk, or of a stretch that belongs to nothing. It recovers from damage as the reader of vmpf.h does,
 * so that the chunks it calls sound are those that the reader uses. It decodes no column and keeps no table:
 * its memory is that of one chunk. The conventions are those of vmpf.h. Thread: one at a time. Signal: unsafe.
 */
#ifndef VMPROF_VMPF_INSPECT_H
#define VMPROF_VMPF_INSPECT_H

#include <vmprof/vmpf.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum vmpf_item_type {
    VMPF_ITEM_SUPERBLOCK = 1,
    VMPF_ITEM_CHUNK = 2,
    VMPF_ITEM_LOST = 3, /* bytes that belong to nothing */
} vmpf_item_type;

typedef enum vmpf_check {
    VMPF_CHECK_NONE = 0, /* there is no checksum to check, or not all that it covers is there */
    VMPF_CHECK_RIGHT = 1,
    VMPF_CHECK_WRONG = 2,
} vmpf_check;

/* What a chunk's sequence number says of its place [F-3-5]. */
typedef enum vmpf_order {
    VMPF_ORDER_UNNUMBERED = 0,
    VMPF_ORDER_NEXT = 1,
    VMPF_ORDER_COPY = 2,   /* the number was seen already: a reader ignores the chunk */
    VMPF_ORDER_GAP = 3,    /* chunks are missing before it */
    VMPF_ORDER_UNUSED = 4, /* the chunk is damaged, so that its number counts for nothing */
} vmpf_order;

struct vmpf_superblock_info {
    uint16_t read_version;
    uint16_t write_version;
    uint64_t session_id;
    uint64_t start_unix_ns;
    vmpf_check checksum;
    bool recovered; /* no field is believed: the id is that of the first chunk [F-2-2] */
};

/* A column, as the directory of its chunk describes it [F-4-1]. */
struct vmpf_column_info {
    uint16_t id;
    uint8_t encoding;
    uint8_t codec;
    uint32_t raw_bytes;
    uint32_t stored_bytes;
    uint32_t tail_bytes; /* stored as they are, behind the zlib stream of codec 2 [F-4-3] */
};

#define VMPF_MAX_COLUMNS 64u

/* The fixed part of a column set (spec 4.1). The words at 16 and 24 mean one thing in SAMPLES, another in INDEX. */
struct vmpf_columns_info {
    uint64_t first;
    uint32_t count;
    uint64_t journal_position; /* SAMPLES; INDEX: offset of the INDEX chunk before */
    uint64_t lost_samples;     /* SAMPLES; INDEX: its own offset */
    size_t column_count;
    const struct vmpf_column_info *columns; /* lifetime: until the next call on the inspector */
};

struct vmpf_end_info { /* [F-6-2] */
    uint64_t samples;
    uint64_t lost_samples;
    uint64_t end_ns;
    size_t value_count;
    uint64_t sums[VMPF_MAX_VALUES];
    bool has_offsets;
    uint64_t end_offset;   /* of END's header, from the session's first byte */
    uint64_t index_offset; /* of the last INDEX chunk; 0: none */
};

struct vmpf_journal_info { /* [F-7.1-1], [F-7.1-2] */
    uint64_t capacity_bytes;
    uint64_t head;
    uint64_t tail;
    uint64_t lost_samples;
};

/* What a payload holds, so far as it can be said without decoding. */
typedef enum vmpf_content {
    VMPF_CONTENT_NONE = 0, /* nothing that is known here, or the payload is damaged */
    VMPF_CONTENT_COLUMNS = 1,
    VMPF_CONTENT_META = 2,
    VMPF_CONTENT_JOURNAL = 3,
    VMPF_CONTENT_END = 4,
} vmpf_content;

/* The checksum of a chunk's header is right: else it is no chunk [F-3-1]. */
struct vmpf_chunk_info {
    uint16_t kind;
    uint16_t flags;
    bool critical;
    bool cut; /* the input ends within the payload */
    /* A reader uses it: it is whole, no copy, and breaks no rule that can be seen without decoding [F-3-8]. */
    bool used;
    uint64_t session_id;
    uint32_t sequence; /* UINT32_MAX: not numbered */
    uint32_t epoch;
    uint32_t payload_bytes; /* as the header says */
    uint64_t begin_ns;      /* the time span, 0 and 0 for none */
    uint64_t end_ns;
    vmpf_check payload_checksum;
    vmpf_order order;
    uint32_t missing_chunks; /* of VMPF_ORDER_GAP */
    vmpf_content content;    /* says which of the following is filled in */
    struct vmpf_columns_info columns;
    uint32_t meta_entries;
    struct vmpf_journal_info journal;
    struct vmpf_end_info end;
};

/* Why bytes belong to nothing: what stands at the first of them. */
typedef enum vmpf_lost {
    VMPF_LOST_UNKNOWN = 0,
    VMPF_LOST_HEADER = 1,        /* a chunk's header whose checksum or size is wrong */
    VMPF_LOST_SUPERBLOCK = 2,    /* a superblock whose checksum or content is wrong */
    VMPF_LOST_OTHER_SESSION = 3, /* a chunk of a session that is not this one [F-2-5] */
    VMPF_LOST_BEHIND_END = 4,    /* a chunk that stands behind the end of its session [F-6-4] */
} vmpf_lost;

/* Items follow each other without gaps: an item's offset is the end of the one before. */
struct vmpf_item {
    vmpf_item_type type;
    uint64_t offset;     /* from the first byte of the input */
    uint64_t size_bytes; /* all of it: header, payload, and what damage made unreadable behind it */
    struct vmpf_error problem; /* what is wrong with it; status VMPF_OK: nothing */
    struct vmpf_superblock_info superblock;
    struct vmpf_chunk_info chunk;
    vmpf_lost lost;
};

typedef struct vmpf_inspector vmpf_inspector;

/* vmpf_inspect_open() takes over source, also when it fails, as vmpf_reader_open() does and with the same errors.
 * vmpf_inspect_next() gives the next item; VMPF_END after the last. What is wrong with an item is in the item;
 * an error (VMPF_E_IO, VMPF_E_NOMEM) is final. A session behind another one that is newer than this library has the
 * problem VMPF_E_VERSION; its chunks are described as if it were not. */
VMPF_API vmpf_status vmpf_inspect_open(vmpf_inspector **out, struct vmpf_source source,
                                       struct vmpf_error *err);
VMPF_API vmpf_status vmpf_inspect_next(vmpf_inspector *i, struct vmpf_item *item,
                                       struct vmpf_error *err);
VMPF_API void vmpf_inspect_close(vmpf_inspector *i);

/* Names, as the spec has them: "SAMPLES", "stack", "delta", "zlib". NULL: not known here. Thread: any. */
VMPF_API const char *vmpf_chunk_kind_name(uint16_t kind);
VMPF_API const char *vmpf_column_name(uint16_t kind, uint16_t column);
VMPF_API const char *vmpf_encoding_name(uint8_t encoding);
VMPF_API const char *vmpf_codec_name(uint8_t codec);

#ifdef __cplusplus
}
#endif
#endif
