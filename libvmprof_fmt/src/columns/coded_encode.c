/* coded_encode.c: chooses a transform for a column of integers, and writes it (spec section 4.2). */
#include "libvmprof_fmt/src/columns/coded.h"
#include "libvmprof_fmt/src/wire/cursor.h"

#include <string.h>

#define FIXED_BYTES (2 + 4 * VMPFI_VARINT_MAX_BYTES)
#define MAX_BITS_AT_ONCE 56u
#define BITS_SLACK_BYTES 8u /* behind the last low bit, that are written too */

/* Times are mostly whole microseconds, memory is whole pages. */
static const uint64_t units[] = {1000, 4096};
#define UNIT_COUNT (sizeof units / sizeof units[0])

static inline uint64_t number_at(struct vmpfi_numbers values, size_t i)
{
    return values.wide != NULL ? values.wide[i] : values.words[i];
}

static unsigned bit_length(uint64_t value)
{
    return value == 0 ? 0 : 64 - (unsigned)__builtin_clzll(value);
}

/* What is known of the values after one look at them. A group is a stretch of equal neighbours; a step, from one to the next, is never 0. */
struct survey {
    uint64_t least, greatest;
    uint64_t greatest_zigzag, zigzag_bits; /* of the steps */
    size_t group_count;
    uint64_t longest_run; /* further entries of the longest group */
    bool falls;
    bool multiple[UNIT_COUNT]; /* every step is one */
};

static inline void survey_step(struct survey *s, uint64_t step)
{
    uint64_t zigzag = vmpfi_zigzag(step);
    bool falls = (step >> 63) != 0;
    s->falls |= falls;
    s->greatest_zigzag = zigzag > s->greatest_zigzag ? zigzag : s->greatest_zigzag;
    s->zigzag_bits += 64 - (unsigned)__builtin_clzll(zigzag); /* no zigzag of a step is 0 */
    uint64_t size = falls ? 0 - step : step;
    for (size_t i = 0; i < UNIT_COUNT; i++) {
        s->multiple[i] = s->multiple[i] && size % units[i] == 0;
    }
}

/* The weights of samples often are all the same. */
static bool all_equal(struct vmpfi_numbers values, size_t count)
{
    size_t rest = count - 1;
    return values.wide != NULL
               ? memcmp(values.wide, values.wide + 1, rest * sizeof *values.wide) == 0
               : memcmp(values.words, values.words + 1, rest * sizeof *values.words) == 0;
}

static struct survey survey_of(struct vmpfi_numbers values, size_t count)
{
    struct survey s = {.least = UINT64_MAX, .group_count = count > 0};
    uint64_t run = 0;
    memset(s.multiple, true, sizeof s.multiple);
    if (all_equal(values, count)) {
        s.least = number_at(values, 0);
        s.greatest = s.least;
        s.longest_run = count - 1;
        return s;
    }
    for (size_t i = 0; i < count; i++) {
        uint64_t value = number_at(values, i);
        s.least = value < s.least ? value : s.least;
        s.greatest = value > s.greatest ? value : s.greatest;
        if (i == 0) {
            continue;
        }
        if (value == number_at(values, i - 1)) {
            run++;
            s.longest_run = run > s.longest_run ? run : s.longest_run;
            continue;
        }
        run = 0;
        s.group_count++;
        survey_step(&s, value - number_at(values, i - 1));
    }
    return s;
}

/* Whether the distances from the least value take more than so many bits. */
static bool bits_above(struct vmpfi_numbers values, size_t count, uint64_t least, uint64_t limit)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < count && bits <= limit; i++) {
        if (i == 0 || number_at(values, i) != number_at(values, i - 1)) {
            bits += bit_length(number_at(values, i) - least);
        }
    }
    return bits > limit;
}

/* The finest precision whose codes reach the greatest number. */
static unsigned precision_for(uint64_t greatest)
{
    unsigned precision = VMPFI_MAX_PRECISION;
    while (precision > VMPFI_MIN_PRECISION &&
           bit_length(greatest) > (256u >> precision) - 1 + precision) {
        precision--;
    }
    return precision;
}

static uint64_t common_unit(const struct survey *s)
{
    for (size_t i = 0; i < UNIT_COUNT && s->group_count > 1; i++) {
        if (s->multiple[i]) {
            return units[i];
        }
    }
    return 1;
}

