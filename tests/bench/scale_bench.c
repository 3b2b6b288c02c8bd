/* scale_bench: a profile with very many samples of not so many stacks.
 *
 *   scale_bench write FILE SAMPLES STACKS
 *   scale_bench totals FILE                the totals of each stack
 *   scale_bench decode FILE THREADS        all of all samples
 *   scale_bench range FILE FROM_NS TO_NS   the samples of a range of time
 * Prints one JSON object each. `checksum` is a sum over all samples of the number of their stack, from 1 on: what was
 * written and what the totals say must be the same.
 *
 * Eight threads, a tick a millisecond. A thread stays in its stack nine times in ten; else it goes to one that lies
 * near, or now and then to any. Stack n is a child of one that was made shortly before it, and its leaf's line is n.
 */
#include "tests/bench/bench.h"
#include "tests/bench/heap.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmprof/vmpf.h>

#define THREADS 8u
#define FUNCTIONS 5000u
#define NEAR 64u
#define PARENT_DISTANCE 8000u
#define TICK_US 1000u

struct stacks {
    vmpf_writer *w;
    uint32_t epoch;
    uint32_t count;
    uint32_t *parents; /* stack numbers, from 1; 0: the root */
    uint32_t *ids;     /* of the writer, in this epoch; 0: not yet */
};

static void make_stacks(struct stacks *stacks, uint32_t count)
{
    struct bench_random random = {.state = 77};
    stacks->count = count;
    stacks->parents = bench_alloc((size_t)count + 1, sizeof *stacks->parents);
    stacks->ids = bench_alloc((size_t)count + 1, sizeof *stacks->ids);
    for (uint32_t i = 2; i <= count; i++) {
        uint32_t reach = i - 1 < PARENT_DISTANCE ? i - 1 : PARENT_DISTANCE;
        stacks->parents[i] = i - 1 - bench_random_below(&random, reach);
    }
}

static uint32_t location_id(const struct stacks *stacks, uint32_t number)
{
    char name[32];
    int length = snprintf(name, sizeof name, "function_%u", number % FUNCTIONS);
    const struct vmpf_function function = {
        .name = {.data = name, .size_bytes = (size_t)length},
        .file = {.data = "/srv/program.py", .size_bytes = 15},
        .first_line = 1,
        .kind = VMPF_KIND_PY,
    };
    uint32_t function_id;
    uint32_t id = 0;
    bench_check(vmpf_writer_function(stacks->w, &function, &function_id, NULL) == VMPF_OK &&
                    vmpf_writer_location(stacks->w, function_id, number, &id, NULL) == VMPF_OK,
                "a location");
    return id;
}

static uint32_t stack_id(struct stacks *stacks, uint32_t number)
{
    if (number == 0 || stacks->ids[number] != 0) {
        return stacks->ids[number];
    }
    uint32_t parent = stack_id(stacks, stacks->parents[number]);
    uint32_t location = location_id(stacks, number);
    bench_check(vmpf_writer_stack(stacks->w, parent, location, &stacks->ids[number], NULL) ==
                    VMPF_OK,
                "a stack");
    return stacks->ids[number];
}

static uint32_t next_stack(struct bench_random *random, uint32_t now, uint32_t count)
{
    if (bench_random_below(random, 10) != 0) {
        return now;
    }
    if (bench_random_below(random, 10) == 0) {
        return 1 + bench_random_below(random, count);
    }
    uint32_t next = now + bench_random_below(random, NEAR);
    return next <= count ? next : 1;
}

