/* vmpf_journal.h: the layout of the journal, for producers that publish rows from a signal handler.
 *
 * Specified in spec/vmprof-format.md, section 7. This header holds constants and arithmetic only, no
 * state, so that it may be used inside a signal handler.
 *
 * A producer: loads tail and head, gives up (and adds 1 to lost) when the row does not fit, moves head
 * by compare-and-swap, stores the reserved header word, writes the payload, and publishes the row by
 * one release store of the committed header word [F-7.3-1..4]. Several threads may do so at once.
 */
#ifndef VMPROF_VMPF_JOURNAL_H
#define VMPROF_VMPF_JOURNAL_H

#include <assert.h>
#include <stdint.h>

#ifdef __cplusplus
#include <atomic>
typedef std::atomic<uint64_t>
    vmpf_atomic_u64; /* C++ before C++23 has no _Atomic; the word is the same */
extern "C" {
#else
#include <stdatomic.h>
typedef _Atomic uint64_t vmpf_atomic_u64;
#endif

/* The journal's fixed part; the ring follows it directly [F-7.1-1]. Little-endian machines only. */
struct vmpf_journal {
    uint32_t layout; /* VMPF_JOURNAL_LAYOUT */
    uint32_t header_size_bytes;
    uint64_t capacity_bytes; /* of the ring: a power of two */
    uint64_t session_id;
    uint32_t crc; /* of the 24 bytes before */
    uint32_t reserved0;
    uint8_t pad0[32];
    vmpf_atomic_u64 head; /* position after the last reserved row; positions only grow */
    vmpf_atomic_u64 lost; /* samples that did not fit */
    uint8_t pad1[48];
    vmpf_atomic_u64 tail; /* position of the first row that is not in a chunk yet */
    uint8_t pad2[56];
};
static_assert(sizeof(struct vmpf_journal) == 192, "[F-7.1-1]");

#define VMPF_JOURNAL_LAYOUT 1u

/* Row kinds [F-7.2-2]. */
#define VMPF_ROW_PAD 1u    /* fills the ring's end: a row never wraps */
#define VMPF_ROW_SAMPLE 2u /* struct vmpf_row_sample, values, frames */
#define VMPF_ROW_CODE 3u /* struct vmpf_row_code, name, file, line table, each padded to 8 bytes */
#define VMPF_ROW_THREAD 4u /* struct vmpf_row_thread, name padded to 8 bytes */

/* A row's header word: bits 0-23 its length in 8-byte words, the header word counted; bits 24-31 its
 * kind; bits 32-62 its check; bit 63 set when it is whole. */
#define VMPF_ROW_COMMITTED (UINT64_C(1) << 63)
#define VMPF_ROW_MAX_WORDS 0xFFFFFFu

struct vmpf_row_sample {
    uint64_t time_ns; /* since the start of the session */
    uint32_t thread_id;
    uint32_t frame_count;
    uint32_t flags; /* VMPF_SAMPLE_*, VMPF_ROW_STATE_* */
    uint32_t value_count;
    /* uint64_t values[value_count]; struct vmpf_row_frame frames[frame_count], leaf first */
};

/* What the thread was doing, in the flags of a row: becomes the label `state` [F-5.7-3]. 0: not told. */
#define VMPF_ROW_STATE_MASK 0xF00u
#define VMPF_ROW_STATE_RUNNING 0x100u
#define VMPF_ROW_STATE_WAITING_GIL 0x200u
#define VMPF_ROW_STATE_WAITING 0x300u

struct vmpf_row_frame {
    uint32_t code; /* of a code row before this one */
    uint32_t
        offset; /* of the instruction, bytes from the code's start; VMPF_NO_OFFSET: not known */
};
#define VMPF_NO_OFFSET 0xFFFFFFFFu

/* How a name of a code row is encoded. */
#define VMPF_TEXT_UTF8 0u
#define VMPF_TEXT_LATIN1 1u
#define VMPF_TEXT_UCS2 2u
#define VMPF_TEXT_UCS4 4u

/* Line tables, as the interpreters hold them [F-7.4]. */
#define VMPF_LINES_NONE 0u
#define VMPF_LINES_LNOTAB_UNSIGNED 1u /* CPython 2.7 to 3.5: co_lnotab */
#define VMPF_LINES_LNOTAB_SIGNED 2u   /* CPython 3.6 to 3.9: co_lnotab with signed line steps */
#define VMPF_LINES_LINETABLE_310 3u   /* CPython 3.10: co_linetable */
#define VMPF_LINES_LOCATIONS_311 4u   /* CPython 3.11 onward: co_linetable of location entries */

struct vmpf_row_code {
    uint32_t code; /* the producer's number for it, from 1 */
    uint32_t first_line;
    uint64_t address;
    uint8_t kind; /* vmpf_kind */
    uint8_t line_encoding;
    uint8_t name_encoding;
    uint8_t file_encoding;
    uint32_t name_size_bytes;
    uint32_t file_size_bytes;
    uint32_t lines_size_bytes;
};

struct vmpf_row_thread {
    uint64_t process_id;
    uint32_t thread_id;
    uint32_t name_size_bytes; /* UTF-8 */
};

static_assert(sizeof(struct vmpf_row_sample) == 24, "[F-7.2-3]");
static_assert(sizeof(struct vmpf_row_code) == 32, "[F-7.2-4]");
static_assert(sizeof(struct vmpf_row_thread) == 16, "[F-7.2-5]");

/* One word more in one lane of a row's check [F-7.2-6]. */
static inline uint64_t vmpf_row_mix(uint64_t hash, uint64_t word)
{
    hash ^= word;
    return ((hash << 29) | (hash >> 35)) * UINT64_C(0x9E3779B97F4A7C15);
}

/* vmpf_row_check() computes the check of a row [F-7.2-6] that begins at position and has payload_words
 * words behind its header. Signal: safe. */
static inline uint64_t vmpf_row_check(uint64_t session_id, uint64_t position, uint32_t kind,
                                      const uint64_t *payload, uint32_t payload_words)
{
    uint64_t lane0 = (session_id ^ position) * UINT64_C(0x9E3779B97F4A7C15);
    uint64_t lane1 = lane0;
    uint64_t lane2 = lane0;
    uint64_t lane3 = lane0;
    uint32_t i = 0;
    /* Four chains of multiplications at once: one would wait for itself at every word. */
    for (; i + 4 <= payload_words; i += 4) {
        lane0 = vmpf_row_mix(lane0, payload[i]);
        lane1 = vmpf_row_mix(lane1, payload[i + 1]);
        lane2 = vmpf_row_mix(lane2, payload[i + 2]);
        lane3 = vmpf_row_mix(lane3, payload[i + 3]);
    }
    lane0 = i < payload_words ? vmpf_row_mix(lane0, payload[i]) : lane0;
    lane1 = i + 1 < payload_words ? vmpf_row_mix(lane1, payload[i + 1]) : lane1;
    lane2 = i + 2 < payload_words ? vmpf_row_mix(lane2, payload[i + 2]) : lane2;
    uint64_t hash = vmpf_row_mix(vmpf_row_mix(vmpf_row_mix(lane0, lane1), lane2), lane3);
    hash = vmpf_row_mix(hash, ((uint64_t)kind << 24) | payload_words);
    return hash >> 33;
}

/* vmpf_row_header() makes a header word. A reserved row has check 0 and is not committed. */
static inline uint64_t vmpf_row_header(uint32_t kind, uint32_t words, uint64_t check,
                                       uint64_t committed)
{
    return (uint64_t)words | ((uint64_t)kind << 24) | (check << 32) | committed;
}

#ifdef __cplusplus
}
#endif

#endif