static void plan_runs(struct vmpfi_coded_plan *plan, const struct survey *s)
{
    if (s->group_count * 2 <= plan->group_count) {
        plan->transform |= VMPFI_TRANSFORM_RUNS;
        plan->group_count = s->group_count;
        plan->run_precision = precision_for(s->longest_run);
    }
}

struct vmpfi_coded_plan vmpfi_coded_plan(struct vmpfi_numbers values, size_t count)
{
    struct vmpfi_coded_plan plan = {
        .number_precision = VMPFI_MAX_PRECISION, .unit = 1, .group_count = count};
    if (count == 0) {
        return plan;
    }
    struct survey s = survey_of(values, count);
    plan.unit = common_unit(&s);
    plan_runs(&plan, &s);
    /* A step that does not fall is half its zigzag, one bit less. */
    uint64_t step_bits = s.falls ? s.zigzag_bits : s.zigzag_bits - (s.group_count - 1);
    if (bits_above(values, count, s.least, step_bits)) {
        plan.transform |= VMPFI_TRANSFORM_DELTA | (s.falls ? (unsigned)VMPFI_TRANSFORM_ZIGZAG : 0u);
        plan.base = number_at(values, 0);
        /* One more: the zigzag of a quotient can be that much above the quotient of the zigzag. */
        plan.number_precision =
            precision_for((s.falls ? s.greatest_zigzag : s.greatest_zigzag / 2) / plan.unit + 1);
        return plan;
    }
    plan.base = s.least;
    plan.number_precision = precision_for((s.greatest - s.least) / plan.unit);
    return plan;
}

struct vmpfi_coded_plan vmpfi_coded_plan_small(struct vmpfi_numbers values, size_t count)
{
    struct vmpfi_coded_plan plan = {.unit = 1, .group_count = count};
    uint64_t seen = 0;
    for (size_t i = 0; i < count; i++) {
        seen |= number_at(values, i);
    }
    plan.number_precision = precision_for(seen);
    return plan;
}

struct vmpfi_coded_plan vmpfi_coded_plan_down(struct vmpfi_numbers values, size_t count,
                                              uint64_t top)
{
    struct vmpfi_coded_plan plan = {.transform = VMPFI_TRANSFORM_DOWN,
                                    .number_precision = VMPFI_MAX_PRECISION,
                                    .base = top,
                                    .unit = 1,
                                    .group_count = count};
    uint64_t greatest = 0;
    for (size_t i = 0; i < count; i++) {
        greatest = top - number_at(values, i) > greatest ? top - number_at(values, i) : greatest;
    }
    plan.number_precision = precision_for(greatest);
    return plan;
}

/* ---- writing ------------------------------------------------------------------------------------- */

/* Codes go to one place, low bits to another, which begins where the codes end. */
struct bit_writer {
    uint8_t *codes;
    uint8_t *bits; /* with BITS_SLACK_BYTES of room behind what is to come */
    uint64_t pending;
    unsigned pending_bits; /* fewer than 8 between calls */
};

/* At most MAX_BITS_AT_ONCE of them. */
static inline void put_some_bits(struct bit_writer *w, uint64_t value, unsigned count)
{
    w->pending |= (value & ((UINT64_C(1) << count) - 1)) << w->pending_bits;
    w->pending_bits += count;
    vmpfi_store_u64(w->bits, w->pending);
    w->bits += w->pending_bits / 8;
    w->pending >>= w->pending_bits / 8 * 8;
    w->pending_bits %= 8;
}

static inline void put_bits(struct bit_writer *w, uint64_t value, unsigned count)
{
    if (count > MAX_BITS_AT_ONCE) {
        put_some_bits(w, value, 32);
        value >>= 32;
        count -= 32;
    }
    put_some_bits(w, value, count);
}

static inline void put_number(struct bit_writer *w, uint64_t number, unsigned precision)
{
    if (number < (UINT64_C(2) << precision)) {
        *w->codes++ = (uint8_t)number;
        return;
    }
    unsigned low_bits = bit_length(number) - 1 - precision;
    *w->codes++ = (uint8_t)(((uint64_t)low_bits << precision) + (number >> low_bits));
    put_bits(w, number, low_bits);
}