/* The first samples are one of each stack, so that all of them are there. */
static uint64_t write_samples(struct stacks *stacks, uint64_t samples, uint64_t *time_ns)
{
    struct bench_random random = {.state = 99};
    uint32_t now[THREADS] = {1, 1, 1, 1, 1, 1, 1, 1};
    uint64_t checksum = 0;
    for (uint64_t i = 0; i < samples; i++) {
        uint32_t thread = (uint32_t)(i % THREADS);
        if (thread == 0) {
            *time_ns += UINT64_C(1000) * (TICK_US - 15 + bench_random_below(&random, 31));
        }
        now[thread] =
            i < stacks->count ? (uint32_t)i + 1 : next_stack(&random, now[thread], stacks->count);
        if (vmpf_writer_epoch(stacks->w) != stacks->epoch) {
            stacks->epoch = vmpf_writer_epoch(stacks->w);
            memset(stacks->ids, 0, ((size_t)stacks->count + 1) * sizeof *stacks->ids);
        }
        const struct vmpf_sample sample = {.stack = stack_id(stacks, now[thread]),
                                           .thread = thread,
                                           .time_ns = *time_ns,
                                           .values = {1}};
        bench_check(vmpf_writer_sample(stacks->w, &sample, NULL) == VMPF_OK, "a sample");
        checksum += now[thread];
    }
    return checksum;
}

static void open_writer(struct stacks *stacks, const char *path)
{
    const struct vmpf_writer_options options = {.size = sizeof options, .session_id = 1};
    struct vmpf_sink sink;
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bench_check(fd >= 0 && vmpf_sink_open_fd(&sink, fd, NULL) == VMPF_OK &&
                    vmpf_writer_open(&stacks->w, sink, &options, NULL) == VMPF_OK,
                "cannot open the output");
    stacks->epoch = vmpf_writer_epoch(stacks->w);
    for (uint32_t i = 0; i < THREADS; i++) {
        const struct vmpf_thread thread = {.process_id = 1, .thread_id = 100 + i};
        uint32_t id;
        bench_check(vmpf_writer_thread(stacks->w, &thread, &id, NULL) == VMPF_OK && id == i,
                    "a thread");
    }
}

static uint64_t number_from(const char *text, uint64_t least, uint64_t most)
{
    char *rest;
    unsigned long long number = strtoull(text, &rest, 10);
    bench_check(*rest == '\0' && number >= least && number <= most, "a number is out of range");
    return number;
}

static int write_file(const char *path, const char *sample_text, const char *stack_text)
{
    struct stacks stacks = {0};
    struct vmpf_writer_stats stats;
    uint64_t count = number_from(stack_text, 1, 10000000);
    uint64_t samples = number_from(sample_text, count, UINT64_C(1) << 40);
    uint64_t time_ns = 0;
    make_stacks(&stacks, (uint32_t)count);
    bench_heap_begin();
    uint64_t begin_ns = bench_wall_ns();
    open_writer(&stacks, path);
    uint64_t checksum = write_samples(&stacks, samples, &time_ns);
    vmpf_writer_stats(stacks.w, &stats);
    bench_check(vmpf_writer_close(stacks.w, time_ns, NULL) == VMPF_OK, "close");
    (void)printf("{\"samples\": %llu, \"stacks\": %llu, \"wall_ns\": %llu, \"peak_bytes\": %llu, "
                 "\"checksum\": %llu, \"length_ns\": %llu}\n",
                 (unsigned long long)stats.samples, (unsigned long long)count,
                 (unsigned long long)(bench_wall_ns() - begin_ns),
                 (unsigned long long)bench_heap_peak_bytes(), (unsigned long long)checksum,
                 (unsigned long long)time_ns);
    free(stacks.parents);
    free(stacks.ids);
    return 0;
}

static vmpf_reader *open_reader(const char *path, const struct vmpf_reader_options *options)
{
    struct vmpf_source source;
    vmpf_reader *r = NULL;
    bench_check(vmpf_source_open_file(&source, path, NULL) == VMPF_OK &&
                    vmpf_reader_open(&r, source, options, NULL) == VMPF_OK,
                "cannot open the profile");
    return r;
}

/* Samples of each stack, by the reader's ids. */
struct totals {
    uint64_t *of_stack;
    size_t count, capacity;
};

static void add_piece(struct totals *totals, const vmpf_reader *r, const struct vmpf_totals *piece)
{
    size_t stacks = vmpf_reader_stack_count(r);
    while (totals->capacity < stacks) {
        totals->of_stack = bench_grow(totals->of_stack, &totals->capacity, totals->capacity,
                                      sizeof *totals->of_stack);
    }
    for (; totals->count < stacks; totals->count++) {
        totals->of_stack[totals->count] = 0;
    }
    bench_check(totals->of_stack != NULL, "the profile has no stacks");
    for (size_t i = 0; i < piece->count; i++) {
        totals->of_stack[piece->stack[i]] += piece->values[0][i];
    }
}

