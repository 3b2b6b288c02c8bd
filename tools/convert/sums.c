#include "tools/convert/sums.h"

#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"
#include "tools/analysis/metric.h"

#define NO_PLACE VMPF_MAX_VALUES

/* ---- labels ------------------------------------------------------------------------------------------ */

/* The set of the label alone, below a parent; VMPT_NO_NODE: memory is short. */
static uint32_t intern_label(struct conv_sums *sums, uint32_t parent,
                             const struct vmpf_label *label)
{
    struct vmpf_function words = {
        .name = label->key,
        .file = label->text,
        .address = label->text.size_bytes ? 0 : label->number,
    };
    struct vmpt_node_key key = {.parent = parent};
    key.function = vmpt_functions_intern(&sums->labels, &words);
    return key.function == VMPT_NO_FUNCTION ? VMPT_NO_NODE : vmpt_nodes_intern(&sums->sets, &key);
}

/* The set of an id that was not seen in this epoch; VMPT_NO_NODE: memory is short. */
static uint32_t learn_set(struct conv_sums *sums, const struct vmpt_feed *feed, uint32_t id)
{
    size_t depth = 0;
    uint32_t found = 0;
    if (!vmpt_reserve(&sums->set_of, &sums->set_capacity, (size_t)id + 1, sizeof(*sums->set_of))) {
        return VMPT_NO_NODE;
    }
    for (uint32_t at = id; at && !found;) {
        if (!vmpt_reserve(&sums->path, &sums->path_capacity, depth + 1, sizeof(at))) {
            return VMPT_NO_NODE;
        }
        sums->path[depth++] = at;
        uint32_t parent = feed->ops->label(feed->ctx, at).parent;
        at = parent < at ? parent : 0;
        found = sums->set_of[at];
    }
    found = found ? found - 1 : 0;
    while (depth > 0 && found != VMPT_NO_NODE) {
        uint32_t at = sums->path[--depth];
        struct vmpf_label label = feed->ops->label(feed->ctx, at);
        found = intern_label(sums, found, &label);
        sums->set_of[at] = found + 1;
    }
    return found;
}

static uint32_t find_set(struct conv_sums *sums, const struct conv_sample *sample)
{
    const struct vmpt_feed *feed = &sample->tables->stream->feed;
    const uint32_t *label = sample->block->label;
    uint32_t id = label && feed->ops->label ? label[sample->index] : 0;
    if (id < sums->set_capacity && sums->set_of[id]) {
        return sums->set_of[id] - 1;
    }
    return id ? learn_set(sums, feed, id) : 0;
}

static bool is_overruled(const struct conv_sums *sums, uint32_t set, uint32_t at)
{
    const struct vmpt_node_key *keys = sums->sets.keys;
    const struct vmpt_function *own = &sums->labels.items[keys[at].function];
    for (; set != at; set = keys[set].parent) {
        const struct vmpt_function *nearer = &sums->labels.items[keys[set].function];
        if (nearer->name_size == own->name_size &&
            memcmp(nearer->name, own->name, own->name_size) == 0) {
            return true;
        }
    }
    return false;
}

bool conv_sums_label(const struct conv_sums *sums, uint32_t set, uint32_t *at, uint32_t *label)
{
    while (*at && is_overruled(sums, set, *at)) { /* [F-5.7-2] */
        *at = sums->sets.keys[*at].parent;
    }
    if (*at == 0) {
        return false;
    }
    *label = sums->sets.keys[*at].function;
    *at = sums->sets.keys[*at].parent;
    return true;
}

/* ---- values ------------------------------------------------------------------------------------------ */

static bool is_text(struct vmpf_string string, const char *text)
{
    return string.size_bytes == strlen(text) && memcmp(string.data, text, string.size_bytes) == 0;
}

static const char *keep(struct vmpt_arena *strings, struct vmpf_string text)
{
    return vmpt_arena_copy(strings, text.size_bytes ? text.data : "", text.size_bytes);
}

static uint8_t find_place(struct conv_sums *sums, const struct vmpf_value_type *type)
{
    struct vmpt_arena *strings = &sums->tables.strings;
    size_t place = 0;
    while (place < sums->value_count && !(is_text(type->name, sums->values[place].name) &&
                                          is_text(type->unit, sums->values[place].unit))) {
        place++;
    }
    if (place == VMPF_MAX_VALUES) {
        return NO_PLACE;
    }
    if (place == sums->value_count) {
        const char *name = keep(strings, type->name);
        const char *unit = keep(strings, type->unit);
        if (!name || !unit) {
            return NO_PLACE + 1;
        }
        sums->values[sums->value_count++] = (struct conv_value){name, unit};
    }
    return (uint8_t)place;
}

