#include "tests/bench/synthetic.h"

#include "tests/bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS 8u
#define FUNCTIONS 3000u
#define FILES 150u
#define HELPERS 40u /* the last functions: everybody's */
#define MAX_CALLS 6u
#define MAX_LINES 60u
#define TEXT_BYTES 64u
#define MEAN_DEPTH 42u
#define MAX_DEPTH 200u
#define PERIOD_US 1000u
#define REPEATED_OF_TEN 9u
#define RARE_CALL 20u    /* once in so many times it is any call site, else the first */
#define HOT_LINE_STEP 7u /* some lines take most of a function's time; they lie apart */

struct function {
    uint32_t first_location; /* of its first line; the others follow */
    uint32_t lines;
    uint32_t calls;
    uint32_t callees[MAX_CALLS];
    uint32_t call_lines[MAX_CALLS]; /* index of the line */
};

struct frame {
    uint32_t function;
    uint32_t node; /* of the trace, for the frames up to the caller's: where it was called from */
};

struct thread {
    struct frame frames[MAX_DEPTH];
    uint32_t depth;
    uint32_t node; /* of the whole stack */
    bool runs;
};

struct program {
    struct bench_trace *trace;
    struct bench_random random;
    struct function *functions;
    struct thread *threads;
};

/* Low numbers are more likely: the least of two. */
static uint32_t skewed_below(struct bench_random *random, uint32_t limit)
{
    uint32_t one = bench_random_below(random, limit);
    uint32_t other = bench_random_below(random, limit);
    return one < other ? one : other;
}

/* 0 in half of the cases, 1 in a quarter, and so on. */
static uint32_t halving(struct bench_random *random)
{
    uint32_t count = 0;
    while (count < 30 && bench_random_below(random, 2) == 1) {
        count++;
    }
    return count;
}

static uint32_t choose_callee(struct bench_random *random, uint32_t caller)
{
    uint32_t kind = bench_random_below(random, 10);
    if (kind < 2) {
        return FUNCTIONS - 1 - skewed_below(random, HELPERS);
    }
    if (kind == 2) { /* of the same file, so that recursion happens */
        uint32_t per_file = FUNCTIONS / FILES;
        return caller / per_file * per_file + bench_random_below(random, per_file);
    }
    return (caller + 1 + skewed_below(random, 200)) % FUNCTIONS;
}

static void name_location(struct program *program, uint32_t number, char *text, uint32_t line)
{
    struct bench_location *location = &program->trace->locations[number];
    location->file = text;
    location->function = text + strlen(text) + 1;
    location->first_line = line;
}

static void make_function(struct program *program, uint32_t number)
{
    struct bench_random *random = &program->random;
    struct bench_trace *trace = program->trace;
    struct function *function = &program->functions[number];
    uint32_t file = number / (FUNCTIONS / FILES);
    uint32_t first_line = 10 + number % (FUNCTIONS / FILES) * (MAX_LINES + 5);
    char *text = trace->text + (size_t)number * TEXT_BYTES;
    int length = snprintf(text, TEXT_BYTES, "/srv/service/part_%u/module_%u.py", file / 10, file);
    (void)snprintf(text + length + 1, TEXT_BYTES - (size_t)length - 1, "function_%u", number);
    function->first_location = (uint32_t)trace->location_count;
    function->lines = 5 + skewed_below(random, MAX_LINES - 5);
    function->calls = 1 + bench_random_below(random, MAX_CALLS);
    for (uint32_t i = 0; i < function->lines; i++) {
        uint32_t location = (uint32_t)trace->location_count++;
        name_location(program, location, text, first_line);
        trace->locations[location].line = first_line + 1 + i;
    }
    for (uint32_t i = 0; i < function->calls; i++) {
        function->callees[i] = choose_callee(random, number);
        function->call_lines[i] = bench_random_below(random, function->lines);
    }
}

static void make_program(struct program *program)
{
    struct bench_trace *trace = program->trace;
    program->functions = bench_alloc(FUNCTIONS, sizeof *program->functions);
    program->threads = bench_alloc(THREADS, sizeof *program->threads);
    trace->text = bench_alloc(FUNCTIONS, TEXT_BYTES);
    trace->locations = bench_alloc((size_t)FUNCTIONS * MAX_LINES, sizeof *trace->locations);
    for (uint32_t i = 0; i < FUNCTIONS; i++) {
        make_function(program, i);
    }
    bench_trace_finish(trace);
    for (uint32_t i = 0; i < THREADS; i++) {
        (void)bench_trace_thread(trace, 4001 + i);
    }
}

