/* damage_bench: what is left of files that were cut, flipped or never finished.
 *
 *   damage_bench cuts SAMPLES STEP   a recorded file of so many samples, cut at every byte, or every STEP-th
 *   damage_bench flips SAMPLES STEP  and with every single bit flipped, or every STEP-th
 *   damage_bench record FILE COUNTER records without an end; COUNTER: 8 bytes, how many samples were published
 *   damage_bench judge FILE COUNTER  what is left of that
 *   damage_bench inspect FILE NAME   what is left of any recording; NAME: a function that all its samples have
 * Each but record prints one JSON object.
 */
#include "tests/bench/bench.h"
#include "tests/bench/cases.h"
#include "tests/bench/chunkmap.h"
#include "tests/bench/damage_live.h"
#include "tests/bench/region.h"
#include "tests/bench/witness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REGION_BYTES ((size_t)1 << 28)
#define BLOCK_SAMPLES 1000u
#define EPOCH_NODES 12000u
#define DRAIN_SAMPLES 500u
#define SUPERBLOCK_BYTES 64u
#define MAX_SAMPLES 1000000u

struct specimen {
    struct bench_region region;
    struct chunkmap map;
    uint64_t samples;
    uint64_t step; /* case n is byte or bit n * step */
    struct witness_oracle *oracle;
};

static uint64_t number_from(const char *text)
{
    char *rest;
    unsigned long long number = strtoull(text, &rest, 10);
    bench_check(*rest == '\0' && number > 0 && number <= MAX_SAMPLES,
                "SAMPLES and STEP are numbers from 1 to 1000000");
    return number;
}

static void make_specimen(struct specimen *specimen)
{
    struct vmpf_journal *journal;
    bench_region_open(&specimen->region, REGION_BYTES);
    vmpf_writer *w =
        witness_open(bench_region_sink(&specimen->region), BLOCK_SAMPLES, EPOCH_NODES, &journal);
    for (uint64_t i = 0; i < specimen->samples; i++) {
        bench_check(witness_publish(journal, i), "the ring is full");
        if (i % DRAIN_SAMPLES == DRAIN_SAMPLES - 1) {
            bench_check(vmpf_writer_drain(w, NULL) == VMPF_OK, "drain");
        }
    }
    bench_check(vmpf_writer_close(w, specimen->samples * 1000000, NULL) == VMPF_OK, "close");
    specimen->oracle = witness_oracle_open(specimen->samples);
    chunkmap_read(&specimen->map, specimen->region.data, specimen->region.size_bytes);
}

/* The oracle must find nothing wrong with a sound file, else it would find nothing anywhere. */
static void check_specimen(const struct specimen *specimen)
{
    struct witness_report report =
        witness_read(specimen->oracle, specimen->region.data, specimen->region.size_bytes);
    bench_check(report.opened && !report.damaged && !report.unfinished && report.invented == 0 &&
                    report.lost_names == 0 && report.samples == specimen->samples,
                "the sound file is not what was written");
}

static enum cases_verdict verdict_of(const struct witness_report *report, bool said,
                                     uint64_t due_samples)
{
    if (report->invented > 0) {
        return CASE_INVENTED;
    }
    if (!said) {
        return CASE_CALLED_WHOLE;
    }
    return report->samples < due_samples ? CASE_LOST_TOO_MUCH : CASE_GOOD;
}

/* A case is the file's first bytes, in memory of just that size. */
static enum cases_verdict judge_cut(const void *ctx, uint64_t number)
{
    const struct specimen *specimen = ctx;
    size_t size_bytes = (size_t)(number * specimen->step);
    uint8_t *copy = bench_alloc(size_bytes, 1);
    memcpy(copy, specimen->region.data, size_bytes);
    struct witness_report report = witness_read(specimen->oracle, copy, size_bytes);
    free(copy);
    if (!report.opened) {
        return size_bytes < SUPERBLOCK_BYTES ? CASE_GOOD : CASE_REFUSED;
    }
    return verdict_of(&report, report.unfinished,
                      chunkmap_samples_before(&specimen->map, size_bytes));
}

