/* cases.h: many cases, judged by processes of their own: a case that crashes or hangs costs its process, and is
 * counted.
 */
#ifndef VMPROF_TESTS_BENCH_CASES_H
#define VMPROF_TESTS_BENCH_CASES_H

#include <stdint.h>

enum cases_verdict {
    CASE_GOOD,
    CASE_CRASHED,      /* or did not end in ten seconds of its own */
    CASE_INVENTED,     /* a sample that was never written */
    CASE_CALLED_WHOLE, /* the damage was not said */
    CASE_LOST_TOO_MUCH,
    CASE_REFUSED, /* not opened at all */
    CASE_VERDICTS,
};

struct cases_result {
    uint64_t count[CASE_VERDICTS];
    uint64_t
        first_bad[CASE_VERDICTS]; /* a case with that verdict: the lowest that a process came to */
};

/* Judges cases 0 to count - 1 on all processors. Says how far it is on stderr, each few seconds. judge() runs in
 * another process: what it changes is lost. */
struct cases_result cases_run(uint64_t count,
                              enum cases_verdict (*judge)(const void *ctx, uint64_t number),
                              const void *ctx, const char *title);

#endif
