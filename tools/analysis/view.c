#include "tools/analysis/view.h"

#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"
#include "tools/analysis/settle.h"

/* Flags of a function. */
#define IS_FOCUS 1u
#define IS_IGNORED 2u
#define IS_HIDDEN 4u
#define IS_GROUP 8u

/* Flags of a node: of the stack from the root to it. */
#define HAS_FOCUS 1u
#define HAS_IGNORED 2u

/* What the view is made from; all by node of the profile, but for function_flags. */
struct build {
    const struct vmpt_profile *profile;
    const struct vmpt_frame_filter *filter;
    uint32_t kinds; /* shown: bits 1 << vmpf_kind */
    uint8_t *function_flags;
    uint8_t *stack_flags;
    /* The node itself where it is shown, else its nearest shown caller. NULL: all are shown, and all stacks are chosen. */
    uint32_t *anchor;
    uint32_t *size; /* of the subtree; 0: it is not in the view */
    uint32_t *next; /* of a node in the view: the place of its next callee there */
    struct vmpt_cell
        *self; /* after what is hidden has gone to its callers; NULL: that of the node */
    struct vmpt_cell hidden;
    uint64_t *self_peak; /* of a gauge; else NULL */
    uint64_t hidden_peak;
};

bool vmpt_patterns_match(const struct vmpt_patterns *patterns, const char *name, size_t size_bytes)
{
    char start[VMPT_MATCHED_BYTES + 1];
    size_t size = size_bytes < VMPT_MATCHED_BYTES ? size_bytes : VMPT_MATCHED_BYTES;
    if (patterns->count == 0) {
        return false;
    }
    if (size) {
        memcpy(start, name, size);
    }
    start[size] = '\0';
    for (size_t i = 0; i < patterns->count; i++) {
        if (regexec(&patterns->items[i], start, 0, NULL, 0) == 0) {
            return true;
        }
    }
    return false;
}

static bool matches(const struct vmpt_patterns *patterns, const struct vmpt_function *function)
{
    return vmpt_patterns_match(patterns, function->name, function->name_size);
}

static void match_functions(struct build *build)
{
    const struct vmpt_functions *functions = &build->profile->functions;
    for (size_t i = 0; i < functions->count; i++) {
        const struct vmpt_function *function = &functions->items[i];
        uint8_t flags = 0;
        if (function->is_group) {
            build->function_flags[i] = IS_GROUP;
            continue;
        }
        flags |= matches(&build->filter->focus, function) ? IS_FOCUS : 0;
        flags |= matches(&build->filter->ignore, function) ? IS_IGNORED : 0;
        flags |= matches(&build->filter->hide, function) ? IS_HIDDEN : 0;
        build->function_flags[i] = flags;
    }
}

/* Of the stacks that have samples: others are of samples that a filter took. Uses stack_flags, and leaves it empty. */
static bool has_virtual_frame(struct build *build)
{
    const struct vmpt_nodes *nodes = &build->profile->nodes;
    bool found = false;
    for (size_t i = nodes->count; i-- > 1 && !found;) {
        if (nodes->cells[i].samples || build->stack_flags[i]) {
            build->stack_flags[nodes->keys[i].parent] = 1;
            found = vmpt_kind_is_virtual(nodes->keys[i].kind);
        }
    }
    memset(build->stack_flags, 0, nodes->count);
    return found;
}

/* The kinds of frames that are shown, as bits 1 << kind. */
static uint32_t shown_kinds(const struct vmpt_frame_filter *filter, bool native)
{
    uint32_t plain = UINT32_MAX;
    for (unsigned kind = 0; kind <= VMPF_KIND_JIT_INTERNAL && !native; kind++) {
        if (!vmpt_kind_is_virtual((uint8_t)kind) && kind != VMPF_KIND_UNKNOWN) {
            plain &= ~(UINT32_C(1) << kind);
        }
    }
    if (!filter->kinds) {
        return plain;
    }
    return filter->virtual_only ? filter->kinds & plain : filter->kinds;
}

static bool is_shown(const struct build *build, const struct vmpt_node_key *key)
{
    uint8_t flags = build->function_flags[key->function];
    return (flags & IS_GROUP) || (!(flags & IS_HIDDEN) && (build->kinds >> key->kind & 1u));
}

static bool is_chosen(const struct build *build, size_t node)
{
    uint8_t flags = build->stack_flags[node];
    return (build->filter->focus.count == 0 || (flags & HAS_FOCUS)) && !(flags & HAS_IGNORED);
}

static void add_cell(struct vmpt_cell *sum, const struct vmpt_cell *cell)
{
    sum->samples += cell->samples;
    sum->weight += cell->weight;
}