/* ---- what a thread does ------------------------------------------------------------------------------- */

static void push(struct thread *thread, uint32_t function, uint32_t node)
{
    thread->frames[thread->depth++] = (struct frame){.function = function, .node = node};
}

static uint32_t line_node(struct program *program, const struct frame *frame, uint32_t line)
{
    const struct function *function = &program->functions[frame->function];
    return bench_trace_child(program->trace, frame->node, function->first_location + line);
}

static void call(struct program *program, struct thread *thread)
{
    const struct frame *top = &thread->frames[thread->depth - 1];
    const struct function *function = &program->functions[top->function];
    uint32_t site = 0;
    if (bench_random_once_in(&program->random, RARE_CALL)) {
        site = bench_random_below(&program->random, function->calls);
    }
    uint32_t node = line_node(program, top, function->call_lines[site]);
    push(thread, function->callees[site], node);
}

static void go_on(struct program *program, struct thread *thread)
{
    struct bench_random *random = &program->random;
    uint32_t wanted =
        MEAN_DEPTH - 10 + bench_random_below(random, 13) + bench_random_below(random, 13);
    uint32_t returns = 1 + halving(random) + halving(random);
    if (bench_random_once_in(random, 25)) {
        returns += bench_random_below(random, MEAN_DEPTH);
    }
    if (thread->depth > wanted) { /* back to the common depth, but not at once */
        returns += (thread->depth - wanted) / 2;
    }
    thread->depth = thread->depth > returns + 2 ? thread->depth - returns : 2;
    uint32_t calls = halving(random) + halving(random);
    if (thread->depth + calls < wanted) {
        calls += (wanted - thread->depth - calls) / 2;
    }
    while (calls-- > 0 && thread->depth < MAX_DEPTH) {
        call(program, thread);
    }
    const struct frame *top = &thread->frames[thread->depth - 1];
    uint32_t lines = program->functions[top->function].lines;
    uint32_t line = halving(random) * HOT_LINE_STEP % lines;
    thread->node = line_node(program, top, line);
}

static void start_thread(struct program *program, uint32_t number)
{
    struct thread *thread = &program->threads[number];
    push(thread, 0, 0);
    call(program, thread);
    push(thread, 1 + number / 2 * 20, line_node(program, &thread->frames[1], 0));
    while (thread->depth < MEAN_DEPTH) {
        call(program, thread);
    }
    thread->runs = true;
    go_on(program, thread);
}

static void tick(struct program *program, uint64_t time_us, size_t sample_count)
{
    struct bench_random *random = &program->random;
    for (uint32_t i = 0; i < THREADS; i++) {
        struct thread *thread = &program->threads[i];
        if (bench_random_once_in(random, thread->runs ? 3000 : 300)) {
            thread->runs = !thread->runs;
        }
        if (!thread->runs || program->trace->sample_count == sample_count) {
            continue;
        }
        if (bench_random_below(random, 10) >= REPEATED_OF_TEN) {
            go_on(program, thread);
        }
        const struct bench_sample sample = {.time_us = time_us, .thread = i, .node = thread->node};
        bench_trace_add(program->trace, &sample);
    }
}

void bench_synthetic(struct bench_trace *trace, size_t sample_count, uint64_t seed)
{
    struct program program = {.trace = trace, .random = {.state = seed | 1}};
    bench_trace_init(trace);
    make_program(&program);
    for (uint32_t i = 0; i < THREADS; i++) {
        start_thread(&program, i);
    }
    for (uint64_t due_us = 0; trace->sample_count < sample_count; due_us += PERIOD_US) {
        uint64_t late_us =
            35 + bench_random_below(&program.random, 20) + bench_random_below(&program.random, 20);
        if (bench_random_once_in(&program.random, 2000)) {
            late_us += bench_random_below(&program.random, 8 * PERIOD_US);
        }
        tick(&program, due_us + late_us, sample_count);
        due_us += late_us / PERIOD_US * PERIOD_US;
    }
    free(program.functions);
    free(program.threads);
}
