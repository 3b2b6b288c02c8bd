#include "libvmprof_fmt/src/blocks/samples.h"

#include "libvmprof_fmt/src/base/clones.h"
#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/wire/cursor.h"

enum sample_column { /* 5.6 */
                     COLUMN_STACK = 1,
                     COLUMN_THREAD = 2,
                     COLUMN_TIME = 3,
                     COLUMN_FLAGS = 4,
                     COLUMN_RUN_LENGTH = 5,
                     COLUMN_RUN_KIND = 6,
                     COLUMN_RUN_AGE = 7,
                     COLUMN_RUN_NODE = 8,
                     COLUMN_VALUE = 16,
                     COLUMN_LABEL = 0x8001,
};

/* Slots of the scratch memory. */
enum slot {
    SLOT_STACK = 0,
    SLOT_THREAD = 1,
    SLOT_TIME = 2,
    SLOT_FLAGS = 3,
    SLOT_VALUES = 4,
    SLOT_LABEL = 12,
    SLOT_LISTS = 13,
    SLOT_RUNS = 17,
};

/* ---- writing --------------------------------------------------------------------------------------- */

static bool all_zero(const uint32_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (values[i] != 0) {
            return false;
        }
    }
    return true;
}

static struct vmpfi_column_in list_column(uint16_t id, enum vmpfi_nature nature,
                                          const uint32_t *words, size_t count)
{
    return (struct vmpfi_column_in){
        .id = id, .nature = nature, .words = words, .list = true, .list_count = count};
}

/* Below this many samples, the four columns of runs cost more than they save. */
#define WORTH_RUNS 128u

/* The columns that say the stacks: at most four. */
static size_t stack_columns(struct vmpfi_column_in *columns, const struct vmpfi_runs *runs,
                            const struct vmpfi_samples *samples, size_t node_count)
{
    if (samples->count < WORTH_RUNS) {
        columns[0] = (struct vmpfi_column_in){.id = COLUMN_STACK, .words = samples->stack};
        return 1;
    }
    columns[0] = list_column(COLUMN_RUN_LENGTH, VMPFI_NATURE_SMOOTH, runs->lengths, runs->count);
    columns[1] = list_column(COLUMN_RUN_KIND, VMPFI_NATURE_SMOOTH, runs->kinds, runs->count);
    columns[2] = list_column(COLUMN_RUN_AGE, VMPFI_NATURE_SMOOTH, runs->ages, runs->age_count);
    columns[3] = list_column(COLUMN_RUN_NODE, VMPFI_NATURE_BELOW, runs->nodes, runs->node_count);
    columns[3].top = node_count - 1;
    return 4;
}

vmpf_status vmpfi_samples_encode(struct vmpfi_buffer *out, struct vmpfi_scratch *scratch,
                                 struct vmpfi_run_history *history,
                                 const struct vmpfi_columnset_head *head,
                                 const struct vmpfi_samples *samples, size_t thread_count,
                                 size_t node_count)
{
    struct vmpfi_runs runs;
    struct vmpfi_column_in columns[8 + VMPF_MAX_VALUES] = {{0}};
    VMPF_TRY(vmpfi_runs_find(&runs, history, scratch, samples->stack, samples->thread,
                             samples->count, thread_count, node_count));
    size_t column_count = stack_columns(columns, &runs, samples, node_count);
    columns[column_count++] = (struct vmpfi_column_in){
        .id = COLUMN_THREAD, .nature = VMPFI_NATURE_SMOOTH, .words = samples->thread};
    columns[column_count++] = (struct vmpfi_column_in){
        .id = COLUMN_TIME, .nature = VMPFI_NATURE_SMOOTH, .values = samples->time_ns};
    if (!all_zero(samples->flags, samples->count)) {
        columns[column_count++] =
            (struct vmpfi_column_in){.id = COLUMN_FLAGS, .words = samples->flags};
    }
    if (!all_zero(samples->label, samples->count)) {
        columns[column_count++] =
            (struct vmpfi_column_in){.id = COLUMN_LABEL, .words = samples->label};
    }
    for (size_t k = 0; k < samples->value_count; k++) {
        columns[column_count++] = (struct vmpfi_column_in){.id = (uint16_t)(COLUMN_VALUE + k),
                                                           .values = samples->values[k]};
    }
    return vmpfi_columnset_encode(out, scratch, head, columns, column_count);
}

