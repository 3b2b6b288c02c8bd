#include "libvmprof_fmt/src/legacy/log_layout.h"

#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/legacy/log_number.h"
#include "libvmprof_fmt/src/legacy/log_record.h"

#include <string.h>

#define MAX_PERIOD_US UINT64_C(1000000000)
#define MAX_SECONDS (INT64_C(1) << 33)
#define EARLY_ZONE_BYTES 5u

enum mode {
    MODE_MEMORY = 0x01,
    MODE_LINES = 0x02,
    MODE_RPYTHON = 0x08,
    MODE_REAL_TIME = 0x10,
    MODE_KNOWN = 0x1F,
};

/* ---- preamble -------------------------------------------------------------------------------------- */

/* The three kinds of section 2, and the machines whose bytes stand the other way round. */
struct machine {
    size_t word_bytes, address_bytes;
    uint8_t fifth;
    bool big_endian;
};

static const struct machine machines[] = {
    {8, 8, 0, false}, {4, 4, 0, false}, {4, 8, 1, false},
    {8, 8, 0, true},  {4, 4, 0, true},  {4, 8, 1, true},
};
#define MACHINE_COUNT (sizeof machines / sizeof machines[0])

/* Byte `at` of the machine's preamble; the fourth word is anything. */
static bool byte_agrees(const struct machine *machine, size_t at, uint8_t byte)
{
    const uint8_t words[] = {0, 3, 0, 0, machine->fifth};
    size_t word = at / machine->word_bytes;
    size_t within = at % machine->word_bytes;
    size_t low = machine->big_endian ? machine->word_bytes - 1 : 0;
    return word == 3 || byte == (within == low ? words[word] : 0);
}

/* The machine whose preamble this is as far as it goes; whole ones come first, then those of [L-2-3]. NULL: none. */
static const struct machine *find_machine(const uint8_t *head, size_t head_bytes, bool whole)
{
    for (size_t i = 0; i < MACHINE_COUNT; i++) {
        size_t size_bytes = 5 * machines[i].word_bytes;
        bool agrees = whole ? head_bytes >= size_bytes
                            : head_bytes > 0 && head_bytes < size_bytes && !machines[i].big_endian;
        for (size_t at = 0; agrees && at < size_bytes && at < head_bytes; at++) {
            agrees = byte_agrees(&machines[i], at, head[at]);
        }
        if (agrees) {
            return &machines[i];
        }
    }
    return NULL;
}

bool vmpfi_log_is_preamble(const uint8_t *head, size_t head_bytes)
{
    return find_machine(head, head_bytes, true) != NULL ||
           find_machine(head, head_bytes, false) != NULL;
}

static vmpf_status read_preamble(struct vmpfi_log_layout *layout, const uint8_t *head,
                                 size_t head_bytes, struct vmpf_error *err)
{
    const struct machine *machine = find_machine(head, head_bytes, true);
    if (machine == NULL || machine->big_endian) {
        if (find_machine(head, head_bytes, false) != NULL) {
            return vmpfi_fail(err, VMPF_E_TRUNCATED, head_bytes, "L-2-4",
                              "the log ends within its first words");
        }
        return machine != NULL
                   ? vmpfi_fail(err, VMPF_E_UNSUPPORTED, 0, "L-2-3",
                                "a vmprof log of a big-endian machine, which is not read")
                   : vmpfi_fail(err, VMPF_E_NOT_VMPROF, 0, "L-2-1", "this is not a vmprof log");
    }
    layout->word_bytes = machine->word_bytes;
    layout->address_bytes = machine->address_bytes;
    uint64_t period_us = vmpfi_log_number(head + 3 * layout->word_bytes, layout->word_bytes);
    layout->period_us = period_us <= MAX_PERIOD_US ? period_us : 0; /* [L-2-5] */
    layout->records_offset = 5 * layout->word_bytes;
    return VMPF_OK;
}

/* ---- the first record ------------------------------------------------------------------------------ */

struct vmpfi_log_time vmpfi_log_time_at(const uint8_t *at, size_t number_bytes)
{
    int64_t seconds = vmpfi_log_signed(at, number_bytes);
    int64_t microseconds = vmpfi_log_signed(at + number_bytes, number_bytes);
    if (seconds < 0 || seconds >= MAX_SECONDS || microseconds < 0 || microseconds >= 1000000) {
        return (struct vmpfi_log_time){.known = false};
    }
    return (struct vmpfi_log_time){.known = true,
                                   .unix_ns = (uint64_t)seconds * UINT64_C(1000000000) +
                                              (uint64_t)microseconds * 1000};
}