/* False: memory is short. */
static bool begin_session(struct conv_sums *sums, const struct conv_tables *tables)
{
    const struct vmpf_info *info = tables->info;
    sums->session = tables->sessions;
    for (size_t i = 0; i < info->value_count; i++) {
        char name[64] = "";
        size_t size = info->values[i].name.size_bytes;
        if (size < sizeof(name)) {
            memcpy(name, info->values[i].name.data, size);
        }
        bool is_left_out = vmpt_metric_name_is_gauge(name);
        sums->place_of[i] = is_left_out ? NO_PLACE : find_place(sums, &info->values[i]);
        sums->has_other_values |= sums->place_of[i] == NO_PLACE;
        if (sums->place_of[i] > NO_PLACE) {
            return false;
        }
    }
    return true;
}

static void swap_values(struct conv_sums *sums, size_t a, size_t b)
{
    struct conv_value kept = sums->values[a];
    uint64_t *column = sums->columns[a];
    size_t capacity = sums->column_capacity[a];
    sums->values[a] = sums->values[b];
    sums->columns[a] = sums->columns[b];
    sums->column_capacity[a] = sums->column_capacity[b];
    sums->values[b] = kept;
    sums->columns[b] = column;
    sums->column_capacity[b] = capacity;
}

uint64_t conv_sums_value(const struct conv_sums *sums, const struct conv_sum *sum, size_t value)
{
    return sum->place < sums->column_capacity[value] ? sums->columns[value][sum->place] : 0;
}

/* What samples weigh, of the session that was read last, comes last. */
static void order_values(struct conv_sums *sums)
{
    for (size_t i = 0; sums->tables.metric && i + 1 < sums->value_count; i++) {
        if (strcmp(sums->values[i].name, sums->tables.metric) == 0) {
            swap_values(sums, i, sums->value_count - 1);
            return;
        }
    }
}

/* ---- sums -------------------------------------------------------------------------------------------- */

static uint64_t hash_of(const struct conv_sum *sum)
{
    uint64_t hash = ((uint64_t)sum->stack << 32 | sum->thread) * UINT64_C(0x9E3779B97F4A7C15);
    hash = (hash ^ hash >> 29 ^ sum->labels) * UINT64_C(0xBF58476D1CE4E5B9);
    return hash ^ hash >> 32;
}

static bool grow_slots(struct conv_sums *sums)
{
    size_t count = sums->slot_count ? sums->slot_count * 2 : 1024;
    uint32_t *slots = vmpt_array(count, sizeof(*slots));
    if (!slots) {
        return false;
    }
    for (size_t i = 0; sums->items && i < sums->count; i++) {
        size_t at = (size_t)hash_of(&sums->items[i]) & (count - 1);
        while (slots[at]) {
            at = (at + 1) & (count - 1);
        }
        slots[at] = (uint32_t)i + 1;
    }
    free(sums->slots);
    sums->slots = slots;
    sums->slot_count = count;
    return true;
}

static bool is_of(const struct conv_sum *sum, const struct conv_sum *wanted)
{
    return sum->stack == wanted->stack && sum->thread == wanted->thread &&
           sum->labels == wanted->labels;
}

/* NULL: memory is short. */
static struct conv_sum *find_sum(struct conv_sums *sums, const struct conv_sum *wanted,
                                 uint64_t hash)
{
    if (sums->count * 2 >= sums->slot_count && !grow_slots(sums)) {
        return NULL;
    }
    size_t at = (size_t)hash & (sums->slot_count - 1);
    for (; sums->slots[at]; at = (at + 1) & (sums->slot_count - 1)) {
        struct conv_sum *sum = &sums->items[sums->slots[at] - 1];
        if (is_of(sum, wanted)) {
            return sum;
        }
    }
    if (sums->count >= UINT32_MAX - 1 ||
        !vmpt_reserve(&sums->items, &sums->capacity, sums->count + 1, sizeof(*sums->items))) {
        return NULL;
    }
    sums->items[sums->count] = *wanted;
    sums->items[sums->count].place = (uint32_t)sums->count;
    sums->slots[at] = (uint32_t)++sums->count;
    return &sums->items[sums->count - 1];
}

static bool add_values(struct conv_sums *sums, const struct conv_sum *sum, const uint64_t *values)
{
    for (size_t i = 0; i < sums->value_count; i++) {
        if (values[i] == 0) {
            continue;
        }
        if (sum->place >= sums->column_capacity[i] &&
            !vmpt_reserve(&sums->columns[i], &sums->column_capacity[i], (size_t)sum->place + 1,
                          sizeof(*values))) {
            return false;
        }
        sums->columns[i][sum->place] += values[i];
    }
    return true;
}

/* ---- the queue ---------------------------------------------------------------------------------------
 * A sum lies anywhere in memory, and so does the way to it. Each step of that way is asked for when others are
 * still to be taken, so that nothing is waited for. */

static struct conv_queued *queued(const struct conv_sums *sums, size_t number)
{
    return &sums->queue[number % CONV_SUMS_QUEUE];
}