/* ---- reading --------------------------------------------------------------------------------------- */

/* One column into scratch; *out is NULL when it is not wanted. */
static vmpf_status decode_wide(const struct vmpfi_columnset *set, unsigned slot, uint16_t id,
                               bool wanted, uint64_t **out, struct vmpf_error *err)
{
    *out = wanted ? vmpfi_scratch_integers(set->scratch, slot, set->head.count) : NULL;
    if (!wanted) {
        return VMPF_OK;
    }
    return *out == NULL ? vmpfi_fail_nomem(err)
                        : vmpfi_columnset_integers(set, id, true, *out, err);
}

static vmpf_status decode_words(const struct vmpfi_columnset *set, unsigned slot, uint16_t id,
                                bool wanted, uint32_t **out, struct vmpf_error *err)
{
    *out = wanted ? vmpfi_scratch_words(set->scratch, slot, set->head.count) : NULL;
    if (!wanted) {
        return VMPF_OK;
    }
    return *out == NULL ? vmpfi_fail_nomem(err) : vmpfi_columnset_words(set, id, true, *out, err);
}

static vmpf_status decode_runs(const struct vmpfi_columnset *set, const uint32_t *threads,
                               uint32_t *stacks, struct vmpf_error *err)
{
    uint32_t *lists[4];
    size_t counts[4];
    const char *rule = NULL;
    for (unsigned i = 0; i < 4; i++) {
        VMPF_TRY(vmpfi_columnset_list(set, (uint16_t)(COLUMN_RUN_LENGTH + i), SLOT_LISTS + i,
                                      &lists[i], &counts[i], err));
    }
    if (counts[0] != counts[1]) {
        return vmpfi_fail(err, VMPF_E_CORRUPT, set->payload_offset, "F-5.6-8",
                          "%zu runs are of %zu kinds", counts[0], counts[1]);
    }
    const struct vmpfi_runs runs = {.lengths = lists[0],
                                    .kinds = lists[1],
                                    .ages = lists[2],
                                    .nodes = lists[3],
                                    .count = counts[0],
                                    .age_count = counts[2],
                                    .node_count = counts[3]};
    vmpf_status status =
        vmpfi_runs_spread(&runs, set->scratch, SLOT_RUNS, threads, set->head.count, stacks, &rule);
    if (status == VMPF_E_NOMEM) {
        return vmpfi_fail_nomem(err);
    }
    return status == VMPF_OK ? VMPF_OK
                             : vmpfi_fail(err, status, set->payload_offset, rule,
                                          "the runs of the samples do not add up");
}

/* The stacks, in one of two ways [F-5.6-5]. */
static vmpf_status decode_stacks(const struct vmpfi_columnset *set, const uint32_t *threads,
                                 uint32_t **out, struct vmpf_error *err)
{
    unsigned run_columns = 0;
    for (unsigned id = COLUMN_RUN_LENGTH; id <= COLUMN_RUN_NODE; id++) {
        run_columns += vmpfi_columnset_has(set, (uint16_t)id);
    }
    bool plain = vmpfi_columnset_has(set, COLUMN_STACK);
    if (plain ? run_columns != 0 : run_columns != 4) {
        return vmpfi_fail(err, VMPF_E_CORRUPT, set->payload_offset, "F-5.6-5",
                          "the stacks of the samples are there twice, or not at all");
    }
    if (plain) {
        return decode_words(set, SLOT_STACK, COLUMN_STACK, true, out, err);
    }
    *out = vmpfi_scratch_words(set->scratch, SLOT_STACK, set->head.count);
    return *out == NULL ? vmpfi_fail_nomem(err) : decode_runs(set, threads, *out, err);
}

