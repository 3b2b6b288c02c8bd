#include "tests/bench/damage_live.h"

#include "tests/bench/bench.h"
#include "tests/bench/witness.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DRAIN_EVERY_NS 3000000
#define REST_NS 20000
#define BURST 64u
#define BLOCK_SAMPLES 4000u

static void rest(long ns)
{
    const struct timespec pause = {.tv_nsec = ns};
    (void)nanosleep(&pause, NULL);
}

static _Atomic uint64_t *map_counter(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    bench_check(fd >= 0 && ftruncate(fd, sizeof(uint64_t)) == 0, "cannot make the counter");
    void *counter = mmap(NULL, sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    bench_check(counter != MAP_FAILED && close(fd) == 0, "cannot map the counter");
    return counter;
}

static void *drain(void *argument)
{
    vmpf_writer *w = argument;
    while (vmpf_writer_drain(w, NULL) == VMPF_OK) {
        rest(DRAIN_EVERY_NS);
    }
    bench_stop("drain");
}

_Noreturn void live_record(const char *path, const char *counter)
{
    struct vmpf_sink sink = {0};
    struct vmpf_journal *journal;
    struct vmpf_writer_stats stats;
    pthread_t thread;
    _Atomic uint64_t *published = map_counter(counter);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bench_check(fd >= 0 && vmpf_sink_open_fd(&sink, fd, NULL) == VMPF_OK, "cannot open the output");
    vmpf_writer *w = witness_open(sink, BLOCK_SAMPLES, 0, &journal);
    vmpf_writer_stats(w, &stats);
    bench_check(stats.journal_mapped, "the journal is not mapped");
    bench_check(pthread_create(&thread, NULL, drain, w) == 0, "no thread");
    for (uint64_t i = 0;; i++) {
        while (!witness_publish(journal, i)) {
            rest(REST_NS);
        }
        atomic_store(published, i + 1);
        if (i % BURST == 0) {
            rest(REST_NS);
        }
    }
}

static uint8_t *read_all(const char *path, size_t *size_bytes)
{
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bench_check(fd >= 0 && fstat(fd, &info) == 0, "cannot open the file");
    *size_bytes = (size_t)info.st_size;
    uint8_t *data = bench_alloc(*size_bytes, 1);
    bench_check(pread(fd, data, *size_bytes, 0) == info.st_size, "cannot read the file");
    (void)close(fd);
    return data;
}

int live_judge(const char *path, const char *counter)
{
    size_t size_bytes;
    _Atomic uint64_t *mapped = map_counter(counter);
    uint64_t published = atomic_load(mapped);
    uint8_t *data = read_all(path, &size_bytes);
    /* The last one may have been whole before the counter said so. */
    struct witness_oracle *oracle = witness_oracle_open(published + 1);
    struct witness_report report = witness_read(oracle, data, size_bytes);
    uint64_t missing = 0;
    for (uint64_t i = 0; i < published; i++) {
        missing += !witness_was_there(oracle, i);
    }
    (void)printf("{\"published\": %llu, \"samples\": %llu, \"missing\": %llu, \"invented\": %llu, "
                 "\"lost_names\": %llu, \"said_lost\": %llu, \"unfinished\": %s}\n",
                 (unsigned long long)published, (unsigned long long)report.samples,
                 (unsigned long long)missing, (unsigned long long)report.invented,
                 (unsigned long long)report.lost_names, (unsigned long long)report.lost_samples,
                 report.unfinished ? "true" : "false");
    witness_oracle_close(oracle);
    free(data);
    return !(report.opened && report.unfinished && missing == 0 && report.lost_samples <= 1 &&
             report.invented == 0 && report.lost_names == 0);
}

/* ---- real recordings ---------------------------------------------------------------------------------- */

struct inspection {
    uint64_t samples, weight, with_name, lost_names;
};

static bool has_text(struct vmpf_string string, const char *text)
{
    return string.size_bytes == strlen(text) && memcmp(string.data, text, string.size_bytes) == 0;
}

static void inspect_stack(const vmpf_reader *r, uint32_t stack, const char *name,
                          struct inspection *out)
{
    bool named = false;
    bool lost = false;
    while (stack != 0) {
        struct vmpf_stack entry = vmpf_reader_stack(r, stack);
        struct vmpf_location location = vmpf_reader_location(r, entry.location);
        struct vmpf_function function = vmpf_reader_function(r, location.function);
        named = named || has_text(function.name, name);
        lost = lost || has_text(function.name, "<lost>") || has_text(function.file, "<lost>");
        stack = entry.parent;
    }
    out->with_name += named;
    out->lost_names += lost;
}

int live_inspect(const char *path, const char *name)
{
    struct vmpf_source source;
    struct vmpf_block block;
    vmpf_reader *r = NULL;
    vmpf_status status;
    struct inspection found = {0};
    bench_check(vmpf_source_open_file(&source, path, NULL) == VMPF_OK &&
                    vmpf_reader_open(&r, source, NULL, NULL) == VMPF_OK,
                "the file cannot be opened");
    while ((status = vmpf_reader_next(r, &block, NULL)) == VMPF_OK) {
        for (size_t i = 0; i < block.count; i++) {
            found.weight += block.values[0][i];
            inspect_stack(r, block.stack[i], name, &found);
        }
        found.samples += block.count;
    }
    bench_check(status == VMPF_END, "the file cannot be read");
    const struct vmpf_damage *damage = vmpf_reader_damage(r);
    (void)printf("{\"samples\": %llu, \"weight_ns\": %llu, \"with_name\": %llu, "
                 "\"lost_names\": %llu, \"said_lost\": %llu, \"unfinished\": %s}\n",
                 (unsigned long long)found.samples, (unsigned long long)found.weight,
                 (unsigned long long)found.with_name, (unsigned long long)found.lost_names,
                 (unsigned long long)damage->lost_samples, damage->unfinished ? "true" : "false");
    vmpf_reader_close(r);
    return 0;
}