static void print_totals(const struct totals *totals, const vmpf_reader *r, uint64_t wall_ns,
                         uint64_t peak_bytes)
{
    uint64_t samples = 0;
    uint64_t checksum = 0;
    uint64_t stacks = 0;
    for (size_t i = 0; i < totals->count; i++) {
        uint32_t location = vmpf_reader_stack(r, (uint32_t)i).location;
        samples += totals->of_stack[i];
        stacks += totals->of_stack[i] > 0;
        checksum += totals->of_stack[i] * vmpf_reader_location(r, location).line;
    }
    (void)printf("{\"samples\": %llu, \"stacks\": %llu, \"wall_ns\": %llu, \"peak_bytes\": %llu, "
                 "\"checksum\": %llu}\n",
                 (unsigned long long)samples, (unsigned long long)stacks,
                 (unsigned long long)wall_ns, (unsigned long long)peak_bytes,
                 (unsigned long long)checksum);
}

static void check_end(vmpf_status status, const vmpf_reader *r)
{
    bench_check(status == VMPF_END && !vmpf_reader_damage(r)->damaged, "the profile is not whole");
}

static int read_totals(const char *path)
{
    const struct vmpf_reader_options options = {.size = sizeof options, .totals = true};
    struct totals totals = {0};
    struct vmpf_totals piece;
    vmpf_status status;
    bench_heap_begin();
    uint64_t begin_ns = bench_wall_ns();
    vmpf_reader *r = open_reader(path, &options);
    while ((status = vmpf_reader_next_totals(r, &piece, NULL)) == VMPF_OK) {
        add_piece(&totals, r, &piece);
    }
    uint64_t wall_ns = bench_wall_ns() - begin_ns;
    uint64_t peak_bytes = bench_heap_peak_bytes();
    check_end(status, r);
    print_totals(&totals, r, wall_ns, peak_bytes);
    vmpf_reader_close(r);
    free(totals.of_stack);
    return 0;
}

static int read_samples(const char *path, const struct vmpf_reader_options *options)
{
    struct vmpf_block block;
    vmpf_status status;
    uint64_t samples = 0;
    uint64_t blocks = 0;
    bench_heap_begin();
    uint64_t begin_ns = bench_wall_ns();
    vmpf_reader *r = open_reader(path, options);
    while ((status = vmpf_reader_next(r, &block, NULL)) == VMPF_OK) {
        samples += block.count;
        blocks++;
    }
    uint64_t wall_ns = bench_wall_ns() - begin_ns;
    uint64_t peak_bytes = bench_heap_peak_bytes();
    check_end(status, r);
    (void)printf("{\"samples\": %llu, \"blocks\": %llu, \"wall_ns\": %llu, \"peak_bytes\": %llu}\n",
                 (unsigned long long)samples, (unsigned long long)blocks,
                 (unsigned long long)wall_ns, (unsigned long long)peak_bytes);
    vmpf_reader_close(r);
    return 0;
}

int main(int argc, char **argv)
{
    const char *verb = argc > 1 ? argv[1] : "";
    if (argc == 5 && strcmp(verb, "write") == 0) {
        return write_file(argv[2], argv[3], argv[4]);
    }
    struct vmpf_reader_options options = {.size = sizeof options};
    if (argc == 3 && strcmp(verb, "totals") == 0) {
        return read_totals(argv[2]);
    }
    if (argc == 4 && strcmp(verb, "decode") == 0) {
        options.threads = (uint32_t)number_from(argv[3], 1, 64);
        return read_samples(argv[2], &options);
    }
    if (argc == 5 && strcmp(verb, "range") == 0) {
        options.from_ns = number_from(argv[3], 0, UINT64_MAX - 1);
        options.to_ns = number_from(argv[4], options.from_ns + 1, UINT64_MAX);
        return read_samples(argv[2], &options);
    }
    bench_stop("usage: scale_bench write FILE SAMPLES STACKS, totals FILE, decode FILE THREADS, "
               "range FILE FROM_NS TO_NS");
}