vmpf_status vmpfi_samples_decode(struct vmpfi_columnset_head *head, struct vmpfi_samples *out,
                                 struct vmpfi_scratch *scratch, size_t value_count,
                                 uint32_t skip_columns, const struct vmpfi_payload *payload,
                                 struct vmpf_error *err)
{
    uint16_t known[9 + VMPF_MAX_VALUES + 1] = {COLUMN_LABEL, 1, 2, 3, 4, 5, 6, 7, 8};
    /* All that there can be: where the metadata is lost, so is the number of values, and the samples are not. */
    for (size_t k = 0; k < VMPF_MAX_VALUES; k++) {
        known[9 + k] = (uint16_t)(COLUMN_VALUE + k);
    }
    struct vmpfi_columnset set = {.scratch = scratch};
    VMPF_TRY(vmpfi_columnset_decode(&set, payload->data, payload->size_bytes, known,
                                    payload->offset, err));
    *head = set.head;
    out->count = set.head.count;
    out->value_count = value_count;
    out->of_journal = false;
    bool time = (skip_columns & VMPF_COLUMN_TIME) == 0;
    bool flags = (skip_columns & VMPF_COLUMN_FLAGS) == 0 && vmpfi_columnset_has(&set, COLUMN_FLAGS);
    bool label = (skip_columns & VMPF_COLUMN_LABEL) == 0 && vmpfi_columnset_has(&set, COLUMN_LABEL);
    VMPF_TRY(decode_words(&set, SLOT_THREAD, COLUMN_THREAD, true, &out->thread, err));
    VMPF_TRY(decode_stacks(&set, out->thread, &out->stack, err));
    VMPF_TRY(decode_wide(&set, SLOT_TIME, COLUMN_TIME, time, &out->time_ns, err));
    VMPF_TRY(decode_words(&set, SLOT_FLAGS, COLUMN_FLAGS, flags, &out->flags, err));
    VMPF_TRY(decode_words(&set, SLOT_LABEL, COLUMN_LABEL, label, &out->label, err));
    for (size_t k = 0; k < value_count; k++) {
        VMPF_TRY(decode_wide(&set, (unsigned)(SLOT_VALUES + k), (uint16_t)(COLUMN_VALUE + k), true,
                             &out->values[k], err));
    }
    vmpfi_samples_digest(out);
    return VMPF_OK;
}

VMPFI_IN_CLONE uint32_t greatest_of(const uint32_t *numbers, size_t count)
{
    uint32_t greatest = 0;
    for (size_t i = 0; i < count; i++) {
        greatest = numbers[i] > greatest ? numbers[i] : greatest;
    }
    return greatest;
}

/* *sum is that of all values; whether it is less than 2^63. */
VMPFI_IN_CLONE bool add_up(const uint64_t *values, size_t count, uint64_t *sum)
{
    uint64_t low = 0; /* halves of 2^20 values: no overflow */
    uint64_t high = 0;
    for (size_t i = 0; i < count; i++) {
        low += values[i] & UINT32_MAX;
        high += values[i] >> 32;
    }
    high += low >> 32;
    *sum = high << 32 | (low & UINT32_MAX);
    return high <= INT32_MAX;
}

VMPFI_CLONES static void digest_columns(struct vmpfi_samples *samples)
{
    struct vmpfi_digest *digest = &samples->digest;
    digest->greatest_stack = greatest_of(samples->stack, samples->count);
    digest->greatest_thread = greatest_of(samples->thread, samples->count);
    digest->sums_fit = true;
    for (size_t k = 0; k < samples->value_count; k++) {
        digest->sums_fit &= add_up(samples->values[k], samples->count, &digest->sums[k]);
    }
}

void vmpfi_samples_digest(struct vmpfi_samples *samples)
{
    samples->stack_base = 0;
    digest_columns(samples);
}

VMPFI_CLONES static void add_to_all(uint32_t *ids, size_t count, uint32_t base)
{
    for (size_t i = 0; i < count; i++) {
        ids[i] = ids[i] == 0 ? 0 : base + ids[i];
    }
}