/* A case has bit b mod 8 of byte b / 8 flipped. What it costs is at most the chunk that it lies in. */
static enum cases_verdict judge_flip(const void *ctx, uint64_t number)
{
    const struct specimen *specimen = ctx;
    uint64_t bit = number * specimen->step;
    uint8_t *byte = &specimen->region.data[bit / 8]; /* the process's own copy */
    *byte ^= (uint8_t)(1U << bit % 8);
    struct witness_report report =
        witness_read(specimen->oracle, specimen->region.data, specimen->region.size_bytes);
    *byte ^= (uint8_t)(1U << bit % 8);
    if (!report.opened) {
        return CASE_REFUSED;
    }
    uint64_t around = chunkmap_samples_around(&specimen->map, (size_t)(bit / 8));
    return verdict_of(&report, report.damaged, specimen->samples - around);
}

static uint64_t print_result(const char *what, const struct specimen *specimen, uint64_t cases,
                             const struct cases_result *result)
{
    static const char *const names[CASE_VERDICTS] = {"good",         "crashed",       "invented",
                                                     "called_whole", "lost_too_much", "refused"};
    uint64_t bad = 0;
    (void)printf("{\"what\": \"%s\", \"size_bytes\": %zu, \"samples\": %llu, \"step\": %llu, "
                 "\"cases\": %llu",
                 what, specimen->region.size_bytes, (unsigned long long)specimen->samples,
                 (unsigned long long)specimen->step, (unsigned long long)cases);
    for (int i = 0; i < CASE_VERDICTS; i++) {
        (void)printf(", \"%s\": %llu", names[i], (unsigned long long)result->count[i]);
        bad += i == CASE_GOOD ? 0 : result->count[i];
    }
    for (int i = 1; i < CASE_VERDICTS; i++) {
        if (result->count[i] > 0) {
            (void)printf(", \"first_%s\": %llu", names[i],
                         (unsigned long long)result->first_bad[i] * specimen->step);
        }
    }
    (void)printf("}\n");
    return bad;
}

static int run_cases(const char *what, const char *samples, const char *step)
{
    struct specimen specimen = {.samples = number_from(samples), .step = number_from(step)};
    bool cuts = strcmp(what, "cuts") == 0;
    make_specimen(&specimen);
    check_specimen(&specimen);
    uint64_t places = specimen.region.size_bytes * (cuts ? 1 : 8);
    uint64_t cases = (places + specimen.step - 1) / specimen.step;
    struct cases_result result = cases_run(cases, cuts ? judge_cut : judge_flip, &specimen, what);
    uint64_t bad = print_result(what, &specimen, cases, &result);
    bench_check(bad + result.count[CASE_GOOD] == cases, "a case was not judged");
    witness_oracle_close(specimen.oracle);
    free(specimen.map.entries);
    bench_region_close(&specimen.region);
    return bad > 0;
}

int main(int argc, char **argv)
{
    const char *verb = argc > 1 ? argv[1] : "";
    if (argc == 4 && (strcmp(verb, "cuts") == 0 || strcmp(verb, "flips") == 0)) {
        return run_cases(verb, argv[2], argv[3]);
    }
    if (argc == 4 && strcmp(verb, "record") == 0) {
        live_record(argv[2], argv[3]);
    }
    if (argc == 4 && strcmp(verb, "judge") == 0) {
        return live_judge(argv[2], argv[3]);
    }
    if (argc == 4 && strcmp(verb, "inspect") == 0) {
        return live_inspect(argv[2], argv[3]);
    }
    bench_stop("usage: damage_bench cuts|flips SAMPLES STEP, record|judge FILE COUNTER, "
               "inspect FILE NAME");
}
