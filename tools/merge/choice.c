#include "tools/merge/choice.h"

#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"

/* Flags of a function and of a stack; of the latter, all frames from the root on count. */
#define IS_KNOWN 1u
#define HAS_FOCUS 2u
#define HAS_IGNORED 4u
#define IS_HIDDEN 8u

void merge_choice_init(struct merge_choice *choice, const struct vmpt_settings *settings)
{
    memset(choice, 0, sizeof(*choice));
    choice->samples = vmpt_settings_samples(settings);
    choice->frames = vmpt_settings_frames(settings);
    vmpt_label_sets_init(&choice->labels, &choice->samples.labels, NULL);
    choice->chooses_frames =
        settings->focus.count || settings->ignore.count || settings->hide.count || settings->kinds;
    choice->is_needed = choice->chooses_frames || !vmpt_sample_filter_is_empty(&choice->samples);
}

void merge_choice_fini(struct merge_choice *choice)
{
    vmpt_label_sets_fini(&choice->labels);
    free(choice->threads);
    free(choice->function_flags);
    free(choice->stack_flags);
    free(choice->anchors);
    free(choice->path);
}

/* ---- which samples ------------------------------------------------------------------------------------ */

static bool keeps_thread(const struct merge_choice *choice, const vmpf_reader *reader, uint32_t id)
{
    struct vmpf_thread thread = vmpf_reader_thread(reader, id);
    return vmpt_sample_filter_keeps_thread(&choice->samples, &thread) &&
           vmpt_sample_filter_keeps_process(&choice->samples, &thread);
}

bool merge_choice_learn(struct merge_choice *choice, const vmpf_reader *reader)
{
    choice->thread_count = vmpf_reader_thread_count(reader);
    if (!vmpt_reserve(&choice->threads, &choice->thread_capacity, choice->thread_count, 1)) {
        return false;
    }
    for (uint32_t id = 0; id < choice->thread_count; id++) {
        choice->threads[id] = keeps_thread(choice, reader, id);
    }
    return true;
}

static struct vmpf_label label_of(const void *reader, uint32_t id)
{
    return vmpf_reader_label(reader, id);
}

static uint32_t label_count(const void *reader)
{
    return vmpf_reader_label_count(reader);
}

static void restart_labels(struct merge_choice *choice)
{
    choice->label_epoch = vmpf_reader_epoch(choice->reader);
    vmpt_label_sets_restart(&choice->labels, label_of, label_count, choice->reader);
}

bool merge_choice_keeps(struct merge_choice *choice, const struct vmpf_block *block, size_t i,
                        bool *failed)
{
    uint32_t set = block->label ? block->label[i] : 0;
    uint32_t thread = block->thread[i];
    if (block->time_ns && !vmpt_sample_filter_keeps_time(&choice->samples, block->time_ns[i])) {
        return false;
    }
    if (choice->label_epoch != vmpf_reader_epoch(choice->reader)) {
        restart_labels(choice);
    }
    if (!vmpt_label_sets_keeps(&choice->labels, set, failed)) {
        return false;
    }
    return thread < choice->thread_count ? choice->threads[thread]
                                         : keeps_thread(choice, choice->reader, thread);
}

/* ---- which stacks and frames -------------------------------------------------------------------------- */

static void forget(struct merge_choice *choice)
{
    choice->epoch = vmpf_reader_epoch(choice->reader);
    if (choice->function_capacity) {
        memset(choice->function_flags, 0, choice->function_capacity);
    }
    if (choice->stack_capacity) {
        memset(choice->stack_flags, 0, choice->stack_capacity);
    }
}

void merge_choice_follow(struct merge_choice *choice, const vmpf_reader *reader)
{
    choice->reader = reader;
    forget(choice);
    restart_labels(choice);
}

static bool make_room(struct merge_choice *choice)
{
    if (vmpf_reader_epoch(choice->reader) != choice->epoch) {
        forget(choice);
    }
    choice->function_count = vmpf_reader_function_count(choice->reader);
    choice->stack_count = vmpf_reader_stack_count(choice->reader);
    return vmpt_reserve(&choice->function_flags, &choice->function_capacity, choice->function_count,
                        1) &&
           vmpt_reserve(&choice->stack_flags, &choice->stack_capacity, choice->stack_count, 1) &&
           vmpt_reserve(&choice->anchors, &choice->anchor_capacity, choice->stack_count,
                        sizeof(*choice->anchors));
}

