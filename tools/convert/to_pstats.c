/* to_pstats.c: what Python's pstats loads: a dict of functions, marshalled.
 *
 * {(file, line, name): (cc, nc, tt, ct, {caller: (nc, cc, tt, ct)})}: the numbers of calls are of samples, the times of
 * weights: tt self, ct total. The types are those that every Python since 2 reads, without references. As in callgrind's
 * format, what a stack cost comes into a function by the call of its outermost frame; a recursive call has its own part only.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"
#include "tools/convert/format.h"
#include "tools/convert/names.h"

#define NO_CALLER UINT32_MAX
#define NS_PER_S 1e9
#define DIGIT_BITS 15u /* of a marshalled long */
#define PIECE_BYTES ((size_t)32 * 1024)

/* What a function, or a call, came to. */
struct cost {
    uint32_t callee; /* functions are those that pstats can tell apart: see same */
    uint32_t caller; /* NO_CALLER: what the callee came to in all */
    uint64_t samples;
    uint64_t self;
    uint64_t total;
};

struct pstats {
    struct conv_job *job;
    const struct vmpt_view *view;
    double scale;            /* of a weight to what is written */
    struct vmpt_buffer keys; /* the marshalled key of each function */
    size_t *key_ends;        /* by function */
    uint32_t *same;          /* by function: the first with the same key */
    uint32_t *on_path;       /* by function: frames of the stack that are of it */
    struct vmpt_nodes calls; /* by index - 1 in costs: the caller and the callee */
    struct cost *costs;
    size_t cost_count;
    size_t cost_capacity;
    struct vmpt_buffer out;
};

/* ---- marshal ----------------------------------------------------------------------------------------- */

static void add_bits(struct vmpt_buffer *out, char type, uint64_t bits, unsigned byte_count)
{
    char bytes[9] = {type};
    for (unsigned i = 0; i < byte_count; i++) {
        bytes[i + 1] = (char)(unsigned char)(bits >> 8 * i);
    }
    vmpt_buffer_add(out, bytes, byte_count + 1);
}

static void add_long(struct vmpt_buffer *out, uint64_t value)
{
    uint32_t count = 0;
    for (uint64_t rest = value; rest; rest >>= DIGIT_BITS) {
        count++;
    }
    add_bits(out, 'l', count, 4);
    for (; value; value >>= DIGIT_BITS) {
        char digit[2] = {(char)(unsigned char)(value & 0xFF),
                         (char)(unsigned char)(value >> 8 & 0x7F)};
        vmpt_buffer_add(out, digit, sizeof(digit));
    }
}

static void add_integer(struct vmpt_buffer *out, uint64_t value)
{
    if (value <= INT32_MAX) {
        add_bits(out, 'i', value, 4);
    } else {
        add_long(out, value);
    }
}

static void add_weight(struct pstats *pstats, uint64_t weight)
{
    double number = (double)weight / pstats->scale;
    uint64_t bits;
    memcpy(&bits, &number, sizeof(bits));
    add_bits(&pstats->out, 'g', bits, sizeof(bits));
}

static void add_tuple(struct vmpt_buffer *out, uint32_t count)
{
    add_bits(out, '(', count, 4);
}

static void add_string(struct vmpt_buffer *out, const char *data, size_t size_bytes)
{
    struct vmpt_buffer clean = {0};
    conv_add_clean(&clean, data, size_bytes);
    add_bits(out, 'u', clean.size, 4);
    vmpt_buffer_add(out, clean.data, clean.size);
    out->failed = out->failed || clean.failed;
    vmpt_buffer_fini(&clean);
}

/* ---- functions --------------------------------------------------------------------------------------- */

/* What has no file is shown as what is built into the interpreter. */
static void add_key(struct vmpt_buffer *out, const struct vmpt_function *function)
{
    bool has_file = function->file_size != 0;
    add_tuple(out, 3);
    add_string(out, has_file ? function->file : "~", has_file ? function->file_size : 1);
    add_integer(out, has_file ? function->first_line : 0);
    add_string(out, function->name, function->name_size);
}