/* The number that stands for a value. The unit is the plan's, or a constant for the compiler: a division by a number that it
 * does not know takes longer than all else here. */
static inline uint64_t number_of(const struct vmpfi_coded_plan *plan, uint64_t unit,
                                 uint64_t previous, uint64_t value)
{
    uint64_t from = (plan->transform & VMPFI_TRANSFORM_DELTA) != 0 ? previous : plan->base;
    uint64_t distance = value - from;
    if ((plan->transform & VMPFI_TRANSFORM_DOWN) != 0) {
        return 0 - distance;
    }
    if ((plan->transform & VMPFI_TRANSFORM_ZIGZAG) == 0) {
        return distance / unit;
    }
    bool falls = (distance >> 63) != 0;
    uint64_t steps = (falls ? 0 - distance : distance) / unit;
    return vmpfi_zigzag(falls ? 0 - steps : steps);
}

/* The end of the group that begins at i. */
static size_t group_end(struct vmpfi_numbers values, size_t count, size_t i, bool runs)
{
    size_t end = i + 1;
    if (i == 0 && runs && all_equal(values, count)) {
        return count;
    }
    while (runs && end < count && number_at(values, end) == number_at(values, i)) {
        end++;
    }
    return end;
}

static inline void put_groups(struct bit_writer *w, struct vmpfi_numbers values, size_t count,
                              const struct vmpfi_coded_plan *plan, uint64_t unit)
{
    bool runs = (plan->transform & VMPFI_TRANSFORM_RUNS) != 0;
    uint64_t previous = plan->base;
    for (size_t i = 0; i < count; i = group_end(values, count, i, runs)) {
        put_number(w, number_of(plan, unit, previous, number_at(values, i)),
                   plan->number_precision);
        previous = number_at(values, i);
    }
}

static void put_numbers(struct bit_writer *w, struct vmpfi_numbers values, size_t count,
                        const struct vmpfi_coded_plan *plan)
{
    bool runs = (plan->transform & VMPFI_TRANSFORM_RUNS) != 0;
    switch (plan->unit) {
    case 1: put_groups(w, values, count, plan, 1); break;
    case 1000: put_groups(w, values, count, plan, 1000); break;
    default: put_groups(w, values, count, plan, plan->unit); break;
    }
    for (size_t i = 0; runs && i < count;) {
        size_t end = group_end(values, count, i, runs);
        put_number(w, end - i - 1, plan->run_precision);
        i = end;
    }
    if (w->pending_bits > 0) {
        *w->bits++ = (uint8_t)w->pending;
    }
}

/* What a code of this precision can be followed by: bytes, rounded up. */
static size_t low_bytes_of(unsigned precision)
{
    return precision == 0 ? 0 : ((256u >> precision) - 2 + 7) / 8;
}

bool vmpfi_coded_encode(struct vmpfi_buffer *out, struct vmpfi_numbers values, size_t count,
                        const struct vmpfi_coded_plan *plan, size_t *tail_bytes)
{
    bool runs = (plan->transform & VMPFI_TRANSFORM_RUNS) != 0;
    size_t code_count = plan->group_count * (runs ? 2 : 1);
    size_t low_bytes = plan->group_count *
                       (low_bytes_of(plan->number_precision) + low_bytes_of(plan->run_precision));
    if (!vmpfi_buffer_reserve(out, FIXED_BYTES + code_count + low_bytes + BITS_SLACK_BYTES)) {
        return false;
    }
    uint8_t *at = out->data + out->size_bytes;
    *at++ = (uint8_t)plan->transform;
    *at++ = (uint8_t)(plan->number_precision | plan->run_precision << 4);
    at += vmpfi_store_varint(at, count);
    at += vmpfi_store_varint(at, plan->base);
    at += vmpfi_store_varint(at, plan->unit);
    if (runs) {
        at += vmpfi_store_varint(at, plan->group_count);
    }
    struct bit_writer w = {.codes = at, .bits = at + code_count};
    put_numbers(&w, values, count, plan);
    *tail_bytes = (size_t)(w.bits - (at + code_count));
    out->size_bytes = (size_t)(w.bits - out->data);
    return true;
}
