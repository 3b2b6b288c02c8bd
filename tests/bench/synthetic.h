/* synthetic.h: a trace of a program that does not exist: a service with eight threads, profiled at 1 kHz.
 *
 * The program has 3,000 functions in 150 files. A function calls one to six others, from lines of its own; nineteen
 * times in twenty the first of them, as a program's own way through its layers goes. Most calls go to functions that lie
 * near in the program, some to helpers that everybody calls, a few back to the caller's own file.
 *
 * A tick comes every millisecond, late by some 50 us and now and then by some ms, in which case the ticks between are
 * missing. It samples all threads that run; a thread runs for some seconds and waits for a tenth of that.
 *
 * Between two ticks a thread does most often nothing that shows (nine times in ten). Else it returns from some frames,
 * most often from one or two, rarely from many, goes on in another line there, and calls functions until it is about
 * as deep as it likes to be, 42 frames in the mean.
 */
#ifndef VMPROF_TESTS_BENCH_SYNTHETIC_H
#define VMPROF_TESTS_BENCH_SYNTHETIC_H

#include "tests/bench/trace.h"

/* The same seed and count give the same trace. */
void bench_synthetic(struct bench_trace *trace, size_t sample_count, uint64_t seed);

#endif