static bool are_letters(const uint8_t *text, size_t size_bytes)
{
    for (size_t i = 0; i < size_bytes; i++) {
        if (text[i] < 'a' || text[i] > 'z') {
            return false;
        }
    }
    return size_bytes > 0;
}

/* Where the name begins [L-3.1-6]: behind times, where those stand before it. */
static size_t find_name(struct vmpfi_log_layout *layout, const uint8_t *head, size_t head_bytes,
                        size_t at, size_t size_bytes)
{
    size_t later = at + 2 * layout->word_bytes + EARLY_ZONE_BYTES;
    bool early = layout->version == 5 && later + size_bytes <= head_bytes &&
                 !are_letters(head + at, size_bytes) && are_letters(head + later, size_bytes);
    if (!early) {
        return at;
    }
    layout->early_5 = true;
    layout->start = vmpfi_log_time_at(head + at, layout->word_bytes);
    return later;
}

static vmpf_status take_mode(struct vmpfi_log_layout *layout, unsigned mode, uint64_t offset,
                             struct vmpf_error *err)
{
    if ((mode & ~(unsigned)MODE_KNOWN) != 0) {
        return vmpfi_fail(err, VMPF_E_UNSUPPORTED, offset, "L-3.1-4",
                          "a vmprof log of mode 0x%x, which is not known", mode);
    }
    layout->memory = (mode & MODE_MEMORY) != 0;
    layout->lines = (mode & MODE_LINES) != 0;
    layout->pairs = (mode & MODE_RPYTHON) != 0;
    layout->real_time = (mode & MODE_REAL_TIME) != 0;
    return VMPF_OK;
}

static vmpf_status cut_head(struct vmpf_error *err, size_t offset)
{
    return vmpfi_fail(err, VMPF_E_TRUNCATED, offset, "L-3.1-2",
                      "the log ends within its first record");
}

/* Marker, version and mode of HEADER; *at goes to the length of the name. */
static vmpf_status read_version(struct vmpfi_log_layout *layout, const uint8_t *head,
                                size_t head_bytes, size_t *at, struct vmpf_error *err)
{
    size_t offset = *at;
    if (head_bytes - offset < 3) {
        return cut_head(err, head_bytes);
    }
    layout->version = (unsigned)head[offset + 1] << 8 | head[offset + 2];
    if (layout->version > VMPFI_LOG_NEWEST_VERSION) {
        return vmpfi_fail(err, VMPF_E_VERSION, offset, "L-3.1-3",
                          "a vmprof log of version %u; this library reads up to %u",
                          layout->version, VMPFI_LOG_NEWEST_VERSION);
    }
    *at = offset + 3;
    layout->memory = layout->version == 3; /* [L-3.1-4] */
    if (layout->version < 4) {
        return VMPF_OK;
    }
    if (*at == head_bytes) {
        return cut_head(err, head_bytes);
    }
    return take_mode(layout, head[(*at)++], offset + 3, err);
}

static vmpf_status read_first(struct vmpfi_log_layout *layout, const uint8_t *head,
                              size_t head_bytes, struct vmpf_error *err)
{
    size_t at = layout->records_offset;
    uint8_t marker = at < head_bytes ? head[at] : 0;
    if (marker != VMPFI_LOG_INTERP_NAME && marker != VMPFI_LOG_HEADER) {
        return VMPF_OK; /* [L-3.1-1] */
    }
    if (marker == VMPFI_LOG_HEADER) {
        VMPF_TRY(read_version(layout, head, head_bytes, &at, err));
    } else {
        at++;
    }
    if (at == head_bytes) {
        return cut_head(err, head_bytes);
    }
    size_t size_bytes = head[at++];
    at = find_name(layout, head, head_bytes, at, size_bytes);
    if (at + size_bytes > head_bytes) {
        return cut_head(err, head_bytes);
    }
    memcpy(layout->interpreter, head + at, size_bytes);
    layout->interpreter_bytes = size_bytes;
    layout->records_offset = at + size_bytes;
    layout->has_first = true;
    return VMPF_OK;
}

vmpf_status vmpfi_log_layout_read(struct vmpfi_log_layout *layout, const uint8_t *head,
                                  size_t head_bytes, struct vmpf_error *err)
{
    memset(layout, 0, sizeof *layout);
    VMPF_TRY(read_preamble(layout, head, head_bytes, err));
    VMPF_TRY(read_first(layout, head, head_bytes, err));
    layout->pypy = layout->interpreter_bytes == 4 && memcmp(layout->interpreter, "pypy", 4) == 0;
    layout->pairs = layout->version >= 2 && (layout->pypy || layout->pairs); /* [L-4-4] */
    layout->lines = layout->lines && !layout->pairs;
    return VMPF_OK;
}