/* The sum that a slot most likely leads to. */
static void fetch_sum(const struct conv_sums *sums, const struct conv_queued *sample)
{
    uint32_t place = sums->slots[(size_t)sample->hash & (sums->slot_count - 1)];
    if (place == 0) {
        return;
    }
    __builtin_prefetch(&sums->items[place - 1]);
    for (size_t i = 0; i < sums->value_count; i++) {
        if (place <= sums->column_capacity[i]) {
            __builtin_prefetch(&sums->columns[i][place - 1]);
        }
    }
}

/* The oldest comes to its sum. False: memory is short. */
static bool settle_one(struct conv_sums *sums)
{
    const struct conv_queued *sample = queued(sums, sums->begun++);
    struct conv_sum *sum = find_sum(sums, &sample->wanted, sample->hash);
    if (!sum) {
        return false;
    }
    sum->samples++;
    return add_values(sums, sum, sample->values);
}

static bool settle_all(struct conv_sums *sums)
{
    bool done = true;
    while (done && sums->begun != sums->ended) {
        done = settle_one(sums);
    }
    return done;
}

static void read_values(const struct conv_sums *sums, const struct conv_sample *sample,
                        uint64_t *values)
{
    memset(values, 0, sums->value_count * sizeof(*values));
    for (size_t i = 0; i < sample->tables->info->value_count; i++) {
        const uint64_t *column = sample->block->values[i];
        uint8_t value = sums->place_of[i];
        if (value < NO_PLACE && column) {
            values[value] += column[sample->index];
        }
    }
}

static bool take_sample(void *ctx, const struct conv_sample *sample)
{
    struct conv_sums *sums = ctx;
    uint32_t labels = find_set(sums, sample);
    if (labels == VMPT_NO_NODE ||
        (sums->ended - sums->begun == CONV_SUMS_QUEUE && !settle_one(sums))) {
        return false;
    }
    struct conv_queued *entry = queued(sums, sums->ended++);
    entry->wanted =
        (struct conv_sum){.stack = sample->stack, .thread = sample->thread, .labels = labels};
    entry->hash = hash_of(&entry->wanted);
    read_values(sums, sample, entry->values);
    if (sums->slot_count) {
        __builtin_prefetch(&sums->slots[(size_t)entry->hash & (sums->slot_count - 1)]);
    }
    if (sums->slot_count && sums->ended - sums->begun > CONV_SUMS_QUEUE / 2) {
        fetch_sum(sums, queued(sums, sums->ended - 1 - CONV_SUMS_QUEUE / 2));
    }
    return true;
}

static int compare(const void *left, const void *right)
{
    const struct conv_sum *a = left;
    const struct conv_sum *b = right;
    if (a->stack != b->stack) {
        return a->stack < b->stack ? -1 : 1;
    }
    if (a->thread != b->thread) {
        return a->thread < b->thread ? -1 : 1;
    }
    return (a->labels > b->labels) - (a->labels < b->labels);
}

static bool forget(void *ctx)
{
    struct conv_sums *sums = ctx;
    if (!settle_all(sums)) { /* their values are those of the session before */
        return false;
    }
    if (sums->set_capacity) {
        memset(sums->set_of, 0, sums->set_capacity * sizeof(*sums->set_of));
    }
    return sums->session == sums->tables.sessions || begin_session(sums, &sums->tables);
}

int conv_sums_init(struct conv_sums *sums, struct conv_job *job)
{
    memset(sums, 0, sizeof(*sums));
    const struct conv_consumer consumer = {.sample = take_sample, .epoch = forget, .ctx = sums};
    vmpt_functions_init(&sums->labels);
    sums->labels.split_addresses = true; /* a label is its number too */
    sums->queue = vmpt_array(CONV_SUMS_QUEUE, sizeof(*sums->queue));
    if (!vmpt_nodes_init(&sums->sets) || !sums->queue) {
        return vmpt_app_no_memory(&job->app);
    }
    int code = conv_tables_init(&sums->tables, job, &consumer, 0);
    if (code < 0 && !settle_all(sums)) {
        code = vmpt_app_no_memory(&job->app);
    }
    order_values(sums);
    if (sums->count) {
        qsort(sums->items, sums->count, sizeof(*sums->items), compare);
    }
    job->lost = job->held & ~(sums->has_other_values ? 0 : VMPT_HOLDS_VALUES);
    return code;
}

void conv_sums_fini(struct conv_sums *sums)
{
    vmpt_functions_fini(&sums->labels);
    vmpt_nodes_fini(&sums->sets);
    for (size_t i = 0; i < VMPF_MAX_VALUES; i++) {
        free(sums->columns[i]);
    }
    free(sums->items);
    free(sums->slots);
    free(sums->queue);
    free(sums->set_of);
    free(sums->path);
    conv_tables_fini(&sums->tables);
}