void vmpfi_samples_add_base(struct vmpfi_samples *samples, uint32_t base)
{
    if (base <= UINT32_MAX - samples->digest.greatest_stack) {
        add_to_all(samples->stack, samples->count, base);
        samples->stack_base = base;
    }
}

void vmpfi_samples_take_base(struct vmpfi_samples *samples)
{
    if (samples->stack_base != 0) {
        add_to_all(samples->stack, samples->count, 0 - samples->stack_base);
        samples->stack_base = 0;
    }
}

vmpf_status vmpfi_codes_encode(struct vmpfi_buffer *out, struct vmpfi_scratch *scratch,
                               const uint8_t *rows, size_t size_bytes)
{
    const struct vmpfi_columnset_head head = {0};
    const struct vmpfi_column_in column = {
        .id = 1, .nature = VMPFI_NATURE_BYTES, .bytes = rows, .size_bytes = size_bytes};
    return vmpfi_columnset_encode(out, scratch, &head, &column, 1);
}

vmpf_status vmpfi_codes_decode(struct vmpfi_scratch *scratch, const struct vmpfi_payload *payload,
                               const uint8_t **rows, size_t *size_bytes, struct vmpf_error *err)
{
    static const uint16_t known[] = {1, 0};
    struct vmpfi_columnset set = {.scratch = scratch};
    VMPF_TRY(vmpfi_columnset_decode(&set, payload->data, payload->size_bytes, known,
                                    payload->offset, err));
    return vmpfi_columnset_bytes(&set, 1, true, rows, size_bytes, err);
}

bool vmpfi_end_encode(struct vmpfi_buffer *out, const struct vmpfi_end *end)
{
    uint8_t bytes[VMPFI_END_BYTES(VMPF_MAX_VALUES)] = {0};
    vmpfi_store_u64(bytes, end->samples);
    vmpfi_store_u64(bytes + 8, end->lost_samples);
    vmpfi_store_u64(bytes + 16, end->end_ns);
    vmpfi_store_u32(bytes + 24, (uint32_t)end->value_count);
    for (size_t k = 0; k < end->value_count; k++) {
        vmpfi_store_u64(bytes + 32 + 8 * k, end->sums[k]);
    }
    size_t size_bytes = 32 + 8 * end->value_count;
    if (end->placed) {
        vmpfi_store_u64(bytes + size_bytes, end->own_offset);
        vmpfi_store_u64(bytes + size_bytes + 8, end->index_offset);
        size_bytes += 16;
    }
    return vmpfi_buffer_append(out, bytes, size_bytes);
}

vmpf_status vmpfi_end_decode(struct vmpfi_end *out, const struct vmpfi_payload *payload,
                             struct vmpf_error *err)
{
    struct vmpfi_cursor cursor = vmpfi_cursor_of(payload->data, payload->size_bytes);
    uint32_t value_count = 0;
    uint32_t reserved;
    bool sound = vmpfi_read_u64(&cursor, &out->samples) &&
                 vmpfi_read_u64(&cursor, &out->lost_samples) &&
                 vmpfi_read_u64(&cursor, &out->end_ns) && vmpfi_read_u32(&cursor, &value_count) &&
                 vmpfi_read_u32(&cursor, &reserved) && value_count <= VMPF_MAX_VALUES;
    out->value_count = value_count;
    for (size_t k = 0; sound && k < value_count; k++) {
        sound = vmpfi_read_u64(&cursor, &out->sums[k]);
    }
    out->placed = sound && vmpfi_cursor_left(&cursor) > 0;
    if (out->placed) {
        sound = vmpfi_read_u64(&cursor, &out->own_offset) &&
                vmpfi_read_u64(&cursor, &out->index_offset);
    }
    if (!sound || vmpfi_cursor_left(&cursor) != 0) {
        return vmpfi_fail(err, VMPF_E_CORRUPT, payload->offset, "F-6-2",
                          "the end of the session has a wrong size");
    }
    return VMPF_OK;
}