static size_t key_of(const struct pstats *pstats, uint32_t function, const char **key)
{
    size_t start = function ? pstats->key_ends[function - 1] : 0;
    *key = pstats->keys.data + start;
    return pstats->key_ends[function] - start;
}

static int compare_keys(const void *left, const void *right, void *ctx)
{
    uint32_t a = *(const uint32_t *)left;
    uint32_t b = *(const uint32_t *)right;
    const char *a_key;
    const char *b_key;
    size_t a_size = key_of(ctx, a, &a_key);
    size_t b_size = key_of(ctx, b, &b_key);
    int order = a_size == b_size ? memcmp(a_key, b_key, a_size) : (a_size < b_size ? -1 : 1);
    return order ? order : (a > b) - (a < b);
}

/* A dict has a key once: functions that differ in what is not in it, their kind or bytes that are no text, are one. */
static bool join_functions(struct pstats *pstats, uint32_t count)
{
    uint32_t *order = vmpt_array(count, sizeof(*order));
    if (!order) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        order[i] = i;
    }
    qsort_r(order, count, sizeof(*order), compare_keys, pstats);
    for (uint32_t i = 0; i < count; i++) {
        const char *key;
        const char *before = "";
        size_t size = key_of(pstats, order[i], &key);
        bool equal = i > 0 && key_of(pstats, order[i - 1], &before) == size &&
                     memcmp(key, before, size) == 0;
        pstats->same[order[i]] = equal ? pstats->same[order[i - 1]] : order[i];
    }
    free(order);
    return true;
}

static bool make_keys(struct pstats *pstats)
{
    uint32_t count = pstats->view->hidden + 1;
    pstats->key_ends = vmpt_array(count, sizeof(*pstats->key_ends));
    pstats->same = vmpt_array(count, sizeof(*pstats->same));
    pstats->on_path = vmpt_array(count, sizeof(*pstats->on_path));
    if (!pstats->key_ends || !pstats->same || !pstats->on_path) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct vmpt_function function = conv_function(pstats->view, i);
        add_key(&pstats->keys, &function);
        pstats->key_ends[i] = pstats->keys.size;
    }
    return !pstats->keys.failed && join_functions(pstats, count);
}

/* ---- costs ------------------------------------------------------------------------------------------- */

/* The cost of callee when caller called it; NULL: memory is short. */
static struct cost *cost_of(struct pstats *pstats, uint32_t callee, uint32_t caller)
{
    struct vmpt_node_key key = {.function = callee, .line = caller};
    uint32_t number = vmpt_nodes_intern(&pstats->calls, &key);
    if (number == VMPT_NO_NODE ||
        !vmpt_reserve(&pstats->costs, &pstats->cost_capacity, number, sizeof(*pstats->costs))) {
        return NULL;
    }
    struct cost *cost = &pstats->costs[number - 1];
    if (number > pstats->cost_count) {
        pstats->cost_count = number;
        *cost = (struct cost){.callee = callee, .caller = caller};
    }
    return cost;
}

static bool add_cost(struct pstats *pstats, size_t node, uint32_t callee, uint32_t caller)
{
    const struct vmpt_view *view = pstats->view;
    struct cost *cost = cost_of(pstats, callee, caller);
    if (cost) {
        bool is_outermost = pstats->on_path[callee] == 0;
        cost->samples += is_outermost ? view->total[node].samples : 0;
        cost->total += is_outermost ? view->total[node].weight : 0;
        cost->self += view->self[node].weight;
    }
    return cost != NULL;
}

