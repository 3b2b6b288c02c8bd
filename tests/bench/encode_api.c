/* encode_api.c: the way of an importer, see encode.h. */
#include "tests/bench/bench.h"
#include "tests/bench/encode.h"

#include <stdlib.h>
#include <string.h>

#define BATCH ((size_t)1024)

/* The last stack of a thread, root first. */
struct path {
    uint32_t *locations;
    uint32_t *stacks; /* the writer's, up to that frame */
    size_t count, capacity;
};

struct importer {
    const struct bench_trace *trace;
    vmpf_writer *w;
    uint32_t epoch;
    uint32_t *location_ids; /* of the writer; 0: not yet */
    uint32_t *thread_ids;
    struct path *paths; /* of each thread */
    uint32_t *frames;   /* of the batch: locations, root first, one stack behind the other */
    size_t frame_capacity;
};

/* Walks the stacks of a batch. */
static void expand(struct importer *importer, const struct bench_sample *samples, size_t count)
{
    const struct bench_node *nodes = importer->trace->nodes;
    size_t end = 0;
    for (size_t i = 0; i < count; i++) {
        end += nodes[samples[i].node].depth;
        while (end > importer->frame_capacity) {
            importer->frames = bench_grow(importer->frames, &importer->frame_capacity,
                                          importer->frame_capacity, sizeof *importer->frames);
        }
        size_t at = end;
        for (uint32_t node = samples[i].node; node != 0; node = nodes[node].parent) {
            importer->frames[--at] = nodes[node].location;
        }
    }
}

static struct vmpf_string text(const char *characters)
{
    return (struct vmpf_string){.data = characters, .size_bytes = strlen(characters)};
}

static uint32_t location_id(struct importer *importer, uint32_t number)
{
    uint32_t *id = &importer->location_ids[number];
    if (*id == 0) {
        const struct bench_location *location = &importer->trace->locations[number];
        const struct vmpf_function function = {.name = text(location->function),
                                               .file = text(location->file),
                                               .first_line = location->first_line,
                                               .kind = VMPF_KIND_PY};
        uint32_t function_id;
        bench_check(vmpf_writer_function(importer->w, &function, &function_id, NULL) == VMPF_OK &&
                        vmpf_writer_location(importer->w, function_id, location->line, id, NULL) ==
                            VMPF_OK,
                    "a location");
    }
    return *id;
}

static void grow_path(struct path *path, size_t count)
{
    while (path->capacity < count) {
        size_t capacity = path->capacity;
        path->locations =
            bench_grow(path->locations, &capacity, path->capacity, sizeof *path->locations);
        path->stacks =
            bench_grow(path->stacks, &path->capacity, path->capacity, sizeof *path->stacks);
    }
}

static uint32_t stack_id(struct importer *importer, struct path *path, const uint32_t *frames,
                         size_t count)
{
    size_t same = 0;
    grow_path(path, count);
    while (same < count && same < path->count && path->locations[same] == frames[same]) {
        same++;
    }
    uint32_t stack = same == 0 ? 0 : path->stacks[same - 1];
    for (; same < count; same++) {
        uint32_t location = location_id(importer, frames[same]);
        bench_check(vmpf_writer_stack(importer->w, stack, location, &stack, NULL) == VMPF_OK,
                    "a stack");
        path->locations[same] = frames[same];
        path->stacks[same] = stack;
    }
    path->count = count;
    return stack;
}

/* In a new epoch all ids but those of threads are new. */
static void follow_epoch(struct importer *importer)
{
    uint32_t epoch = vmpf_writer_epoch(importer->w);
    if (epoch == importer->epoch) {
        return;
    }
    importer->epoch = epoch;
    memset(importer->location_ids, 0,
           importer->trace->location_count * sizeof *importer->location_ids);
    for (size_t i = 0; i < importer->trace->thread_count; i++) {
        importer->paths[i].count = 0;
    }
}

static void write_batch(struct importer *importer, const struct bench_sample *samples, size_t count)
{
    const uint32_t *frames = importer->frames;
    for (size_t i = 0; i < count; i++) {
        size_t depth = importer->trace->nodes[samples[i].node].depth;
        follow_epoch(importer);
        const struct vmpf_sample sample = {
            .stack = stack_id(importer, &importer->paths[samples[i].thread], frames, depth),
            .thread = importer->thread_ids[samples[i].thread],
            .time_ns = samples[i].time_us * 1000,
            .values = {1},
        };
        bench_check(vmpf_writer_sample(importer->w, &sample, NULL) == VMPF_OK, "a sample");
        frames += depth;
    }
}

static void open_importer(struct importer *importer, const struct bench_trace *trace,
                          struct bench_region *out)
{
    const struct vmpf_writer_options options = {.size = sizeof options, .session_id = 1};
    *importer = (struct importer){.trace = trace};
    importer->location_ids = bench_alloc(trace->location_count, sizeof *importer->location_ids);
    importer->thread_ids = bench_alloc(trace->thread_count, sizeof *importer->thread_ids);
    importer->paths = bench_alloc(trace->thread_count, sizeof *importer->paths);
    bench_check(vmpf_writer_open(&importer->w, bench_region_sink(out), &options, NULL) == VMPF_OK,
                "open");
    importer->epoch = vmpf_writer_epoch(importer->w);
    for (size_t i = 0; i < trace->thread_count; i++) {
        const struct vmpf_thread thread = {.process_id = 1, .thread_id = trace->threads[i]};
        bench_check(vmpf_writer_thread(importer->w, &thread, &importer->thread_ids[i], NULL) ==
                        VMPF_OK,
                    "a thread");
    }
}

static void free_importer(struct importer *importer)
{
    for (size_t i = 0; i < importer->trace->thread_count; i++) {
        free(importer->paths[i].locations);
        free(importer->paths[i].stacks);
    }
    free(importer->paths);
    free(importer->thread_ids);
    free(importer->location_ids);
    free(importer->frames);
}

struct bench_encoding bench_encode_api(const struct bench_trace *trace, struct bench_region *out)
{
    struct bench_encoding encoding = {0};
    struct importer importer;
    open_importer(&importer, trace, out);
    for (size_t at = 0; at < trace->sample_count; at += BATCH) {
        size_t left = trace->sample_count - at;
        size_t count = left < BATCH ? left : BATCH;
        expand(&importer, trace->samples + at, count);
        uint64_t begin = bench_cpu_ns();
        write_batch(&importer, trace->samples + at, count);
        encoding.cpu_ns += bench_cpu_ns() - begin;
    }
    uint64_t end_ns = trace->samples[trace->sample_count - 1].time_us * 1000;
    uint64_t begin = bench_cpu_ns();
    bench_check(vmpf_writer_close(importer.w, end_ns, NULL) == VMPF_OK, "close");
    encoding.cpu_ns += bench_cpu_ns() - begin;
    free_importer(&importer);
    return encoding;
}