static void raise_peak(uint64_t *peak, uint64_t value)
{
    *peak = value > *peak ? value : *peak;
}

/* Every frame is shown and every stack is chosen: nothing goes elsewhere. */
static bool shows_all(const struct build *build)
{
    const struct vmpt_nodes *nodes = &build->profile->nodes;
    bool all = build->filter->focus.count == 0 && build->filter->ignore.count == 0;
    for (size_t i = 1; all && i < nodes->count; i++) {
        all = is_shown(build, &nodes->keys[i]);
    }
    return all;
}

static uint32_t anchor_of(const struct build *build, size_t node)
{
    return build->anchor ? build->anchor[node] : (uint32_t)node;
}

static const struct vmpt_cell *self_of(const struct build *build, size_t node)
{
    return build->self ? &build->self[node] : &build->profile->nodes.cells[node];
}

/* From callers to callees: which stacks are chosen, and where the weight of each goes. */
static void choose_stacks(struct build *build)
{
    const struct vmpt_nodes *nodes = &build->profile->nodes;
    for (size_t i = 0; i < nodes->count; i++) {
        const struct vmpt_node_key *key = &nodes->keys[i];
        if (i > 0) {
            uint8_t own = build->function_flags[key->function];
            uint8_t flags = build->stack_flags[key->parent];
            flags |= own & IS_FOCUS ? HAS_FOCUS : 0;
            flags |= own & IS_IGNORED ? HAS_IGNORED : 0;
            build->stack_flags[i] = flags;
            build->anchor[i] = is_shown(build, key) ? (uint32_t)i : build->anchor[key->parent];
        }
        if (!nodes->cells[i].samples || !is_chosen(build, i)) {
            continue;
        }
        uint32_t anchor = build->anchor[i];
        add_cell(anchor ? &build->self[anchor] : &build->hidden, &nodes->cells[i]);
        if (build->self_peak) {
            raise_peak(anchor ? &build->self_peak[anchor] : &build->hidden_peak, nodes->peaks[i]);
        }
    }
}

static void choose_all(struct build *build)
{
    const struct vmpt_nodes *nodes = &build->profile->nodes;
    build->hidden = nodes->cells[0];
    if (build->self_peak) {
        build->hidden_peak = nodes->peaks[0];
        memcpy(build->self_peak, nodes->peaks, nodes->count * sizeof(*nodes->peaks));
    }
}

/* From callees to callers: the size of each subtree, of what is shown and not empty. */
static size_t measure_subtrees(struct build *build)
{
    const struct vmpt_nodes *nodes = &build->profile->nodes;
    for (size_t i = nodes->count; i-- > 1;) {
        if (anchor_of(build, i) != i) {
            continue;
        }
        if (self_of(build, i)->samples || build->size[i]) {
            build->size[i]++;
            build->size[anchor_of(build, nodes->keys[i].parent)] += build->size[i];
        }
    }
    return build->size[0];
}

static bool view_alloc(struct vmpt_view *view, size_t count, bool has_peaks)
{
    if (has_peaks) {
        view->self_peak = vmpt_array(count, sizeof(*view->self_peak));
        view->total_peak = vmpt_array(count, sizeof(*view->total_peak));
        if (!view->self_peak || !view->total_peak) {
            return false;
        }
    }
    view->function = vmpt_array(count, sizeof(*view->function));
    view->line = vmpt_array(count, sizeof(*view->line));
    view->kind = vmpt_array(count, sizeof(*view->kind));
    view->size = vmpt_array(count, sizeof(*view->size));
    view->self = vmpt_array(count, sizeof(*view->self));
    view->total = vmpt_array(count + 1, sizeof(*view->total)); /* one more while it is made */
    return view->function && view->line && view->kind && view->size && view->self && view->total;
}

/* Callers first: the place of a node in preorder is the next free one of its caller's range. view->size gets the node
 * of each place, until fill_view() needs it for what it is called. */
static void place_nodes(const struct build *build, struct vmpt_view *view)
{
    const struct vmpt_nodes *nodes = &build->profile->nodes;
    build->next[0] = 1;
    for (size_t i = 1; i < nodes->count; i++) {
        if (build->size[i] == 0 || anchor_of(build, i) != i) {
            continue;
        }
        uint32_t *next = &build->next[anchor_of(build, nodes->keys[i].parent)];
        view->size[*next] = (uint32_t)i;
        build->next[i] = *next + 1;
        *next += build->size[i];
    }
}