static uint8_t judge_function(const struct merge_choice *choice,
                              const struct vmpf_function *function)
{
    const struct vmpt_frame_filter *filter = &choice->frames;
    struct vmpf_string name = function->name;
    unsigned kind = (size_t)function->kind <= VMPF_KIND_JIT_INTERNAL ? function->kind : 0;
    unsigned flags = IS_KNOWN;
    flags |= vmpt_patterns_match(&filter->focus, name.data, name.size_bytes) ? HAS_FOCUS : 0;
    flags |= vmpt_patterns_match(&filter->ignore, name.data, name.size_bytes) ? HAS_IGNORED : 0;
    if (vmpt_patterns_match(&filter->hide, name.data, name.size_bytes) ||
        (filter->kinds && !(filter->kinds >> kind & 1u))) {
        flags |= IS_HIDDEN;
    }
    return (uint8_t)flags;
}

/* An id that no table has is looked up each time. */
static uint8_t function_flags(struct merge_choice *choice, uint32_t stack)
{
    uint32_t location = vmpf_reader_stack(choice->reader, stack).location;
    uint32_t id = vmpf_reader_location(choice->reader, location).function;
    if (id < choice->function_count && choice->function_flags[id]) {
        return choice->function_flags[id];
    }
    struct vmpf_function function = vmpf_reader_function(choice->reader, id);
    uint8_t flags = judge_function(choice, &function);
    if (id < choice->function_count) {
        choice->function_flags[id] = flags;
    }
    return flags;
}

static uint32_t parent_of(const struct merge_choice *choice, uint32_t stack)
{
    uint32_t parent = vmpf_reader_stack(choice->reader, stack).parent;
    return parent < stack ? parent : 0;
}

/* From what is known of its caller, what is known of a stack. */
static void learn_stack(struct merge_choice *choice, uint32_t stack)
{
    uint32_t parent = parent_of(choice, stack);
    unsigned own = function_flags(choice, stack);
    unsigned all = own | (parent ? choice->stack_flags[parent] : 0u);
    choice->stack_flags[stack] = (uint8_t)(IS_KNOWN | (all & (HAS_FOCUS | HAS_IGNORED)));
    choice->anchors[stack] = stack;
    if (own & IS_HIDDEN) {
        choice->anchors[stack] = parent ? choice->anchors[parent] : 0;
    }
}

static bool learn(struct merge_choice *choice, uint32_t stack)
{
    size_t depth = 0;
    for (; stack && !choice->stack_flags[stack]; stack = parent_of(choice, stack)) {
        if (!vmpt_reserve(&choice->path, &choice->path_capacity, depth + 1,
                          sizeof(*choice->path))) {
            return false;
        }
        choice->path[depth++] = stack;
    }
    while (depth > 0) {
        learn_stack(choice, choice->path[--depth]);
    }
    return true;
}

bool merge_choice_stack(struct merge_choice *choice, uint32_t stack, struct merge_kept *out)
{
    unsigned flags = IS_KNOWN;
    *out = (struct merge_kept){.stack = true, .innermost = stack};
    if (!choice->chooses_frames) {
        return true;
    }
    if (!make_room(choice)) {
        return false;
    }
    if (stack >= choice->stack_count) { /* one frame, <lost> */
        flags = function_flags(choice, stack);
        out->innermost = flags & IS_HIDDEN ? 0 : stack;
    } else if (stack) {
        if (!learn(choice, stack)) {
            return false;
        }
        flags = choice->stack_flags[stack];
        out->innermost = choice->anchors[stack];
    }
    out->stack = (!choice->frames.focus.count || (flags & HAS_FOCUS)) && !(flags & HAS_IGNORED);
    return true;
}

uint32_t merge_choice_caller(const struct merge_choice *choice, uint32_t stack)
{
    uint32_t parent = parent_of(choice, stack);
    return choice->chooses_frames && parent ? choice->anchors[parent] : parent;
}
