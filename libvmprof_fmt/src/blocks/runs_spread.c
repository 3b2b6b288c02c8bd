/* runs_spread.c: from the runs of a SAMPLES chunk to the stacks of its samples [F-5.6-6]. */
#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/blocks/runs.h"

#include <stdlib.h>
#include <string.h>

/* ---- samples by thread ----------------------------------------------------------------------------- */

/* The samples of a chunk by thread. Where numbers of threads are far apart, ranks stand for them: memory follows the
 * samples, not a number in a file. */
struct by_thread {
    const uint32_t *threads; /* or ranks */
    uint32_t *ends;          /* by thread: behind its last sample, in the order of runs */
    size_t thread_count;
    bool one_thread; /* all samples are of one: their order is that of the chunk */
};

static int compare(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a;
    uint32_t right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

static uint32_t rank_of(const uint32_t *sorted, size_t count, uint32_t thread)
{
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (sorted[middle] < thread) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return (uint32_t)low;
}

static void rank_threads(const uint32_t *threads, size_t count, uint32_t *sorted, uint32_t *ranks)
{
    memcpy(sorted, threads, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare);
    for (size_t i = 0; i < count; i++) {
        ranks[i] = rank_of(sorted, count,
                           threads[i]); /* of its first copy: not dense, but less than count */
    }
}

static vmpf_status sort_by_thread(struct by_thread *out, struct vmpfi_scratch *scratch,
                                  unsigned slot, const uint32_t *threads, size_t count)
{
    uint32_t greatest = 0;
    uint32_t different = 0;
    for (size_t i = 0; i < count; i++) {
        greatest = threads[i] > greatest ? threads[i] : greatest;
        different |= threads[i] ^ threads[0];
    }
    out->one_thread = different == 0;
    out->threads = threads;
    out->thread_count = (size_t)greatest + 1;
    if (greatest > count) {
        uint32_t *ranks = vmpfi_scratch_words(scratch, slot, count);
        uint32_t *sorted = vmpfi_scratch_words(scratch, slot + 1, count);
        if (ranks == NULL || sorted == NULL) {
            return VMPF_E_NOMEM;
        }
        rank_threads(threads, count, sorted, ranks);
        out->threads = ranks;
        out->thread_count = count;
    }
    out->ends = vmpfi_scratch_words(scratch, slot + 1, out->thread_count);
    if (out->ends == NULL) {
        return VMPF_E_NOMEM;
    }
    memset(out->ends, 0, out->thread_count * sizeof *out->ends);
    if (out->one_thread && count > 0) {
        out->ends[out->threads[0]] = (uint32_t)count;
    }
    for (size_t i = 0; !out->one_thread && i < count; i++) {
        out->ends[out->threads[i]]++;
    }
    for (size_t t = 1; t < out->thread_count; t++) {
        out->ends[t] += out->ends[t - 1];
    }
    return VMPF_OK;
}

/* ---- runs ------------------------------------------------------------------------------------------ */

struct spreader {
    const struct vmpfi_runs *runs;
    uint32_t *ordered;    /* the samples' stacks in the order of runs */
    uint32_t *run_stacks; /* of the runs so far: they take the place of their kinds */
    size_t age_at, node_at;
};

/* The stack of run i [F-5.6-7]; *greatest as in runs_find.c. */
static const char *stack_of_run(struct spreader *s, size_t i, uint64_t *greatest, uint32_t *stack)
{
    const struct vmpfi_runs *runs = s->runs;
    uint32_t kind = runs->kinds[i];
    if (kind == VMPFI_RUN_AGE) {
        if (s->age_at == runs->age_count) {
            return "F-5.6-8";
        }
        uint32_t age = runs->ages[s->age_at++];
        if (age == 0 || age > i) {
            return "F-5.6-7";
        }
        *stack = s->run_stacks[i - age];
        return NULL;
    }
    if (kind == VMPFI_RUN_NODE) {
        if (s->node_at == runs->node_count) {
            return "F-5.6-8";
        }
        *stack = runs->nodes[s->node_at++];
        *greatest = *greatest == UINT64_MAX || *stack > *greatest ? *stack : *greatest;
        return NULL;
    }
    if (*greatest == UINT64_MAX || *greatest + kind - 1 > UINT32_MAX) {
        return "F-5.6-7";
    }
    *greatest += kind - 1;
    *stack = (uint32_t)*greatest;
    return NULL;
}

/* Writes a stack from `begin` to `end` and into the slack behind: most runs are short, and in steps of a fixed length there
 * are few branches to guess. */
static void fill(uint32_t *ordered, size_t begin, size_t end, uint32_t stack)
{
    for (; begin < end; begin += VMPFI_SCRATCH_SLACK) {
        for (size_t i = 0; i < VMPFI_SCRATCH_SLACK; i++) {
            ordered[begin + i] = stack;
        }
    }
}

/* All runs of one thread, whose samples end at `end`. */
static const char *spread_thread(struct spreader *s, size_t *run, size_t begin, size_t end)
{
    uint64_t greatest = UINT64_MAX;
    while (begin < end) {
        uint32_t stack = 0;
        if (*run == s->runs->count || s->runs->lengths[*run] >= end - begin) {
            return "F-5.6-6";
        }
        const char *broken = stack_of_run(s, *run, &greatest, &stack);
        if (broken != NULL) {
            return broken;
        }
        s->run_stacks[*run] = stack;
        size_t stop = begin + 1 + (size_t)s->runs->lengths[*run];
        fill(s->ordered, begin, stop, stack);
        begin = stop;
        ++*run;
    }
    return NULL;
}

static const char *spread_all(struct spreader *s, const struct by_thread *samples)
{
    const struct vmpfi_runs *runs = s->runs;
    size_t run = 0;
    size_t begin = 0;
    for (size_t t = 0; t < samples->thread_count; t++) {
        size_t end = (size_t)samples->ends[t];
        const char *broken = spread_thread(s, &run, begin, end);
        if (broken != NULL) {
            return broken;
        }
        begin = end;
    }
    if (run != runs->count) {
        return "F-5.6-6";
    }
    return s->age_at == runs->age_count && s->node_at == runs->node_count ? NULL : "F-5.6-8";
}

/* Each sample takes the next stack of its thread. Not part of a larger function, where what it goes through would not stay
 * in registers. */
__attribute__((noinline)) static void take_turns(const uint32_t *restrict threads,
                                                 const uint32_t *restrict ordered, size_t count,
                                                 uint32_t *restrict next, uint32_t *restrict stacks)
{
    for (size_t i = 0; i < count; i++) {
        stacks[i] = ordered[next[threads[i]]++];
    }
}

static void give_out(const struct by_thread *samples, const uint32_t *ordered, size_t count,
                     uint32_t *stacks)
{
    uint32_t *next = samples->ends; /* turned into where each thread begins */
    for (size_t t = samples->thread_count; t-- > 1;) {
        next[t] = next[t - 1];
    }
    next[0] = 0;
    take_turns(samples->threads, ordered, count, next, stacks);
}

vmpf_status vmpfi_runs_spread(const struct vmpfi_runs *runs, struct vmpfi_scratch *scratch,
                              unsigned slot, const uint32_t *threads, size_t count,
                              uint32_t *stacks, const char **rule)
{
    struct by_thread samples;
    VMPF_TRY(sort_by_thread(&samples, scratch, slot, threads, count));
    struct spreader s = {.runs = runs, .ordered = stacks, .run_stacks = runs->kinds};
    if (!samples.one_thread) {
        s.ordered = vmpfi_scratch_words(scratch, slot + 2, count);
    }
    if (s.ordered == NULL) {
        return VMPF_E_NOMEM;
    }
    *rule = runs->count > count ? "F-5.6-6" : spread_all(&s, &samples);
    if (*rule != NULL) {
        return VMPF_E_CORRUPT;
    }
    if (!samples.one_thread) {
        give_out(&samples, s.ordered, count, stacks);
    }
    return VMPF_OK;
}