/* Place by place, so that the view is written from its start to its end. */
static void fill_view(const struct build *build, struct vmpt_view *view)
{
    const struct vmpt_nodes *nodes = &build->profile->nodes;
    size_t end = view->count - (build->hidden.samples ? 1 : 0);
    view->size[0] = (uint32_t)view->count;
    view->function[0] = UINT32_MAX;
    for (size_t at = 1; at < end; at++) {
        size_t i = view->size[at];
        view->function[at] = nodes->keys[i].function;
        view->kind[at] = nodes->keys[i].kind;
        view->size[at] = build->size[i];
        view->self[at] = *self_of(build, i);
        if (nodes->keys[i].line) { /* the pages of an array that stays empty cost nothing */
            view->line[at] = nodes->keys[i].line;
        }
        if (build->self_peak) {
            view->self_peak[at] = build->self_peak[i];
        }
    }
}

static void place_hidden(const struct build *build, struct vmpt_view *view)
{
    size_t at = view->count - 1;
    view->function[at] = view->hidden;
    view->kind[at] = VMPF_KIND_UNKNOWN;
    view->size[at] = 1;
    view->self[at] = build->hidden;
    if (view->self_peak) {
        view->self_peak[at] = build->hidden_peak;
    }
}

/* A node's total is what all nodes of its range come to: the sum up to its end less the sum up to its start. The sums
 * up to each node stand in view->total until they are not needed any more. */
static void sum_totals(struct vmpt_view *view)
{
    struct vmpt_cell sum = {0, 0};
    for (size_t i = 0; i < view->count; i++) {
        view->total[i] = sum;
        add_cell(&sum, &view->self[i]);
    }
    view->total[view->count] = sum;
    for (size_t i = 0; i < view->count; i++) {
        const struct vmpt_cell *end = &view->total[i + view->size[i]];
        view->total[i].samples = end->samples - view->total[i].samples;
        view->total[i].weight = end->weight - view->total[i].weight;
    }
}

static void find_peaks(struct vmpt_view *view)
{
    memcpy(view->total_peak, view->self_peak, view->count * sizeof(*view->total_peak));
    for (size_t i = view->count; i-- > 0;) {
        size_t end = i + view->size[i];
        for (size_t child = i + 1; child < end; child += view->size[child]) {
            raise_peak(&view->total_peak[i], view->total_peak[child]);
        }
    }
}

static bool build_alloc(struct build *build)
{
    size_t count = build->profile->nodes.count;
    build->function_flags = vmpt_array(build->profile->functions.count, 1);
    build->stack_flags = vmpt_array(count, 1);
    build->size = vmpt_array(count, sizeof(*build->size));
    build->next = vmpt_array(count, sizeof(*build->next));
    if (build->profile->nodes.peaks) {
        build->self_peak = vmpt_array(count, sizeof(*build->self_peak));
        if (!build->self_peak) {
            return false;
        }
    }
    return build->function_flags && build->stack_flags && build->size && build->next;
}

static bool choose(struct build *build)
{
    size_t count = build->profile->nodes.count;
    match_functions(build);
    if (shows_all(build)) {
        choose_all(build);
        return true;
    }
    build->anchor = vmpt_array(count, sizeof(*build->anchor));
    build->self = vmpt_array(count, sizeof(*build->self));
    if (!build->anchor || !build->self) {
        return false;
    }
    choose_stacks(build);
    return true;
}

static void build_fini(struct build *build)
{
    free(build->function_flags);
    free(build->stack_flags);
    free(build->anchor);
    free(build->size);
    free(build->next);
    free(build->self);
    free(build->self_peak);
}

bool vmpt_view_init(struct vmpt_view *view, const struct vmpt_profile *profile,
                    const struct vmpt_frame_filter *filter)
{
    struct build build = {.profile = profile, .filter = filter};
    memset(view, 0, sizeof(*view));
    view->profile = profile;
    view->hidden = (uint32_t)profile->functions.count;
    bool done = build_alloc(&build);
    if (done) {
        view->has_virtual =
            (profile->settled && profile->settled->has_virtual) || has_virtual_frame(&build);
        build.kinds = shown_kinds(filter, filter->native || !view->has_virtual);
        done = choose(&build);
    }
    if (done) {
        view->count = 1 + measure_subtrees(&build) + (build.hidden.samples ? 1 : 0);
        done = view_alloc(view, view->count, build.self_peak != NULL);
    }
    if (done) {
        place_nodes(&build, view);
        fill_view(&build, view);
        if (build.hidden.samples) {
            place_hidden(&build, view);
        }
        sum_totals(view);
        if (view->self_peak) {
            find_peaks(view);
        }
    }
    build_fini(&build);
    return done;
}

void vmpt_view_fini(struct vmpt_view *view)
{
    free(view->function);
    free(view->line);
    free(view->kind);
    free(view->size);
    free(view->self);
    free(view->total);
    free(view->self_peak);
    free(view->total_peak);
    memset(view, 0, sizeof(*view));
}