static bool add_costs(struct pstats *pstats)
{
    const struct vmpt_view *view = pstats->view;
    uint32_t *path = NULL; /* nodes */
    size_t capacity = 0;
    size_t depth = 0;
    bool done = true;
    for (size_t i = 1; done && i < view->count; i++) {
        while (depth > 0 && i >= (size_t)path[depth - 1] + view->size[path[depth - 1]]) {
            pstats->on_path[pstats->same[view->function[path[--depth]]]]--;
        }
        uint32_t function = pstats->same[view->function[i]];
        done = vmpt_reserve(&path, &capacity, depth + 1, sizeof(*path)) &&
               add_cost(pstats, i, function, NO_CALLER) &&
               (depth == 0 ||
                add_cost(pstats, i, function, pstats->same[view->function[path[depth - 1]]]));
        if (done) {
            path[depth++] = (uint32_t)i;
            pstats->on_path[function]++;
        }
    }
    free(path);
    return done;
}

/* By function: what it came to, then its callers. */
static int compare_costs(const void *left, const void *right)
{
    const struct cost *a = left;
    const struct cost *b = right;
    if (a->callee != b->callee) {
        return a->callee < b->callee ? -1 : 1;
    }
    uint32_t a_caller = a->caller + 1; /* NO_CALLER comes first */
    uint32_t b_caller = b->caller + 1;
    return (a_caller > b_caller) - (a_caller < b_caller);
}

/* ---- the dict ---------------------------------------------------------------------------------------- */

static void add_function(struct pstats *pstats, uint32_t function)
{
    const char *key;
    size_t size = key_of(pstats, function, &key);
    vmpt_buffer_add(&pstats->out, key, size);
}

static void add_numbers(struct pstats *pstats, const struct cost *cost, uint32_t count)
{
    add_tuple(&pstats->out, count);
    add_integer(&pstats->out, cost->samples);
    add_integer(&pstats->out, cost->samples);
    add_weight(pstats, cost->self);
    add_weight(pstats, cost->total);
}

static void add_entries(struct pstats *pstats)
{
    struct vmpt_buffer *out = &pstats->out;
    vmpt_buffer_add(out, "{", 1);
    for (size_t i = 0; i < pstats->cost_count; i++) {
        const struct cost *cost = &pstats->costs[i];
        bool is_last = i + 1 == pstats->cost_count || pstats->costs[i + 1].callee != cost->callee;
        bool is_whole = cost->caller == NO_CALLER;
        add_function(pstats, is_whole ? cost->callee : cost->caller);
        add_numbers(pstats, cost, is_whole ? 5 : 4);
        vmpt_buffer_add(out, "{", is_whole ? 1 : 0);
        vmpt_buffer_add(out, "0", is_last ? 1 : 0);
        if (out->size > PIECE_BYTES && !out->failed) {
            vmpt_output_write(&pstats->job->target.output, out->data, out->size);
            out->size = 0;
        }
    }
    vmpt_buffer_add(out, "0", 1);
}

static bool write_tree(struct conv_job *job)
{
    bool is_time = strcmp(job->app.profile->metric.unit, "ns") == 0;
    struct pstats pstats = {.job = job, .view = &job->app.view, .scale = is_time ? NS_PER_S : 1};
    bool done = vmpt_nodes_init(&pstats.calls) && make_keys(&pstats) && add_costs(&pstats);
    if (done) {
        if (pstats.cost_count) {
            qsort(pstats.costs, pstats.cost_count, sizeof(*pstats.costs), compare_costs);
        }
        add_entries(&pstats);
        done = !pstats.out.failed;
    }
    if (done) {
        vmpt_output_write(&job->target.output, pstats.out.data, pstats.out.size);
    }
    vmpt_nodes_fini(&pstats.calls);
    free(pstats.costs);
    free(pstats.key_ends);
    free(pstats.same);
    free(pstats.on_path);
    vmpt_buffer_fini(&pstats.keys);
    vmpt_buffer_fini(&pstats.out);
    return done;
}

const struct conv_format conv_to_pstats = {
    .option = "pstats",
    .extension = "pstats",
    .title = "the format of pstats",
    .help = "what Python's pstats loads: samples as calls",
    .holds = VMPT_HOLDS_WEIGHTS,
    .write_tree = write_tree,
};
